//! Decides when a watch reports that nothing has changed: CI systems end jobs that are silent for long. Pure.

use std::time::{Duration, Instant};

/// How long a watch is silent at the most.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// When a watch has last reported anything, and since when nothing has changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heartbeat {
    changed_at: Instant,
    reported_at: Instant,
}

impl Heartbeat {
    /// Returns the heartbeat of a watch that begins now.
    pub(super) fn new(now: Instant) -> Heartbeat {
        Heartbeat { changed_at: now, reported_at: now }
    }

    /// Records that something has changed and was reported.
    pub(super) fn record_change(&mut self, now: Instant) {
        *self = Heartbeat::new(now);
    }

    /// Returns for how long nothing has changed, every 30 seconds; that counts as reported.
    pub(super) fn silence_to_break(&mut self, now: Instant) -> Option<Duration> {
        if now.duration_since(self.reported_at) < MAX_SILENCE {
            return None;
        }
        self.reported_at = now;
        Some(now.duration_since(self.changed_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_broken_every_half_minute() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start);
        let silences: Vec<u64> = (0..=100)
            .step_by(5)
            .filter_map(|second| heartbeat.silence_to_break(start + Duration::from_secs(second)))
            .map(|silence| silence.as_secs())
            .collect();
        assert_eq!(silences, [30, 60, 90]);
    }

    #[test]
    fn a_change_begins_the_half_minute_again() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start);
        heartbeat.record_change(start + Duration::from_secs(25));
        assert_eq!(heartbeat.silence_to_break(start + Duration::from_secs(50)), None);
        let silence = heartbeat.silence_to_break(start + Duration::from_mins(1));
        assert_eq!(silence, Some(Duration::from_secs(35)));
    }
}
