//! The simulated clock: computes which simulated time it is. Never sleeps, and never runs the simulation.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::time::{Millis, ReportedTimes};

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
    /// Wall time, with all durations scaled: what happens now happens at the wall time of now. Continues over `save` and a later
    /// start.
    Wall {
        /// Simulated seconds per second.
        factor: f64,
    },
    /// Time advances by `Sandbox::advance` only.
    Held,
}

/// What a clock continues from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SavedTime {
    pub(crate) simulated: Millis,
    /// The wall time of the save.
    pub(crate) saved_at: Millis,
    pub(crate) reported: ReportedTimes,
}

#[derive(Debug)]
pub(crate) struct SimulatedClock {
    clock: Clock,
    started: Instant,
    origin: Millis,
    reported: ReportedTimes,
}

impl SimulatedClock {
    /// Returns a clock that continues from a save, or starts anew.
    pub(crate) fn new(clock: Clock, resumed: Option<SavedTime>) -> SimulatedClock {
        let reported = reported_times(clock, resumed);
        let origin = match (clock, resumed) {
            (Clock::Wall { .. }, Some(saved)) => saved.simulated.max(reported.simulated(wall_now())),
            (_, Some(saved)) => saved.simulated,
            (Clock::Wall { .. }, None) => reported.simulated,
            (Clock::Poll(_) | Clock::Held, None) => EPOCH,
        };
        SimulatedClock { clock, started: Instant::now(), origin, reported }
    }

    /// Returns the times that clients see.
    pub(crate) fn reported(&self) -> ReportedTimes {
        self.reported
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

    /// Moves the origin of a wall clock on, so that it stays ahead after an explicit `advance`. What has happened until then
    /// is so much longer ago.
    pub(crate) fn shift(&mut self, by: Duration) {
        self.origin += millis(by);
        if matches!(self.clock, Clock::Wall { .. }) {
            self.reported.simulated += millis(by);
        }
    }
}

/// Returns the times that clients see: those of the save while the factor stays, so that no date changes.
fn reported_times(clock: Clock, resumed: Option<SavedTime>) -> ReportedTimes {
    let Clock::Wall { factor } = clock else { return ReportedTimes::default() };
    // Time that stands still has no scale.
    let factor = if factor > 0.0 { factor } else { 1.0 };
    match resumed {
        Some(saved) if saved.reported != ReportedTimes::default() && saved.reported.factor == factor => {
            saved.reported
        }
        Some(saved) => ReportedTimes { wall: saved.saved_at, simulated: saved.simulated, factor },
        None => {
            let now = wall_now();
            ReportedTimes { wall: now, simulated: now, factor }
        }
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
