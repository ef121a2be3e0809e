//! Random orgs, their administrators, and who judges.

pub(crate) mod case;
pub(crate) mod edit;
pub(crate) mod judge;
pub(crate) mod operator;
pub(crate) mod org;
pub(crate) mod seed;
