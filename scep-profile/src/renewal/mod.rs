//! When Macs have to enrol anew, and in which order.
//!
//! Okta's CA refuses renewal, its certificates live for a year, and macOS never renews a SCEP certificate by itself. So
//! renewal is **rotation**: the profile is distributed again with a new *generation*, which changes the UUID of its SCEP
//! payload and nothing else, and every Mac that receives it enrols anew. One profile reaches a whole [`Ring`] of Macs at
//! once; rings keep a fleet from enrolling in the same minute, and a bad day from reaching everyone.
//!
//! All of this is a pure function of dates: [`schedule`] before certificates expire, [`rotate_all`] when the secret was
//! reset or leaked. Carrying a [`Rotation`] out is for whoever distributes profiles; with the feature `okta`,
//! [`DeviceTrustProfile::rotated`](crate::okta::DeviceTrustProfile::rotated) makes the profile for it.
//!
//! ```
//! use scep_profile::renewal::{HeldCertificate, RenewalPolicy, Ring, schedule};
//!
//! let issued = |id: &str, from: &str, to: &str| {
//!     Ok::<_, jiff::Error>(HeldCertificate::new(id, from.parse()?, to.parse()?))
//! };
//! let rings = [
//!     Ring::new("pilot").certificate(issued("C02A", "2026-03-01T09:00:00Z", "2027-03-01T09:00:00Z")?),
//!     Ring::new("everyone").certificate(issued("C02B", "2026-03-01T10:00:00Z", "2027-03-01T10:00:00Z")?),
//! ];
//! let policy = RenewalPolicy::default()
//!     .days_before(90)
//!     .stagger_minutes(24 * 60)
//!     .blackout("2026-11-20T00:00:00Z".parse()?, "2026-12-03T00:00:00Z".parse()?, "quarter end");
//! let schedule = schedule(&policy, &rings, "2026-10-01T00:00:00Z".parse()?)?;
//!
//! // Ninety days before 1 March is 1 December, in the blackout: both rings go before it, the pilot a day ahead.
//! let at: Vec<String> = schedule.rotations.iter().map(|rotation| rotation.at.to_string()).collect();
//! assert_eq!(at, ["2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"]);
//! assert!(schedule.rotations.iter().all(|rotation| rotation.generation == 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod planner;
mod policy;
mod ring;
#[cfg(feature = "okta")]
mod rotated;
mod schedule;

pub use planner::{rotate_all, schedule};
pub use policy::{Blackout, RenewalPolicy};
pub use ring::{HeldCertificate, Ring, rings_needed};
#[cfg(feature = "okta")]
pub use rotated::RotatedProfile;
pub use schedule::{Cause, Compromise, Rotation, Schedule};
