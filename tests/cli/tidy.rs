//! The invariants that `lib.rs` states, held by reading the source.

use std::path::{Path, PathBuf};

/// Returns the source files below `src/`, with their paths relative to it, without their test modules.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path: PathBuf = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name =
                    path.strip_prefix(&root).expect("inside").to_str().expect("text").replace('\\', "/");
                if name.ends_with("_tests.rs") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("text");
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                found.push((name, code));
            }
        }
    }
    assert!(found.len() > 30, "the source was found");
    found
}

/// Fails for each line of code, outside of comments, that has one of the words.
fn forbid(words: &[&str], where_: impl Fn(&str) -> bool, why: &str) {
    let mut broken = Vec::new();
    let mut looked = 0;
    for (name, code) in sources().iter().filter(|(name, _)| where_(name)) {
        looked += 1;
        for (index, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("src/{name}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    assert!(looked > 0, "no file to look at: {why}");
    assert!(broken.is_empty(), "{why}:\n{}", broken.join("\n"));
}

const PURE: &[&str] = &[
    "document/",
    "lint/",
    "render/",
    "tail/merge",
    "tail/sources",
    "plan/",
    "diagnose/",
    "expression/",
    "history/past",
    "release/",
    "watch/judge",
    "watch/pace",
    "watch/progress",
    "watch/task/judge",
    "watch/snapshot",
    "watch/timeline",
];

fn is_pure(name: &str) -> bool {
    PURE.iter().any(|part| name.starts_with(part))
}

#[test]
fn only_aws_names_the_sdk() {
    let sdk = ["aws_sdk_", "aws_config", "aws_smithy", "aws_credential_types"];
    forbid(&sdk, |name| !name.starts_with("aws/"), "only `aws/` speaks to the SDK");
}

#[test]
fn only_report_writes_to_the_terminal() {
    let words = ["println!", "eprintln!", "print!(", "eprint!(", "io::stdout", "io::stderr", "dbg!("];
    // The log's writer is set up where the arguments are read; log lines are for those who ask for them.
    let elsewhere = |name: &str| !name.starts_with("report/") && name != "cli.rs";
    forbid(&words, elsewhere, "only `report/` writes to the terminal");
}

#[test]
fn pure_stages_are_synchronous_and_without_io() {
    let words = [
        "async ",
        ".await",
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "tokio",
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
    ];
    forbid(&words, is_pure, "these stages are pure");
}

#[test]
fn only_apply_changes_anything_in_aws() {
    let words = [
        ".register(",
        ".update_service(",
        ".stop_service_deployment(",
        "aws.tag(",
        ".deregister(",
        ".delete_definitions(",
        ".stop_task(",
        ".run_task(",
        ".register_scalable_target(",
        ".continue_service_deployment(",
        ".create_schedule(",
        ".update_schedule(",
        ".delete_schedule(",
        ".create_schedule_group(",
        ".put_rule(",
        ".put_targets(",
        ".remove_targets(",
        ".switch_rule(",
        ".delete_rule(",
        ".tag_rule(",
        ".untag_rule(",
    ];
    let elsewhere = |name: &str| !name.starts_with("apply/") && !name.starts_with("aws/") && !is_pure(name);
    forbid(&words, elsewhere, "only `apply` changes anything in AWS");
}

#[test]
fn no_stage_asks_whether_this_is_a_dry_run() {
    forbid(&["dry_run"], |name| !name.starts_with("commands/"), "a dry run is a plan that nobody applied");
}

#[test]
fn there_is_no_room_for_odds_and_ends() {
    let room = |name: &str| ["utils", "helpers", "common", "misc"].iter().any(|word| name.contains(word));
    let found: Vec<_> = sources().into_iter().map(|(name, _)| name).filter(|name| room(name)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_project_speaks_of_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"] {
        let text = std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.len() > 200, "{name} says something");
    }
}
