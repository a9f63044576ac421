//! Conformance tests: AWS's own clients call the sandbox, and the binary deploys to MiniStack and moto.
//!
//! Ignored in a plain `cargo test`, since they install packages from PyPI: `cargo test -- --ignored`.

use std::io::{BufRead, BufReader};
use std::process::Command;

use ecsail_sandbox::{Clock, Options, Sandbox};

use crate::support::emulator::Emulator;
use crate::support::python::{HINT, bin, folder, program, run};

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn boto3_and_the_aws_cli_understand_every_answer_of_the_sandbox() {
    let options = Options { clock: Clock::Wall { factor: 20.0 }, ..Options::default() };
    let sandbox = Sandbox::start(options).expect("the sandbox starts");
    let printed = run(&mut program("drive_sandbox.py", &sandbox.url(), "AKIAEXAMPLE"), HINT);
    assert!(printed.contains("ok ECS.UpdateService"), "{printed}");
    assert!(printed.trim_end().ends_with(" 0 deviations"), "{printed}");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn strict_shapes_reports_every_deviation() {
    let mut command = Command::new(bin().join("python"));
    run(command.args(["-m", "unittest", "test_strict_shapes"]).current_dir(folder()), HINT);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn the_model_file_is_what_the_generator_gives_for_its_version() {
    let model = include_str!("../../src/document/ecs-model.json");
    let version = model
        .split("from botocore ")
        .nth(1)
        .and_then(|rest| rest.split(';').next())
        .expect("the file names its version");
    let venv = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("botocore-{version}"));
    if !venv.join("bin/done").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), HINT);
        let package = format!("botocore=={version}");
        run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--no-compile", &package]), HINT);
        std::fs::write(venv.join("bin/done"), version).expect("the target folder can be written");
    }
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/generate-model.py");
    run(Command::new(venv.join("bin/python")).arg(script).arg("--check"), HINT);
}

