//! Formats the commits between what runs and what comes, for plans. Their subjects are texts of others.

use super::markdown::{code, escape};
use super::names::short_commit;
use crate::events::plan as events;
use crate::github::compare::CommitRange;

/// Returns a range as lines of text.
pub(super) fn lines(range: &CommitRange) -> Vec<String> {
    let url = range.url.as_ref().map(|url| format!(", {url}")).unwrap_or_default();
    let mut lines = vec![format!("commits from {} to {}: {}{url}", base(range), head(range), counts(range))];
    let subjects = range.commits.iter();
    lines.extend(subjects.map(|commit| format!("  {} {}", short_commit(&commit.commit), commit.subject)));
    lines.extend(unlisted(range).map(|text| format!("  {text}")));
    lines
}

/// Returns a range as a section of Markdown.
pub(super) fn markdown(range: &CommitRange) -> String {
    let ends = code(&format!("{}...{}", base(range), head(range)));
    let ends = range.url.as_ref().map_or(ends.clone(), |url| format!("[{ends}]({url})"));
    let subjects = range.commits.iter();
    let items = subjects
        .map(|commit| format!("- {} {}\n", code(short_commit(&commit.commit)), escape(&commit.subject)));
    let items: Vec<String> = items.chain(unlisted(range).map(|text| format!("- {text}\n"))).collect();
    let services: Vec<String> = range.services.iter().map(|service| code(service)).collect();
    let head = format!("### commits {ends} of {}: {}\n", services.join(", "), counts(range));
    if items.is_empty() { head } else { format!("{head}\n{}", items.concat()) }
}

/// Returns a range as a part of an event.
pub(super) fn event(range: &CommitRange) -> events::CommitRange {
    let commits = range
        .commits
        .iter()
        .map(|commit| events::Commit { commit: commit.commit.clone(), subject: commit.subject.clone() });
    events::CommitRange {
        services: range.services.clone(),
        base: range.base.clone(),
        head: range.head.clone(),
        url: range.url.clone(),
        ahead: range.ahead,
        behind: range.behind,
        commits: commits.collect(),
    }
}

fn base(range: &CommitRange) -> &str {
    short_commit(&range.base)
}

fn head(range: &CommitRange) -> &str {
    short_commit(&range.head)
}

/// Returns how many commits come, and how many that run do not.
fn counts(range: &CommitRange) -> String {
    match range.behind {
        0 => format!("{} new", range.ahead),
        behind => format!("{} new, {behind} left out", range.ahead),
    }
}

fn unlisted(range: &CommitRange) -> Option<String> {
    Some(range.unlisted()).filter(|number| *number > 0).map(|number| format!("and {number} older"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::compare::CommitSubject;

    #[test]
    fn subjects_are_plain_text() {
        let subject = "Fix `x` for @team <b> ![y](https://a.example)";
        let commit = CommitSubject { commit: "b".repeat(40), subject: subject.to_owned() };
        let range = CommitRange {
            services: vec!["web".to_owned()],
            base: "a".repeat(40),
            head: "b".repeat(40),
            url: Some("https://github.com/octo/shop/compare/a...b".to_owned()),
            ahead: 2,
            behind: 1,
            commits: vec![commit],
        };
        let expected = "### commits [`aaaaaaa...bbbbbbb`](https://github.com/octo/shop/compare/a...b) of `web`: 2 new, 1 left out\n\n- `bbbbbbb` Fix \\`x\\` for @&#8203;team &lt;b&gt; \\!\\[y\\](https\\://a.example)\n- and 1 older\n";
        assert_eq!(markdown(&range), expected);
        assert_eq!(
            lines(&range)[0],
            "commits from aaaaaaa to bbbbbbb: 2 new, 1 left out, https://github.com/octo/shop/compare/a...b"
        );
    }
}
