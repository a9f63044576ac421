//! Tests of hooks with a real `sh`.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error as _;

use super::*;
use crate::outcome::Outcome;

mod ends;

/// Keeps the reported events as lines.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) lines: RefCell<Vec<String>>,
    streams: RefCell<Vec<String>>,
    pub(super) facts: RefCell<Vec<String>>,
    pub(super) heard: tokio::sync::Notify,
}

impl HookReporter for Kept {
    fn note(&self, text: &str) {
        self.facts.borrow_mut().push(format!("note {text}"));
    }

    fn hook(&self, _: Moment, fact: HookFact<'_>) {
        match fact {
            HookFact::Line { line, stream } => {
                self.streams.borrow_mut().push(format!("{stream:?} {line}"));
                self.lines.borrow_mut().push(line.to_owned());
                self.heard.notify_one();
            }
            HookFact::Started { command } => {
                self.facts.borrow_mut().push(format!("started {command}"));
            }
            HookFact::Ended { code, signal, timed_out, interrupted, .. } => {
                let ended = format!("ended {code:?} {signal:?} {timed_out} {interrupted}");
                self.facts.borrow_mut().push(ended);
            }
        }
    }
}

/// Returns the `PATH` of this process, and more variables.
pub(super) fn with(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    let path = std::env::var("PATH").expect("a path");
    let more = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    std::iter::once(("PATH".to_owned(), path)).chain(more).collect()
}

pub(super) struct Ran {
    pub(super) result: Result<(), Failure>,
    pub(super) report: Kept,
}

impl Ran {
    pub(super) fn lines(&self) -> Vec<String> {
        self.report.lines.borrow().clone()
    }

    pub(super) fn facts(&self) -> Vec<String> {
        self.report.facts.borrow().clone()
    }

    pub(super) fn failure(&self) -> &Failure {
        self.result.as_ref().expect_err("it fails")
    }

    pub(super) fn cause(&self) -> String {
        self.failure().source().expect("a cause").to_string()
    }
}

async fn ran_with(commands: &[&str], told: &Told, variables: &[(&str, &str)]) -> Ran {
    let commands: Vec<String> = commands.iter().map(|command| (*command).to_owned()).collect();
    let report = Kept::default();
    let folder = tempfile::tempdir().expect("a folder");
    let result = run(Moment::BeforeDeploy, &commands, told, folder.path(), &with(variables), &report).await;
    Ran { result, report }
}

pub(super) async fn ran(commands: &[&str]) -> Ran {
    ran_with(commands, &Told::default(), &[]).await
}

#[tokio::test]
async fn what_is_written_is_told_line_by_line_and_the_end_after_it() {
    let ran = ran(&["echo one; echo; printf two"]).await;
    assert!(ran.result.is_ok());
    assert_eq!(ran.lines(), ["one", "", "two"]);
    assert_eq!(ran.facts(), ["started echo one; echo; printf two", "ended Some(0) None false false"]);
}

#[tokio::test]
async fn both_streams_are_told_by_name() {
    let mut lines = ran(&["echo one; echo two >&2"]).await.report.streams.take();
    lines.sort();
    assert_eq!(lines, ["Stderr two", "Stdout one"]);
}

#[tokio::test]
async fn a_line_is_told_while_the_command_still_runs() {
    // The command ends only after its line was reported.
    let folder = tempfile::tempdir().expect("a folder");
    let (report, environment) = (Kept::default(), with(&[]));
    let commands = ["mkfifo gate; echo ready; cat gate".to_owned()];
    let told = Told::default();
    let running = run(Moment::AfterDeploy, &commands, &told, folder.path(), &environment, &report);
    let opening = async {
        report.heard.notified().await;
        let gate = folder.path().join("gate");
        let write = move || std::fs::write(gate, "go\n");
        tokio::task::spawn_blocking(write).await.expect("no panic").expect("a gate");
    };
    let (result, ()) = tokio::join!(running, opening);
    assert!(result.is_ok());
    assert_eq!(*report.lines.borrow(), ["ready", "go"]);
}

#[tokio::test]
async fn commands_run_in_order_and_the_first_failure_is_the_last() {
    let ran = ran(&["echo one", "echo two; exit 3", "echo three"]).await;
    assert_eq!(ran.lines(), ["one", "two"]);
    assert_eq!(ran.failure().message, "hook `before_deploy` failed");
    assert_eq!(ran.cause(), "`echo two; exit 3` exited with 3");
    assert_eq!(ran.failure().kind, crate::error::Kind::Error);
    assert_eq!(ran.failure().hints, ["append `|| true` to a command that may fail"]);
}

#[tokio::test]
async fn without_commands_there_is_nothing_to_fail() {
    let ran = ran(&[]).await;
    assert!(ran.result.is_ok() && ran.facts().is_empty());
}

#[tokio::test]
async fn a_command_runs_in_the_directory_that_it_is_given() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("notify.sh"), "echo notified").expect("a file");
    let (report, commands) = (Kept::default(), ["sh notify.sh".to_owned()]);
    let result =
        run(Moment::OnFailure, &commands, &Told::default(), folder.path(), &with(&[]), &report).await;
    assert!(result.is_ok());
    assert_eq!(*report.lines.borrow(), ["notified"]);
}

