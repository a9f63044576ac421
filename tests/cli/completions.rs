//! Tests of completion: the scripts in `completions/` are current, and the candidates for a line.

use std::collections::BTreeMap;

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{Folder, MANIFEST, World, command, finished, service};

/// Returns the candidates in bash for a line. The last word is the one to complete.
fn completed(folder: &Folder, words: &[&str]) -> Vec<String> {
    completed_with(folder, words, &[])
}

fn completed_with(folder: &Folder, words: &[&str], env: &[(&str, &str)]) -> Vec<String> {
    let mut all = BTreeMap::from([
        ("ECSAIL_COMPLETE".to_owned(), "bash".to_owned()),
        ("_CLAP_IFS".to_owned(), "\n".to_owned()),
        ("_CLAP_COMPLETE_INDEX".to_owned(), words.len().to_string()),
    ]);
    all.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let run = finished(command(folder.dir.path(), &all, &[&["--", "ecsail"], words].concat())).exits(0);
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn the_scripts_in_the_repository_are_current() {
    let folder = Folder::new(&[]);
    for (shell, name) in [("bash", "ecsail.bash"), ("zsh", "_ecsail"), ("fish", "ecsail.fish")] {
        let printed = folder.run(&["completions", shell]).exits(0).stdout;
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name);
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == printed,
            "completions/{name} is old: `cargo run -- completions {shell} > completions/{name}`"
        );
    }
}

#[test]
fn services_are_completed_from_the_manifest() {
    let folder = Folder::new(&[("ecsail.yml", &format!("{MANIFEST}  worker: {{}}\n"))]);
    assert_eq!(completed(&folder, &["status", ""]), ["web", "worker"]);
    assert_eq!(completed(&folder, &["prune", "wo"]), ["worker"]);
    assert_eq!(completed(&folder, &["status", "--service", "we"]), ["web"]);
    assert_eq!(completed(&folder, &["deploy", "service", ""]), ["web", "worker"]);
}

#[test]
fn schedules_are_completed_from_the_manifest() {
    let schedules = "schedules: { nightly: {}, hourly: {} }\n";
    let folder = Folder::new(&[("ecsail.yml", &format!("{MANIFEST}{schedules}"))]);
    assert_eq!(completed(&folder, &["schedule", "run", ""]), ["nightly", "hourly"]);
    assert_eq!(completed(&folder, &["schedule", "disable", "ho"]), ["hourly"]);
    assert_eq!(completed(&folder, &["deploy", "schedule", "ni"]), ["nightly"]);
}

#[test]
fn manifest_is_found_as_by_a_verb() {
    let folder = Folder::new(&[("deploy/shop.yml", MANIFEST)]);
    assert!(completed(&folder, &["status", "w"]).is_empty());
    assert_eq!(completed(&folder, &["-f", "deploy/shop.yml", "status", "w"]), ["web"]);
    assert_eq!(completed(&folder, &["status", "--manifest=deploy/shop.yml", "w"]), ["web"]);
    assert_eq!(completed_with(&folder, &["status", "w"], &[("ECSAIL_MANIFEST", "deploy/shop.yml")]), ["web"]);
}

#[test]
fn stages_and_the_services_of_each_are_completed() {
    let stages = "stages: { production: {}, review: { services: { preview: {} } } }\n";
    let folder = Folder::new(&[("ecsail.yml", &format!("{MANIFEST}{stages}"))]);
    assert_eq!(completed(&folder, &["status", "--stage", ""]), ["production", "review"]);
    assert_eq!(completed(&folder, &["status", ""]), ["web", "preview"]);
    assert_eq!(completed(&folder, &["status", "--stage", "production", ""]), ["web"]);
}

