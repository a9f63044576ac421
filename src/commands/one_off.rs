//! Runs one-off tasks to their end, for `ecsail run`, `ecsail schedule run` and releases: starts them once, shows their
//! log lines, and stops them if their time is up or the user asks for it.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::interrupts::Interrupts;
use super::task_lookup::find_running;
use crate::apply::stop_tasks::stop_tasks;
use crate::apply::task::{RunTaskRequest, StartedTasks, run_task};
use crate::aws::Aws;
use crate::aws::types::Task;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::report::{Event, Reporter, TaskInterruptAnswer};
use crate::secrets::secrets_of;
use crate::tail::tasks::TaskLogRequest;
use crate::tail::{LogDestination, LogTail};
use crate::watch::task::judge::{DecidingContainers, TaskOutcome, run_outcome};
use crate::watch::task::{TaskResult, TaskWatch, TaskWatchOutcome, diagnose_failed};
pub use crate::watch::task::{TaskRunOutcome, TaskRunResult};

/// The time that tasks may take to stop. ECS gives containers up to two minutes.
const STOP_TIMEOUT: Duration = Duration::from_mins(4);

/// The output that log lines are written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogOutput {
    /// They are the answer, on stdout, as the container wrote them.
    #[default]
    Stdout,
    /// They are part of a release's progress on stderr, each prefixed with the key of the task.
    Progress,
}

/// How a run is watched.
#[derive(Clone, Copy, Debug)]
pub struct OneOffOptions {
    pub log_output: LogOutput,
    /// Whether to wait for the end. Otherwise the tasks are only started.
    pub wait: bool,
    /// Whether an interrupt stops the tasks without a prompt.
    pub stop_on_interrupt: bool,
    /// Beside which tasks of the same name the tasks may run.
    pub beside: Beside,
}

/// Beside which tasks of the same name, app and stage a task may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beside {
    /// Beside none: the same task is watched instead, and another one is a refusal.
    #[default]
    None,
    /// Beside those that have another revision or other overrides; the same task is watched instead.
    Others,
    /// Beside any.
    Any,
}

/// Starts the tasks, watches them to their end, and reports it.
///
/// # Errors
/// No task was started, or it is unknown whether one was.
pub async fn run_to_end(
    order: &RunTaskRequest,
    how: &OneOffOptions,
    aws: &Aws,
    context: &CommandContext,
    interrupts: &mut Interrupts,
) -> Result<TaskRunResult> {
    let report = context.reporter.as_ref();
    let starting = start_or_attach(order, how.beside, aws, report);
    let Some(started) = interrupts.run_to_end(starting, report).await else {
        return Err(interrupted_start(order));
    };
    let (StartedTasks { tasks, missing, failures }, attached) = started?;
    report.report(&Event::TaskStarted {
        attached,
        key: &order.key,
        cluster: &order.cluster,
        revision: order.definition.revision_name(),
        started_by: tasks.first().map_or(&order.started_by, |task| &task.started_by),
        tasks: &tasks,
    });
    let (poll, began) = (context.poll_interval(), Instant::now());
    let (watched, over_after) = (RefCell::default(), Cell::default());
    let run = OneOffRun {
        request: order,
        options: how,
        aws,
        report,
        poll,
        started_at: began,
        watch_result: watched,
        watch_duration: over_after,
        is_stop_accepted: Cell::new(false),
    };
    let (ending, tasks, ends) = if how.wait {
        run.watch_to_end(tasks, interrupts).await
    } else {
        (TaskRunOutcome::NotWaited, tasks, Vec::new())
    };
    let not_started: Vec<String> = failures.iter().map(ToString::to_string).collect();
    let ending = account_for_missing(ending, missing, &not_started);
    let end = TaskRunResult {
        not_started_count: missing,
        not_started_reasons: not_started,
        ..run.task_run_result(ending, &tasks, &ends)
    };
    report.report(&Event::DisplayEnded);
    report.report(&Event::TaskEnded { end: &end, answer: how.log_output == LogOutput::Progress });
    Ok(end)
}

