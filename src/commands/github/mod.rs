//! Shows plans on GitHub and records releases there. What fails is a note: GitHub is never the reason why a command fails or
//! waits for long.

use std::path::Path;

use crate::github::access::GitHubAccess;
use crate::github::event::{PullRequest, pull_request};
use crate::github_api::GitHubClient;
use crate::settings::Settings;
use crate::text_file;

pub mod commits;
pub mod plan_comment;
pub mod recorder;

/// The file with the event that started the workflow run.
const EVENT: &str = "GITHUB_EVENT_PATH";

/// Returns how GitHub is reached.
///
/// # Errors
/// Which variable is missing, or cannot be used.
fn access(settings: &Settings) -> Result<GitHubAccess, String> {
    GitHubAccess::from_variables(|name| settings.process_variable(name), settings.sandbox.is_some())
}

/// Returns a client for the repository that the environment names.
///
/// # Errors
/// As of [`access`]; a proxy or the certificates of the environment cannot be used.
pub fn client(settings: &Settings) -> Result<GitHubClient, String> {
    GitHubClient::new(&access(settings)?, settings)
}

/// Returns the pull request of the workflow run.
///
/// # Errors
/// Its event is not known, or is not one of a pull request.
fn pull_request_of_run(settings: &Settings) -> Result<PullRequest, String> {
    let path = settings.process_variable(EVENT).ok_or_else(|| format!("`{EVENT}` is not set"))?;
    let text =
        text_file::read(Path::new(path)).map_err(|error| format!("failed to read `{path}`: {error}"))?;
    pull_request(&text).ok_or_else(|| "the run is not of a pull request".to_owned())
}
