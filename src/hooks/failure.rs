//! Formats the failures of hooks.

use std::io;

use super::command::{CommandEnd, HookContext};
use crate::duration;
use crate::error::{ErrorKind, Failure};
use crate::interrupt::Signal;

/// Returns the failure of a hook whose shell could not be started.
pub(super) fn start_failure(error: io::Error, scene: &HookContext<'_>) -> Failure {
    let place = scene.directory.display();
    Failure::error(format!("failed to start `sh` for hook `{}`", scene.hook.as_str()))
        .with_cause(error)
        .with_hint(format!(
            "check that `sh` is installed and that the manifest's directory, `{place}`, exists"
        ))
}

/// Returns the failure of a hook from how its command ended; `shown` is the masked command.
pub(super) fn command_failure(end: CommandEnd, shown: &str, scene: &HookContext<'_>) -> Failure {
    let limit = duration::text(scene.limits.command);
    let cause = match end {
        CommandEnd::Exited(code) => format!("`{shown}` exited with {code}"),
        CommandEnd::Killed(signal) => format!("`{shown}` was ended by {}", signal_name(signal)),
        CommandEnd::TimedOut => format!("`{shown}` timed out after {limit} and was stopped"),
        CommandEnd::Interrupted(Signal::Interrupt) => format!("`{shown}` was interrupted"),
        CommandEnd::Interrupted(_) => format!("`{shown}` was stopped, because ecsail was asked to terminate"),
    };
    let kind =
        if matches!(end, CommandEnd::Interrupted(_)) { ErrorKind::Interrupted } else { ErrorKind::Error };
    Failure::new(kind, format!("hook `{}` failed", scene.hook.as_str()))
        .with_cause(cause)
        .with_hint(failure_hint(end, scene))
}

fn failure_hint(end: CommandEnd, scene: &HookContext<'_>) -> Option<String> {
    let place = scene.directory.display();
    match end {
        CommandEnd::Exited(127) => Some(format!(
            "check that the command exists; relative paths start in the manifest's directory, `{place}`"
        )),
        CommandEnd::Exited(126) => {
            Some(format!("make the file executable with `chmod +x`; relative paths start in `{place}`"))
        }
        // The exit code that a shell gives a command that a signal ended.
        CommandEnd::Exited(code @ 129..=159) => {
            Some(format!("exit code {code} means that {} ended the command", signal_name(code - 128)))
        }
        CommandEnd::Exited(_) | CommandEnd::Killed(_) => {
            Some("append `|| true` to a command that may fail".to_owned())
        }
        CommandEnd::TimedOut => Some(
            "let the hook start longer work in the background, because ecsail waits for hooks".to_owned(),
        ),
        CommandEnd::Interrupted(_) => None,
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
