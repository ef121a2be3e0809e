#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod blueprint;
mod error;
mod output;
mod progress;

pub use blueprint::{Blueprint, Overrides, Secrets};
pub use error::Error;
pub use output::Output;
pub use progress::{Progress, Silent, Stage};
