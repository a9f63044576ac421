//! Listens for interrupts. The verbs decide what an interrupt means.

use crate::error::Result;
use crate::interrupt::Listener;
use crate::report::{Event, Report};

/// Listens for interrupts, and keeps those that were not answered yet.
pub struct Interrupts {
    listener: Listener,
    /// Whether an interrupt arrived during [`Interrupts::finish`] and has not been handled yet.
    kept: bool,
}

impl Interrupts {
    /// Starts to listen. From now on neither signal ends the process.
    ///
    /// # Errors
    /// The operating system provides no signals.
    pub fn listen() -> Result<Interrupts> {
        Ok(Interrupts { listener: Listener::new()?, kept: false })
    }

    /// Returns whether an interrupt is pending: it arrived, and [`Interrupts::next`] has not returned it yet.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Makes an interrupt pending again, for the next caller of [`Interrupts::next`].
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Waits for an interrupt. Returns at once if one is pending.
    pub async fn next(&mut self) {
        if std::mem::take(&mut self.kept) {
            return;
        }
        self.listener.next().await;
    }

    /// Runs work to its end and returns its result, or `None` if a second interrupt arrives before that.
    ///
    /// The first interrupt is only reported and kept pending: a change that was begun is finished.
    pub async fn finish<T>(&mut self, work: impl Future<Output = T>, report: &dyn Report) -> Option<T> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return Some(done),
            _ = self.listener.next() => {}
        }
        report.tell(&Event::Note("interrupted: finishing what has begun; interrupt again to quit at once"));
        self.kept = true;
        tokio::select! {
            done = &mut work => Some(done),
            _ = self.listener.next() => None,
        }
    }
}
