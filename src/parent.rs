//! Watches the process that started this one, and ends this one as SIGTERM does once that is gone. Never decides what an
//! interrupt means.
//!
//! A CI system that cancels a job signals the shell of the step. The shell ends and passes nothing on, so that its commands
//! run unwatched until the whole job is cleaned up. Linux can send a signal when a parent dies, but it means the *thread* that
//! started the process (man page `PR_SET_PDEATHSIG`): a runner that starts commands from a pool of threads would end them when
//! it shrinks the pool. The parent's id changes only with the process.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the end of the parent means nothing to this process.
static OUTLIVES_PARENT: AtomicBool = AtomicBool::new(false);

/// Lets this process outlive its parent: a server that one step of a job starts for the next ones.
pub fn outlive() {
    OUTLIVES_PARENT.store(true, Ordering::SeqCst);
}

/// Calls `announce` once the process that started this one has ended, and then interrupts this process by SIGTERM.
///
/// Does nothing where SIGHUP is ignored: what was started by `nohup` is meant to outlive its parent.
#[cfg(unix)]
pub fn interrupt_with_parent(announce: impl FnOnce() + Send + 'static) {
    if crate::interrupt::is_hangup_ignored() {
        return;
    }
    // The first process of a container has no parent.
    let Some(parent) = rustix::process::getppid() else { return };
    let watch = move || {
        while rustix::process::getppid() == Some(parent) {
            std::thread::sleep(POLL_INTERVAL);
        }
        if OUTLIVES_PARENT.load(Ordering::SeqCst) {
            return;
        }
        announce();
        // A process may always signal itself.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
    };
    // Without the thread, the end of the parent goes unnoticed, as on other platforms.
    let _ = std::thread::Builder::new().name("parent".to_owned()).spawn(watch);
}

/// GitHub's runner waits 5 s for the output of a step whose shell is gone (`ProcessInvoker.cs` of actions/runner).
#[cfg(unix)]
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(250);

/// Does nothing: no parent can be watched on this platform.
#[cfg(not(unix))]
pub fn interrupt_with_parent(_: impl FnOnce() + Send + 'static) {}
