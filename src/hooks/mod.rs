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

mod failed;
mod group;
mod lines;
pub mod reporter;
mod shell;
mod told;

pub use reporter::{HookFact, HookReporter, HookStream};
pub use told::{HookTarget, HookTargetEnd, Told};

use shell::{End, Scene};

/// The point of a deploy at which a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    BeforeDeploy,
    AfterDeploy,
    OnFailure,
}

impl Moment {
    /// Returns the hook's name in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Moment::BeforeDeploy => "before_deploy",
            Moment::AfterDeploy => "after_deploy",
            Moment::OnFailure => "on_failure",
        }
    }
}

/// The time limits of a command.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// For the command to end.
    command: Duration,
    /// For the command to end after a signal, before it is killed.
    ending: Duration,
    /// For the output of processes that the command left running.
    rest: Duration,
}

const LIMITS: Limits = Limits {
    command: Duration::from_secs(600),
    ending: Duration::from_secs(5),
    rest: Duration::from_secs(2),
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
pub async fn run(
    moment: Moment,
    commands: &[String],
    told: &Told,
    directory: &Path,
    environment: &BTreeMap<String, String>,
    report: &dyn HookReporter,
) -> Result<(), Failure> {
    let hook = moment.name();
    let scene = Scene {
        hook: moment,
        // The parent of a bare file name is an empty path, which is not a directory.
        directory: if directory.as_os_str().is_empty() { Path::new(".") } else { directory },
        environment: told.environment(hook, environment),
        input: told.input(hook),
        secrets: [secrets_among(environment), secrets_among(&told.vars)].concat(),
        limits: LIMITS,
        report,
    };
    all(commands, &scene).await
}

/// Runs commands in order, up to the first that fails.
async fn all(commands: &[String], scene: &Scene<'_>) -> Result<(), Failure> {
    for command in commands {
        let shown = masked_line(command, &scene.secrets);
        let mut signals = Listener::new()?;
        let end = shell::run(command, &shown, scene, &mut signals).await;
        let end = end.map_err(|error| failed::to_start(error, scene))?;
        if end != End::Exited(0) {
            return Err(failed::at(end, &shown, scene));
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests;
