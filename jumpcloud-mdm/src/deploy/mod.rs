//! The deployment: what should be on the Macs, what is there, the difference as a value, and its application.
//!
//! | step | what it does | writes |
//! |---|---|---|
//! | [`Desired`] | says what should be there | – |
//! | [`observe`] | reads what is there | no |
//! | [`plan`] | compares, purely; an unchanged world gives an empty [`Plan`] | no |
//! | [`apply`] | carries out the plan, refusing where the world has moved | yes |
//! | [`apply_recorded`] | the same, after an [`UndoRecord`] was put away | yes |
//! | [`wait`] | polls until each Mac has reported | no |
//! | [`verify`] | reads anew and says what differs | no |
//!
//! A profile can go out in rings ([`Desired::rings`]): [`roll_out`] does the steps for one ring after the other and stops
//! where a [`StopRule`] says so. [`renew`] brings the next generation of a profile onto the Macs of one policy.
//!
//! Two other plans go the way back, through the same [`apply`]: [`UndoRecord::plan`] restores what a plan changed, and
//! [`withdraw`] takes everything of an owner off.
//!
//! The rule: a policy is never PUT when its profile means the same as before, because each PUT of a SCEP profile may
//! cost every Mac a new certificate.

mod apply;
mod bind;
mod desired;
mod digest;
mod observed;
mod package;
mod plan;
mod planner;
mod policy_write;
mod problem;
mod provenance;
mod read_back;
mod renewal;
mod rings;
mod roll_out;
mod software_write;
mod stop_rule;
mod stored;
mod twins;
mod undo;
mod verify;
mod wait;
mod way_back;
mod withdraw;

pub use apply::{Applied, Event, Outcome, apply, apply_recorded};
pub use desired::{Desired, DesiredProfile, DesiredSoftware, Package};
pub use digest::{DigestKey, KeyedDigest};
pub use observed::{Observed, ObservedPolicy, ObservedSoftware, Template, observe};
pub use plan::{Change, PackageMark, Plan, PolicyMark, Step};
pub use planner::plan;
pub use problem::{Named, Problem, ProfileFlaw, RestoreLack};
pub use provenance::Provenance;
pub(crate) use read_back::delete;
pub use renewal::{Renewal, renew};
pub use rings::{Ring, ring_policy_name};
pub use roll_out::{RingEvent, RingReport, RingRollout, RollOutOptions, roll_out};
pub use stop_rule::{Decision, StopReason, StopRule, Tally};
pub(crate) use stored::LENIENT;
pub use undo::{Undo, UndoRecord};
pub use verify::{Verified, verify};
pub use wait::{DeviceResult, DeviceState, Rollout, WaitOptions, wait};
pub(crate) use wait::{systems, wait_until};
pub use withdraw::withdraw;
