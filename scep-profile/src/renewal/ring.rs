use crate::CaCertificate;
use crate::error::{Error, Field};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The Macs that one profile reaches, and that are rotated together: a pilot, a tenth, everyone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ring {
    /// Its name, unique among the rings.
    pub name: String,
    /// The generation of the profile that was distributed last.
    #[serde(default)]
    pub generation: u32,
    /// When that was; `None` counts every certificate as of this generation.
    #[serde(default)]
    pub distributed: Option<Timestamp>,
    /// The certificates its Macs hold.
    #[serde(default)]
    pub certificates: Vec<HeldCertificate>,
}

/// A certificate that a Mac holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HeldCertificate {
    /// What names it: the serial number of the certificate or of the Mac.
    pub id: String,
    /// The first moment it is valid at.
    pub not_before: Timestamp,
    /// The last moment it is valid at.
    pub not_after: Timestamp,
}

impl HeldCertificate {
    /// A certificate by its dates.
    #[must_use]
    pub fn new(id: impl Into<String>, not_before: Timestamp, not_after: Timestamp) -> Self {
        Self {
            id: id.into(),
            not_before,
            not_after,
        }
    }

    /// A certificate by its serial number, in hex.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] for dates beyond the year 9999.
    pub fn of(certificate: &CaCertificate) -> Result<Self, Error> {
        let (from, to) = certificate.validity();
        let at = |time| {
            Timestamp::try_from(time).map_err(|error| {
                Error::new(
                    Field::Certificate,
                    format!("its dates ({error})"),
                    "look at it with openssl x509 -text",
                )
            })
        };
        let tbs = certificate.x509().tbs_certificate();
        let id = hex::encode_upper(tbs.serial_number().as_bytes());
        Ok(Self::new(id, at(from)?, at(to)?))
    }
}

/// Certification authorities date certificates back, so that clocks that are behind accept them at once.
const BACKDATED: SignedDuration = SignedDuration::from_hours(24);

impl Ring {
    /// A ring that no certificate is known of yet, at generation 0.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            generation: 0,
            distributed: None,
            certificates: Vec::new(),
        }
    }

    /// Sets the generation that was distributed last, and when.
    #[must_use]
    pub fn generation(mut self, generation: u32, distributed: Timestamp) -> Self {
        self.generation = generation;
        self.distributed = Some(distributed);
        self
    }

    /// Adds a certificate.
    #[must_use]
    pub fn certificate(mut self, certificate: HeldCertificate) -> Self {
        self.certificates.push(certificate);
        self
    }

    /// The certificates that came with the present generation. Those that began less than a day before it was
    /// distributed count as such, since authorities date back.
    pub fn current(&self) -> impl Iterator<Item = &HeldCertificate> {
        let since = self.since();
        let held = self.certificates.iter();
        held.filter(move |held| since.is_none_or(|since| held.not_before >= since))
    }

    /// The certificates of Macs that have not received the present generation: they will when they are back, so they
    /// ask for no further rotation.
    pub fn left_behind(&self) -> impl Iterator<Item = &HeldCertificate> {
        let since = self.since();
        let held = self.certificates.iter();
        held.filter(move |held| since.is_some_and(|since| held.not_before < since))
    }

    fn since(&self) -> Option<Timestamp> {
        self.distributed
            .and_then(|at| at.checked_sub(BACKDATED).ok())
    }
}

/// The number of rings that keep the enrolments in an hour under a cap: none is larger than half of it, so that the
/// Macs that come back in that hour, and a neighbouring ring that is slow, find room. At least one. It holds with an hour
/// or more between two rings, and not for [`rotate_all`](super::rotate_all), which waits for nothing.
///
/// ```
/// assert_eq!(scep_profile::renewal::rings_needed(20_000, 500), 80);
/// ```
#[must_use]
pub fn rings_needed(macs: usize, enrolments_per_hour: usize) -> usize {
    macs.div_ceil((enrolments_per_hour / 2).max(1)).max(1)
}
