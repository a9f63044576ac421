//! Decides how often to poll: often near the end, rarely while nothing changes. Pure.

use std::time::Duration;

/// The time before the first poll: the answer to the update has shown the state before it.
pub const FIRST_INTERVAL: Duration = Duration::from_millis(1200);
/// The time between polls while something changes, while nothing does, and after nothing has for a while.
const ACTIVE_INTERVAL: Duration = Duration::from_secs(2);
const QUIET_INTERVAL: Duration = Duration::from_secs(4);
const IDLE_INTERVAL: Duration = Duration::from_secs(8);
/// How long after a change a rollout counts as changing, and after how long without one no change is expected soon.
const ACTIVE_FOR: Duration = Duration::from_secs(10);
const IDLE_AFTER: Duration = Duration::from_mins(1);
/// The least and the most time between polls near the end: the end of a long drain is reported within two seconds.
const MIN_NEAR_END_INTERVAL: Duration = Duration::from_millis(700);
const MAX_NEAR_END_INTERVAL: Duration = Duration::from_millis(1800);
/// Near the end, the time between polls is this part of the time without a change.
const NEAR_END_PART: u32 = 12;
/// How many calls are allowed at once, and how long it takes until one more is. ECS allows 20 a second of each kind
/// (API request rate limits), which other clients of the account share.
const BURST: f64 = 100.0;
const REFILL: Duration = Duration::from_secs(2);

/// What the time between polls depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct PollHistory {
    /// The time since the watch began.
    pub elapsed: Duration,
    /// The number of calls for one service so far.
    pub calls: u32,
    /// The time since the last change.
    pub unchanged_for: Duration,
    /// Only the last step is missing, or a wait is about to end.
    pub is_near_end: bool,
}

/// Returns how long to wait before the next poll.
pub fn next_interval(rhythm: &PollHistory) -> Duration {
    let wanted = match rhythm.unchanged_for {
        still if rhythm.is_near_end => {
            (still / NEAR_END_PART).clamp(MIN_NEAR_END_INTERVAL, MAX_NEAR_END_INTERVAL)
        }
        still if still < ACTIVE_FOR => ACTIVE_INTERVAL,
        still if still < IDLE_AFTER => QUIET_INTERVAL,
        _ => IDLE_INTERVAL,
    };
    wanted.max(time_until_allowed(rhythm))
}

/// Returns how long it takes until the budget allows one more poll.
fn time_until_allowed(rhythm: &PollHistory) -> Duration {
    let earned = BURST + rhythm.elapsed.as_secs_f64() / REFILL.as_secs_f64();
    let missing = (f64::from(rhythm.calls) + 1.0 - earned).clamp(0.0, 2.0);
    REFILL.mul_f64(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm(still: u64, near_end: bool) -> PollHistory {
        PollHistory {
            elapsed: Duration::from_secs(100),
            calls: 20,
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
            (0, true, MIN_NEAR_END_INTERVAL),
            (12, true, Duration::from_secs(1)),
            (600, true, MAX_NEAR_END_INTERVAL),
        ];
        for (still, near_end, expected) in rows {
            assert_eq!(next_interval(&rhythm(still, near_end)), expected, "{still} {near_end}");
        }
    }

    /// Returns how many calls a watch makes in ten minutes, of this number of calls a poll.
    fn calls_in_ten_minutes(calls_per_poll: u32, is_near_end: bool, is_changing: bool) -> u32 {
        let mut rhythm = PollHistory { is_near_end, ..PollHistory::default() };
        while rhythm.elapsed < Duration::from_mins(10) {
            rhythm.calls += calls_per_poll;
            rhythm.elapsed += next_interval(&rhythm);
            rhythm.unchanged_for = if is_changing { Duration::ZERO } else { rhythm.elapsed };
        }
        rhythm.calls
    }

    #[test]
    fn ten_minutes_stay_within_the_budget() {
        for (calls_per_poll, is_near_end, is_changing, most) in
            [(1, true, false, 390), (2, true, true, 410), (2, false, true, 410), (2, false, false, 200)]
        {
            let calls = calls_in_ten_minutes(calls_per_poll, is_near_end, is_changing);
            assert!(calls <= most, "{calls_per_poll} {is_near_end} {is_changing}: {calls}");
        }
    }
}
