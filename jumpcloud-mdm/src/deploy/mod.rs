//! The deployment: what should be on the Macs, what is there, the difference as a value, and its application.
//!
//! | step | what it does | writes |
//! |---|---|---|
//! | [`Desired`] | says what should be there | – |
//! | [`observe`] | reads what is there | no |
//! | [`plan`] | compares, purely; an unchanged world gives an empty [`Plan`] | no |
//! | [`apply`] | carries out the plan, refusing where the world has moved | yes |
//! | [`wait`] | polls until each Mac has reported | no |
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
mod wait;

pub use apply::{Applied, Event, Outcome, apply};
pub use desired::{Desired, DesiredProfile, DesiredSoftware, Package};
pub use digest::{DigestKey, KeyedDigest};
pub use observed::{Observed, ObservedPolicy, ObservedSoftware, Template, observe};
pub use plan::{Change, PackageMark, Plan, PolicyMark, Step};
pub use planner::plan;
pub use provenance::Provenance;
pub(crate) use wait::systems;
pub use wait::{DeviceResult, DeviceState, Rollout, WaitOptions, wait};
