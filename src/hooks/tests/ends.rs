//! Tests of how hooks end, and what they leave behind.

use super::*;

/// Returns the context of a hook, with limits that are short enough for tests.
fn scene(limits: HookLimits, report: &CapturedReport) -> HookContext<'_> {
    let (environment, input, secrets) = (with(&[]), String::new(), Vec::new());
    HookContext {
        hook: HookPoint::BeforeDeploy,
        directory: Path::new("."),
        environment,
        input,
        secrets,
        limits,
        report,
    }
}

async fn ran_within(limits: HookLimits, command: &str) -> HookRun {
    let report = CapturedReport::default();
    let result = run_commands(&[command.to_owned()], &scene(limits, &report)).await;
    HookRun { result, report }
}

const SOON: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_command_that_is_not_there_is_named_with_where_paths_begin() {
    let ran = run_commands_in_hook(&["./nope.sh"]).await;
    assert_eq!(ran.cause(), "`./nope.sh` exited with 127");
    assert!(
        ran.failure().hints[0].starts_with("check that the command exists; relative paths start in"),
        "{:?}",
        ran.failure()
    );
}

#[tokio::test]
async fn a_file_that_may_not_be_executed_is_named_as_that() {
    let ran = run_commands_in_hook(&["touch notify.sh", "./notify.sh"]).await;
    assert_eq!(ran.cause(), "`./notify.sh` exited with 126");
    assert!(ran.failure().hints[0].contains("chmod +x"), "{:?}", ran.failure());
}

#[tokio::test]
async fn a_signal_that_ends_the_shell_is_a_failure_with_its_name() {
    let ran = run_commands_in_hook(&["kill -KILL $$"]).await;
    assert_eq!(ran.cause(), "`kill -KILL $$` was ended by SIGKILL");
    assert_eq!(ran.facts()[1], "ended None Some(9) false false");
}

#[tokio::test]
async fn a_signal_that_ends_what_the_shell_runs_is_explained() {
    let ran = run_commands_in_hook(&["sh -c 'kill -TERM $$'; exit $?"]).await;
    assert_eq!(ran.cause(), "`sh -c 'kill -TERM $$'; exit $?` exited with 143");
    assert_eq!(ran.failure().hints, ["exit code 143 means that SIGTERM ended the command"]);
}

#[tokio::test]
async fn a_shell_that_cannot_be_started_is_a_failure() {
    let (report, commands) = (CapturedReport::default(), ["exit 0".to_owned()]);
    let nowhere = Path::new("nowhere/at/all");
    let result =
        run_hook(HookPoint::OnFailure, &commands, &HookPayload::default(), nowhere, &with(&[]), &report)
            .await;
    let failure = result.expect_err("there is no such directory");
    assert_eq!(failure.message, "failed to start `sh` for hook `on_failure`");
    assert!(failure.hints[0].contains("`nowhere/at/all`"), "{failure:?}");
    assert!(report.facts.borrow().is_empty());
}

#[tokio::test]
async fn a_command_whose_time_is_up_is_ended_and_has_failed() {
    let limits = HookLimits { command: SOON, ..DEFAULT_LIMITS };
    let ran = ran_within(limits, "tail -f /dev/null").await;
    assert_eq!(ran.cause(), "`tail -f /dev/null` timed out after 1ms and was stopped");
    assert_eq!(ran.facts().last().expect("an end"), "ended None None true false");
}

#[tokio::test]
async fn a_command_that_does_not_end_when_it_is_told_to_is_killed() {
    let limits = HookLimits { command: SOON, termination: SOON, output: DEFAULT_LIMITS.output };
    let ran = ran_within(limits, "trap '' TERM; while :; do tail -f /dev/null; done").await;
    assert!(ran.cause().ends_with("timed out after 1ms and was stopped"), "{}", ran.cause());
}

