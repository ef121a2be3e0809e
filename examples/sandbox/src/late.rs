//! Requests that are handled after their client has given up waiting.

use std::{fmt, pin::Pin};

use crate::recorded::Side;

/// The handling of one request, to its end.
type Handling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Requests that are held back.
#[derive(Default)]
pub(crate) struct Late(Vec<Held>);

struct Held {
    side: Side,
    /// How many requests may still pass it, the one that it goes before included.
    left: u64,
    handling: Handling,
}

impl Late {
    /// Holds a request back until `passing` more have come.
    pub(crate) fn hold(
        &mut self,
        side: Side,
        passing: u64,
        handling: impl Future<Output = ()> + Send + 'static,
    ) {
        self.0.push(Held {
            side,
            left: passing,
            handling: Box::pin(handling),
        });
    }

    /// Counts a request that comes, and gives what is to be handled before it.
    pub(crate) fn passed_by(&mut self, side: Side) -> Vec<Handling> {
        for held in self.0.iter_mut().filter(|held| held.side == side) {
            held.left = held.left.saturating_sub(1);
        }
        self.take(|held| held.left == 0)
    }

    /// Gives everything that is held back.
    pub(crate) fn all(&mut self) -> Vec<Handling> {
        self.take(|_| true)
    }

    fn take(&mut self, is_due: impl Fn(&Held) -> bool) -> Vec<Handling> {
        let due = self.0.extract_if(.., |held| is_due(held));
        due.map(|held| held.handling).collect()
    }
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Late({})", self.0.len())
    }
}
