//! The git tag that a release leaves: whether its name is valid, and what becomes of one that exists.

use serde_json::{Value, json};

use super::access::Repository;
use super::request::{ApiMethod, ApiRequest, encoded};

const PERMISSION: &str = "contents: write";

/// The tag that a release sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTag {
    pub name: String,
    pub commit: String,
    /// Whether a tag of this name that is on another commit is moved.
    pub moves: bool,
}

/// What has to be done for a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagStep {
    Create,
    Move,
    /// It is on the commit already.
    Keep,
    /// It is on this other object, and stays there.
    Refuse(String),
}

/// Returns why a text is no name of a tag; `None` for a name (git's documentation, `git check-ref-format`).
pub fn name_problem(name: &str) -> Option<&'static str> {
    let is_bad = |c: char| c.is_control() || c == ' ' || "~^:?*[\\".contains(c);
    if name.is_empty() || name.contains("..") || name.contains("@{") || name == "@" || name.contains(is_bad) {
        return Some("it has `..`, `@{`, a blank, or one of `~^:?*[\\`");
    }
    let is_bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    if name.split('/').any(is_bad_part) || name.ends_with('.') {
        return Some("a part between `/` is empty, begins with `.`, or ends with `.` or `.lock`");
    }
    None
}

/// Returns what has to be done, by the answer for the tag of this name; `None` where there is no such tag.
pub fn tag_step(tag: &NewTag, existing: Option<&Value>) -> TagStep {
    let Some(existing) = existing else { return TagStep::Create };
    let object = existing["object"]["sha"].as_str().unwrap_or_default();
    match object {
        object if object == tag.commit => TagStep::Keep,
        _ if tag.moves => TagStep::Move,
        object => TagStep::Refuse(object.to_owned()),
    }
}

/// Returns the request for the tag of this name.
pub fn find_request(repository: &Repository, tag: &NewTag) -> ApiRequest {
    let reference = encoded(&format!("tags/{}", tag.name));
    ApiRequest::get(repository.path(&format!("git/ref/{reference}")), PERMISSION)
}

/// Returns the request that creates the tag, refused with 422 if there is one.
pub fn create_request(repository: &Repository, tag: &NewTag) -> ApiRequest {
    let body = json!({ "ref": format!("refs/tags/{}", tag.name), "sha": tag.commit });
    ApiRequest::change(ApiMethod::Post, repository.path("git/refs"), Some(body), PERMISSION)
}

/// Returns the request that moves the tag.
pub fn move_request(repository: &Repository, tag: &NewTag) -> ApiRequest {
    let reference = encoded(&format!("tags/{}", tag.name));
    let body = json!({ "sha": tag.commit, "force": true });
    let path = repository.path(&format!("git/refs/{reference}"));
    ApiRequest::change(ApiMethod::Patch, path, Some(body), PERMISSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_git_accepts() {
        for name in ["deployed/production/1.4.2", "v1", "a@b"] {
            assert_eq!(name_problem(name), None, "{name}");
        }
        for name in [
            "", "a..b", "a b", "a:b", "a//b", "/a", "a/", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "@",
            "a@{b", "a~1",
        ] {
            assert!(name_problem(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_tag_moves_only_where_it_may() {
        let tag = |moves| NewTag { name: "x".to_owned(), commit: "a1".to_owned(), moves };
        let on = |sha: &str| json!({ "object": { "sha": sha, "type": "commit" } });
        assert_eq!(tag_step(&tag(false), None), TagStep::Create);
        assert_eq!(tag_step(&tag(true), Some(&on("a1"))), TagStep::Keep);
        assert_eq!(tag_step(&tag(true), Some(&on("b2"))), TagStep::Move);
        assert_eq!(tag_step(&tag(false), Some(&on("b2"))), TagStep::Refuse("b2".to_owned()));
    }
}
