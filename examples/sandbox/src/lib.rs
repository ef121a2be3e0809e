#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod clock;
mod connection;
mod error;
mod faults;
pub mod fleet;
pub mod jumpcloud;
mod late;
pub mod okta;
mod options;
mod private_file;
mod random;
mod rate_limits;
mod recorded;
mod sandbox;
pub mod scep;
mod secrets;
mod seed;
mod shared;
mod traffic;
mod world;

pub use connection::Connections;
pub use error::Error;
pub use faults::{Effect, Fault, Faults};
pub use options::Options;
pub use rate_limits::RateLimits;
pub use recorded::{Actor, RecordedRequest, Side};
pub use sandbox::Sandbox;
pub use secrets::{Secrets, SecretsInUse};
pub use seed::{BREAK_GLASS_GROUP, PILOT_DEVICE_GROUP, PILOT_USER_GROUP, Seed, SeedMac};
pub use shared::Shared;
pub use world::{Ports, World};
