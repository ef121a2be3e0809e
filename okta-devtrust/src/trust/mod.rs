//! Device trust in one org, as values: what is wanted ([`Desired`]), what is there ([`Observed`]), and the [`Plan`]
//! between them.
//!
//! The order of a plan is the safe one: Okta Verify, FastPass, enrolment policy, the enrolment app (open, for the first
//! registration), the pilot app (closed from the start, to prove the denial on), app sign-in policy with its rules (the
//! catch-all left as it is: `ALLOW`), apps, and the global session policy last. That catch-all is only ever closed by
//! [`enforcement`](crate::enforcement). An unchanged org gives an empty plan, and an empty plan sends nothing.
//!
//! What the plan made is recognised by its owner: policies carry `[owner: …]` in their description and bookmark apps in
//! their note for administrators; rules (which have neither) carry the owner as prefix of their name. Anything else is
//! never written to. [`teardown`] removes exactly that.

mod apply;
mod bodies;
mod checks;
mod closing;
mod defaults;
mod desired;
mod echo;
mod guarded;
mod guarding;
mod lifting;
mod observed;
mod observing;
mod plan;
mod planning;
mod refusal;
mod removal;
mod rollback;
pub(crate) mod semantic;
mod strength;
mod teardown;
mod undo;
mod write;
mod write_app;

pub use apply::{Applied, AppliedStep, Halted, Step, StepState, apply, apply_recorded, resume};
pub(crate) use bodies::catch_all;
pub use desired::{
    AccessDesired, BreakGlass, Desired, EnrollmentDesired, ManagedRule, Possession, SessionDesired,
};
pub(crate) use guarded::{waived, weaker_in_force};
pub use guarding::{BookmarkDesired, GuardDesired};
pub use observed::{
    Observed, ObservedApp, ObservedBookmark, ObservedGroup, ObservedOktaVerify, ObservedPolicy,
};
pub use observing::observe;
pub use plan::{Action, Change, Made, Plan, Ref};
pub(crate) use planning::changes;
pub use planning::plan;
pub use refusal::{Reason, Refusal};
pub use rollback::rollback;
pub use semantic::Difference;
pub use strength::WeakRule;
pub use teardown::{Owned, observe_owned, teardown};
pub use undo::{PolicyRef, Undo, UndoStep};
