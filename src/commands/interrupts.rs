//! Owns hearing that somebody interrupts. What that means is for the verb to say.

use crate::report::{Event, Report};

/// Hears Ctrl-C, and what a CI system sends when it cancels.
pub struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
    /// One was heard while something was being finished, and is still to be answered.
    kept: bool,
}

impl Interrupts {
    /// Returns a listener; from now on neither ends the process by itself.
    ///
    /// # Errors
    /// A system that has no signals to give.
    #[cfg(unix)]
    pub fn listen() -> std::io::Result<Interrupts> {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        Ok(Interrupts { signals, kept: false })
    }

    /// Returns a listener.
    ///
    /// # Errors
    /// None here.
    #[cfg(not(unix))]
    pub fn listen() -> std::io::Result<Interrupts> {
        Ok(Interrupts { kept: false })
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
        self.heard().await;
    }

    /// Returns what some work comes to; nothing where somebody interrupts a second time before it is done.
    ///
    /// The first time it is only said: a change that was begun is better finished than left half done.
    pub async fn finish<T>(&mut self, work: impl Future<Output = T>, report: &dyn Report) -> Option<T> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return Some(done),
            () = self.heard() => {}
        }
        report.tell(&Event::Note("interrupted: what was begun is finished first; once more quits at once"));
        self.kept = true;
        tokio::select! {
            done = &mut work => Some(done),
            () = self.heard() => None,
        }
    }

    async fn heard(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
