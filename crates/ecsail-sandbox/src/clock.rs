//! The simulated clock: computes which simulated time it is. Never sleeps, and never runs the simulation.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::time::Millis;

/// The time at which a clock starts that does not follow wall time: 2026-01-01T00:00:00Z.
const EPOCH: Millis = 1_767_225_600_000;

/// The most time that one call simulates. After a longer gap, the rest of the gap is skipped.
pub(crate) const MAX_CATCH_UP: Millis = 3_600_000;

/// How time passes in the sandbox.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clock {
    /// Time advances by this much before each `DescribeServices` call, and before each `DescribeTasks` call for
    /// tasks outside a service. Where log lines come late, before each `FilterLogEvents` call too.
    Poll(Duration),
    /// Scaled wall time. Continues over `save` and a later start.
    Wall {
        /// Simulated seconds per second.
        factor: f64,
    },
    /// Time advances by `Sandbox::advance` only.
    Held,
}

#[derive(Debug)]
pub(crate) struct SimulatedClock {
    clock: Clock,
    started: Instant,
    origin: Millis,
}

impl SimulatedClock {
    /// Returns a clock that continues from `resumed` (simulated time, and wall time of the save), or starts
    /// anew.
    pub(crate) fn new(clock: Clock, resumed: Option<(Millis, Millis)>) -> SimulatedClock {
        let origin = match (clock, resumed) {
            (Clock::Wall { factor }, Some((now, saved_at))) => {
                now + scaled((wall_now() - saved_at).max(0), factor)
            }
            (_, Some((now, _))) => now,
            (Clock::Wall { .. }, None) => wall_now(),
            (Clock::Poll(_) | Clock::Held, None) => EPOCH,
        };
        SimulatedClock { clock, started: Instant::now(), origin }
    }

    /// Returns the simulated time at which the clock started.
    pub(crate) fn origin(&self) -> Millis {
        self.origin
    }

    /// Returns the simulated seconds per second; 1 for a clock that does not follow wall time.
    pub(crate) fn rate(&self) -> f64 {
        match self.clock {
            Clock::Wall { factor } => factor.max(0.0),
            Clock::Poll(_) | Clock::Held => 1.0,
        }
    }

    /// Returns the current simulated time. `now` is the time that the simulation has reached; `polled` says
    /// whether the current call is one on which a polled clock advances.
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

    /// Moves the origin of a wall clock on, so that it stays ahead after an explicit `advance`.
    pub(crate) fn shift(&mut self, by: Duration) {
        self.origin += millis(by);
    }
}

/// Returns a duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}

/// Returns the wall time in milliseconds since 1970.
pub(crate) fn wall_now() -> Millis {
    Timestamp::now().as_millisecond()
}

fn scaled(elapsed: Millis, factor: f64) -> Millis {
    (elapsed as f64 * factor.max(0.0)) as Millis
}
