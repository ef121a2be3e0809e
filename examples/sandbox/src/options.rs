//! How a sandbox is started.

use crate::{
    faults::Faults, fleet::Pace, rate_limits::RateLimits, secrets::Secrets, seed::Seed,
    world::World,
};

/// What [`Sandbox::start`](crate::Sandbox::start) needs to know; the default is a fresh world with
/// random secrets, free ports, the documented rate limits and a running fleet.
#[derive(Debug)]
pub struct Options {
    /// Secrets to use; those left out are random, or the loaded world's.
    pub secrets: Secrets,
    /// A saved world to go on with.
    pub world: Option<World>,
    /// What a fresh world holds; without effect on a loaded one.
    pub seed: Seed,
    /// Okta's buckets.
    pub rate_limits: RateLimits,
    /// Faults armed from the start; [`Sandbox::arm`](crate::Sandbox::arm) adds more.
    pub faults: Faults,
    /// Whether the simulated Macs run.
    pub fleet: bool,
    /// How often they check in and sign in.
    pub pace: Pace,
    /// The public key (a JWK object) of a seeded Okta service app with `private_key_jwt` and DPoP.
    /// Its client id is [`SERVICE_APP_CLIENT_ID`](crate::okta::SERVICE_APP_CLIENT_ID).
    pub service_app_key: Option<serde_json::Value>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            secrets: Secrets::default(),
            world: None,
            seed: Seed::default(),
            rate_limits: RateLimits::default(),
            faults: Faults::none(),
            fleet: true,
            pace: Pace::default(),
            service_app_key: None,
        }
    }
}
