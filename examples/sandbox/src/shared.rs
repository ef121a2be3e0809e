//! What every handler and every Mac holds: the world behind a lock, and where it is served.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
};
use jiff::Timestamp;

use crate::{
    connection::Meter,
    faults::Faults,
    late::Late,
    rate_limits::{Counters, RateLimits},
    recorded::Side,
    world::World,
};

/// A cheap handle on the running sandbox.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    late: Mutex<Late>,
    counters: Mutex<Counters>,
    last_answers: Mutex<HashMap<String, LastAnswer>>,
    rate_limits: RateLimits,
    okta_url: String,
    jumpcloud_url: String,
    okta_connections: Arc<Meter>,
    jumpcloud_connections: Arc<Meter>,
}

/// An answer kept for [`Effect::StaleRead`](crate::Effect::StaleRead).
pub(crate) type LastAnswer = (StatusCode, HeaderMap, Bytes);

impl Shared {
    pub(crate) fn new(
        world: World,
        faults: Faults,
        rate_limits: RateLimits,
        okta_url: String,
        jumpcloud_url: String,
    ) -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(world),
            faults: Mutex::new(faults),
            late: Mutex::default(),
            counters: Mutex::default(),
            last_answers: Mutex::default(),
            rate_limits,
            okta_url,
            jumpcloud_url,
            okta_connections: Arc::default(),
            jumpcloud_connections: Arc::default(),
        }))
    }

    /// The world. Never hold the guard across an `await`.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.0.world)
    }

    /// The Okta org's base URL, without a final slash.
    #[must_use]
    pub fn okta_url(&self) -> &str {
        &self.0.okta_url
    }

    /// JumpCloud's console base URL, without `/api` and without a final slash.
    #[must_use]
    pub fn jumpcloud_url(&self) -> &str {
        &self.0.jumpcloud_url
    }

    /// The SCEP URL an operator would copy from Okta's console.
    #[must_use]
    pub fn scep_url(&self) -> String {
        format!("{}{}", self.0.okta_url, self.world().scep.path())
    }

    /// The world's time: the real one plus [`World::clock_ahead`].
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world().now()
    }

    /// The meter of the listener; SCEP is under Okta's.
    pub(crate) fn connections(&self, side: Side) -> &Arc<Meter> {
        match side {
            Side::Okta | Side::Scep => &self.0.okta_connections,
            Side::JumpCloud => &self.0.jumpcloud_connections,
        }
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.0.faults)
    }

    pub(crate) fn late(&self) -> MutexGuard<'_, Late> {
        lock(&self.0.late)
    }

    pub(crate) fn counters(&self) -> MutexGuard<'_, Counters> {
        lock(&self.0.counters)
    }

    pub(crate) fn last_answers(&self) -> MutexGuard<'_, HashMap<String, LastAnswer>> {
        lock(&self.0.last_answers)
    }

    pub(crate) fn rate_limits(&self) -> &RateLimits {
        &self.0.rate_limits
    }
}

/// A handler that panicked leaves the world as it was; going on is better than dying with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
