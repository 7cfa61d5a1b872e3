//! How much may be asked of a site, and how fast.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts requests and handshakes and keeps them apart in time. One budget serves all threads that probe one address.
#[derive(Debug)]
pub struct Budget {
    allowed: u32,
    sent: AtomicU32,
    pause: Duration,
    next: Mutex<Instant>,
}

impl Budget {
    /// At most `allowed` in all, and no two less than `pause` apart.
    pub fn new(allowed: u32, pause: Duration) -> Self {
        Budget { allowed, sent: AtomicU32::new(0), pause, next: Mutex::new(Instant::now()) }
    }

    /// Waits for the turn of one more request. False when the budget is used up: then nothing may be sent.
    pub fn take(&self) -> bool {
        let taken = self.sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| {
            (sent < self.allowed).then_some(sent + 1)
        });
        if taken.is_err() {
            return false;
        }
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + self.pause;
            turn
        };
        std::thread::sleep(turn.saturating_duration_since(Instant::now()));
        true
    }

    /// How many were sent.
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many are allowed.
    pub fn allowed(&self) -> u32 {
        self.allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_no_more_than_is_allowed() {
        let budget = Budget::new(3, Duration::ZERO);
        let given = (0..10).filter(|_| budget.take()).count();
        assert_eq!((given, budget.sent(), budget.allowed()), (3, 3, 3));
    }
}
