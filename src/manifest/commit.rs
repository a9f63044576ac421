//! Determines the commit of a run from variables of CI systems or from git.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// The variables in which CI systems set the commit that they build.
const COMMIT_VARIABLES: &[&str] = &[
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "CIRCLE_SHA1",
    "BITBUCKET_COMMIT",
    "BUILDKITE_COMMIT",
];

/// Returns the commit that CI sets, or that of the checkout at `directory`, or `None`.
pub fn commit_sha(directory: &Path, environment: &BTreeMap<String, String>) -> Option<String> {
    let named = COMMIT_VARIABLES.iter().find_map(|name| environment.get(*name).filter(|sha| is_sha(sha)));
    if let Some(sha) = named {
        return Some(sha.clone());
    }
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).args(["rev-parse", "HEAD"]).stdin(Stdio::null()).stderr(Stdio::null());
    let output = git.output().ok().filter(|output| output.status.success())?;
    let sha = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    is_sha(&sha).then_some(sha)
}

/// Sets the commit in an environment as CI does, so that [`sha`] does not run git.
pub fn set_commit(environment: &mut BTreeMap<String, String>, sha: String) {
    environment.extend(COMMIT_VARIABLES.first().map(|name| ((*name).to_owned(), sha)));
}

fn is_sha(text: &str) -> bool {
    text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
