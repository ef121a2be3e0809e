//! The same deployment over many organisations, for a provider who administers them with one key.
//!
//! | piece | what it is |
//! |---|---|
//! | [`Tenant`] | an organisation, and where it differs from the blueprint |
//! | [`deploy_all`] | observes, plans and applies the blueprint in each, a few at a time |
//! | [`for_each`] | any other work in each, in the same way |
//! | [`Report`] | what became of each; a later run leaves out those that are done |
//! | [`Journal`] | the same as lines, written as each ends, for a run that may be killed |
//!
//! The rules: what goes wrong in one organisation stays there; no more than a few are worked on at a time, so neither
//! memory nor connections grow with their number; nothing is kept between runs but the report or journal, because where
//! an organisation stands is read from it.

mod journal;
mod report;
mod run;
mod tenant;

pub use journal::Journal;
pub use report::{Report, TenantOutcome, TenantReport};
pub use run::{MspOptions, deploy_all, for_each};
pub use tenant::{Overrides, Tenant};