/// Starts the tasks, or returns those that run already and are the same. Returns whether they are those.
async fn start_or_attach(
    order: &RunTaskRequest,
    beside: Beside,
    aws: &Aws,
    report: &dyn Reporter,
) -> Result<(StartedTasks, bool), Failure> {
    if let Some(tasks) = find_running(order, beside, aws, report).await? {
        return Ok((StartedTasks { tasks, ..StartedTasks::default() }, true));
    }
    Ok((run_task(order, aws, report).await?, false))
}

/// Returns the failure of a start that was interrupted twice.
fn interrupted_start(order: &RunTaskRequest) -> Failure {
    Failure::interrupted(format!("failed to run task `{}`: interrupted", order.key))
        .with_hint(order.check_hint())
        .unclear(true)
}

/// Returns the ending of a run of which not all tasks were started: exit code 0 of the others is not a success.
fn account_for_missing(ending: TaskRunOutcome, missing: usize, not_started: &[String]) -> TaskRunOutcome {
    match ending {
        TaskRunOutcome::Exited { code: 0 } if missing > 0 => {
            TaskRunOutcome::FailedWithoutCode { reason: not_started.join("; ") }
        }
        ending => ending,
    }
}

/// How a run ended, its tasks as of the last poll, and how each of them ended.
type FinishedRun = (TaskRunOutcome, Vec<Task>, Vec<TaskOutcome>);

/// Why the tasks were asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopCause {
    Timeout,
    Interrupt,
}

/// Whether and why the tasks were asked to stop, and until when to wait.
#[derive(Clone, Copy, Debug)]
struct StopRequest {
    cause: Option<StopCause>,
    /// The end of the run's timeout; after a stop request, the end of the wait for it.
    deadline: Instant,
}

/// A run in progress.
struct OneOffRun<'a> {
    request: &'a RunTaskRequest,
    options: &'a OneOffOptions,
    aws: &'a Aws,
    report: &'a dyn Reporter,
    poll: Option<Duration>,
    started_at: Instant,
    /// How the watch ended. If it is set, only late log lines are missing.
    watch_result: RefCell<Option<TaskWatchOutcome>>,
    /// The time until the watch ended. Waiting for late log lines does not count.
    watch_duration: Cell<Option<Duration>>,
    is_stop_accepted: Cell<bool>,
}

