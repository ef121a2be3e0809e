//! Tests of the public API: plans and proofs on hand-made values, requests and applies over a real socket.
#![allow(clippy::unwrap_used)]

mod apply;
mod bad_input;
mod contract;
mod enforcement;
mod following;
mod guard;
mod lossless;
mod oauth;
mod plan;
mod support;
mod teardown;
