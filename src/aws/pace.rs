//! Limits the rate of API calls per kind, for services that allow few calls a second.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The earliest time of the next call, by kind.
#[derive(Debug)]
pub(super) struct Pace {
    /// The interval between two calls of one kind.
    every: Duration,
    next: Mutex<BTreeMap<&'static str, Instant>>,
}

impl Pace {
    /// Creates a limiter for a number of calls of each kind a second.
    pub(super) fn of(calls_a_second: u32) -> Pace {
        Pace { every: Duration::from_secs(1) / calls_a_second.max(1), next: Mutex::default() }
    }

    /// Waits until a call of this kind is allowed.
    pub(super) async fn wait(&self, kind: &'static str) {
        let wait = self.take(kind, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Reserves the next slot for a call of this kind, and returns the time until then.
    fn take(&self, kind: &'static str, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let place = next.get(kind).copied().unwrap_or(now).max(now);
        next.insert(kind, place + self.every);
        place - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_a_kind_follow_one_another_and_other_kinds_do_not_wait_for_them() {
        let (pace, now) = (Pace::of(40), Instant::now());
        let taken: Vec<u128> = (0..3).map(|_| pace.take("PutRule", now).as_millis()).collect();
        assert_eq!(taken, [0, 25, 50]);
        assert_eq!(pace.take("PutTargets", now), Duration::ZERO);
        assert_eq!(pace.take("PutRule", now + Duration::from_secs(1)), Duration::ZERO);
    }
}
