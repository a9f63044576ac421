//! Holds the table of permissions against the calls of the verbs: every call in the sandbox's log is an action in the row
//! of its verb.

use ecsail::permissions;
use ecsail_sandbox::Request;

/// The subcommands of `schedule`.
const OF_SCHEDULE: &[&str] = &["list", "diff", "run", "enable", "disable", "prune"];

/// The subcommands of `lock`.
const OF_LOCK: &[&str] = &["init", "status", "hold", "release"];

/// The subcommands of `secret`.
const OF_SECRET: &[&str] = &["put", "list", "diff", "from-kms", "encrypt", "decrypt"];

/// Returns the verb of a command line, as the table names it.
pub(crate) fn verb(arguments: &[&str]) -> Option<String> {
    let is_verb =
        |word: &&str| ["schedule", "lock", "secret"].contains(word) || permissions::verbs().contains(word);
    let at = arguments.iter().position(is_verb)?;
    let verb = arguments[at];
    let subcommands = match verb {
        "schedule" => OF_SCHEDULE,
        "lock" => OF_LOCK,
        "secret" => OF_SECRET,
        _ => return Some(verb.to_owned()),
    };
    let sub = arguments[at + 1..].iter().find(|word| subcommands.contains(*word))?;
    Some(format!("{verb} {sub}"))
}

/// Fails unless each request is an action that the table lists for the verb of this command line.
#[track_caller]
pub(crate) fn are_listed(arguments: &[&str], requests: &[Request]) {
    let Some(verb) = verb(arguments) else { return };
    // A request without a signature is allowed by the resource that it names, not by a policy of the caller.
    for request in requests.iter().filter(|request| !request.access_key.is_empty()) {
        // The names of operations and actions are the same but for these.
        let action = match (request.service.as_str(), request.operation.as_str()) {
            ("monitoring", operation) => format!("cloudwatch:{operation}"),
            ("s3", "HeadObject") => "s3:GetObject".to_owned(),
            (service, operation) => format!("{service}:{operation}"),
        };
        let listed = permissions::of(&verb).any(|permission| permission.actions.contains(&action.as_str()));
        assert!(listed, "`ecsail {verb}` calls {action}, which its rows in src/permissions/ do not have");
    }
}

#[test]
fn every_row_names_verbs_and_actions_and_no_action_is_listed_twice_for_a_verb() {
    for permission in permissions::all() {
        assert!(!permission.verbs.is_empty() && !permission.actions.is_empty(), "{permission:?}");
        for verb in permission.verbs {
            assert!(permissions::verbs().contains(verb), "{verb}");
        }
        for action in permission.actions {
            let (service, operation) = action.split_once(':').expect("a service and an operation");
            assert!(operation.chars().all(|letter| letter.is_ascii_alphanumeric()), "{action}");
            assert!(
                service.chars().all(|letter| letter.is_ascii_lowercase() || "-23".contains(letter)),
                "{action}"
            );
        }
    }
    for verb in permissions::verbs() {
        let kinds = |row: &permissions::Permission| {
            let row = *row;
            row.actions.iter().map(move |action| (*action, row.resource_of(action), row.reach))
        };
        let mut actions: Vec<_> = permissions::of(verb).flat_map(kinds).collect();
        actions.retain(|(action, ..)| *action != "iam:PassRole");
        let all = actions.len();
        actions.sort_unstable();
        actions.dedup();
        assert_eq!(actions.len(), all, "an action is listed twice for `{verb}`: {actions:?}");
    }
}

#[test]
fn the_verb_of_a_command_line_is_found() {
    assert_eq!(verb(&["--cluster", "main", "status", "web"]).as_deref(), Some("status"));
    assert_eq!(verb(&["schedule", "run", "nightly"]).as_deref(), Some("schedule run"));
    assert_eq!(verb(&["deploy", "schedule", "nightly"]).as_deref(), Some("deploy"));
    assert_eq!(verb(&["docs"]), None);
}
