//! Systems, their versions, and what is available where.

use std::{fmt, str::FromStr};

use crate::Error;

/// One of Apple's systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Os {
    /// iOS and iPadOS.
    Ios,
    /// macOS.
    MacOs,
    /// tvOS.
    TvOs,
    /// visionOS.
    VisionOs,
    /// watchOS.
    WatchOs,
}

impl Os {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Ios,
        Self::MacOs,
        Self::TvOs,
        Self::VisionOs,
        Self::WatchOs,
    ];

    /// The schema's name: `iOS`, `macOS`, `tvOS`, `visionOS`, `watchOS`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "iOS",
            Self::MacOs => "macOS",
            Self::TvOs => "tvOS",
            Self::VisionOs => "visionOS",
            Self::WatchOs => "watchOS",
        }
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Os {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|os| os.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                Error::invalid_value(
                    "",
                    "no system of Apple's; one is macOS, iOS, tvOS, visionOS or watchOS",
                )
            })
    }
}

/// A version of a system: `15`, `10.13.4`. Parts that are not written are 0.
///
/// ```
/// use mobileconfig::schema::OsVersion;
///
/// let version: OsVersion = "10.13.4".parse()?;
/// assert!(version < OsVersion::new(10, 14, 0) && version < "15".parse()?);
/// assert_eq!("15".parse::<OsVersion>()?.to_string(), "15.0");
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OsVersion {
    major: u16,
    minor: u16,
    patch: u16,
}

impl OsVersion {
    /// A version from its three numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl FromStr for OsVersion {
    type Err = Error;

    /// # Errors
    /// [`Error::is_invalid_value`] for anything but one to three numbers with dots between them.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut numbers = [0; 3];
        let mut slots = numbers.iter_mut();
        let read = text.split('.').all(|part| {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            match (slots.next(), part.parse()) {
                (Some(slot), Ok(number)) if plain => {
                    *slot = number;
                    true
                }
                _ => false,
            }
        });
        if read {
            Ok(Self::new(numbers[0], numbers[1], numbers[2]))
        } else {
            Err(Error::invalid_value(
                "",
                "no version; one has up to three numbers, such as 15 or 10.13.4",
            ))
        }
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

/// What the schema says about a payload or key on one system. `None` is: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Availability {
    /// False if the system does not have it at all (`introduced: n/a`).
    pub exists: bool,
    /// The version it came with; also nothing if it has always been there.
    pub introduced: Option<OsVersion>,
    /// The version that deprecated it.
    pub deprecated: Option<OsVersion>,
    /// The version that removed it.
    pub removed: Option<OsVersion>,
    /// Whether it takes a supervised device.
    pub supervised: Option<bool>,
    /// Whether it takes a device that was enrolled automatically (`requiresdep`).
    pub requires_dep: Option<bool>,
    /// Whether it takes an MDM enrolment that the user approved, or automated enrolment. macOS.
    pub user_approved_mdm: Option<bool>,
    /// Whether a person may install it by hand.
    pub manual_install: Option<bool>,
    /// Whether several such payloads may be installed.
    pub multiple: Option<bool>,
    /// Whether it can come over the device channel. macOS.
    pub device_channel: Option<bool>,
    /// Whether it can come over the user channel. macOS.
    pub user_channel: Option<bool>,
    /// Whether it works under User Enrolment: `allowed`, `forbidden`, `ignored`, `required`.
    pub user_enrollment: Option<&'static str>,
    /// Whether it works on a shared iPad: `allowed`, `forbidden`.
    pub shared_ipad: Option<&'static str>,
    /// Whether it can come over the device channel of a shared iPad.
    pub shared_ipad_device_channel: Option<bool>,
    /// Whether it can come over the user channel of a shared iPad.
    pub shared_ipad_user_channel: Option<bool>,
}

impl Availability {
    const UNSAID: Self = Self {
        exists: true,
        introduced: None,
        deprecated: None,
        removed: None,
        supervised: None,
        requires_dep: None,
        user_approved_mdm: None,
        manual_install: None,
        multiple: None,
        device_channel: None,
        user_channel: None,
        user_enrollment: None,
        shared_ipad: None,
        shared_ipad_device_channel: None,
        shared_ipad_user_channel: None,
    };

    fn say(&mut self, statement: &'static str) {
        let flag = match statement.split_at_checked(1) {
            Some(("+", name)) => Some((name, true)),
            Some(("-", name)) => Some((name, false)),
            _ => None,
        };
        if let Some((name, value)) = flag {
            let slot = match name {
                "supervised" => &mut self.supervised,
                "requiresdep" => &mut self.requires_dep,
                "userapprovedmdm" => &mut self.user_approved_mdm,
                "allowmanualinstall" => &mut self.manual_install,
                "multiple" => &mut self.multiple,
                "devicechannel" => &mut self.device_channel,
                "userchannel" => &mut self.user_channel,
                "sharedipad.devicechannel" => &mut self.shared_ipad_device_channel,
                "sharedipad.userchannel" => &mut self.shared_ipad_user_channel,
                _ => return,
            };
            *slot = Some(value);
            return;
        }
        let Some((name, value)) = statement.split_once('=') else {
            return;
        };
        match name {
            "introduced" => {
                self.exists = value != "n/a";
                self.introduced = value.parse().ok();
            }
            "deprecated" => self.deprecated = value.parse().ok(),
            "removed" => self.removed = value.parse().ok(),
            "userenrollment.mode" => self.user_enrollment = Some(value),
            "sharedipad.mode" => self.shared_ipad = Some(value),
            _ => {}
        }
    }
}

/// The statements of a line or part, one text a system, read when they are asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Statements([Option<&'static str>; 5]);

impl Statements {
    /// Takes `macOS introduced=10.13 -userchannel`.
    pub(super) fn add(&mut self, text: &'static str) {
        let (name, said) = text.split_once(' ').unwrap_or((text, ""));
        for (slot, os) in self.0.iter_mut().zip(Os::ALL) {
            if os.as_str() == name {
                *slot = Some(said);
            }
        }
    }

    pub(super) fn stated(&self, os: Os) -> bool {
        self.0[os as usize].is_some()
    }

    pub(super) fn on(&self, os: Os) -> Availability {
        self.over(Availability::UNSAID, os)
    }

    /// `above`, with what is said here put over it.
    pub(super) fn over(&self, mut above: Availability, os: Os) -> Availability {
        for statement in self.0[os as usize].unwrap_or_default().split(' ') {
            above.say(statement);
        }
        above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_up_to_three_numbers() {
        for text in ["", ".", "15.", "a", "1.2.3.4", "+1", "15.x", "99999"] {
            assert!(text.parse::<OsVersion>().is_err(), "{text:?}");
        }
        assert_eq!("26.2".parse(), Ok(OsVersion::new(26, 2, 0)));
    }

    #[test]
    fn every_system_stands_at_its_own_place() {
        for (index, os) in Os::ALL.into_iter().enumerate() {
            assert_eq!(os as usize, index);
            assert_eq!(os.as_str().parse::<Os>().unwrap(), os);
        }
    }

    #[test]
    fn a_key_that_never_came_does_not_exist_and_a_later_statement_wins() {
        let mut above = Statements::default();
        above.add("macOS introduced=10.7 +multiple");
        let mut below = Statements::default();
        below.add("macOS introduced=n/a");
        let availability = below.over(above.on(Os::MacOs), Os::MacOs);
        assert!(!availability.exists);
        assert_eq!(availability.multiple, Some(true));
        assert_eq!(availability.introduced, None);
    }
}
