//! The clocks by which leases are measured. Neither ever goes back.

use std::time::{Duration, Instant, SystemTime};

/// The clock of a command that watches the lease of another: it never goes faster than time, so that no lease seems to be
/// over too early.
#[derive(Clone, Copy, Debug)]
pub struct WatchClock(Instant);

impl WatchClock {
    /// Returns a clock that begins now.
    pub fn start() -> WatchClock {
        WatchClock(Instant::now())
    }

    /// Returns the time since the clock began.
    pub fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The clock of the holder of a lease: it never goes slower than time, so that the own lease does not seem to last while the
/// machine was suspended, which the monotonic clock does not count.
#[derive(Clone, Copy, Debug)]
pub(super) struct HolderClock {
    started: Instant,
    started_at: SystemTime,
    latest: Duration,
}

impl HolderClock {
    /// Returns a clock that begins now.
    pub(super) fn start() -> HolderClock {
        HolderClock { started: Instant::now(), started_at: SystemTime::now(), latest: Duration::ZERO }
    }

    /// Returns the time since the clock began: the longer one of two clocks.
    pub(super) fn now(&mut self) -> Duration {
        let by_wall = SystemTime::now().duration_since(self.started_at).unwrap_or_default();
        self.latest = self.latest.max(self.started.elapsed()).max(by_wall);
        self.latest
    }
}
