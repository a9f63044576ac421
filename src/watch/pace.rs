//! Decides how often to poll: often near the end, rarely while nothing changes. Pure.

use std::time::Duration;

/// The time between polls when only the last step is missing.
const QUICK: Duration = Duration::from_millis(900);
/// The time between polls while something changes, while nothing does, and after nothing has for a while.
const MOVING: Duration = Duration::from_secs(2);
const SLOW: Duration = Duration::from_secs(4);
const SLOWEST: Duration = Duration::from_secs(8);
/// How long after a change a rollout counts as changing, and after how long without one no change is expected soon.
const MOVES: Duration = Duration::from_secs(10);
const STILL: Duration = Duration::from_secs(60);
/// How many polls are allowed at once, and how long it takes until one more is: a poll is two or three calls, so
/// that ten minutes stay below 300 calls.
const BURST: f64 = 45.0;
const REFILL: Duration = Duration::from_millis(7500);

/// What the time between polls depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rhythm {
    /// The time since the watch began.
    pub elapsed: Duration,
    /// The number of polls so far.
    pub looks: u32,
    /// The time since the last change.
    pub still: Duration,
    /// Only the last step is missing, or a wait is about to end.
    pub near_end: bool,
}

/// Returns how long to wait before the next poll.
pub fn pause(rhythm: &Rhythm) -> Duration {
    let wanted = match rhythm.still {
        _ if rhythm.near_end => QUICK,
        still if still < MOVES => MOVING,
        still if still < STILL => SLOW,
        _ => SLOWEST,
    };
    wanted.max(until_allowed(rhythm))
}

/// Returns how long it takes until the budget allows one more poll.
fn until_allowed(rhythm: &Rhythm) -> Duration {
    let earned = BURST + rhythm.elapsed.as_secs_f64() / REFILL.as_secs_f64();
    let missing = (f64::from(rhythm.looks) + 1.0 - earned).clamp(0.0, 1.0);
    REFILL.mul_f64(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm(still: u64, near_end: bool) -> Rhythm {
        Rhythm { elapsed: Duration::from_secs(100), looks: 10, still: Duration::from_secs(still), near_end }
    }

    #[test]
    fn it_looks_often_near_the_end_and_seldom_while_nothing_moves() {
        let rows = [
            (0, false, MOVING),
            (9, false, MOVING),
            (10, false, SLOW),
            (60, false, SLOWEST),
            (0, true, QUICK),
            (60, true, QUICK),
        ];
        for (still, near_end, expected) in rows {
            assert_eq!(pause(&rhythm(still, near_end)), expected, "{still} {near_end}");
        }
    }

    #[test]
    fn ten_minutes_of_constant_movement_stay_within_the_budget() {
        let mut rhythm = Rhythm { near_end: true, ..Rhythm::default() };
        while rhythm.elapsed < Duration::from_secs(600) {
            rhythm.looks += 1;
            rhythm.elapsed += pause(&rhythm);
        }
        assert!(rhythm.looks <= 126, "{}", rhythm.looks);
    }
}
