//! The process group of a command, and the signals that are sent to it.

use tokio::process::{Child, Command};

use crate::interrupt::Signal;

/// The process group of a running command. Dropped before the command has ended, it kills the whole group.
pub(super) struct ProcessGroup {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

/// Makes a command the leader of its own process group.
pub(super) fn make_group_leader(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    // Without process groups, at least the shell is not left behind.
    command.kill_on_drop(true);
}

#[cfg(unix)]
impl ProcessGroup {
    /// Returns the group of a command that was just started as its leader.
    pub(super) fn from_child(child: &Child) -> ProcessGroup {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        ProcessGroup { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    /// Sends a signal to every process of the group.
    pub(super) fn send(&self, signal: Signal) {
        self.send_number(match signal {
            Signal::Interrupt => rustix::process::Signal::INT,
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Hangup => rustix::process::Signal::HUP,
        });
    }

    /// Kills every process of the group.
    pub(super) fn kill(&self) {
        self.send_number(rustix::process::Signal::KILL);
    }

    fn send_number(&self, number: rustix::process::Signal) {
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
impl ProcessGroup {
    /// Returns a group that sends no signals.
    pub(super) fn from_child(_: &Child) -> ProcessGroup {
        ProcessGroup {}
    }

    /// Does nothing: there are no process groups.
    pub(super) fn send(&self, _: Signal) {}

    /// Does nothing: there are no process groups.
    pub(super) fn kill(&self) {}

    /// Does nothing: there are no process groups.
    pub(super) fn release(&mut self) {}
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}
