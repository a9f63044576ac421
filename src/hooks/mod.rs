//! Owns running the manifest's hooks: shell commands before a deploy, after it, and where it has failed.
//!
//! What they write is told line by line; nothing of it is ever read as an answer, only how a command ends counts. It
//! talks to nobody but the commands, never to AWS, and does not decide what a failed hook means for a deploy.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::diagnose::log::{masked_line, secrets_among};
use crate::error::Failure;

mod failed;
mod group;
mod lines;
pub mod reporter;
mod shell;
mod told;

pub use reporter::{HookFact, HookReporter, HookStream};
pub use told::{HookTarget, HookTargetEnd, Told};

use shell::{End, Scene};

/// Says when a hook is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    BeforeDeploy,
    AfterDeploy,
    OnFailure,
}

impl Moment {
    /// Returns the hook's name, as the manifest has it.
    pub fn name(self) -> &'static str {
        match self {
            Moment::BeforeDeploy => "before_deploy",
            Moment::AfterDeploy => "after_deploy",
            Moment::OnFailure => "on_failure",
        }
    }
}

/// Holds how long each thing may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// A command.
    command: Duration,
    /// A command that was told to end, before it is killed.
    ending: Duration,
    /// What is written after the command's end, by processes that it left behind.
    rest: Duration,
}

const LIMITS: Limits = Limits {
    command: Duration::from_secs(600),
    ending: Duration::from_secs(5),
    rest: Duration::from_secs(2),
};

/// Runs the commands of a hook in order, each with `sh -c` in the manifest's directory; the first that fails is the last.
///
/// A command has the given environment and the variables `ECSAIL_*`, the same as JSON on stdin, and ten minutes. It is in
/// a process group of its own, so that all that it started can be ended. A signal to end this process goes on to it, and
/// the hook has failed then, whatever its exit code. The caller listens to such signals already: from here on they do not
/// end the process by themselves. Where the future is dropped, the whole group is killed.
///
/// # Errors
/// `sh` could not be started, a command ended with something else than 0, took too long, or was interrupted.
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
        // The parent of a plain file name is an empty path, which is no directory.
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
        let end = shell::run(command, &shown, scene).await.map_err(|error| failed::to_start(error, scene))?;
        if end != End::Exited(0) {
            return Err(failed::at(end, &shown, scene));
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod ends_tests;
#[cfg(all(test, unix))]
mod tests;
