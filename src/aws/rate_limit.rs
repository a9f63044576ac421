//! Limits the rate of API calls per kind, for services that allow few calls a second.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The earliest time of the next call, by kind.
#[derive(Debug)]
pub(super) struct RateLimiter {
    /// The interval between two calls of one kind.
    interval: Duration,
    next_slots: Mutex<BTreeMap<&'static str, Instant>>,
}

impl RateLimiter {
    /// Creates a limiter for a number of calls of each kind a second.
    pub(super) fn new(calls_a_second: u32) -> RateLimiter {
        RateLimiter { interval: Duration::from_secs(1) / calls_a_second.max(1), next_slots: Mutex::default() }
    }

    /// Waits until a call of this kind is allowed.
    pub(super) async fn wait(&self, kind: &'static str) {
        let wait = self.reserve(kind, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Reserves the next slot for a call of this kind, and returns the time until then.
    fn reserve(&self, kind: &'static str, now: Instant) -> Duration {
        let mut next = self.next_slots.lock().unwrap_or_else(PoisonError::into_inner);
        let place = next.get(kind).copied().unwrap_or(now).max(now);
        next.insert(kind, place + self.interval);
        place - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_limited_per_kind() {
        let (pace, now) = (RateLimiter::new(40), Instant::now());
        let taken: Vec<u128> = (0..3).map(|_| pace.reserve("PutRule", now).as_millis()).collect();
        assert_eq!(taken, [0, 25, 50]);
        assert_eq!(pace.reserve("PutTargets", now), Duration::ZERO);
        assert_eq!(pace.reserve("PutRule", now + Duration::from_secs(1)), Duration::ZERO);
    }
}
