//! Every exchange with Okta that the collected facts mark as recorded, replayed against the sandbox
//! with a plain HTTP client. What is only documented stands in `documented_okta`.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test that cannot go on should stop where it is"
)]

mod authenticators;
mod devices;
mod limits;
mod oauth;
mod org;
mod policies;
mod service;
mod sign_on;
