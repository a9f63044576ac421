//! How long a lock is surely held, by the own clock: from the last renewal that succeeded.

use std::time::Duration;

/// The part of a lease that is kept back: a holder stops before it ends, as a call that was allowed must have arrived.
const MARGIN: u32 = 6;
/// The renewals in a lease.
const RENEWALS: u32 = 3;

/// The lease of a holder. Times are those since the process began, on a clock that only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    length: Duration,
    renewed_at: Duration,
}

impl Lease {
    /// Returns a lease that was taken by a write which was sent at a time.
    pub fn new(length: Duration, sent_at: Duration) -> Lease {
        Lease { length, renewed_at: sent_at }
    }

    /// Records a renewal that succeeded, by the time at which it was sent: others may have seen it since then.
    pub fn renew(&mut self, sent_at: Duration) {
        self.renewed_at = self.renewed_at.max(sent_at);
    }

    /// Returns whether no other command can have taken the lock yet, with a margin.
    pub fn is_safe(&self, now: Duration) -> bool {
        now.saturating_sub(self.renewed_at) < self.length.saturating_sub(self.length / MARGIN)
    }

    /// Returns the time between two renewals.
    pub fn renewal_interval(&self) -> Duration {
        self.length / RENEWALS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_lease_is_safe_until_its_margin() {
        let mut lease = Lease::new(60 * SECOND, 100 * SECOND);
        assert!(lease.is_safe(149 * SECOND));
        assert!(!lease.is_safe(150 * SECOND), "ten seconds before another may take it");
        lease.renew(140 * SECOND);
        assert!(lease.is_safe(189 * SECOND));
        assert!(!lease.is_safe(190 * SECOND));
    }

    #[test]
    fn a_late_answer_to_an_old_renewal_does_not_shorten_the_lease() {
        let mut lease = Lease::new(60 * SECOND, 100 * SECOND);
        lease.renew(90 * SECOND);
        assert!(lease.is_safe(149 * SECOND));
    }
}
