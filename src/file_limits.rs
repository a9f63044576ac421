//! Ends a run whose files take too much memory or time while they are read and rendered: a template of a stranger can ask for any
//! amount of both. Watches from a thread of its own; never decides what is printed.

use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::error::Failure;

/// The memory of the process while files are read and rendered: a manifest of 100 services takes a tenth of it.
const MAX_MEMORY: u64 = 512 << 20;

/// The time to read and render files. ECS's largest definition takes less than a second.
const MAX_TIME: Duration = Duration::from_secs(30);

/// The time between two looks at both.
const INTERVAL: Duration = Duration::from_millis(5);

/// Reports the failure and ends the process.
type Handler = Box<dyn Fn(&Failure) + Send + Sync>;

static HANDLER: OnceLock<Handler> = OnceLock::new();

/// Sets what happens when a limit is exceeded: the handler ends the process. Without it nothing is limited.
pub fn on_exceeded(handler: impl Fn(&Failure) + Send + Sync + 'static) {
    // The first handler is that of the program.
    let _ = HANDLER.set(Box::new(handler));
}

/// Holds while files are read and rendered; the limits end with it.
#[derive(Debug)]
#[must_use]
pub struct FileLimits {
    _ended: Option<Sender<()>>,
}

impl FileLimits {
    /// Starts to watch memory and time.
    pub fn start() -> FileLimits {
        let Some(handler) = HANDLER.get() else { return FileLimits { _ended: None } };
        let (ended, ends) = mpsc::channel();
        let started = Instant::now();
        let watched = std::thread::Builder::new().name("file-limits".to_owned()).spawn(move || {
            while ends.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if let Some(failure) = exceeded(resident_bytes(), started.elapsed()) {
                    handler(&failure);
                    return;
                }
            }
        });
        if let Err(error) = watched {
            tracing::warn!("failed to limit the memory and time of templates: {error}");
        }
        FileLimits { _ended: Some(ended) }
    }
}

/// Returns the failure if more memory or time was taken than is allowed.
fn exceeded(memory: Option<u64>, time: Duration) -> Option<Failure> {
    let limit = if memory.is_some_and(|bytes| bytes > MAX_MEMORY) {
        format!("more than {} MiB of memory", MAX_MEMORY >> 20)
    } else if time > MAX_TIME {
        format!("more than {} seconds", MAX_TIME.as_secs())
    } else {
        return None;
    };
    let hint =
        "look for loops, and for values that grow in them, in the templates of the manifest and its files";
    Some(Failure::error(format!("the files take {limit} to render")).with_hint(hint.to_owned()))
}

/// Returns the memory of this process; none where the system does not say it in a file.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_are_limited() {
        assert!(exceeded(Some(MAX_MEMORY), MAX_TIME).is_none());
        assert!(exceeded(None, Duration::ZERO).is_none());
        let memory = exceeded(Some(MAX_MEMORY + 1), Duration::ZERO).expect("too much");
        assert_eq!(memory.message, "the files take more than 512 MiB of memory to render");
        let time = exceeded(Some(0), MAX_TIME + Duration::from_secs(1)).expect("too long");
        assert_eq!(time.message, "the files take more than 30 seconds to render");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_memory_of_the_process_is_read() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
