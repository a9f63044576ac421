//! Runs the manifest's hooks: shell commands before a deploy, after it, and after a failed one.
//!
//! Reports their output line by line, and never interprets it: only the exit status counts. Runs only commands, never
//! calls AWS, and does not decide what a failed hook means for a deploy.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::error::Failure;
use crate::interrupt::Listener;
use crate::secrets::{masked_line, secrets_among};

mod command;
mod failure;
mod lines;
mod payload;
mod process_group;
pub mod reporter;

pub use payload::{HookPayload, HookTarget, HookTargetEnd};
pub use reporter::{HookFact, HookReporter, HookStream};

use command::{CommandEnd, HookContext};

/// The point of a deploy at which a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPoint {
    BeforeDeploy,
    AfterDeploy,
    OnFailure,
}

impl HookPoint {
    /// Returns the hook's name in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            HookPoint::BeforeDeploy => "before_deploy",
            HookPoint::AfterDeploy => "after_deploy",
            HookPoint::OnFailure => "on_failure",
        }
    }
}

/// The time limits of a command.
#[derive(Clone, Copy, Debug)]
struct HookLimits {
    /// For the command to end.
    command: Duration,
    /// For the command to end after a signal, before it is killed.
    termination: Duration,
    /// For the output of processes that the command left running.
    output: Duration,
}

const DEFAULT_LIMITS: HookLimits = HookLimits {
    command: Duration::from_mins(10),
    termination: Duration::from_secs(5),
    output: Duration::from_secs(2),
};

/// Runs the commands of a hook in order, each with `sh -c` in the manifest's directory, up to the first that fails.
///
/// A command gets the given environment, the variables `ECSAIL_*`, and the same data as JSON on stdin; it may take ten
/// minutes. It runs in its own process group, so that everything that it started can be ended. A signal to terminate
/// this process is forwarded to it, and the hook has then failed, whatever its exit code. The caller must listen for
/// these signals already, so that they no longer end the process by themselves. If the future is dropped, the whole
/// group is killed.
///
/// # Errors
/// `sh` could not be started, or a command exited with another code than 0, timed out, or was interrupted.
pub async fn run_hook(
    moment: HookPoint,
    commands: &[String],
    told: &HookPayload,
    directory: &Path,
    environment: &BTreeMap<String, String>,
    report: &dyn HookReporter,
) -> Result<(), Failure> {
    let hook = moment.as_str();
    let scene = HookContext {
        hook: moment,
        // The parent of a bare file name is an empty path, which is not a directory.
        directory: if directory.as_os_str().is_empty() { Path::new(".") } else { directory },
        environment: told.environment(hook, environment),
        input: told.input(hook),
        secrets: [secrets_among(environment), secrets_among(&told.unset_variables)].concat(),
        limits: DEFAULT_LIMITS,
        report,
    };
    run_commands(commands, &scene).await
}

/// Runs commands in order, up to the first that fails.
async fn run_commands(commands: &[String], scene: &HookContext<'_>) -> Result<(), Failure> {
    for command in commands {
        let shown = masked_line(command, &scene.secrets);
        let mut signals = Listener::new()?;
        let end = command::run_command(command, &shown, scene, &mut signals).await;
        let end = end.map_err(|error| failure::start_failure(error, scene))?;
        if end != CommandEnd::Exited(0) {
            return Err(failure::command_failure(end, &shown, scene));
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests;
