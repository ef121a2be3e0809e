//! `jumpcloud-mdm` against the sandbox: roll-outs in rings, renewals, many organisations, bad input, faults, killed runs.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod bad_input;
mod child;
mod faults;
mod jobs;
mod killed;
mod renewal;
mod resources;
mod rings;
mod service_account;
mod support;
mod tenants;
