//! The contract: every call of the client, in an order in which a service with a memory can answer them.

mod devices;
mod groups;
mod policies;
mod software;

use crate::exchange::Exchange;

/// The names of the ids that the exchanges speak of.
pub const NAMES: [&str; 14] = [
    "org",
    "system",
    "template",
    "payload",
    "redispatch",
    "group",
    "ring",
    "dynamic",
    "policy",
    "policies",
    "app",
    "licensed",
    "stored",
    "mdm",
];

pub fn all() -> Vec<Exchange> {
    [
        groups::all(),
        policies::all(),
        devices::all(),
        software::all(),
        policies::undone(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
