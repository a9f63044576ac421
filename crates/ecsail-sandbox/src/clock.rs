//! The sandbox's own clock. Owns how far simulated time has come; never sleeps and never steps the
//! simulation itself (the caller does, second by second, up to the time given here).

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::state::Millis;

/// Where simulated time starts when it does not follow the wall: 2026-01-01T00:00:00Z.
const EPOCH: Millis = 1_767_225_600_000;

/// No more than this is simulated in one go; what lies further back is skipped.
pub(crate) const MOST_AT_ONCE: Millis = 3_600_000;

/// How time passes in the sandbox.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clock {
    /// Each DescribeServices call, and each DescribeTasks call for tasks outside a service, moves
    /// time on by this much before it is answered; nothing else does, but where log lines come late, their reading.
    Poll(Duration),
    /// Wall time, scaled. Goes on over `save` and a later start.
    Wall {
        /// Simulated seconds per second.
        factor: f64,
    },
    /// Stands still until `Sandbox::advance`.
    Held,
}

#[derive(Debug)]
pub(crate) struct Ticker {
    clock: Clock,
    started: Instant,
    origin: Millis,
}

impl Ticker {
    /// Returns a ticker that goes on from `resumed` (simulated time, wall time of the save), or starts anew.
    pub(crate) fn new(clock: Clock, resumed: Option<(Millis, Millis)>) -> Ticker {
        let origin = match (clock, resumed) {
            (Clock::Wall { factor }, Some((now, saved_at))) => {
                now + scaled((wall_now() - saved_at).max(0), factor)
            }
            (_, Some((now, _))) => now,
            (Clock::Wall { .. }, None) => wall_now(),
            (Clock::Poll(_) | Clock::Held, None) => EPOCH,
        };
        Ticker { clock, started: Instant::now(), origin }
    }

    /// Returns the simulated time at which a fresh world starts.
    pub(crate) fn origin(&self) -> Millis {
        self.origin
    }

    /// Returns how many simulated seconds pass in a second; 1 where time does not follow the wall.
    pub(crate) fn pace(&self) -> f64 {
        match self.clock {
            Clock::Wall { factor } => factor.max(0.0),
            Clock::Poll(_) | Clock::Held => 1.0,
        }
    }

    /// Returns the time it is now; the world stands at `now`, and the call at hand is a poll or not.
    pub(crate) fn target(&self, now: Millis, polled: bool) -> Millis {
        match self.clock {
            Clock::Poll(step) if polled => now + millis(step),
            Clock::Wall { factor } => {
                let elapsed = millis(self.started.elapsed());
                now.max(self.origin + scaled(elapsed, factor))
            }
            Clock::Poll(_) | Clock::Held => now,
        }
    }

    /// Moves a wall clock's origin on, so that an explicit `advance` is not taken back by the wall.
    pub(crate) fn shift(&mut self, by: Duration) {
        self.origin += millis(by);
    }
}

/// Returns a duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}

/// Returns the wall's time in milliseconds since 1970.
pub(crate) fn wall_now() -> Millis {
    Timestamp::now().as_millisecond()
}

fn scaled(elapsed: Millis, factor: f64) -> Millis {
    (elapsed as f64 * factor.max(0.0)) as Millis
}
