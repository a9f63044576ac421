//! Listens for the signals by which a user or a CI system interrupts this process. Never decides what an interrupt means.

use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use crate::error::Failure;
use crate::error::Result;

/// A signal that asks this process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: what a CI system sends when it cancels a job.
    Terminate,
    /// SIGHUP: what a terminal sends when it is closed.
    Hangup,
}

impl Signal {
    /// Returns the name of the signal.
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
            Signal::Hangup => "SIGHUP",
        }
    }
}

/// Whether a [`Listener`] was ever created: from then on the verb decides what a signal means.
static IS_HANDLED: AtomicBool = AtomicBool::new(false);

/// A listener for [`Signal`]s. While one exists, and after that, none of them ends the process by itself.
#[derive(Debug)]
pub struct Listener {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    termination: TerminationSignals,
}

#[cfg(unix)]
impl Listener {
    /// Returns a new listener.
    ///
    /// # Errors
    /// The signal handlers could not be installed.
    pub fn new() -> Result<Listener> {
        use tokio::signal::unix::SignalKind;
        IS_HANDLED.store(true, Ordering::SeqCst);
        Ok(Listener { interrupt: handler(SignalKind::interrupt())?, termination: TerminationSignals::new()? })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            signal = self.termination.next() => signal,
        }
    }
}

/// SIGTERM and SIGHUP. A SIGHUP that was ignored when the process began, as by `nohup`, stays ignored.
#[cfg(unix)]
#[derive(Debug)]
struct TerminationSignals {
    terminate: tokio::signal::unix::Signal,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl TerminationSignals {
    fn new() -> Result<TerminationSignals> {
        use tokio::signal::unix::SignalKind;
        let hangup = if is_hangup_ignored() { None } else { Some(handler(SignalKind::hangup())?) };
        Ok(TerminationSignals { terminate: handler(SignalKind::terminate())?, hangup })
    }

    async fn next(&mut self) -> Signal {
        let TerminationSignals { terminate, hangup } = self;
        let hung_up = async {
            match hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => Signal::Terminate,
            _ = hung_up => Signal::Hangup,
        }
    }
}

#[cfg(unix)]
fn handler(kind: tokio::signal::unix::SignalKind) -> Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(kind)
        .map_err(|error| Failure::error("failed to listen for interrupts").with_cause(error))
}

impl Listener {
    /// Returns a listener for the time until a verb listens for itself, whichever of its runs that is.
    ///
    /// # Errors
    /// The signal handlers could not be installed.
    pub fn before_verb() -> Result<Listener> {
        let listener = Listener::new();
        IS_HANDLED.store(false, Ordering::SeqCst);
        listener
    }

    /// Waits for the next signal that no verb listens for.
    pub async fn next_before_verb(&mut self) -> Signal {
        loop {
            let signal = self.next().await;
            if !IS_HANDLED.load(Ordering::SeqCst) {
                return signal;
            }
        }
    }
}

/// Ctrl-C, for as long as no [`Listener`] was created: of a verb that holds something which its end has to give back.
#[derive(Debug)]
pub struct EarlyInterrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl EarlyInterrupts {
    /// Starts to listen. From now on Ctrl-C does not end the process by itself.
    ///
    /// # Errors
    /// The signal handler could not be installed.
    pub fn listen() -> Result<EarlyInterrupts> {
        #[cfg(unix)]
        return Ok(EarlyInterrupts { interrupt: handler(tokio::signal::unix::SignalKind::interrupt())? });
        #[cfg(not(unix))]
        Ok(EarlyInterrupts {})
    }

    /// Waits for the next interrupt that no verb listens for; without a listener, for ever.
    pub async fn next(listening: &mut Option<EarlyInterrupts>) -> Signal {
        let Some(own) = listening else { return std::future::pending().await };
        loop {
            own.receive().await;
            if !IS_HANDLED.load(Ordering::SeqCst) {
                return Signal::Interrupt;
            }
        }
    }

    #[cfg(unix)]
    async fn receive(&mut self) {
        self.interrupt.recv().await;
    }

    #[cfg(not(unix))]
    async fn receive(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Returns whether this process was started with SIGHUP ignored. Known on Linux only.
#[cfg(unix)]
pub fn is_hangup_ignored() -> bool {
    static IS_IGNORED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *IS_IGNORED.get_or_init(|| {
        std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangup(&status))
    })
}

/// Returns whether the first bit of `SigIgn`, which is SIGHUP's, is set in `/proc/self/status` (man page `proc_pid_status`).
#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Calls `end` on SIGTERM or SIGHUP, on a thread of its own, as long as no [`Listener`] was created: a verb that has not
/// begun to change anything may be blocked by a prompt.
#[cfg(unix)]
pub fn end_before_listening(end: impl FnOnce(Signal) + Send + 'static) {
    let wait = move || {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = built else { return };
        let signal = runtime.block_on(async {
            let mut signals = TerminationSignals::new().ok()?;
            Some(signals.next().await)
        });
        if let Some(signal) = signal.filter(|_| !IS_HANDLED.load(Ordering::SeqCst)) {
            end(signal);
        }
    };
    // Without the thread, the signals end the process by themselves.
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
}

/// Does nothing: there are no such signals.
#[cfg(not(unix))]
pub fn end_before_listening(_: impl FnOnce(Signal) + Send + 'static) {}

#[cfg(not(unix))]
impl Listener {
    /// Returns a new listener.
    ///
    /// # Errors
    /// None on this platform.
    pub fn new() -> Result<Listener> {
        IS_HANDLED.store(true, Ordering::SeqCst);
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen_in_the_mask_of_ignored_signals() {
        assert!(ignores_hangup("Name:\tecsail\nSigIgn:\t0000000000000001\n"));
        assert!(!ignores_hangup("Name:\tecsail\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }
}
