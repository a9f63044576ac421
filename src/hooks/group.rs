//! Owns the process group of a command, and the signals that go to it.

use tokio::process::{Child, Command};

use crate::interrupt::Signal;

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
        self.send_number(match signal {
            Signal::Interrupt => rustix::process::Signal::INT,
            Signal::Terminate => rustix::process::Signal::TERM,
        });
    }

    /// Kills every process of the group.
    pub(super) fn kill(&self) {
        self.send_number(rustix::process::Signal::KILL);
    }

    fn send_number(&self, number: rustix::process::Signal) {
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
    pub(super) fn kill(&self) {}

    /// Does nothing: there are no groups.
    pub(super) fn release(&mut self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
