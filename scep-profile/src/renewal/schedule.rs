use super::HeldCertificate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The rotations that are to come, in their order. Plain values: no secret is part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Schedule {
    /// In the order of their times.
    pub rotations: Vec<Rotation>,
}

/// One ring's profile, to be distributed with a new generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rotation {
    /// The ring.
    pub ring: String,
    /// When.
    pub at: Timestamp,
    /// The generation to distribute: one more than the present.
    pub generation: u32,
    /// Why.
    pub cause: Cause,
    /// When the first certificate of the ring expires; `None` when none is known.
    pub first_expiry: Option<Timestamp>,
    /// Enrolments it brings: the certificates of the present generation.
    pub enrolments: usize,
    /// Where the policy could not be kept.
    #[serde(default)]
    pub compromises: Vec<Compromise>,
    /// After a reset or leak: every certificate that is valid still. Whoever knows the old secret may hold one, so
    /// they are to be compared with the inventory, and those of no known Mac revoked at the CA.
    #[serde(default)]
    pub old_certificates: Vec<HeldCertificate>,
}

/// Why a ring is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// Its certificates are about to expire.
    Expiry,
    /// The secret was reset: Macs that have the old profile only cannot enrol any more.
    SecretReset,
    /// The secret leaked: a certificate no longer proves that its holder is managed.
    SecretLeaked,
}

/// Where a policy could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Compromise {
    /// Later than the days before expiry that the policy asks for.
    Late,
    /// In a blackout, since waiting for its end would let certificates expire.
    InBlackout,
    /// Closer to another ring than the stagger, since keeping it would let certificates expire.
    Crowded,
}

impl Schedule {
    /// The rotations whose time has come.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &Rotation> {
        self.rotations
            .iter()
            .filter(move |rotation| rotation.at <= now)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rotations.is_empty() {
            return f.write_str("no rotation: no certificate is known\n");
        }
        for rotation in &self.rotations {
            writeln!(f, "{rotation}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ring,
            at,
            generation,
            cause,
            enrolments,
            ..
        } = self;
        write!(
            f,
            "{at}  {ring}: generation {generation}, {enrolments} enrolments, {cause}"
        )?;
        for compromise in &self.compromises {
            write!(f, "; {compromise}")?;
        }
        if !self.old_certificates.is_empty() {
            write!(
                f,
                "; {} old certificates to compare",
                self.old_certificates.len()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expiry => "before certificates expire",
            Self::SecretReset => "the secret was reset",
            Self::SecretLeaked => "the secret leaked",
        })
    }
}

impl fmt::Display for Compromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Late => "later than the policy asks for",
            Self::InBlackout => "in a blackout, or certificates would expire",
            Self::Crowded => "close to another ring, or certificates would expire",
        })
    }
}
