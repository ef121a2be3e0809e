//! Time, so that every wait of the transport can be tested without waiting.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;

/// What the transport waits with and measures by.
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug {
    /// The monotonic time.
    fn now(&self) -> Instant;

    /// Waits.
    async fn sleep(&self, wait: Duration);
}

/// The runtime's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuntimeClock;

#[async_trait]
impl Clock for RuntimeClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}
