//! Where a profile is meant to be installed, and how.

use std::{str::FromStr, time::SystemTime};

use crate::Error;
use crate::schema::{Os, OsVersion};

/// Where a profile is meant to be installed, and how.
///
/// ```
/// use mobileconfig::lint::{Channel, Delivery, Target};
/// use mobileconfig::schema::Os;
///
/// let target = Target::macos("15".parse()?).channel(Channel::User);
/// assert_eq!((target.os, target.delivery), (Os::MacOs, Delivery::UserApprovedMdm));
/// assert_eq!("macos-15".parse::<Target>()?.version, "15".parse()?);
/// assert_eq!("ios-17.4".parse::<Target>()?.os, Os::Ios);
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The system.
    pub os: Os,
    /// Its version.
    pub version: OsVersion,
    /// The channel an MDM server sends it over. Matters on macOS.
    pub channel: Channel,
    /// Whether the device is supervised.
    pub supervised: bool,
    /// How it gets there.
    pub delivery: Delivery,
    /// Whether the profile is, or is going to be, signed before a server has filled in its variables.
    pub signed: bool,
    /// The time that certificates and dates are compared with.
    pub at: SystemTime,
}

/// A channel of MDM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// For the device as a whole.
    Device,
    /// For one user of a Mac.
    User,
}

/// How a profile gets to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// A person opens it.
    Manual,
    /// An MDM server sends it; the person has not approved the enrolment.
    Mdm,
    /// An MDM server sends it; the enrolment is approved or was automatic.
    UserApprovedMdm,
}

impl Target {
    /// A Mac under user-approved MDM, device channel, not supervised, today.
    #[must_use]
    pub fn macos(version: OsVersion) -> Self {
        Self::new(Os::MacOs, version)
    }

    /// A device under (user-approved) MDM, device channel, not supervised, today.
    #[must_use]
    pub fn new(os: Os, version: OsVersion) -> Self {
        Self {
            os,
            version,
            channel: Channel::Device,
            supervised: false,
            delivery: Delivery::UserApprovedMdm,
            signed: false,
            at: SystemTime::now(),
        }
    }

    /// Sets the channel.
    #[must_use]
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    /// Sets whether the device is supervised.
    #[must_use]
    pub fn supervised(mut self, supervised: bool) -> Self {
        self.supervised = supervised;
        self
    }

    /// Sets how the profile gets there.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Sets whether the profile is, or is going to be, signed before a server has filled in its variables.
    #[must_use]
    pub fn signed(mut self, signed: bool) -> Self {
        self.signed = signed;
        self
    }

    /// Sets the time that certificates and dates are compared with.
    #[must_use]
    pub fn at(mut self, time: SystemTime) -> Self {
        self.at = time;
        self
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Reads `macos-15`, `ios-17.4`: a system and a version.
    ///
    /// # Errors
    /// [`Error::is_invalid_value`] for anything else.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (os, version) = text.split_once('-').ok_or_else(|| {
            Error::invalid_value(
                "",
                "no target; one is a system and a version, such as macos-15",
            )
        })?;
        Ok(Self::new(os.parse()?, version.parse()?))
    }
}
