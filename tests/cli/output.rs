//! Tests of outputs that cannot be written: on a full disk every verb fails, and a closed pipe is no error.

#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::process::Stdio;

use ecsail_sandbox::Scenario;

use crate::support::{DEFINITION, Folder, MANIFEST, Run, World};

/// Every write to it fails as on a full disk.
fn full_disk() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("Linux has it")
}

fn with_full_stdout(folder: &Folder, arguments: &[&str]) -> Run {
    let mut command = folder.command(arguments);
    command.stdout(Stdio::from(full_disk())).stderr(Stdio::piped());
    let output = command.spawn().and_then(|child| child.wait_with_output()).expect("the binary runs");
    Run {
        stdout: String::new(),
        stderr: String::from_utf8(output.stderr).expect("text"),
        code: output.status.code().unwrap_or(-1),
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error_of_every_verb() {
    let world = World::new(Scenario::Steady);
    for verb in [
        "render --tag v2",
        "check",
        "plan --tag v2",
        "plan --tag v2 --exit-code",
        "plan --tag v2 --output markdown",
        "status",
        "history",
        "tasks web",
        "images",
        "revisions web",
        "schema manifest",
        "completions bash",
        "man",
        "explain",
        "sandbox scenarios",
    ] {
        let arguments: Vec<&str> = verb.split(' ').collect();
        with_full_stdout(&world.folder, &arguments).exits(1).says("failed to write to stdout");
        if !verb.contains("--output") {
            let json = [&arguments[..], &["--output", "json"]].concat();
            with_full_stdout(&world.folder, &json).exits(1).says("No space left on device");
        }
    }
}

#[test]
fn help_that_cannot_be_written_is_an_error() {
    let folder = Folder::new(&[]);
    for arguments in [&["--help"][..], &["--version"], &["deploy", "--help"]] {
        with_full_stdout(&folder, arguments).exits(1);
    }
}

#[test]
fn a_deploy_goes_on_and_fails_at_the_end_if_its_answer_cannot_be_written() {
    let world = World::new(Scenario::Steady);
    with_full_stdout(&world.folder, &["deploy", "--tag", "v2"]).exits(1).says("failed to write to stdout");
    assert_eq!(world.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn a_failed_command_keeps_its_exit_code() {
    let folder = Folder::new(&[]);
    with_full_stdout(&folder, &["deploy", "--tag", "v2", "--output", "json"])
        .exits(2)
        .says("failed to write");
}

#[test]
fn a_story_that_cannot_be_written_is_an_error() {
    let world = World::new(Scenario::Steady);
    let mut command = world.folder.command(&["deploy", "--tag", "v2"]);
    command.stdout(Stdio::null()).stderr(Stdio::from(full_disk()));
    assert_eq!(command.status().expect("the binary runs").code(), Some(1));
}

#[test]
fn a_github_output_that_cannot_be_written_is_an_error() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", "/dev/full");
    world.deploy("v2").exits(1).says("failed to write to `/dev/full`");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]);
    for arguments in [&["render", "--tag", "v2"][..], &["check"], &["--help"], &["schema", "events"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = folder.command(arguments);
        command.stdout(writer);
        let run = finished_with_stderr(command);
        assert_eq!((run.code, run.stderr.contains("failed to write")), (0, false), "{arguments:?}: {run:?}");
    }
}

/// Returns the output of a command whose stdout is redirected already.
fn finished_with_stderr(mut command: std::process::Command) -> Run {
    command.stderr(Stdio::piped());
    let child = command.spawn().expect("the binary runs");
    drop(command);
    let output = child.wait_with_output().expect("the binary ends");
    let stderr = String::from_utf8(output.stderr).expect("text");
    Run { stdout: String::new(), stderr, code: output.status.code().unwrap_or(-1) }
}

#[test]
fn a_watch_ends_when_its_output_is_closed() {
    let world = World::new(Scenario::Steady);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = world.folder.command(&["status", "--watch"]);
    command.stdout(writer);
    assert_eq!(finished_with_stderr(command).code, 0);
}
