//! Listens for interrupts. The verbs decide what an interrupt means.

use crate::error::Result;
use crate::interrupt::{Listener, Signal};
use crate::parent;
use crate::report::{self, Event, OutputStyle, Reporter};
use crate::settings::Settings;

/// Interrupts a run in CI once the process that started it has ended, which is all that a cancelled job may show of itself.
pub fn interrupt_with_parent(style: OutputStyle, settings: &Settings) {
    // Outside of CI, a command in the background may outlive its shell on purpose.
    if !settings.assumes_yes() {
        return;
    }
    let settings = settings.clone();
    parent::interrupt_with_parent(move || {
        let note = "the process that started ecsail has ended; interrupting, as after SIGTERM";
        report::reporter(style, &settings).report(&Event::Note(note));
    });
}

/// Listens for interrupts, and keeps those that were not answered yet.
pub struct Interrupts {
    listener: Listener,
    /// Whether an interrupt arrived during [`Interrupts::finish`] and has not been handled yet.
    pending: bool,
    /// The last signal that arrived.
    last: Option<Signal>,
}

impl Interrupts {
    /// Starts to listen. From now on neither signal ends the process.
    ///
    /// # Errors
    /// The operating system provides no signals.
    pub fn listen() -> Result<Interrupts> {
        Ok(Interrupts { listener: Listener::new()?, pending: false, last: None })
    }

    /// Returns whether an interrupt is pending: it arrived, and [`Interrupts::next`] has not returned it yet.
    pub fn is_pending(&self) -> bool {
        self.pending
    }

    /// Returns whether the last interrupt came without a user at a terminal to ask: SIGTERM or SIGHUP.
    pub fn is_unattended(&self) -> bool {
        self.last.is_some_and(|signal| signal != Signal::Interrupt)
    }

    /// Makes an interrupt pending again, for the next caller of [`Interrupts::next`].
    pub fn set_pending(&mut self) {
        self.pending = true;
    }

    /// Waits for an interrupt. Returns at once if one is pending.
    pub async fn next(&mut self) {
        if std::mem::take(&mut self.pending) {
            return;
        }
        self.last = Some(self.listener.next().await);
    }

    /// Runs work to its end and returns its result, or `None` if a second interrupt arrives before that.
    ///
    /// The first interrupt is only reported and kept pending: a change that was begun is finished.
    pub async fn run_to_end<T>(&mut self, work: impl Future<Output = T>, report: &dyn Reporter) -> Option<T> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return Some(done),
            signal = self.listener.next() => self.last = Some(signal),
        }
        report.report(&Event::Note("interrupted: finishing what has begun; interrupt again to quit at once"));
        self.pending = true;
        tokio::select! {
            done = &mut work => Some(done),
            _ = self.listener.next() => None,
        }
    }
}
