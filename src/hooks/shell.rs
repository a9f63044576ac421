//! Runs one command of a hook: starts it, reports its output, and determines how it ended.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use super::group::{self, Group};
use super::lines::Lines;
use super::reporter::{HookFact, HookReporter, HookStream};
use super::{Limits, Moment};
use crate::interrupt::{Listener, Signal};
use crate::secrets::masked_line;

/// The context that all commands of a hook share.
pub(super) struct Scene<'a> {
    pub(super) hook: Moment,
    pub(super) directory: &'a Path,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) input: String,
    /// Values that are masked wherever they appear.
    pub(super) secrets: Vec<String>,
    pub(super) limits: Limits,
    pub(super) report: &'a dyn HookReporter,
}

impl Scene<'_> {
    fn tell(&self, fact: HookFact<'_>) {
        self.report.hook(self.hook, fact);
    }

    fn tell_line(&self, stream: HookStream, line: &str) {
        self.tell(HookFact::Line { stream, line: &masked_line(line, &self.secrets) });
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Exited(i32),
    Killed(i32),
    TimedOut,
    Interrupted(Signal),
}

impl End {
    fn of(status: ExitStatus) -> End {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return End::Killed(signal);
        }
        // Without an exit code and without a signal, it counts as failed.
        End::Exited(status.code().unwrap_or(1))
    }

    fn told(self, seconds: f64) -> HookFact<'static> {
        let (code, signal) = match self {
            End::Exited(code) => (Some(code), None),
            End::Killed(signal) => (None, Some(signal)),
            End::TimedOut | End::Interrupted(_) => (None, None),
        };
        let interrupted = matches!(self, End::Interrupted(_));
        HookFact::Ended { code, signal, timed_out: self == End::TimedOut, interrupted, seconds }
    }
}

/// Runs one command and returns how it ended; `shown` is the masked command.
///
/// # Errors
/// `sh` could not be started or waited for.
pub(super) async fn run(
    command: &str,
    shown: &str,
    scene: &Scene<'_>,
    signals: &mut Listener,
) -> io::Result<End> {
    let mut child = start(command, scene)?;
    let mut group = Group::of(&child);
    let begun = Instant::now();
    scene.tell(HookFact::Started { command: shown });
    let mut output = Output { out: Lines::of(child.stdout.take()), err: Lines::of(child.stderr.take()) };
    let input = give(child.stdin.take(), &scene.input);
    // Input and output are handled concurrently, because a command may write much before it reads. Only the command's
    // end stops both.
    let end = tokio::select! {
        end = ended(&mut child, &group, signals, scene.limits) => end?,
        never = async { tokio::join!(input, output.tell(scene), std::future::pending()).2 } => never,
    };
    if matches!(end, End::Exited(_) | End::Killed(_)) {
        group.release();
    }
    let whole = timeout(scene.limits.rest, output.tell(scene)).await.is_ok();
    if whole {
        group.release();
    } else {
        let left = "a process that it left running keeps its output open; further output is not shown";
        scene.report.note(&format!("{}: {left}", scene.hook.name()));
    }
    scene.tell(end.told(begun.elapsed().as_secs_f64()));
    Ok(end)
}

fn start(command: &str, scene: &Scene<'_>) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(scene.directory);
    shell.env_clear().envs(&scene.environment);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    group::lead(&mut shell);
    shell.spawn()
}

/// Writes a command's input and closes it.
async fn give(to: Option<ChildStdin>, input: &str) {
    let Some(mut to) = to else { return };
    // A command need not read it, and may end before it has read everything.
    let _ = to.write_all(input.as_bytes()).await;
}

/// Waits for a command to end, after a signal if it timed out or was interrupted, and returns how it ended.
async fn ended(child: &mut Child, group: &Group, signals: &mut Listener, limits: Limits) -> io::Result<End> {
    let (end, signal) = tokio::select! {
        status = child.wait() => return status.map(End::of),
        () = sleep(limits.command) => (End::TimedOut, Signal::Terminate),
        signal = signals.next() => (End::Interrupted(signal), signal),
    };
    group.send(signal);
    tokio::select! {
        status = child.wait() => return status.map(|_| end),
        () = sleep(limits.ending) => {}
        // A second interrupt kills the command at once.
        _ = signals.next() => {}
    }
    group.kill();
    // Without process groups, only the shell can be killed.
    let _ = child.start_kill();
    child.wait().await.map(|_| end)
}

/// The output streams of a command.
struct Output {
    out: Lines<ChildStdout>,
    err: Lines<ChildStderr>,
}

impl Output {
    /// Reports lines as they arrive, until both streams have ended.
    async fn tell(&mut self, scene: &Scene<'_>) {
        while self.out.is_open() || self.err.is_open() {
            let (stream, line) = tokio::select! {
                line = self.out.next(), if self.out.is_open() => (HookStream::Stdout, line),
                line = self.err.next(), if self.err.is_open() => (HookStream::Stderr, line),
            };
            line.iter().for_each(|line| scene.tell_line(stream, line));
        }
    }
}
