//! Signed and encrypted profiles, ours and OpenSSL's, each read by the other.
#![allow(missing_docs, clippy::unwrap_used)]

mod both_ways;
mod certificates;
mod chains;
mod encrypted;
mod keys;
mod mistaken;
mod old_keys;
mod verdicts;