impl OneOffRun<'_> {
    /// Watches the tasks and shows their lines until all have ended, or an interrupt ends the wait.
    async fn watch_to_end(&self, tasks: Vec<Task>, interrupts: &mut Interrupts) -> FinishedRun {
        let (tell, seen) = watch::channel(tasks.clone());
        let mut work = pin!(join(self.watch_tasks(&tasks, tell), self.show_log(&tasks, seen.clone())));
        let deadline = self.started_at + self.request.timeout;
        let mut cut = StopRequest { cause: None, deadline };
        loop {
            let done = tokio::select! {
                _ = &mut work => true,
                () = tokio::time::sleep_until(cut.deadline), if !self.has_ended() => {
                    self.handle_timeout(&mut cut, &tasks).await
                }
                () = interrupts.next() => self.handle_interrupt(&mut cut, &tasks, interrupts).await,
            };
            if done {
                break;
            }
        }
        let last = seen.borrow().clone();
        match (self.watch_result.take(), cut.cause) {
            (Some(TaskWatchOutcome::Ended(ends)), asked) => {
                (stopped_run_outcome(&ends, &last, asked), last, ends)
            }
            (Some(TaskWatchOutcome::Lost { error }), _) => (TaskRunOutcome::Lost { error }, last, Vec::new()),
            (None, Some(StopCause::Timeout)) => {
                (TaskRunOutcome::TimedOut { stopped: false }, last, Vec::new())
            }
            (None, _) => (TaskRunOutcome::Interrupted { stopped: false }, last, Vec::new()),
        }
    }

    async fn watch_tasks(&self, tasks: &[Task], tell: watch::Sender<Vec<Task>>) {
        let deciding = DecidingContainers::from_definition(
            &self.request.definition.document,
            self.request.container.as_deref(),
        );
        let place = (self.request.key.as_str(), self.request.cluster.as_str());
        let watch = TaskWatch::new(place, tasks, deciding, self.poll, (self.aws, self.report));
        let watched = watch.wait(&tell).await;
        *self.watch_result.borrow_mut() = Some(watched);
        self.watch_duration.set(Some(self.started_at.elapsed()));
        // Dropping the sender makes the log reader read to the last line and end.
        drop(tell);
    }

    fn has_ended(&self) -> bool {
        self.watch_result.borrow().is_some()
    }

    /// Stops tasks that exceeded their time. Returns whether there is nothing left to wait for.
    async fn handle_timeout(&self, cut: &mut StopRequest, tasks: &[Task]) -> bool {
        if self.has_ended() || cut.cause.is_some() {
            return !self.has_ended();
        }
        self.stop(cut, StopCause::Timeout, tasks).await
    }

    /// Handles an interrupt. Returns whether there is nothing left to wait for.
    async fn handle_interrupt(
        &self,
        cut: &mut StopRequest,
        tasks: &[Task],
        interrupts: &mut Interrupts,
    ) -> bool {
        if self.has_ended() {
            // Only log lines are still being read. The caller handles the interrupt.
            interrupts.set_pending();
            return true;
        }
        // A second interrupt ends the wait without another prompt.
        if cut.cause.is_some() {
            return true;
        }
        match self.prompt(interrupts).await {
            TaskInterruptAnswer::Leave => {
                cut.cause = Some(StopCause::Interrupt);
                true
            }
            TaskInterruptAnswer::Stop => self.stop(cut, StopCause::Interrupt, tasks).await,
            TaskInterruptAnswer::KeepWatching => false,
        }
    }

    /// Shows the log lines of the tasks to the last one. An error of reading them is only reported.
    async fn show_log(&self, tasks: &[Task], seen: watch::Receiver<Vec<Task>>) {
        let channel = match self.options.log_output {
            LogOutput::Stdout => LogDestination::Answer,
            LogOutput::Progress => LogDestination::Story { secrets: self.secret_values() },
        };
        let following = TaskLogRequest {
            cluster: self.request.cluster.clone(),
            key: self.request.key.clone(),
            container: self.request.container.clone(),
            destination: channel,
        };
        let tail = LogTail::of_tasks(following, &self.request.definition, tasks, self.aws, self.report);
        if let Err(failure) = tail.follow_tasks(seen, self.poll).await {
            let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}"));
            let note = format!("log lines are no longer read: {failure}{}", cause.unwrap_or_default());
            self.report.report(&Event::Note(&note));
        }
    }

    /// Returns the values to mask, from the environment of the definition and of the overrides.
    fn secret_values(&self) -> Vec<String> {
        let overrides = &self.request.members.get("overrides").unwrap_or(&Value::Null)["containerOverrides"];
        let laid_over = json!({"containerDefinitions": overrides});
        [secrets_of(&self.request.definition.document), secrets_of(&laid_over)].concat()
    }

    /// Returns what to do about running tasks, by a prompt if there is a terminal.
    async fn prompt(&self, interrupts: &mut Interrupts) -> TaskInterruptAnswer {
        if self.options.stop_on_interrupt {
            return TaskInterruptAnswer::Stop;
        }
        if interrupts.is_unattended() {
            return TaskInterruptAnswer::Leave;
        }
        let Some(question) = self.report.task_question() else { return TaskInterruptAnswer::Leave };
        let (tell, told) = tokio::sync::oneshot::channel();
        // The prompt runs on a thread of its own, so that it blocks neither a second Ctrl-C nor the end of the process.
        std::thread::spawn(move || tell.send(question()));
        tokio::select! {
            answer = told => answer.unwrap_or(TaskInterruptAnswer::Leave),
            () = interrupts.next() => TaskInterruptAnswer::Leave,
        }
    }

    /// Asks ECS to stop the tasks. Returns whether none could be stopped. A task that cannot be stopped does not keep
    /// the others running.
    async fn stop(&self, cut: &mut StopRequest, asked: StopCause, tasks: &[Task]) -> bool {
        let why = match asked {
            StopCause::Timeout => "the run exceeded its timeout",
            StopCause::Interrupt => "the run was interrupted",
        };
        self.report.report(&Event::Note(&format!("{}: stopping: {why}", self.request.key)));
        let reason = format!("Stopped by ecsail: {why}");
        let results = stop_tasks(tasks, &self.request.cluster, &reason, self.aws).await;
        cut.cause = Some(asked);
        cut.deadline = Instant::now() + STOP_TIMEOUT;
        self.is_stop_accepted.set(results.iter().any(Result::is_ok));
        for failure in results.into_iter().filter_map(Result::err) {
            let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}"));
            self.report.report(&Event::Note(&format!("{failure}{}", cause.unwrap_or_default())));
        }
        !self.is_stop_accepted.get()
    }

    fn task_run_result(&self, ending: TaskRunOutcome, tasks: &[Task], ends: &[TaskOutcome]) -> TaskRunResult {
        let facts = |(index, task): (usize, &Task)| TaskResult {
            arn: task.task_arn.clone(),
            status: task.last_status.clone(),
            outcome: ends.get(index).cloned(),
        };
        // A run that was stopped on request needs no explanation.
        let asked = matches!(ending, TaskRunOutcome::TimedOut { .. } | TaskRunOutcome::Interrupted { .. });
        TaskRunResult {
            key: self.request.key.clone(),
            cluster: self.request.cluster.clone(),
            revision: self.request.definition.revision_name().to_owned(),
            tasks: tasks.iter().enumerate().map(facts).collect(),
            is_stop_accepted: self.is_stop_accepted.get(),
            not_started_count: 0,
            not_started_reasons: Vec::new(),
            diagnosis: if asked { None } else { diagnose_failed(tasks, ends) },
            elapsed: self.watch_duration.get().unwrap_or_else(|| self.started_at.elapsed()),
            outcome: ending,
        }
    }
}

