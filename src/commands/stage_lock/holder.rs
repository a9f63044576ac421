//! Finds out who runs a command: the user, the machine and the CI job. What is not known is left out.

use super::LockPurpose;
use crate::aws::Aws;
use crate::context::CommandContext;
use crate::lock::Holder;
use crate::settings::Settings;

/// The variables with the address of a CI job.
const JOB_ADDRESSES: &[&str] = &["CI_JOB_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL", "BUILD_URL"];
const USERS: &[&str] = &["USER", "LOGNAME", "USERNAME"];
const HOSTS: &[&str] = &["RUNNER_NAME", "HOSTNAME", "COMPUTERNAME"];
/// The name of a machine that runs Linux.
const HOST_FILE: &str = "/proc/sys/kernel/hostname";

/// Returns who runs this command.
pub(super) async fn holder(aws: &Aws, purpose: LockPurpose<'_>, context: &CommandContext) -> Holder {
    // Only to name the holder: without an answer it is left out.
    let principal = aws.caller().await.ok().map(|caller| caller.arn);
    Holder { principal, ..local_holder(purpose, &context.settings) }
}

/// Returns who runs this command, without what only AWS knows.
pub(super) fn local_holder(purpose: LockPurpose<'_>, settings: &Settings) -> Holder {
    let first =
        |names: &[&str]| names.iter().find_map(|name| settings.process_variable(name)).map(str::to_owned);
    let who = crate::commands::ci_user(settings).or_else(|| first(USERS));
    let host = first(HOSTS).or_else(host_name);
    Holder {
        who,
        principal: None,
        host,
        run_url: github_run(settings).or_else(|| first(JOB_ADDRESSES)),
        command: purpose.command.to_owned(),
        release: purpose.release.map(str::to_owned),
        reason: settings.emergency.as_ref().map(|reason| format!("emergency: {reason}")),
    }
}

/// Returns the address of a run of GitHub Actions.
fn github_run(settings: &Settings) -> Option<String> {
    let server = settings.process_variable("GITHUB_SERVER_URL")?;
    let repository = settings.process_variable("GITHUB_REPOSITORY")?;
    let run = settings.process_variable("GITHUB_RUN_ID")?;
    Some(format!("{server}/{repository}/actions/runs/{run}"))
}

fn host_name() -> Option<String> {
    let name = std::fs::read_to_string(HOST_FILE).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
