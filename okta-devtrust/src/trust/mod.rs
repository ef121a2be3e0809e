//! Device trust in one org, as values: what is wanted ([`Desired`]), what is there ([`Observed`]), and the [`Plan`]
//! between them.
//!
//! The order of a plan is the safe one: Okta Verify, FastPass, enrolment policy, app sign-in policy with its rules (the
//! catch-all left as it is: `ALLOW`), apps, and the global session policy last. The catch-all is only ever closed by
//! [`enforcement`](crate::enforcement). An unchanged org gives an empty plan, and an empty plan sends nothing.
//!
//! What the plan made is recognised by its owner: policies carry `[owner: …]` in their description, rules (which have
//! no description) carry it as prefix of their name. Anything else is never written to.

mod apply;
mod bodies;
mod checks;
mod defaults;
mod desired;
mod observed;
mod plan;
mod planning;
mod refusal;
mod rollback;
pub(crate) mod semantic;
mod undo;
mod write;

pub use apply::{Applied, AppliedStep, Halted, Step, StepState, apply, apply_recorded};
pub use desired::{
    AccessDesired, BreakGlass, Desired, EnrollmentDesired, ManagedRule, Possession, SessionDesired,
};
pub(crate) use observed::EVERYONE;
pub use observed::{
    Observed, ObservedApp, ObservedGroup, ObservedOktaVerify, ObservedPolicy, observe,
};
pub use plan::{Action, Change, Made, Plan, Ref};
pub use planning::plan;
pub use refusal::{Reason, Refusal};
pub use rollback::rollback;
pub use semantic::Difference;
pub use undo::{PolicyRef, Undo, UndoStep};
