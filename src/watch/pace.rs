//! Owns how often a rollout is looked at: often near the end, seldom while nothing moves.
//! Pure: it is told what was seen.

use std::time::Duration;

/// The time between looks when only the end is missing.
const QUICK: Duration = Duration::from_millis(900);
/// The time between looks while something moves, while nothing does, and after nothing has for a while.
const MOVING: Duration = Duration::from_secs(2);
const SLOW: Duration = Duration::from_secs(4);
const SLOWEST: Duration = Duration::from_secs(8);
/// For how long after a change it counts as moving, and after how long without one nothing is expected soon.
const MOVES: Duration = Duration::from_secs(10);
const STILL: Duration = Duration::from_secs(60);
/// How many looks may be made at once, and how long it takes until one more may be: a look is two calls or three, so
/// that ten minutes stay below 300 calls.
const BURST: f64 = 45.0;
const REFILL: Duration = Duration::from_millis(7500);

/// Holds what the pace depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rhythm {
    /// Since the watch began.
    pub elapsed: Duration,
    /// How many looks were made.
    pub looks: u32,
    /// Since something last changed.
    pub still: Duration,
    /// Only the last step is missing, or a wait is about to end.
    pub near_end: bool,
}

/// Returns how long to wait before the next look.
pub fn pause(rhythm: &Rhythm) -> Duration {
    let wanted = match rhythm.still {
        _ if rhythm.near_end => QUICK,
        still if still < MOVES => MOVING,
        still if still < STILL => SLOW,
        _ => SLOWEST,
    };
    wanted.max(until_allowed(rhythm))
}

/// Returns how long it takes until the budget of looks allows one more.
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
