//! Questions: when they are asked, what holds without a terminal, and what a question and a plan say of the destination.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::terminal::Terminal;
use crate::support::{DEFINITION, MANIFEST, World, service};

const TERMINAL: Terminal = Terminal { columns: 100, rows: 30 };
const DEPLOY: &[&str] = &["deploy", "web", "--tag", "v2"];

/// Returns a world outside CI.
fn world(scenario: Scenario) -> World {
    let mut world = World::new(scenario);
    world.folder = world.folder.env("CI", "");
    world
}

fn image(world: &World) -> String {
    world.service("web")["taskDefinition"]
        .as_str()
        .unwrap_or_default()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn what_changes_aws_needs_yes_without_a_terminal() {
    let world = world(Scenario::Steady);
    for arguments in [
        DEPLOY,
        &["restart", "web"],
        &["scale", "web", "--desired", "4"],
        &["deploy", "web", "--tag", "v2", "--output", "json"],
    ] {
        let run = world.unattended(arguments).exits(2);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("the change needs confirmation, and "), "{arguments:?}: {said}");
        assert!(said.contains("add `--yes`; `CI=true` implies it"), "{arguments:?}: {said}");
    }
    world.unchanged();
}

#[test]
fn in_ci_yes_is_implied() {
    let world = World::new(Scenario::Steady);
    world.run(DEPLOY).exits(0).answers("web: deployed web:2");
    world.run(&["rollback", "web"]).exits(0);
    assert_eq!(image(&world), "web:1");
}

#[test]
fn the_sandbox_needs_no_answer_without_a_terminal() {
    let world = world(Scenario::Steady);
    world.unattended(&["--sandbox", "deploy", "web", "--tag", "v2"]).exits(0).answers("web: deployed web:2");
}

#[test]
fn on_a_terminal_the_question_has_what_and_where() {
    let world = world(Scenario::Steady);
    let question = "Deploy service web with tag v2 to cluster main? [y/N]";
    let screen = TERMINAL.run(&world.folder.command(DEPLOY), &[(question, "n\n")]).exits(1);
    screen.shows("123456789012 · us-east-1 · cluster main");
    world.unchanged();
    let screen = TERMINAL.run(&world.folder.command(DEPLOY), &[(question, "y\n")]).exits(0);
    screen.shows("web: deployed web:2");
}

#[test]
fn services_are_counted_in_the_plan_and_in_the_question() {
    let manifest = format!("{MANIFEST}  api:\n    task_definition: web.yml\nstages:\n  production: {{}}\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let services = [service("web", json!({})), service("api", json!({}))];
    let mut world = World::with(Scenario::Steady, &files, &services);
    world.folder = world.folder.env("CI", "").env("ECSAIL_STAGE", "production");
    let command = world.folder.command(&["deploy", "--tag", "v2"]);
    let question = [("Deploy 2 services with tag v2 to production? [y/N]", "n\n")];
    let screen = TERMINAL.run(&command, &question).exits(1);
    screen
        .shows("production (from ECSAIL_STAGE) · 123456789012 · us-east-1 · cluster main")
        .shows("2 change");
    let run = world.run(&["plan", "--tag", "v2", "--stage", "production", "--output", "markdown"]).exits(0);
    assert!(
        run.stdout.starts_with("**shop · production · 123456789012 · us-east-1 · cluster main · "),
        "{}",
        run.stdout
    );
    world.run(&["deploy", "web", "--tag", "v2", "--yes"]).exits(0);
    world.run(&["plan", "--tag", "v2"]).exits(0).answers("1 changes, 1 unchanged");
    let plan = world.run(&["plan", "--tag", "v2", "--output", "json"]).exits(0);
    let expected = r#""destination":{"stage":"production","account":"123456789012","region":"us-east-1","clusters":["main"]}"#;
    assert!(plan.stdout.contains(expected), "{}", plan.stdout);
}

#[test]
fn where_the_streams_are_piped_the_question_is_asked_on_the_terminal() {
    let world = world(Scenario::Steady);
    let command = world.folder.command(&[]);
    let binary = command.get_program().to_string_lossy().into_owned();
    let folder = world.folder.dir.path().display().to_string();
    let line = format!("cd {folder}; {binary} deploy web --tag v2 </dev/null >answer.txt 2>story.txt");
    let environment: Vec<_> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let mut piped = std::process::Command::new("sh");
    piped.args(["-c", &line]).env_clear().envs(environment);
    TERMINAL.run(&piped, &[("Deploy service web with tag v2 to cluster main? [y/N]", "y\n")]).exits(0);
    let answer = std::fs::read_to_string(world.folder.dir.path().join("answer.txt")).expect("it was written");
    assert!(answer.starts_with("web: deployed web:2"), "{answer}");
}

#[test]
fn json_output_asks_nothing_on_a_terminal_either() {
    let world = world(Scenario::Steady);
    let command = world.folder.command(&["deploy", "web", "--tag", "v2", "--output", "json"]);
    let wide = Terminal { columns: 1000, rows: 10 };
    wide.run(&command, &[])
        .exits(2)
        .shows("the change needs confirmation, and JSON output asks no questions");
    world.unchanged();
}

#[test]
fn question_after_an_interrupt_takes_its_own_keys_only() {
    let world = world(Scenario::Stuck);
    let command = world.folder.command(&["deploy", "web", "--tag", "v2", "--yes", "--poll-interval", "50ms"]);
    let question = "Leave it, roll it back, or keep watching? [L/r/w]";
    let steps = [("0/2", "\u{3}"), (question, "x\n"), (question, "\n")];
    let screen = TERMINAL.run(&command, &steps).exits(130);
    screen.shows("the rollout continues without ecsail");
    assert_eq!(image(&world), "web:2");
}
