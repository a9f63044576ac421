//! The comment of a plan on a pull request: by which mark it is found again, which comments are trusted, what of two that were
//! written at once is kept, and how a long one is cut.

use serde_json::{Value, json};

use super::access::Repository;
use super::request::{ApiMethod, ApiRequest};

/// The account of `GITHUB_TOKEN`. Anybody may write a comment with a mark, and edit it after it was replaced.
const ACTIONS_BOT: &str = "github-actions[bot]";
const PERMISSION: &str = "pull-requests: write";
/// The beginning of the first line of each plan's comment.
const MARK: &str = "<!-- ecsail plan ";
/// What follows the mark of a plan without changes.
const NO_CHANGES: &str = "No changes.";
/// The most bytes of a comment: GitHub takes 65,536 characters.
const MAX_LENGTH: usize = 60_000;

/// A comment as it is on the pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedComment {
    pub id: u64,
    pub author: u64,
    /// Whether the token of a workflow run wrote it.
    pub is_by_actions: bool,
    pub body: String,
}

/// What becomes of the comments of one plan, of which there may be only one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommentChoice {
    /// The comment that gets the text: the oldest.
    pub kept: Option<u64>,
    pub deleted: Vec<u64>,
}

impl PostedComment {
    /// Returns the comment of an answer; `None` if it is not of the form that GitHub describes.
    pub fn from_json(comment: &Value) -> Option<PostedComment> {
        let user = &comment["user"];
        Some(PostedComment {
            id: comment["id"].as_u64()?,
            // The account of a deleted user is null.
            author: user["id"].as_u64().unwrap_or_default(),
            is_by_actions: user["login"] == ACTIONS_BOT && user["type"] == "Bot",
            body: comment["body"].as_str().unwrap_or_default().to_owned(),
        })
    }

    fn mark(&self) -> Option<&str> {
        self.body.lines().next().map(str::trim).filter(|line| line.starts_with(MARK))
    }

    /// Returns whether the comment is of a plan that changes something; `None` where it is of no plan.
    pub fn has_changes(&self) -> Option<bool> {
        self.mark()?;
        let text = self.body.split_once('\n').map(|(_, text)| text.trim_start()).unwrap_or_default();
        Some(!text.starts_with(NO_CHANGES))
    }
}

/// Returns which comments have the mark of a text and are by the workflow's token or by this author.
pub fn choose(text: &str, comments: &[PostedComment], author: Option<u64>) -> CommentChoice {
    let mark = text.lines().next();
    let is_own = |comment: &&PostedComment| {
        let is_trusted = comment.is_by_actions || Some(comment.author) == author;
        is_trusted && comment.mark().is_some() && comment.mark() == mark
    };
    let mut own: Vec<u64> = comments.iter().filter(is_own).map(|comment| comment.id).collect();
    own.sort_unstable();
    let deleted = own.split_off(own.len().min(1));
    CommentChoice { kept: own.pop(), deleted }
}

/// Returns whether a plan of the pull request changes something: the one of this text, or one of another stage.
pub fn has_any_changes(comments: &[PostedComment], author: Option<u64>) -> bool {
    let is_trusted = |comment: &&PostedComment| comment.is_by_actions || Some(comment.author) == author;
    comments.iter().filter(is_trusted).any(|comment| comment.has_changes() == Some(true))
}

/// Returns a text that GitHub accepts, with the commit and the run that it is from at its end.
pub fn with_origin(text: &str, head: Option<&str>, run_url: Option<&str>) -> String {
    let commit = head.and_then(|head| head.get(..7)).map(|commit| format!("of commit `{commit}`"));
    let run = run_url.map(|url| format!("by [this run]({url})"));
    let origin: Vec<String> = [commit, run].into_iter().flatten().collect();
    let fitted = fitted(text, run_url);
    if origin.is_empty() { fitted } else { format!("{fitted}\n<sub>{}</sub>\n", origin.join(", ")) }
}

