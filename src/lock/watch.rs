//! Decides whether a lock may be taken. A lease is over when it was watched for its whole length without a renewal, on the
//! clock of the watcher: a fresh look never tells that a lease is old, however long ago its times say that it was taken.

use std::time::Duration;

use super::record::{LockKind, LockRecord};

/// What to do about a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockDecision {
    /// Nobody holds it.
    Take,
    /// The own write, of which the answer was lost, has taken it.
    Own,
    /// The hold is over, as the clock of DynamoDB shows: take the record of this version over.
    TakeEndedHold { version: String },
    /// The lease was watched for its whole length: take the record of this version over, unless something that its holder
    /// began is in progress.
    LeaseOver { version: String },
    /// A command holds it; look again.
    Wait,
    /// A person holds it: waiting is pointless.
    Held,
}

/// A watch over the lease of another holder. Times are those on the own clock, which only goes forward.
#[derive(Clone, Debug, Default)]
pub struct LeaseWatch {
    /// The version that was seen last, and since when.
    seen: Option<(String, Duration)>,
}

impl LeaseWatch {
    /// Returns what to do about a record that was just read; `now` is the own time before the read, and `store_seconds` the
    /// time of DynamoDB, in seconds since 1970.
    pub fn decide(
        &mut self,
        record: Option<&LockRecord>,
        own: &str,
        now: Duration,
        store_seconds: i64,
    ) -> LockDecision {
        let Some(record) = record.filter(|record| record.is_held) else { return LockDecision::Take };
        if record.owner == own {
            return LockDecision::Own;
        }
        let version = record.version.clone();
        match record.kind {
            LockKind::Hold if record.until.is_some_and(|until| store_seconds >= until) => {
                LockDecision::TakeEndedHold { version }
            }
            LockKind::Hold => LockDecision::Held,
            LockKind::Run if self.watched_for(&version, now) >= record.lease => {
                LockDecision::LeaseOver { version }
            }
            LockKind::Run => LockDecision::Wait,
        }
    }

    /// Returns for how long this version has been watched.
    fn watched_for(&mut self, version: &str, now: Duration) -> Duration {
        match &self.seen {
            Some((seen, since)) if seen == version => now.saturating_sub(*since),
            _ => {
                self.seen = Some((version.to_owned(), now));
                Duration::ZERO
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::held;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn decide(watch: &mut LeaseWatch, record: &LockRecord, now: u32) -> LockDecision {
        watch.decide(Some(record), "me", now * SECOND, 1_800_000_000)
    }

    #[test]
    fn a_lease_is_over_after_it_was_watched_for_its_length() {
        let mut watch = LeaseWatch::default();
        let record = held("other", "1");
        assert_eq!(decide(&mut watch, &record, 500), LockDecision::Wait, "a fresh look knows nothing");
        assert_eq!(decide(&mut watch, &record, 559), LockDecision::Wait);
        assert_eq!(decide(&mut watch, &record, 560), LockDecision::LeaseOver { version: "1".to_owned() });
    }

    #[test]
    fn a_renewal_begins_the_watch_again() {
        let mut watch = LeaseWatch::default();
        decide(&mut watch, &held("other", "1"), 0);
        assert_eq!(decide(&mut watch, &held("other", "2"), 59), LockDecision::Wait);
        assert_eq!(decide(&mut watch, &held("other", "2"), 118), LockDecision::Wait);
        assert_eq!(
            decide(&mut watch, &held("other", "2"), 119),
            LockDecision::LeaseOver { version: "2".to_owned() }
        );
    }

    #[test]
    fn clocks_that_differ_by_five_minutes_decide_nothing() {
        for since in ["2026-11-30T11:55:00Z", "2026-11-30T12:05:00Z"] {
            let record = LockRecord { since: since.to_owned(), ..held("other", "1") };
            let mut watch = LeaseWatch::default();
            assert_eq!(decide(&mut watch, &record, 0), LockDecision::Wait);
            assert_eq!(decide(&mut watch, &record, 59), LockDecision::Wait);
        }
    }

    #[test]
    fn a_hold_ends_by_the_clock_of_the_table_and_never_by_being_watched() {
        let mut watch = LeaseWatch::default();
        let hold = LockRecord { kind: LockKind::Hold, until: Some(1_800_000_001), ..held("other", "1") };
        assert_eq!(decide(&mut watch, &hold, 0), LockDecision::Held);
        assert_eq!(decide(&mut watch, &hold, 10_000), LockDecision::Held);
        let ended = LockRecord { until: Some(1_800_000_000), ..hold };
        assert_eq!(decide(&mut watch, &ended, 0), LockDecision::TakeEndedHold { version: "1".to_owned() });
    }

    #[test]
    fn a_released_lock_is_taken_and_the_own_one_is_kept() {
        let mut watch = LeaseWatch::default();
        let released = LockRecord { is_held: false, ..held("other", "1") };
        assert_eq!(decide(&mut watch, &released, 0), LockDecision::Take);
        assert_eq!(watch.decide(None, "me", SECOND, 0), LockDecision::Take);
        assert_eq!(decide(&mut watch, &held("me", "1"), 0), LockDecision::Own);
    }
}
