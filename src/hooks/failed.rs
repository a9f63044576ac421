//! Formats the failures of hooks.

use std::io;

use super::shell::{End, Scene};
use crate::duration;
use crate::error::{Failure, Kind};
use crate::interrupt::Signal;

/// Returns the failure of a hook whose shell could not be started.
pub(super) fn to_start(error: io::Error, scene: &Scene<'_>) -> Failure {
    let place = scene.directory.display();
    Failure::error(format!("start `sh` for hook `{}`", scene.hook.name()))
        .because(error)
        .hint(format!("check that `sh` is installed and that the manifest's directory, `{place}`, exists"))
}

/// Returns the failure of a hook from how its command ended; `shown` is the masked command.
pub(super) fn at(end: End, shown: &str, scene: &Scene<'_>) -> Failure {
    let limit = duration::text(scene.limits.command);
    let cause = match end {
        End::Exited(code) => format!("`{shown}` exited with {code}"),
        End::Killed(signal) => format!("`{shown}` was ended by {}", signal_name(signal)),
        End::TimedOut => format!("`{shown}` had not ended after {limit} and was stopped"),
        End::Interrupted(Signal::Interrupt) => format!("`{shown}` was interrupted"),
        End::Interrupted(_) => format!("`{shown}` was stopped, because ecsail was asked to terminate"),
    };
    let kind = if matches!(end, End::Interrupted(_)) { Kind::Interrupted } else { Kind::Error };
    Failure::new(kind, format!("hook `{}` failed", scene.hook.name())).because(cause).hint(hint(end, scene))
}

fn hint(end: End, scene: &Scene<'_>) -> Option<String> {
    let place = scene.directory.display();
    match end {
        End::Exited(127) => Some(format!(
            "check that the command exists; relative paths start in the manifest's directory, `{place}`"
        )),
        End::Exited(126) => {
            Some(format!("make the file executable with `chmod +x`; relative paths start in `{place}`"))
        }
        // The exit code that a shell gives a command that a signal ended.
        End::Exited(code @ 129..=159) => {
            Some(format!("exit code {code} means that {} ended the command", signal_name(code - 128)))
        }
        End::Exited(_) | End::Killed(_) => Some("append `|| true` to a command that may fail".to_owned()),
        End::TimedOut => Some(
            "let the hook start longer work in the background, because ecsail waits for hooks".to_owned(),
        ),
        End::Interrupted(_) => None,
    }
}

/// Returns the name of a signal whose number is the same on every system, or else its number.
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
