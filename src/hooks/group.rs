//! The process group of a command, and the signals that are sent to it.

use std::io;

use tokio::process::{Child, Command};

/// A signal to terminate this process, which is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
    Kill,
}

/// The process group of a running command. Dropped before the command has ended, it kills the whole group.
pub(super) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

/// Makes a command the leader of its own process group.
pub(super) fn lead(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    // Without process groups, at least the shell is not left behind.
    command.kill_on_drop(true);
}

#[cfg(unix)]
impl Group {
    /// Returns the group of a command that was just started as its leader.
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
            // The group may be gone already, and then needs no signal.
            let _ = rustix::process::kill_process_group(leader, number);
        }
    }

    /// Stops managing the group: its leader has ended, and the other processes may be left running on purpose.
    pub(super) fn release(&mut self) {
        self.leader = None;
    }
}

#[cfg(not(unix))]
impl Group {
    /// Returns a group that sends no signals.
    pub(super) fn of(_: &Child) -> Group {
        Group {}
    }

    /// Does nothing: there are no process groups.
    pub(super) fn send(&self, _: Signal) {}

    /// Does nothing: there are no process groups.
    pub(super) fn release(&mut self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.send(Signal::Kill);
    }
}

/// Listens for the signals that ask this process to terminate. A command in its own group does not get them from the
/// terminal.
pub(super) struct Signals {
    #[cfg(unix)]
    heard: [tokio::signal::unix::Signal; 2],
}

#[cfg(unix)]
impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// The system provides no signals.
    pub(super) fn listen() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { heard: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
    }

    /// Waits for the next signal.
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
    /// Starts to listen.
    ///
    /// # Errors
    /// Never.
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals {})
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        let _ = tokio::signal::ctrl_c().await;
        Signal::Interrupt
    }
}
