use crate::error::{Error, Field};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How a fleet is kept in certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RenewalPolicy {
    /// Days between a rotation and the first expiry in its ring. It has to exceed the longest time that Macs are off
    /// line, or they come back without a certificate.
    pub days_before: u32,
    /// Minutes between the rotations of two rings.
    pub stagger_minutes: u32,
    /// When nothing is to be changed.
    pub blackouts: Vec<Blackout>,
}

/// A time when nothing is to be changed: from its first moment until before its last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after.
    pub until: Timestamp,
    /// Why, for people.
    #[serde(default)]
    pub reason: String,
}

impl Blackout {
    pub(super) fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

impl Default for RenewalPolicy {
    /// 90 days before expiry, a day between rings, no blackout.
    fn default() -> Self {
        Self {
            days_before: 90,
            stagger_minutes: 24 * 60,
            blackouts: Vec::new(),
        }
    }
}

impl RenewalPolicy {
    /// Sets the days between a rotation and the first expiry in its ring.
    #[must_use]
    pub fn days_before(mut self, days: u32) -> Self {
        self.days_before = days;
        self
    }

    /// Sets the minutes between the rotations of two rings.
    #[must_use]
    pub fn stagger_minutes(mut self, minutes: u32) -> Self {
        self.stagger_minutes = minutes;
        self
    }

    /// Adds a time when nothing is to be changed.
    #[must_use]
    pub fn blackout(
        mut self,
        from: Timestamp,
        until: Timestamp,
        reason: impl Into<String>,
    ) -> Self {
        self.blackouts.push(Blackout {
            from,
            until,
            reason: reason.into(),
        });
        self
    }

    /// What is wrong with it, all at once.
    ///
    /// # Errors
    ///
    /// [`Error::is_renewal`]: no days, more days than a certificate of one year has, a blackout that ends before it
    /// begins.
    pub fn validate(&self) -> Result<(), Error> {
        let mut errors = Vec::new();
        if !(1..=300).contains(&self.days_before) {
            errors.push(Error::new(
                Field::Renewal,
                format!("{} days before expiry", self.days_before),
                "Okta's certificates live for 365 days: take 30 to 120",
            ));
        }
        for blackout in &self.blackouts {
            if blackout.until <= blackout.from {
                errors.push(Error::new(
                    Field::Renewal,
                    format!(
                        "the blackout from {} ends at {}",
                        blackout.from, blackout.until
                    ),
                    "let it end after it begins",
                ));
            }
        }
        Error::all(errors).map_or(Ok(()), Err)
    }

    pub(super) fn lead(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.days_before) * 24)
    }

    pub(super) fn stagger(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.stagger_minutes))
    }

    pub(super) fn blackout_at(&self, at: Timestamp) -> Option<&Blackout> {
        self.blackouts.iter().find(|blackout| blackout.contains(at))
    }
}
