//! Runs one command of a hook: starts it, reports its output, and determines how it ended.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use super::lines::LineReader;
use super::process_group::{self, ProcessGroup};
use super::reporter::{HookFact, HookReporter, HookStream};
use super::{HookLimits, HookPoint};
use crate::interrupt::{Listener, Signal};
use crate::secrets::masked_line;

/// The context that all commands of a hook share.
pub(super) struct HookContext<'a> {
    pub(super) hook: HookPoint,
    pub(super) directory: &'a Path,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) input: String,
    /// Values that are masked wherever they appear.
    pub(super) secrets: Vec<String>,
    pub(super) limits: HookLimits,
    pub(super) report: &'a dyn HookReporter,
}

impl HookContext<'_> {
    fn report_fact(&self, fact: HookFact<'_>) {
        self.report.hook(self.hook, fact);
    }

    fn report_line(&self, stream: HookStream, line: &str) {
        self.report_fact(HookFact::Line { stream, line: &masked_line(line, &self.secrets) });
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandEnd {
    Exited(i32),
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
    Killed(i32),
    TimedOut,
    Interrupted(Signal),
}

impl CommandEnd {
    fn from_status(status: ExitStatus) -> CommandEnd {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return CommandEnd::Killed(signal);
        }
        // Without an exit code and without a signal, it counts as failed.
        CommandEnd::Exited(status.code().unwrap_or(1))
    }

    fn as_fact(self, seconds: f64) -> HookFact<'static> {
        let (code, signal) = match self {
            CommandEnd::Exited(code) => (Some(code), None),
            CommandEnd::Killed(signal) => (None, Some(signal)),
            CommandEnd::TimedOut | CommandEnd::Interrupted(_) => (None, None),
        };
        let interrupted = matches!(self, CommandEnd::Interrupted(_));
        HookFact::Ended { code, signal, timed_out: self == CommandEnd::TimedOut, interrupted, seconds }
    }
}

/// Runs one command and returns how it ended; `shown` is the masked command.
///
/// # Errors
/// `sh` could not be started or waited for.
pub(super) async fn run_command(
    command: &str,
    shown: &str,
    scene: &HookContext<'_>,
    signals: &mut Listener,
) -> io::Result<CommandEnd> {
    let mut child = start(command, scene)?;
    let mut group = ProcessGroup::from_child(&child);
    let begun = Instant::now();
    scene.report_fact(HookFact::Started { command: shown });
    let mut output = CommandOutput {
        out: LineReader::new(child.stdout.take()),
        err: LineReader::new(child.stderr.take()),
    };
    let input = write_input(child.stdin.take(), &scene.input);
    // Input and output are handled concurrently, because a command may write much before it reads. Only the command's
    // end stops both.
    let end = tokio::select! {
        end = wait_for_end(&mut child, &group, signals, scene.limits) => end?,
        never = async { tokio::join!(input, output.report_lines(scene), std::future::pending()).2 } => never,
    };
    if matches!(end, CommandEnd::Exited(_) | CommandEnd::Killed(_)) {
        group.release();
    }
    let whole = timeout(scene.limits.output, output.report_lines(scene)).await.is_ok();
    if whole {
        group.release();
    } else {
        let left = "a process that it left running keeps its output open; further output is not shown";
        scene.report.note(&format!("{}: {left}", scene.hook.as_str()));
    }
    scene.report_fact(end.as_fact(begun.elapsed().as_secs_f64()));
    Ok(end)
}

fn start(command: &str, scene: &HookContext<'_>) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(scene.directory);
    shell.env_clear().envs(&scene.environment);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    process_group::make_group_leader(&mut shell);
    shell.spawn()
}

/// Writes a command's input and closes it.
async fn write_input(to: Option<ChildStdin>, input: &str) {
    let Some(mut to) = to else { return };
    // A command need not read it, and may end before it has read everything.
    let _ = to.write_all(input.as_bytes()).await;
}

/// Waits for a command to end, after a signal if it timed out or was interrupted, and returns how it ended.
async fn wait_for_end(
    child: &mut Child,
    group: &ProcessGroup,
    signals: &mut Listener,
    limits: HookLimits,
) -> io::Result<CommandEnd> {
    let (end, signal) = tokio::select! {
        status = child.wait() => return status.map(CommandEnd::from_status),
        () = sleep(limits.command) => (CommandEnd::TimedOut, Signal::Terminate),
        signal = signals.next() => (CommandEnd::Interrupted(signal), signal),
    };
    group.send(signal);
    tokio::select! {
        status = child.wait() => return status.map(|_| end),
        () = sleep(limits.termination) => {}
        // A second interrupt kills the command at once.
        _ = signals.next() => {}
    }
    group.kill();
    // Without process groups, only the shell can be killed.
    let _ = child.start_kill();
    child.wait().await.map(|_| end)
}

/// The output streams of a command.
struct CommandOutput {
    out: LineReader<ChildStdout>,
    err: LineReader<ChildStderr>,
}

impl CommandOutput {
    /// Reports lines as they arrive, until both streams have ended.
    async fn report_lines(&mut self, scene: &HookContext<'_>) {
        while self.out.is_open() || self.err.is_open() {
            let (stream, line) = tokio::select! {
                line = self.out.next(), if self.out.is_open() => (HookStream::Stdout, line),
                line = self.err.next(), if self.err.is_open() => (HookStream::Stderr, line),
            };
            if let Some(line) = &line {
                scene.report_line(stream, line);
            }
        }
    }
}
