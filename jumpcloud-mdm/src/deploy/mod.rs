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
mod plan;
mod planner;
mod policy_write;
mod provenance;
mod software_write;
mod stored;
mod undo;
mod wait;
mod way_back;
mod withdraw;

pub use apply::{Applied, Event, Outcome, apply, apply_recorded};
pub use desired::{Desired, DesiredProfile, DesiredSoftware, Package};
pub use digest::{DigestKey, KeyedDigest};
pub use observed::{Observed, ObservedPolicy, ObservedSoftware, Template, observe};
pub use plan::{Change, PackageMark, Plan, PolicyMark, Step};
pub use planner::plan;
pub use provenance::Provenance;
pub use undo::{Undo, UndoRecord};
pub(crate) use wait::systems;
pub use wait::{DeviceResult, DeviceState, Rollout, WaitOptions, wait};
pub use withdraw::withdraw;
