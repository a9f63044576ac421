//! The event that started a workflow run: the file that `GITHUB_EVENT_PATH` names.

use serde_json::Value;

/// The pull request of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    pub number: u64,
    /// The newest commit of its branch; `GITHUB_SHA` is that of a merge which GitHub made for the run.
    pub head: Option<String>,
}

/// Returns the pull request of an event; `None` for the events of other things.
pub fn pull_request(event: &str) -> Option<PullRequest> {
    let event: Value = serde_json::from_str(event).ok()?;
    let pull = &event["pull_request"];
    let comment_on_pull = event["issue"].get("pull_request").map(|_| &event["issue"]["number"]);
    let number = pull["number"].as_u64().or_else(|| comment_on_pull?.as_u64())?;
    let head = pull["head"]["sha"].as_str().filter(|sha| is_commit(sha)).map(str::to_owned);
    Some(PullRequest { number, head })
}

/// Returns whether a text is the id of a commit: 7 to 64 hexadecimal digits.
pub fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_is_read_from_its_events() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let opened =
            format!(r#"{{"number": 7, "pull_request": {{"number": 7, "head": {{"sha": "{sha}"}}}}}}"#);
        let head = Some(sha.to_owned());
        assert_eq!(pull_request(&opened), Some(PullRequest { number: 7, head }));
        let commented = r#"{"issue": {"number": 8, "pull_request": {"url": "x"}}}"#;
        assert_eq!(pull_request(commented), Some(PullRequest { number: 8, head: None }));
        for other in [r#"{"ref": "refs/heads/main"}"#, r#"{"issue": {"number": 8}}"#, "no JSON", ""] {
            assert_eq!(pull_request(other), None, "{other}");
        }
    }
}