#[tokio::test]
async fn an_empty_directory_is_the_current_one() {
    let (report, commands) = (Kept::default(), ["test -f Cargo.toml".to_owned()]);
    let result =
        run(Moment::OnFailure, &commands, &Told::default(), Path::new(""), &with(&[]), &report).await;
    assert!(result.is_ok());
}

fn target(kind: &'static str, name: &str) -> HookTarget {
    HookTarget { kind, name: name.to_owned(), end: None }
}

fn shop() -> Told {
    Told {
        app: Some("shop".to_owned()),
        tag: Some("1.4.2".to_owned()),
        release: "r1".to_owned(),
        performer: Some("ana".to_owned()),
        targets: vec![target("service", "web"), target("schedule", "nightly")],
        ..Told::default()
    }
}

#[tokio::test]
async fn a_command_has_the_variables_and_those_around_it() {
    let command = "echo $ECSAIL_HOOK $ECSAIL_APP $ECSAIL_TAG $ECSAIL_RELEASE $ECSAIL_PERFORMER; echo $ECSAIL_TARGETS $MORE";
    let ran = ran_with(&[command], &shop(), &[("MORE", "more")]).await;
    assert_eq!(ran.lines(), ["before_deploy shop 1.4.2 r1 ana", "service/web schedule/nightly more"]);
}

#[tokio::test]
async fn what_is_not_known_is_unset_also_where_it_is_set_outside() {
    let command = "echo ${ECSAIL_OUTCOME-unset} ${ECSAIL_STAGE-unset}";
    let outside = [("ECSAIL_OUTCOME", "succeeded"), ("ECSAIL_STAGE", "production")];
    assert_eq!(ran_with(&[command], &shop(), &outside).await.lines(), ["unset unset"]);
    let after = Told { outcome: Some(Outcome::Failed), ..shop() };
    assert_eq!(ran_with(&[command], &after, &[]).await.lines(), ["failed unset"]);
}

#[tokio::test]
async fn nothing_of_the_process_reaches_a_command_that_the_settings_do_not_have() {
    let lines = ran(&["env"]).await.lines();
    // Beside the given variables, a shell sets its own.
    let known = |line: &&String| {
        ["PATH=", "ECSAIL_", "PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|name| line.starts_with(name))
    };
    assert!(std::env::vars().count() > lines.len(), "there is more around this test");
    assert_eq!(lines.iter().filter(known).count(), lines.len(), "{lines:?}");
}

#[tokio::test]
async fn a_command_reads_json() {
    let ran = ran_with(&["read line; printf '%s' \"$line\""], &shop(), &[]).await;
    let read: Value = serde_json::from_str(&ran.lines().concat()).expect("JSON");
    let expected = json!({"hook": "before_deploy", "app": "shop", "stage": null, "tag": "1.4.2", "release": "r1",
        "performer": "ana", "outcome": null, "sandbox": false,
        "targets": [{"kind": "service", "name": "web"}, {"kind": "schedule", "name": "nightly"}]});
    assert_eq!(read, expected);
}

/// Returns more input than a pipe can hold.
fn many_targets() -> Told {
    let end = HookTargetEnd { outcome: Outcome::Failed, detail: Some("x".repeat(1000)) };
    let target = HookTarget { end: Some(end), ..target("service", "x") };
    Told { targets: vec![target; 1000], ..Told::default() }
}

#[tokio::test]
async fn a_command_need_not_read_what_it_is_told() {
    assert!(ran_with(&["exit 0", "exec <&-; echo on"], &many_targets(), &[]).await.result.is_ok());
}

#[tokio::test]
async fn a_command_that_writes_much_before_it_reads_much_does_not_hang() {
    let command = "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i + 1)); done; wc -c";
    let ran = ran_with(&[command], &many_targets(), &[]).await;
    let lines = ran.lines();
    assert_eq!(lines.len(), 3001);
    assert!(lines[3000].trim().parse::<u64>().is_ok_and(|count| count > 1_000_000), "{:?}", lines[3000]);
}

#[tokio::test]
async fn the_values_of_secret_variables_are_hidden_in_what_is_written_and_in_the_error() {
    let variables = [
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzE"),
        ("DB_PASSWORD", "hunter2"),
        ("USE_TOKEN", "true"),
    ];
    let command = "echo \"with $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN\"; echo is hunter2 true >&2; exit 1";
    let ran = ran_with(&[command], &Told::default(), &variables).await;
    let mut lines = ran.lines();
    lines.sort();
    assert_eq!(lines, ["is (hidden) true", "with (hidden) (hidden)"]);
    assert!(ran.cause().contains("echo is (hidden) true"), "{}", ran.cause());
    assert!(!ran.facts().concat().contains("hunter2"), "{:?}", ran.facts());
}

#[tokio::test]
async fn what_is_written_does_not_steer_the_terminal_and_is_bounded() {
    let ran = ran(&["printf '\\033[2J\\033]0;title\\007red\\r\\n'; printf '%05000d\\n' 1"]).await;
    let lines = ran.lines();
    assert_eq!(lines[0], "red");
    assert!(lines[1].chars().count() <= 401 && lines[1].ends_with('…'), "{}", lines[1]);
}