/// Returns how a run ended. A task that was stopped on request is neither a failure of the task nor a success.
fn stopped_run_outcome(ends: &[TaskOutcome], tasks: &[Task], asked: Option<StopCause>) -> TaskRunOutcome {
    let by_call = ends.iter().any(|end| matches!(end, TaskOutcome::Stopped { by_call: true, .. }));
    // A program that handles SIGTERM ends with 0. Without a stop code from ECS, it counts as stopped on request.
    let unsaid = run_outcome(ends) == TaskRunOutcome::Exited { code: 0 }
        && tasks.iter().any(|task| task.stop_code.is_none());
    let by_call = by_call || unsaid;
    match asked {
        Some(StopCause::Timeout) if by_call => TaskRunOutcome::TimedOut { stopped: true },
        Some(StopCause::Interrupt) if by_call => TaskRunOutcome::Interrupted { stopped: true },
        // It ended before the stop request took effect.
        _ => run_outcome(ends),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::StopCode;

    #[test]
    fn stopped_task_without_stop_code_is_no_success() {
        let good = TaskOutcome::Exited { code: 0, container: "app".to_owned() };
        let task =
            |stop_code: Option<&str>| Task { stop_code: stop_code.map(StopCode::from), ..Task::default() };
        let of =
            |stop_code, asked| stopped_run_outcome(std::slice::from_ref(&good), &[task(stop_code)], asked);
        assert_eq!(of(None, Some(StopCause::Timeout)), TaskRunOutcome::TimedOut { stopped: true });
        assert_eq!(of(None, Some(StopCause::Interrupt)), TaskRunOutcome::Interrupted { stopped: true });
        assert_eq!(
            of(Some("EssentialContainerExited"), Some(StopCause::Timeout)),
            TaskRunOutcome::Exited { code: 0 }
        );
        assert_eq!(of(None, None), TaskRunOutcome::Exited { code: 0 });
    }
}
