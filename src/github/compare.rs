//! The commits between what runs and what a plan would deploy.

use serde_json::Value;

use super::access::Repository;
use super::request::ApiRequest;

/// The most commits that are shown.
const MAX_COMMITS: usize = 20;
/// The most characters of a subject that are shown.
const MAX_SUBJECT: usize = 100;

/// The commits between two others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitRange {
    /// The services that run the first commit.
    pub services: Vec<String>,
    /// The commit that runs.
    pub base: String,
    /// The commit that comes.
    pub head: String,
    /// Where the difference is shown.
    pub url: Option<String>,
    /// How many commits come that do not run.
    pub ahead: u64,
    /// How many commits run that do not come.
    pub behind: u64,
    /// The newest of those that come, newest first.
    pub commits: Vec<CommitSubject>,
}

/// A commit, with the first line of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitSubject {
    pub commit: String,
    pub subject: String,
}

impl CommitRange {
    /// Returns how many commits come that are not in the list.
    pub fn unlisted(&self) -> u64 {
        self.ahead.saturating_sub(self.commits.len() as u64)
    }
}

/// Returns the request for the commits between two others.
pub fn compare_request(repository: &Repository, base: &str, head: &str) -> ApiRequest {
    ApiRequest::get(repository.path(&format!("compare/{base}...{head}")), "contents: read")
}

/// Returns the range of an answer; `None` if it is not of the form that GitHub describes.
pub fn commit_range(base: &str, head: &str, body: &Value) -> Option<CommitRange> {
    // The newest commit is the last one.
    let newest_first = body["commits"].as_array()?.iter().rev();
    Some(CommitRange {
        services: Vec::new(),
        base: base.to_owned(),
        head: head.to_owned(),
        url: body["html_url"].as_str().filter(|url| is_plain_address(url)).map(str::to_owned),
        ahead: body["ahead_by"].as_u64()?,
        behind: body["behind_by"].as_u64()?,
        commits: newest_first.take(MAX_COMMITS).filter_map(subject).collect(),
    })
}

fn subject(commit: &Value) -> Option<CommitSubject> {
    let message = commit["commit"]["message"].as_str()?;
    let line = message.lines().next().unwrap_or_default().trim();
    let subject = match line.char_indices().nth(MAX_SUBJECT) {
        None => line.to_owned(),
        Some(_) => line.chars().take(MAX_SUBJECT - 1).chain(['…']).collect(),
    };
    Some(CommitSubject { commit: commit["sha"].as_str()?.to_owned(), subject })
}

/// Returns whether an address may stand in a link as it is.
fn is_plain_address(url: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@%+=,".contains(c);
    (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_newest_commits_are_listed_first() {
        let commit = |number: usize| json!({ "sha": format!("{number:040}"), "commit": { "message": format!("Change {number}\n\nWhy.") } });
        let body = json!({
            "status": "ahead",
            "ahead_by": 23,
            "behind_by": 0,
            "html_url": "https://github.com/octo/shop/compare/a...b",
            "commits": (1..=23).map(commit).collect::<Vec<_>>(),
        });
        let range = commit_range("a", "b", &body).expect("a range");
        assert_eq!(range.commits[0].subject, "Change 23");
        assert_eq!((range.commits.len(), range.unlisted()), (20, 3));
        assert_eq!(range.url.as_deref(), Some("https://github.com/octo/shop/compare/a...b"));
    }

    #[test]
    fn long_subjects_are_cut_and_odd_addresses_left_out() {
        let message = "x".repeat(300);
        let body = json!({
            "ahead_by": 1,
            "behind_by": 2,
            "html_url": "https://a.example/) [x](javascript:y",
            "commits": [{ "sha": "a1", "commit": { "message": message } }],
        });
        let range = commit_range("a", "b", &body).expect("a range");
        assert_eq!(range.commits[0].subject.chars().count(), 100);
        assert_eq!((range.url, range.behind), (None, 2));
        assert_eq!(commit_range("a", "b", &json!({ "message": "Not Found" })), None);
    }
}
