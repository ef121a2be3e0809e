//! The contract with JumpCloud: every call of the client and what goes over the wire for it, on canned answers and on the
//! sandbox, against the published specification.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod both;
mod calls;
mod directory_insights;
mod exchange;
mod exchanges;
mod specification;
mod swagger;
