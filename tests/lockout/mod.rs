//! An org with an administrator who acts between any two requests, and a judge who looks at its state.

pub(crate) mod edit;
pub(crate) mod judge;
pub(crate) mod org;
