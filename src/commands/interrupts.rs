//! Owns hearing that somebody interrupts. What that means is for the verb to say.

use crate::error::Result;
use crate::interrupt::Listener;
use crate::report::{Event, Report};

/// Listens for interrupts, and keeps those that were not answered yet.
pub struct Interrupts {
    listener: Listener,
    /// One was heard while something was being finished, and is still to be answered.
    kept: bool,
}

impl Interrupts {
    /// Returns a listener; from now on neither ends the process by itself.
    ///
    /// # Errors
    /// A system that has no signals to give.
    pub fn listen() -> Result<Interrupts> {
        Ok(Interrupts { listener: Listener::new()?, kept: false })
    }

    /// Returns whether somebody has interrupted, and nobody has answered that yet.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Keeps an interrupt that was heard for whoever asks next.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Returns when somebody interrupts, or has done so while something was being finished.
    pub async fn next(&mut self) {
        if std::mem::take(&mut self.kept) {
            return;
        }
        self.listener.next().await;
    }

    /// Returns what some work comes to; nothing where somebody interrupts a second time before it is done.
    ///
    /// The first time it is only said: a change that was begun is better finished than left half done.
    pub async fn finish<T>(&mut self, work: impl Future<Output = T>, report: &dyn Report) -> Option<T> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return Some(done),
            _ = self.listener.next() => {}
        }
        report.tell(&Event::Note("interrupted: what was begun is finished first; once more quits at once"));
        self.kept = true;
        tokio::select! {
            done = &mut work => Some(done),
            _ = self.listener.next() => None,
        }
    }
}
