//! Listens for the signals by which a user or a CI system interrupts this process. Never decides what an interrupt means.

use crate::error::{Failure, Result};

/// A signal that asks this process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: what a CI system sends when it cancels a job.
    Terminate,
}

/// A listener for [`Signal`]s. While one exists, and after that, none of them ends the process by itself.
#[derive(Debug)]
pub struct Listener {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

#[cfg(unix)]
impl Listener {
    /// Returns a new listener.
    ///
    /// # Errors
    /// The signal handlers could not be installed.
    pub fn new() -> Result<Listener> {
        use tokio::signal::unix::SignalKind;
        let signals = [handler(SignalKind::interrupt())?, handler(SignalKind::terminate())?];
        Ok(Listener { signals })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Signal {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(unix)]
fn handler(kind: tokio::signal::unix::SignalKind) -> Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(kind)
        .map_err(|error| Failure::error("failed to listen for interrupts").because(error))
}

#[cfg(not(unix))]
impl Listener {
    /// Returns a new listener.
    ///
    /// # Errors
    /// None on this platform.
    pub fn new() -> Result<Listener> {
        Ok(Listener {})
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
