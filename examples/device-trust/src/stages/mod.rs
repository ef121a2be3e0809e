//! The job's stages, a file each. A stage reads, decides or acts; what it finds goes to the next one as a plain value.

mod apply;
mod closing;
mod lint;
mod macs;
mod plan;
mod preflight;
mod proof;

pub(crate) use self::apply::apply;
pub(crate) use self::closing::go_on;
pub(crate) use self::lint::lint;
pub(crate) use self::macs::{Macs, wait_for_macs};
pub(crate) use self::plan::plan;
pub use self::plan::{Planned, PlannedPayload, PlannedProfile};
pub(crate) use self::preflight::{check_ca, prove_challenge};
pub(crate) use self::proof::{Proven, enforce, prove, still_met, verify};
