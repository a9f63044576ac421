//! `--sandbox` and `ecsail sandbox`: a first deploy without an account, and state from one command to the next.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{DEFINITION, Folder, MANIFEST, finished};

fn folder() -> Folder {
    Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]).env("ECSAIL_POLL_INTERVAL", "20ms")
}

#[test]
fn state_is_kept_from_one_command_to_the_next_until_reset() {
    let folder = folder();
    let run = folder
        .run(&["--sandbox", "deploy", "service", "web", "--tag", "v2"])
        .exits(0)
        .answers("sandbox: web: deployed web:2");
    assert!(
        run.stderr.lines().chain(run.stdout.lines()).all(|line| line.starts_with("sandbox: ")),
        "{run:?}"
    );
    folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0).answers("web: unchanged, web:2 stays");
    folder.run(&["--sandbox", "status"]).exits(0).answers("web: web:2, 2/2 running");
    folder.run(&["sandbox", "reset"]).exits(0).answers("removed ");
    folder.run(&["--sandbox", "deploy", "--tag", "v1"]).exits(0).answers("web: unchanged, web:1 stays");
}

#[test]
fn a_scenario_is_picked_by_name() {
    let folder = folder();
    folder
        .run(&["--sandbox=crash-rollback", "deploy", "--tag", "v2"])
        .exits(3)
        .says("exit code 1")
        .answers("was rolled back, web:1 runs");
    folder
        .run(&["--sandbox=nope", "deploy", "--tag", "v2"])
        .exits(2)
        .says("no such scenario")
        .says("`ecsail sandbox scenarios`");
    folder.run(&["sandbox", "scenarios"]).exits(0).answers("crash-rollback  ");
}

#[test]
fn a_tag_that_is_not_there_is_a_missing_tag_here_too() {
    folder().run(&["--sandbox", "deploy", "--tag", "v9"]).exits(1).says("newest tags there: v3, v2, v1");
}

#[test]
fn it_works_without_a_manifest_and_with_no_definition() {
    let bare = Folder::new(&[]).env("ECSAIL_POLL_INTERVAL", "20ms");
    bare.run(&["--sandbox", "deploy", "service", "api", "--cluster", "main", "--tag", "v2"])
        .exits(0)
        .answers("api: deployed api:2");
}

#[test]
fn a_broken_state_says_how_to_start_anew() {
    let folder = folder();
    folder.write(".ecsail/sandbox.json", "{");
    folder
        .run(&["--sandbox", "status"])
        .exits(1)
        .says("read the sandbox's state")
        .says("`ecsail sandbox reset`");
}

#[test]
fn json_marks_every_line() {
    let run = folder().run(&["--sandbox", "plan", "--tag", "v2", "--output", "json"]).exits(0);
    assert!(run.events().iter().all(|event| event["sandbox"] == true), "{}", run.stdout);
}

#[test]
fn it_can_be_served_for_other_clients() {
    let folder = folder();
    let mut command = folder.command(&["sandbox", "serve"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let variables: Vec<(String, String)> = (0..4)
        .map(|_| {
            let line = lines.next().expect("a line").expect("text");
            let (name, value) = line.trim_start_matches("export ").split_once('=').expect("an assignment");
            (name.to_owned(), value.to_owned())
        })
        .collect();
    assert!(variables[0].1.starts_with("http://127.0.0.1:"), "{variables:?}");
    let mut client = folder.command(&["status"]);
    client.envs(variables);
    finished(client).exits(0).answers("web: web:1, 2/2 running");
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("`kill` is there").success());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}