/// Returns a text that is not too long: otherwise it ends with where the rest is.
fn fitted(text: &str, run_url: Option<&str>) -> String {
    if text.len() <= MAX_LENGTH {
        return text.to_owned();
    }
    let place = run_url.map_or("The whole plan is in the run.".to_owned(), |url| {
        format!("The whole plan is in the [summary of the run]({url}).")
    });
    let mut kept = String::new();
    // A line is a row of a table or a paragraph: the plan has no block that would have to be closed.
    for line in text.lines() {
        if kept.len() + line.len() + place.len() + 64 > MAX_LENGTH {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    format!("{kept}\n**The plan is too long for a comment.** {place}\n")
}

/// Returns the request for the comments of a pull request, oldest first.
pub fn list_request(repository: &Repository, pull: u64) -> ApiRequest {
    ApiRequest::get(repository.path(&format!("issues/{pull}/comments")), PERMISSION)
}

/// Returns the request that writes a comment.
pub fn create_request(repository: &Repository, pull: u64, text: &str) -> ApiRequest {
    let path = repository.path(&format!("issues/{pull}/comments"));
    ApiRequest::create(path, json!({ "body": text }), PERMISSION)
}

/// Returns the request that replaces the text of a comment.
pub fn update_request(repository: &Repository, comment: u64, text: &str) -> ApiRequest {
    let body = Some(json!({ "body": text }));
    ApiRequest::change(ApiMethod::Patch, comment_path(repository, comment), body, PERMISSION)
}

/// Returns the request that deletes a comment.
pub fn delete_request(repository: &Repository, comment: u64) -> ApiRequest {
    ApiRequest::change(ApiMethod::Delete, comment_path(repository, comment), None, PERMISSION)
}

fn comment_path(repository: &Repository, comment: u64) -> String {
    repository.path(&format!("issues/comments/{comment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<!-- ecsail plan shop/production -->\n\n### web\n";

    fn comment(id: u64, login: &str, kind: &str, body: &str) -> PostedComment {
        let author = u64::from(login == "mallory") + 1;
        let user = json!({ "id": author, "login": login, "type": kind });
        PostedComment::from_json(&json!({ "id": id, "user": user, "body": body })).expect("a comment")
    }

    #[test]
    fn only_the_own_bots_comment_with_the_mark_is_replaced() {
        let bot = "github-actions[bot]";
        let comments = [
            comment(1, "mallory", "User", TEXT),
            comment(2, bot, "User", TEXT),
            comment(3, bot, "Bot", "<!-- ecsail plan shop/staging -->\n\n### web\n"),
            comment(4, bot, "Bot", &format!("> quoted\n{TEXT}")),
            comment(5, bot, "Bot", &TEXT.replace('\n', "\r\n")),
            comment(6, bot, "Bot", TEXT),
        ];
        assert_eq!(choose(TEXT, &comments, None), CommentChoice { kept: Some(5), deleted: vec![6] });
        assert_eq!(choose(TEXT, &comments[..4], None), CommentChoice::default());
    }

    #[test]
    fn another_apps_comments_are_known_by_their_author() {
        let comments = [comment(8, "deployer[bot]", "Bot", TEXT), comment(7, "deployer[bot]", "Bot", TEXT)];
        assert_eq!(choose(TEXT, &comments, Some(1)), CommentChoice { kept: Some(7), deleted: vec![8] });
    }

    #[test]
    fn a_plan_of_any_stage_counts_for_the_labels() {
        let bot = |body: &str| comment(1, "github-actions[bot]", "Bot", body);
        let none = bot("<!-- ecsail plan shop/staging -->\r\n\r\nNo changes.\r\n");
        assert_eq!(none.has_changes(), Some(false));
        assert!(!has_any_changes(&[none.clone(), bot("hello")], None));
        assert!(has_any_changes(&[none, bot(TEXT)], None));
        assert!(!has_any_changes(&[comment(1, "mallory", "User", TEXT)], None));
    }

    #[test]
    fn a_long_text_is_cut_between_lines() {
        let row = "| `containerDefinitions[app].environment[NAME]` | `` é `` | |";
        let long = format!("{TEXT}{}", format!("{row}\n").repeat(2000));
        let cut = fitted(&long, Some("https://github.com/octo/shop/actions/runs/1"));
        assert!(cut.len() <= MAX_LENGTH && cut.len() > MAX_LENGTH - 200, "{}", cut.len());
        assert!(cut.contains(&format!(
            "{row}\n\n**The plan is too long for a comment.** The whole plan is in the ["
        )));
        assert_eq!(with_origin(TEXT, None, None), TEXT);
    }

    #[test]
    fn a_text_ends_with_its_commit_and_its_run() {
        let text =
            with_origin(TEXT, Some("0123456789abcdef"), Some("https://github.com/octo/shop/actions/runs/1"));
        let end =
            "\n<sub>of commit `0123456`, by [this run](https://github.com/octo/shop/actions/runs/1)</sub>\n";
        assert_eq!(text, format!("{TEXT}{end}"));
    }
}
