//! Checks the invariants of `lib.rs` by reading the source.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::source::{imports, sources};

/// Fails for each line of code, outside of comments, that contains one of the words.
fn forbid(words: &[&str], where_: impl Fn(&str) -> bool, why: &str) {
    let mut broken = Vec::new();
    let mut looked = 0;
    for (name, code) in sources().iter().filter(|(name, _)| where_(name)) {
        looked += 1;
        for (index, line) in code.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("src/{name}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    assert!(looked > 0, "no file to look at: {why}");
    assert!(broken.is_empty(), "{why}:\n{}", broken.join("\n"));
}

const PURE: &[&str] = &[
    "adopt/",
    "import/",
    "yaml_writer",
    "document/",
    "lint/",
    "lookup/",
    "render/",
    "template/",
    "secrets/",
    "image/",
    "tail/merge",
    "tail/sources",
    "plan/",
    "promotion/",
    "events/",
    "outcome",
    "diagnose/",
    "expression/",
    "github/",
    "history/past",
    "approval/",
    "lock/",
    "notify/",
    "release/",
    "watch/judge",
    "watch/poll_interval",
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
fn only_github_api_names_octocrab() {
    forbid(&["octocrab"], |name| !name.starts_with("github_api/"), "only `github_api/` speaks to GitHub");
}

#[test]
fn only_report_writes_to_the_terminal() {
    let words = ["println!", "eprintln!", "print!(", "eprint!(", "io::stdout", "io::stderr", "dbg!("];
    // The log writer is set up where the arguments are parsed; log lines are shown on request only.
    let elsewhere = |name: &str| !name.starts_with("report/") && !name.starts_with("cli/");
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
        ".deregister_scalable_target(",
        ".put_scaling_policy(",
        ".delete_scaling_policy(",
        ".put_scheduled_action(",
        ".delete_scheduled_action(",
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
        ".put_item(",
        ".create_item_table(",
    ];
    let elsewhere = |name: &str| !name.starts_with("apply/") && !name.starts_with("aws/") && !is_pure(name);
    forbid(&words, elsewhere, "only `apply` changes anything in AWS");
}

#[test]
fn no_stage_depends_on_dry_run() {
    // An event has the name.
    let elsewhere = |name: &str| !name.starts_with("commands/") && !name.starts_with("events/");
    forbid(&["dry_run"], elsewhere, "a dry run is a plan that is not applied");
}

#[test]
fn no_module_is_named_utils_or_misc() {
    let room = |name: &str| ["utils", "helpers", "common", "misc"].iter().any(|word| name.contains(word));
    let found: Vec<_> = sources().into_iter().map(|(name, _)| name).filter(|name| room(name)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn documents_are_not_empty() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"] {
        let text = std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.len() > 200, "{name} is not empty");
    }
}

#[test]
fn modules_with_children_are_mod_rs_and_their_tests_are_tests_rs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![root];
    let mut broken = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                if name.ends_with("_tests") || path.with_extension("").is_dir() || text.contains("#[path") {
                    broken.push(path);
                }
            }
        }
    }
    assert!(broken.is_empty(), "`x.rs` beside `x/`, `*_tests.rs` or `#[path]`: {broken:#?}");
}

/// Uses between top-level modules that close a circle today, and that are to go. A use that is here and not in the source is
/// an error too, so that the list only gets shorter.
const KNOWN_CIRCLES: &[(&str, &str)] = &[];

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let imports = imports();
    let mut edges: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for import in &imports {
        edges.entry((&import.from, &import.to)).or_default().push(&import.place);
    }
    assert!(edges.len() > 50, "the imports were found");
    let gone: Vec<_> = KNOWN_CIRCLES.iter().filter(|edge| !edges.contains_key(*edge)).collect();
    assert!(gone.is_empty(), "take out of `KNOWN_CIRCLES`: {gone:?}");
    edges.retain(|edge, _| !KNOWN_CIRCLES.contains(edge));
    // A module that imports nothing that is left is on no circle.
    while let Some(leaf) =
        edges.keys().map(|(_, to)| *to).find(|to| !edges.keys().any(|(from, _)| from == to))
    {
        edges.retain(|(_, to), _| *to != leaf);
    }
    // Nor is one that nothing imports.
    while let Some(top) =
        edges.keys().map(|(from, _)| *from).find(|from| !edges.keys().any(|(_, to)| to == from))
    {
        edges.retain(|(from, _), _| *from != top);
    }
    let shown: Vec<String> = edges
        .iter()
        .map(|((from, to), places)| format!("{from} -> {to}:\n  {}", places.join("\n  ")))
        .collect();
    assert!(edges.is_empty(), "these modules import each other in a circle:\n{}", shown.join("\n"));
}
