//! Skeleton.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cms;

/// Stand-in until the crate's error arrives.
pub type Error = cms::Error;
