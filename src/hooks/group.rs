//! Owns the process group of a command, and the signals that go to it.

use std::io;

use tokio::process::{Child, Command};

/// A signal that ends this process, and that is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
    Kill,
}

/// Holds the group of a command until that has ended; dropped before, it kills all of the group.
pub(super) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

/// Makes a command the leader of a group of its own.
pub(super) fn lead(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    // Also where there are no groups, nothing is left behind.
    command.kill_on_drop(true);
}

#[cfg(unix)]
impl Group {
    /// Returns the group of a command that was just started as a leader.
    pub(super) fn of(child: &Child) -> Group {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Group { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    /// Sends a signal to every process of the group.
    pub(super) fn send(&self, signal: Signal) {
        use rustix::process::Signal as Number;
        let number = match signal {
            Signal::Interrupt => Number::INT,
            Signal::Terminate => Number::TERM,
            Signal::Kill => Number::KILL,
        };
        if let Some(leader) = self.leader {
            // A group that is no more needs no signal.
            let _ = rustix::process::kill_process_group(leader, number);
        }
    }

    /// Leaves what is still in the group alone from now on: its leader has ended, and a process may stay on purpose.
    pub(super) fn release(&mut self) {
        self.leader = None;
    }
}

#[cfg(not(unix))]
impl Group {
    /// Returns nothing to send signals to.
    pub(super) fn of(_: &Child) -> Group {
        Group {}
    }

    /// Does nothing: there are no groups.
    pub(super) fn send(&self, _: Signal) {}

    /// Does nothing: there are no groups.
    pub(super) fn release(&mut self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.send(Signal::Kill);
    }
}

/// Hears the signals that ask this process to end. A group of its own does not get them from the terminal.
pub(super) struct Signals {
    #[cfg(unix)]
    heard: [tokio::signal::unix::Signal; 2],
}

#[cfg(unix)]
impl Signals {
    /// Returns a listener.
    ///
    /// # Errors
    /// A system that has no signals to give.
    pub(super) fn listen() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { heard: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
    }

    /// Returns the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        let [interrupt, terminate] = &mut self.heard;
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Returns a listener.
    ///
    /// # Errors
    /// None here.
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals {})
    }

    /// Returns the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        let _ = tokio::signal::ctrl_c().await;
        Signal::Interrupt
    }
}
