//! Three walks through the program, as people take them: each is a script, and its whole screen is a snapshot.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::support::terminal::Terminal;
use crate::support::{DEFINITION, Folder, MANIFEST, World, service};

/// A terminal that is high enough to keep the whole walk.
const TERMINAL: Terminal = Terminal { columns: 80, rows: 400 };

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns a script as a command, with the program in the path and the environment of a command.
fn script(name: &str, of: &Command) -> Command {
    let binary = PathBuf::from(of.get_program());
    let folders = std::iter::once(binary.parent().expect("a folder").to_path_buf());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path))).expect("a path");
    let mut shell = Command::new("sh");
    shell.arg(root().join("tests/walks").join(name)).env_clear();
    shell.envs(of.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", path);
    shell.env("TERM", "xterm").current_dir(of.get_current_dir().expect("a folder"));
    shell
}

/// Compares a screen with its snapshot; what differs from run to run is left out.
fn assert_walk(name: &str, screen: &str) {
    insta::with_settings!({filters => vec![
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?Z?", "[time]"),
        (r"ecs-svc/\d+", "ecs-svc/[id]"),
        (r"\b[0-9a-f]{32}\b", "[id]"),
        (r"ecsail_\d+", "ecsail_[delimiter]"),
        (r"\b\d{8}T\d{6}Z-[0-9a-f]{6}\b", "[release]"),
        (r"(?m) [0-9a-f]{6}$", " [release]"),
        (r"TOOK +BY", "TOOK  BY"),
        (r"-sandbox-[0-9a-f]+", "-sandbox-[id]"),
        (r"\b\d+[smhd] ago\b", "[age]"),
        (r"\b\d+h \d+m\b *", "[duration] "),
        (r"\b(\d+h )?(\d+m )?\d+(\.\d+)?m?s\b *", "[duration] "),
    ]}, { insta::assert_snapshot!(name, screen); });
}

#[test]
fn newcomer() {
    let folder = Folder::new(&[]).env("ECSAIL_SANDBOX_STEP", "5s").env("CI", "");
    for name in ["ecsail.yml", "web.yml"] {
        let text =
            std::fs::read_to_string(root().join("examples/quickstart").join(name)).expect("it is there");
        folder.write(&format!("examples/quickstart/{name}"), &text);
    }
    let steps = [
        ("Deploy service web with tag v2 to cluster quickstart? [y/N] ", "y\n"),
        ("Deploy service api with tag 7c1f2e9 to cluster shop? [y/N] ", "y\n"),
    ];
    let screen = TERMINAL.run(&script("newcomer.sh", &folder.command(&[])), &steps).exits(0);
    assert_walk("newcomer", &screen.text());
}

#[test]
fn ci() {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION), ("output", ""), ("summary.md", "")];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    let mut job = script("ci.sh", &world.folder.command(&[]));
    job.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", "output").env("GITHUB_STEP_SUMMARY", "summary.md");
    let output = job.output().expect("sh runs");
    assert_walk("ci", &String::from_utf8(output.stdout).expect("text"));
}

#[test]
fn operator() {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs",
        "options": {"awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}});
    let mut world = World::with(Scenario::Crash, &[], &[seeded]);
    world.run(&["deploy", "web", "--cluster", "main", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.advance(Duration::from_mins(5));
    world.folder = world.folder.env("CI", "");
    // The rights to change something come after the first attempt.
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied));
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::AccessDenied));
    let question = "Roll back service web in cluster main? [y/N] ";
    let steps = [(question, "y\n"), (question, "y\n")];
    let screen = TERMINAL.run(&script("operator.sh", &world.folder.command(&[])), &steps).exits(0);
    assert_walk("operator", &screen.text());
}
