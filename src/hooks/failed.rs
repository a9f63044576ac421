//! Owns what is said of a hook that failed.

use std::io;

use anyhow::anyhow;
use jiff::SignedDuration;

use super::group::Signal;
use super::shell::{End, Scene};
use crate::error::{Failure, Kind};

/// Returns the failure of a hook whose shell could not be started.
pub(super) fn to_start(error: io::Error, scene: &Scene<'_>) -> Failure {
    let place = scene.directory.display();
    Failure::error(format!("start `sh` for hook `{}`", scene.hook.name()))
        .because(error)
        .hint(format!("hooks are run with `sh -c` in the manifest's directory, `{place}`"))
}

/// Returns the failure of a hook by how its command ended; `shown` is the command without secrets.
pub(super) fn at(end: End, shown: &str, scene: &Scene<'_>) -> Failure {
    let limit = SignedDuration::try_from(scene.limits.command).unwrap_or(SignedDuration::MAX);
    let cause = match end {
        End::Exited(code) => format!("`{shown}` exited with {code}"),
        End::Killed(signal) => format!("`{shown}` was ended by {}", signal_name(signal)),
        End::TimedOut => format!("`{shown}` had not ended after {limit:#} and was stopped"),
        End::Interrupted(Signal::Interrupt) => format!("`{shown}` was interrupted"),
        End::Interrupted(_) => format!("`{shown}` was stopped, as this process was asked to end"),
    };
    let kind = if matches!(end, End::Interrupted(_)) { Kind::Interrupted } else { Kind::Error };
    Failure::new(kind, format!("hook `{}` failed", scene.hook.name()))
        .because(anyhow!(cause))
        .hint(hint(end, scene))
}

fn hint(end: End, scene: &Scene<'_>) -> Option<String> {
    let place = scene.directory.display();
    match end {
        End::Exited(127) => {
            Some(format!("a command was not found; paths begin in the manifest's directory, `{place}`"))
        }
        End::Exited(126) => {
            Some(format!("a file may not be executed: `chmod +x` it; paths begin in `{place}`"))
        }
        // What a shell makes of a command that a signal ended.
        End::Exited(code @ 129..=159) => {
            Some(format!("{code} is what `sh` says of a command that {} ended", signal_name(code - 128)))
        }
        End::Exited(_) | End::Killed(_) => {
            Some("where it does not matter that a command fails, end it with `|| true`".to_owned())
        }
        End::TimedOut => {
            Some("a hook is waited for; what takes longer is better only started by it".to_owned())
        }
        End::Interrupted(_) => None,
    }
}

/// Returns the name of a signal that has the same number everywhere, or its number.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}
