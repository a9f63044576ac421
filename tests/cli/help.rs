//! Tests of the help, of the documentation in the binary, and of commands that do not exist.

use crate::support::Folder;

#[test]
fn without_arguments_the_overview_is_shown() {
    let folder = Folder::new(&[]);
    let run = folder.run(&[]).exits(2);
    assert_eq!(run.stdout, "");
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn a_flag_or_a_variable_alone_shows_the_overview_too() {
    let overview = Folder::new(&[]).run(&[]).exits(2).stderr;
    assert_eq!(Folder::new(&[]).run(&["--sandbox"]).exits(2).stderr, overview);
    let folder = Folder::new(&[]).env("ECSAIL_STAGE", "production");
    assert_eq!(folder.run(&[]).exits(2).stderr, overview);
}

#[test]
fn a_generated_page_begins_with_its_heading() {
    let run = Folder::new(&[]).run(&["docs", "scenarios"]).exits(0);
    assert!(run.stdout.starts_with("# Sandbox scenarios\n"), "{}", run.stdout);
}

#[test]
fn the_overview_fits_a_small_terminal() {
    let shown = Folder::new(&[]).run(&[]).exits(2).stderr;
    assert!(shown.lines().count() <= 25, "{} lines:\n{shown}", shown.lines().count());
    let wide: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn the_examples_of_schema_work_in_a_new_folder() {
    let folder = Folder::new(&[]);
    let help = folder.run(&["schema", "--help"]).exits(0).stdout;
    let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  ecsail schema ")).collect();
    assert_eq!(examples.len(), 3, "{help}");
    for example in examples {
        let (kind, file) = example.split_once(" > ").expect("a kind and a file");
        let schema = folder.run(&["schema", kind]).exits(0).stdout;
        let path = folder.dir.path().join(file);
        assert!(path.parent().is_some_and(std::path::Path::is_dir), "a shell cannot write `{file}`");
        serde_json::from_str::<serde_json::Value>(&schema).expect("JSON");
    }
}

#[test]
fn the_defaults_of_a_watch_are_those_of_the_manifest_and_wait_leaves_a_rollout() {
    let folder = Folder::new(&[]);
    for command in ["deploy", "wait", "rollback", "restart", "cancel", "continue"] {
        let help = folder.run(&[command, "--help"]).exits(0).stdout;
        let help: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for default in [
            "[default: the manifest's `on_failure`, else roll back if an earlier deployment succeeded; `wait` leaves it]",
            "[default: the manifest's `on_timeout`, else leave the rollout in progress; `wait` leaves it]",
            "[default: the manifest's `patience`, else 4, or what the circuit breaker allows]",
        ] {
            assert!(help.contains(default), "{command}: {help}");
        }
    }
}

#[test]
fn the_help_lists_all_commands_in_groups() {
    let folder = Folder::new(&[]);
    let run = folder.run(&["help"]).exits(0);
    assert_eq!(folder.run(&["--help"]).exits(0).stdout.trim_end(), run.stdout.trim_end());
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn the_help_of_a_command_has_its_examples_first_and_only_its_own_options() {
    let folder = Folder::new(&[]);
    let run = folder.run(&["help", "deploy"]).exits(0);
    assert_eq!(folder.run(&["deploy", "--help"]).exits(0).stdout.trim_end(), run.stdout.trim_end());
    insta::assert_snapshot!(run.stdout);
    folder.run(&["help", "schedule", "run"]).exits(0).answers("Usage: ecsail schedule run");
}

#[test]
fn the_options_of_all_commands_have_a_page() {
    let run = Folder::new(&[]).run(&["help", "options"]).exits(0).answers("--stage <NAME>");
    assert!(!run.stdout.contains("--tag"), "{}", run.stdout);
}

#[test]
fn other_names_lead_to_the_command() {
    let folder = Folder::new(&[]);
    for (word, command) in [
        ("diff", "`ecsail plan`"),
        ("validate", "`ecsail check`"),
        ("ps", "`ecsail tasks`"),
        ("console", "`ecsail exec`"),
        ("releases", "`ecsail history`"),
        ("undo", "`ecsail rollback`"),
        ("up", "`ecsail deploy`"),
        ("stauts", "`ecsail status`"),
    ] {
        let hint = format!("use {command}");
        folder.run(&[word]).exits(2).says(&format!("no command named `{word}`")).says(&hint);
        folder.run(&["help", word]).exits(2).says(command);
    }
    let destroy = folder.run(&["destroy", "web"]).exits(2).says("use `ecsail delete`");
    assert!(!destroy.stderr.contains("deploy"), "{}", destroy.stderr);
}

#[test]
fn the_documentation_is_in_the_binary() {
    let folder = Folder::new(&[]);
    folder.run(&["docs"]).exits(0).answers("manifest ").answers("rollouts ");
    folder.run(&["docs", "manifest"]).exits(0).answers("# The manifest");
    folder.run(&["docs", "--search", "CIRCUIT breaker"]).exits(0).answers("rollouts:");
    folder.run(&["docs", "manifets"]).exits(2).says("did you mean `manifest`?");
    folder.run(&["docs", "--search", "no such words at all"]).exits(1).says("no page contains");
}

#[test]
fn a_program_reads_help_and_documentation_as_events() {
    let folder = Folder::new(&[]);
    let help = folder.run(&["help", "plan", "--output", "json"]).exits(0).event("help");
    assert_eq!(help["command"], "plan");
    let docs = folder.run(&["docs", "ci", "--output", "json"]).exits(0).event("docs");
    assert_eq!(docs["topic"], "ci");
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_a_long_text_is_shown_in_the_pager() {
    use crate::deploy::at_a_terminal;
    use crate::support::World;
    let mut world = World::new(ecsail_sandbox::Scenario::Steady);
    world.folder = world.folder.env("PAGER", "sed s/^/paged:/").env("TERM", "xterm");
    let output = at_a_terminal(&world, "docs ci").wait_with_output().expect("it ends");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.starts_with("paged:#"), "{shown}");
    let piped = world.folder.run(&["docs", "ci"]).exits(0);
    assert!(piped.stdout.starts_with("# "), "{}", piped.stdout);
}
