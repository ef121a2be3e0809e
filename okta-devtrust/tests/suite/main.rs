//! Tests of the public API: plans and proofs on hand-made values, requests and applies over a real socket.
#![allow(clippy::unwrap_used)]

mod apply;
mod contract;
mod enforcement;
mod lossless;
mod plan;
mod support;
mod teardown;
