//! What Okta's documentation, its specification or reports of its users say, without a recording: the
//! sandbox behaves so, and a real org may differ in detail.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test that cannot go on should stop where it is"
)]

mod authenticators;
mod devices;
mod limits;
mod oauth;
#[path = "../recorded_okta/org.rs"]
#[expect(dead_code, reason = "these tests need only some of the client")]
mod org;
mod policies;
#[path = "../recorded_okta/service.rs"]
mod service;
mod sign_on;
