//! Decides how often to poll: often near the end, rarely while nothing changes. Pure.

use std::time::Duration;

/// The time between polls when only the last step is missing.
const NEAR_END_INTERVAL: Duration = Duration::from_millis(900);
/// The time between polls while something changes, while nothing does, and after nothing has for a while.
const ACTIVE_INTERVAL: Duration = Duration::from_secs(2);
const QUIET_INTERVAL: Duration = Duration::from_secs(4);
const IDLE_INTERVAL: Duration = Duration::from_secs(8);
/// How long after a change a rollout counts as changing, and after how long without one no change is expected soon.
const ACTIVE_FOR: Duration = Duration::from_secs(10);
const IDLE_AFTER: Duration = Duration::from_mins(1);
/// How many polls are allowed at once, and how long it takes until one more is: a poll is two or three calls, so
/// that ten minutes stay below 300 calls.
const BURST: f64 = 45.0;
const REFILL: Duration = Duration::from_millis(7500);

/// What the time between polls depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct PollHistory {
    /// The time since the watch began.
    pub elapsed: Duration,
    /// The number of polls so far.
    pub polls: u32,
    /// The time since the last change.
    pub unchanged_for: Duration,
    /// Only the last step is missing, or a wait is about to end.
    pub is_near_end: bool,
}

/// Returns how long to wait before the next poll.
pub fn next_interval(rhythm: &PollHistory) -> Duration {
    let wanted = match rhythm.unchanged_for {
        _ if rhythm.is_near_end => NEAR_END_INTERVAL,
        still if still < ACTIVE_FOR => ACTIVE_INTERVAL,
        still if still < IDLE_AFTER => QUIET_INTERVAL,
        _ => IDLE_INTERVAL,
    };
    wanted.max(time_until_allowed(rhythm))
}

/// Returns how long it takes until the budget allows one more poll.
fn time_until_allowed(rhythm: &PollHistory) -> Duration {
    let earned = BURST + rhythm.elapsed.as_secs_f64() / REFILL.as_secs_f64();
    let missing = (f64::from(rhythm.polls) + 1.0 - earned).clamp(0.0, 1.0);
    REFILL.mul_f64(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm(still: u64, near_end: bool) -> PollHistory {
        PollHistory {
            elapsed: Duration::from_secs(100),
            polls: 10,
            unchanged_for: Duration::from_secs(still),
            is_near_end: near_end,
        }
    }

    #[test]
    fn polls_are_frequent_near_the_end_and_rare_without_changes() {
        let rows = [
            (0, false, ACTIVE_INTERVAL),
            (9, false, ACTIVE_INTERVAL),
            (10, false, QUIET_INTERVAL),
            (60, false, IDLE_INTERVAL),
            (0, true, NEAR_END_INTERVAL),
            (60, true, NEAR_END_INTERVAL),
        ];
        for (still, near_end, expected) in rows {
            assert_eq!(next_interval(&rhythm(still, near_end)), expected, "{still} {near_end}");
        }
    }

    #[test]
    fn ten_minutes_of_changes_stay_within_the_budget() {
        let mut rhythm = PollHistory { is_near_end: true, ..PollHistory::default() };
        while rhythm.elapsed < Duration::from_mins(10) {
            rhythm.polls += 1;
            rhythm.elapsed += next_interval(&rhythm);
        }
        assert!(rhythm.polls <= 126, "{}", rhythm.polls);
    }
}