#[test]
fn unreadable_manifest_completes_nothing() {
    let folder = Folder::new(&[("ecsail.yml", "services: [\n")]);
    assert!(completed(&folder, &["status", "w"]).is_empty());
    let folder = Folder::new(&[("ecsail.yml", "app: \"{{ env.NOPE }}\"\nservices:\n  web: {}\n")]);
    assert_eq!(completed(&folder, &["status", "w"]), ["web"]);
}

#[test]
fn flags_are_offered_after_a_dash() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST)]);
    assert!(completed(&folder, &["prune", "--ke"]).contains(&"--keep".to_owned()));
    assert!(completed(&folder, &["prune", "-"]).contains(&"--dry-run".to_owned()));
    assert_eq!(completed(&folder, &["prune", ""]), ["web"]);
    assert_eq!(completed(&folder, &["prune", "--without", "sch"]), ["schedules"]);
}

#[test]
fn cached_names_are_completed_without_aws() {
    let services = [service("web", json!({})), service("worker", json!({}))];
    let world = World::with(Scenario::Steady, &[], &services);
    world.run(&["wait", "--cluster", "main"]).exits(0);
    world.sandbox.clear_requests();
    assert_eq!(completed(&world.folder, &["status", "--cluster", "main", ""]), ["web", "worker"]);
    assert_eq!(completed(&world.folder, &["status", "wo"]), ["worker"], "a cluster may be named later");
    assert!(completed(&world.folder, &["status", "--cluster", "other", "w"]).is_empty());
    assert_eq!(completed(&world.folder, &["status", "--cluster", ""]), ["main"]);
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn names_in_the_sandbox_are_not_cached() {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", crate::support::DEFINITION)];
    let folder = Folder::new(&files);
    folder.run(&["--sandbox", "wait", "web"]).exits(0);
    assert!(!folder.dir.path().join(".cache").exists());
}

#[test]
fn a_variable_of_another_program_changes_nothing() {
    let folder = Folder::new(&[]).env("COMPLETE", "1").env("ECSAIL_COMPLETE", "");
    folder.run(&["--version"]).exits(0).answers("ecsail ");
}

#[test]
fn every_shell_has_its_script() {
    let folder = Folder::new(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        folder.run(&["completions", shell]).exits(0).answers("ECSAIL_COMPLETE");
    }
}

#[test]
fn every_verb_has_help_with_examples() {
    let folder = Folder::new(&[]);
    for verb in [
        "check",
        "render",
        "plan",
        "deploy",
        "status",
        "revisions",
        "prune",
        "explain",
        "sandbox",
        "schema",
        "completions",
    ] {
        folder.run(&[verb, "--help"]).exits(0).answers("Examples:");
    }
    folder.run(&["--version"]).exits(0).answers(concat!("ecsail ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn files_are_completed_after_the_manifest_flag() {
    let folder = Folder::new(&[("shop.yml", MANIFEST)]);
    assert_eq!(completed(&folder, &["-f", "sh"]), ["shop.yml"]);
}

#[test]
fn rules_and_topics_are_completed() {
    let folder = Folder::new(&[]);
    assert_eq!(completed(&folder, &["explain", "fargate-cpu"]), ["fargate-cpu-memory"]);
    assert_eq!(completed(&folder, &["docs", "mani"]), ["manifest"]);
}

#[test]
fn scenarios_are_completed_after_the_sandbox_flag() {
    let folder = Folder::new(&[]);
    let found = completed(&folder, &["--sandbox=crash-r"]);
    assert!(found.iter().any(|word| word.ends_with("crash-rollback")), "{found:?}");
}

#[test]
fn tags_that_were_shown_are_completed() {
    let world = World::new(Scenario::Steady);
    world.run(&["images", "web"]).exits(0);
    world.sandbox.clear_requests();
    assert_eq!(completed(&world.folder, &["deploy", "--tag", ""]), ["v3", "v2", "v1"]);
    assert_eq!(completed(&world.folder, &["rollback", "web", "--to", "v2"]), ["v2"]);
    assert!(world.sandbox.requests().is_empty());
}