#[tokio::test]
async fn a_success_after_the_time_was_up_is_none() {
    // The trap turns the signal into a 0; if the signal is faster than the trap, the outcome is the same.
    let ran =
        ran_within(HookLimits { command: SOON, ..DEFAULT_LIMITS }, "trap 'exit 0' TERM; while :; do :; done")
            .await;
    assert_eq!(ran.facts().last().expect("an end"), "ended None None true false");
    assert!(ran.result.is_err());
}

#[tokio::test]
async fn a_process_that_is_left_behind_is_not_waited_for_and_not_ended() {
    let limits = HookLimits { output: SOON, ..DEFAULT_LIMITS };
    let ran = ran_within(limits, "tail -f /dev/null & echo $!").await;
    assert!(ran.result.is_ok());
    assert!(
        ran.facts().iter().any(|fact| fact.starts_with("note before_deploy: a process")),
        "{:?}",
        ran.facts()
    );
    let ended = std::process::Command::new("kill").arg(&ran.lines()[0]).status();
    assert!(ended.expect("`kill` is there").success(), "it still ran");
}

#[tokio::test]
async fn a_future_that_is_dropped_ends_all_that_the_command_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let (report, environment, told) = (CapturedReport::default(), with(&[]), HookPayload::default());
    let commands = ["mkfifo held; tail -f /dev/null > held & echo ready; wait".to_owned()];
    let running = run_hook(HookPoint::BeforeDeploy, &commands, &told, folder.path(), &environment, &report);
    let held = folder.path().join("held");
    let mut reading = None;
    tokio::select! {
        _ = running => panic!("it waits for good"),
        () = async {
            report.heard.notified().await;
            // The open succeeds once the other process holds the pipe; the read ends when that process is gone.
            let opened = tokio::task::spawn_blocking(move || std::fs::File::open(held));
            reading = Some(opened.await.expect("no panic").expect("a pipe"));
        } => {}
    }
    let mut rest = String::new();
    let mut reading = reading.expect("it was opened");
    std::io::Read::read_to_string(&mut reading, &mut rest).expect("text");
    assert_eq!(rest, "");
}

/// Held by each test that interrupts its process: in a shared process, the signals of one test would reach the others.
static INTERRUPTED: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Runs another test of this file in its own process: its signals would reach every hook of this one.
fn passes_in_its_own_process(name: &str) {
    let program = std::env::current_exe().expect("this program");
    let name = format!("hooks::tests::ends::{name}");
    let output = std::process::Command::new(program).args(["--ignored", "--exact", &name]).output();
    let text = String::from_utf8_lossy(&output.expect("it runs").stdout).into_owned();
    assert!(text.contains("test result: ok. 1 passed"), "{text}");
}

#[test]
fn an_interrupt_reaches_the_command_and_its_success_is_none() {
    passes_in_its_own_process("interrupted_once");
}

#[tokio::test]
#[ignore = "it interrupts its own process; the test above runs it in another"]
async fn interrupted_once() {
    let _alone = INTERRUPTED.lock().await;
    let ran = run_commands_in_hook(&[
        "trap 'echo cleaned up; exit 0' INT; kill -INT $PPID; while :; do :; done",
        "echo more",
    ])
    .await;
    assert_eq!(ran.lines(), ["cleaned up"]);
    assert_eq!(ran.facts().last().expect("an end"), "ended None None false true");
    assert!(ran.cause().ends_with("was interrupted"), "{}", ran.cause());
}

#[test]
fn a_second_interrupt_kills() {
    passes_in_its_own_process("interrupted_twice");
}

#[tokio::test]
#[ignore = "it interrupts its own process; the test above runs it in another"]
async fn interrupted_twice() {
    let _alone = INTERRUPTED.lock().await;
    let limits = HookLimits { termination: DEFAULT_LIMITS.command, ..DEFAULT_LIMITS };
    let ran = ran_within(limits, "trap '' INT; while :; do kill -INT $PPID; done").await;
    assert!(ran.cause().ends_with("was interrupted"), "{}", ran.cause());
}