const KEPT: &[&str] = &["-f", "kept/ecsail.yml"];

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_good_unchanged_and_missing() {
    let emulator = Emulator::ministack(&[]);
    emulator.deploy(&[KEPT, &["--tag", "v1"]].concat()).exits(0).answers("web: unchanged, web:1 stays");
    emulator
        .deploy(&["--tag", "v9"])
        .exits(1)
        .says("no tag `v9` in repository `shop/app`")
        .says("newest tags: ");
    assert_eq!(emulator.revision(), "web:1");
    let run = emulator.deploy(&["--tag", "v2"]).exits(0).answers("web: deployed web:2 in ");
    assert_eq!(run.stderr.matches("web: registered").count(), 0, "{}", run.stderr);
    assert_eq!(emulator.revision(), "web:2");
    emulator.deploy(&["--tag", "v2"]).exits(0).answers("web: unchanged, web:2 stays");
    emulator.deploy(&[KEPT, &["--tag", "v3"]].concat()).exits(0).answers("web: deployed web:3 in ");
    emulator.deploy(&["--tag", "v3", "--force"]).exits(0).answers("web: deployed ");
    emulator.folder.run(&["plan", "--tag", "v2", "--exit-code"]).exits(6);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_crash_with_breaker_is_rolled_back() {
    let emulator = Emulator::ministack(&[]);
    let run = emulator
        .deploy(&["--tag", "crash"])
        .exits(3)
        .answers("web: web:2 was rolled back, web:1 is running: ");
    run.says("container `app`: exit code 1");
    assert_eq!(emulator.revision(), "web:1");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_crash_without_breaker_ends_early() {
    let emulator = Emulator::ministack(&["--no-breaker"]);
    let run = emulator.deploy(&["--tag", "crash"]).exits(3).answers("web: web:2 cannot succeed: ");
    run.answers("container `app` exited with code 1");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_image_that_cannot_be_pulled() {
    let emulator = Emulator::ministack(&[]);
    let run = emulator
        .deploy(&["--tag", "nopull"])
        .exits(3)
        .answers("web: web:2 was rolled back, web:1 is running: ");
    // MiniStack fails on the digest, sometimes before it has created a task. Then its reason is the only diagnosis.
    let by_task = run.stderr.contains("cause: the image is not in the registry");
    let by_reason = run.stdout.contains("unsuccessful image digest resolution attempts");
    assert!(by_task || by_reason, "{run:?}");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_rollback_goes_to_the_previous_good_revision() {
    let emulator = Emulator::ministack(&[]);
    emulator.deploy(&["--tag", "v2"]).exits(0).answers("web: deployed web:2 in ");
    emulator.deploy(&["--tag", "crash"]).exits(3).answers("web: web:3 was rolled back, web:2 is running: ");
    // MiniStack has no service deployments, so the revisions are the only history.
    let run =
        emulator.folder.run(&["rollback", "web", "--yes"]).exits(0).answers("web: rolled back to web:1 in ");
    let run = run.says("web:1 is the previous ACTIVE revision; whether it ever ran is unknown");
    run.says("ECS has no deployment history for `web`");
    assert_eq!(emulator.revision(), "web:1");
    emulator.folder.run(&["rollback", "web", "--yes"]).exits(1).says("nothing to roll back to");
    emulator
        .folder
        .run(&["rollback", "web", "--to", "v2", "--yes"])
        .exits(0)
        .answers("web: rolled back to web:2");
    assert_eq!(emulator.revision(), "web:2");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_cancel_rolls_back_by_update_and_restart_redeploys() {
    let emulator = Emulator::ministack(&[]);
    emulator.deploy(&["--tag", "slow", "--no-wait"]).exits(0);
    let run = emulator.folder.run(&["cancel", "web", "--yes"]).exits(0).answers("web: deployed web:1 in ");
    run.says("web: rolling back to web:1 (UpdateService)");
    emulator.folder.run(&["restart", "web", "--yes"]).exits(0).answers("web: restarted web:1 in ");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_slow_times_out_is_refused_and_is_superseded() {
    let emulator = Emulator::ministack(&[]);
    emulator
        .deploy(&["--tag", "slow", "--timeout", "500ms"])
        .exits(4)
        .answers("web: web:2 is still in progress after ");
    emulator.deploy(&["--tag", "v3"]).exits(5).says("a deployment of `web` is in progress: `web:2`");
    emulator.deploy(&["--tag", "v2", "--supersede"]).exits(0).answers("web: deployed web:3 in ");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_rollout_continues_after_an_interrupt() {
    let emulator = Emulator::ministack(&[]);
    let mut command = emulator.folder.command(&["deploy", "--tag", "slow"]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("the binary runs");
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let found = lines.map_while(Result::ok).any(|line| line.contains("running"));
    assert!(found, "the rollout is watched");
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("`kill` is there").success());
    assert_eq!(child.wait().expect("ends").code(), Some(130));
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_deploys_without_completing() {
    let emulator = Emulator::moto(&[]);
    emulator.folder.run(&["plan", "--tag", "v2"]).exits(0).answers("…:v1 → …:v2");
    emulator.deploy(&["--tag", "v9"]).exits(1).says("no tag `v9` in repository `shop/app`");
    // moto never completes a deployment, so one is always in progress.
    emulator.deploy(&["--tag", "v2"]).exits(5).says("is in progress");
    emulator
        .folder
        .run(&[KEPT, &["plan", "--tag", "v1"]].concat())
        .exits(0)
        .answers("web: web:1 is being deployed already");
    let run = emulator.deploy(&["--tag", "v2", "--supersede", "--timeout", "2s"]).exits(4);
    // Its answer keeps the old deployment, and the new one never appears, which must not be a success.
    run.answers("web: web:2 is still in progress after ")
        .answers("waiting for: ECS does not show the deployment yet");
    let image = emulator.aws(&[
        "ecs",
        "describe-task-definition",
        "--task-definition",
        "web:2",
        "--query",
        "taskDefinition.containerDefinitions[0].image",
    ]);
    assert!(image.trim().ends_with("/shop/app:v2"), "{image}");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_one_off_task_ends_with_the_code_of_its_container() {
    let emulator = Emulator::ministack(&[]);
    let run = |options: &[&str], command: &str| {
        emulator.folder.run(&[&["run", "--like", "web"], options, &["--", "sh", "-c", command]].concat())
    };
    run(&[], "exit 0").exits(0).says("web: web:1 ended with exit code 0 after ");
    run(&["--count", "2"], "exit 7").exits(7).says("container `app`: exit code 7");
    run(&["--timeout", "1500ms"], "sleep 60").exits(4).says("web: web:1 was stopped: timed out after ");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_one_off_task_is_started_and_stopped() {
    let emulator = Emulator::moto(&[]);
    let run = emulator.folder.run(&["run", "--like", "web", "--no-wait", "--", "true"]).exits(0);
    let id = run.stdout.trim();
    let query = ["--query", "tasks[0].overrides.containerOverrides[0].command[0]"];
    let described = [&["ecs", "describe-tasks", "--cluster", "main", "--tasks", id], &query[..]].concat();
    assert_eq!(emulator.aws(&described).trim(), "true");
}
