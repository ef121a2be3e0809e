//! `jumpcloud-mdm` against the sandbox: roll-outs in rings, renewals, many organisations, bad input, killed runs.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod child;
mod killed;
mod renewal;
mod rings;
mod support;
mod tenants;
