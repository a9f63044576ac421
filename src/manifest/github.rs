//! Reads `github` of the manifest: what a release leaves on GitHub.

use super::fields::FieldReader;
use crate::document::problem::{Problem, Problems};
use crate::github::git_tag::name_problem;

pub(super) const GITHUB_KEYS: &[&str] = &["deployments", "environment", "url", "tag", "move_tag"];

/// What a release leaves on GitHub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestGitHub {
    /// Whether there is a GitHub deployment for each release and each rollback.
    pub deployments: bool,
    /// The environment of the deployments; the stage where it is absent.
    pub environment: Option<String>,
    /// The address where the app is reached.
    pub url: Option<String>,
    /// The git tag that is set after success.
    pub tag: Option<String>,
    /// Whether a tag of this name that is on another commit is moved.
    pub moves_tag: bool,
}

/// Reads the member `github`.
pub(super) fn read_github(fields: &FieldReader<'_>, problems: &mut Problems) -> Option<ManifestGitHub> {
    let own = FieldReader::new(fields.get("github")?, "github", GITHUB_KEYS, &[], problems);
    let tag = own.text("tag", problems);
    if let Some(tag) = &tag
        && let Some(why) = name_problem(&tag.value)
    {
        let problem =
            Problem::error(tag.span, format!("`{}` is not the name of a git tag: {why}", tag.value));
        problems.push(problem.path(own.member_path("tag")));
    }
    let url = own.text("url", problems);
    if let Some(url) = url.as_ref().filter(|url| !is_address(&url.value)) {
        let problem = Problem::error(url.span, format!("`{}` is not the address of a page", url.value));
        let hint = "begin it with `https://`".to_owned();
        problems.push(problem.path(own.member_path("url")).hint(hint));
    }
    Some(ManifestGitHub {
        deployments: own.boolean("deployments", problems).unwrap_or(false),
        environment: own.text("environment", problems).map(|text| text.value),
        url: url.map(|text| text.value),
        tag: tag.map(|text| text.value),
        moves_tag: own.boolean("move_tag", problems).unwrap_or(false),
    })
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}
