#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod blueprint;
mod desired;
pub mod embedded;
mod error;
pub mod evidence;
mod job;
pub mod keep;
mod output;
pub mod program;
mod progress;
mod report;
mod stages;
mod tenants;
pub mod terminal;

pub use blueprint::{Blueprint, Overrides, Secrets};
pub use error::Error;
pub use job::Job;
pub use output::Output;
pub use progress::{Progress, Silent, Stage};
pub use report::{MacReport, Report, Verdict, Window};
pub use stages::{Planned, PlannedPayload, PlannedProfile};
pub use tenants::Tenants;
