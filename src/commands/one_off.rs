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
use crate::apply::stop::stop_tasks;
use crate::apply::task::{Started, TaskOrder, run_task};
use crate::aws::Aws;
use crate::aws::types::Task;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::report::{Event, Report, TaskInterrupted};
use crate::secrets::secrets_of;
use crate::tail::tasks::Following;
use crate::tail::{Channel, Tail};
use crate::watch::task::judge::{Deciding, End, ending};
pub use crate::watch::task::{TaskEnd, TaskEnding};
use crate::watch::task::{TaskFacts, TaskWatch, Watched, explained};

/// The time that tasks may take to stop. ECS gives containers up to two minutes.
const STOPPING: Duration = Duration::from_secs(240);

/// The output that log lines are written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// They are the answer, on stdout, as the container wrote them.
    #[default]
    Answer,
    /// They are part of a release's progress on stderr, each prefixed with the key of the task.
    Story,
}

/// How a run is watched.
#[derive(Clone, Copy, Debug)]
pub struct How {
    pub lines: Lines,
    /// Whether to wait for the end. Otherwise the tasks are only started.
    pub wait: bool,
    /// Whether an interrupt stops the tasks without a prompt.
    pub stop_on_interrupt: bool,
}

/// Starts the tasks, watches them to their end, and reports it.
///
/// # Errors
/// No task was started, or it is unknown whether one was.
pub async fn to_the_end(
    order: &TaskOrder,
    how: &How,
    aws: &Aws,
    context: &Context,
    interrupts: &mut Interrupts,
) -> Result<TaskEnd> {
    let report = context.report.as_ref();
    let Some(started) = interrupts.finish(run_task(order, aws, report), report).await else {
        return Err(unknown(order));
    };
    let Started { tasks, missing, failures } = started?;
    report.tell(&Event::TaskStarted {
        key: &order.key,
        cluster: &order.cluster,
        revision: order.definition.revision(),
        started_by: &order.started_by,
        tasks: &tasks,
    });
    let (poll, began) = (context.poll_interval(), Instant::now());
    let (watched, over_after) = (RefCell::default(), Cell::default());
    let run =
        Run { order, how, aws, report, poll, began, watched, over_after, told_to_stop: Cell::new(false) };
    let (ending, tasks, ends) = match how.wait {
        true => run.follow(tasks, interrupts).await,
        false => (TaskEnding::NotWaited, tasks, Vec::new()),
    };
    let not_started: Vec<String> = failures.iter().map(ToString::to_string).collect();
    let ending = with_missing(ending, missing, &not_started);
    let end = TaskEnd { missing, not_started, ..run.end(ending, &tasks, &ends) };
    report.tell(&Event::Done);
    report.tell(&Event::TaskEnded { end: &end, answer: how.lines == Lines::Story });
    Ok(end)
}

/// Returns the failure of a start that was interrupted twice.
fn unknown(order: &TaskOrder) -> Failure {
    Failure::interrupted(format!("failed to run task `{}`: interrupted", order.key))
        .hint(order.where_to_look())
        .unclear(true)
}

/// Returns the ending of a run of which not all tasks were started: exit code 0 of the others is not a success.
fn with_missing(ending: TaskEnding, missing: usize, not_started: &[String]) -> TaskEnding {
    match ending {
        TaskEnding::Exited { code: 0 } if missing > 0 => {
            TaskEnding::FailedWithoutCode { reason: not_started.join("; ") }
        }
        ending => ending,
    }
}

/// How a run ended, its tasks as of the last poll, and how each of them ended.
type Followed = (TaskEnding, Vec<Task>, Vec<End>);

/// Why the tasks were asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Time,
    Somebody,
}

/// Whether and why the tasks were asked to stop, and until when to wait.
#[derive(Clone, Copy, Debug)]
struct Cut {
    asked: Option<Asked>,
    /// The end of the run's timeout; after a stop request, the end of the wait for it.
    deadline: Instant,
}

/// A run in progress.
struct Run<'a> {
    order: &'a TaskOrder,
    how: &'a How,
    aws: &'a Aws,
    report: &'a dyn Report,
    poll: Option<Duration>,
    began: Instant,
    /// How the watch ended. If it is set, only late log lines are missing.
    watched: RefCell<Option<Watched>>,
    /// The time until the watch ended. Waiting for late log lines does not count.
    over_after: Cell<Option<Duration>>,
    told_to_stop: Cell<bool>,
}

impl Run<'_> {
    /// Watches the tasks and shows their lines until all have ended, or an interrupt ends the wait.
    async fn follow(&self, tasks: Vec<Task>, interrupts: &mut Interrupts) -> Followed {
        let (tell, seen) = watch::channel(tasks.clone());
        let mut work = pin!(join(self.watch(&tasks, tell), self.show_lines(&tasks, seen.clone())));
        let deadline = self.began + self.order.timeout;
        let mut cut = Cut { asked: None, deadline };
        loop {
            let done = tokio::select! {
                _ = &mut work => true,
                () = tokio::time::sleep_until(cut.deadline), if !self.is_over() => {
                    self.time_is_up(&mut cut, &tasks).await
                }
                () = interrupts.next() => self.interrupted(&mut cut, &tasks, interrupts).await,
            };
            if done {
                break;
            }
        }
        let last = seen.borrow().clone();
        match (self.watched.take(), cut.asked) {
            (Some(Watched::Ended(ends)), asked) => (ended(&ends, &last, asked), last, ends),
            (Some(Watched::Lost { error }), _) => (TaskEnding::Lost { error }, last, Vec::new()),
            (None, Some(Asked::Time)) => (TaskEnding::TimedOut { stopped: false }, last, Vec::new()),
            (None, _) => (TaskEnding::Interrupted { stopped: false }, last, Vec::new()),
        }
    }

    async fn watch(&self, tasks: &[Task], tell: watch::Sender<Vec<Task>>) {
        let deciding = Deciding::of(&self.order.definition.document, self.order.container.as_deref());
        let place = (self.order.key.as_str(), self.order.cluster.as_str());
        let watch = TaskWatch::new(place, tasks, deciding, self.poll, (self.aws, self.report));
        let watched = watch.to_the_end(&tell).await;
        *self.watched.borrow_mut() = Some(watched);
        self.over_after.set(Some(self.began.elapsed()));
        // Dropping the sender makes the log reader read to the last line and end.
        drop(tell);
    }

    fn is_over(&self) -> bool {
        self.watched.borrow().is_some()
    }

    /// Stops tasks that exceeded their time. Returns whether there is nothing left to wait for.
    async fn time_is_up(&self, cut: &mut Cut, tasks: &[Task]) -> bool {
        if self.is_over() || cut.asked.is_some() {
            return !self.is_over();
        }
        self.stop(cut, Asked::Time, tasks).await
    }

    /// Handles an interrupt. Returns whether there is nothing left to wait for.
    async fn interrupted(&self, cut: &mut Cut, tasks: &[Task], interrupts: &mut Interrupts) -> bool {
        if self.is_over() {
            // Only log lines are still being read. The caller handles the interrupt.
            interrupts.keep();
            return true;
        }
        // A second interrupt ends the wait without another prompt.
        if cut.asked.is_some() {
            return true;
        }
        match self.ask(interrupts).await {
            TaskInterrupted::Leave => {
                cut.asked = Some(Asked::Somebody);
                true
            }
            TaskInterrupted::Stop => self.stop(cut, Asked::Somebody, tasks).await,
            TaskInterrupted::GoOn => false,
        }
    }

    /// Shows the log lines of the tasks to the last one. An error of reading them is only reported.
    async fn show_lines(&self, tasks: &[Task], seen: watch::Receiver<Vec<Task>>) {
        let channel = match self.how.lines {
            Lines::Answer => Channel::Answer,
            Lines::Story => Channel::Story { secrets: self.secrets() },
        };
        let following = Following {
            cluster: self.order.cluster.clone(),
            key: self.order.key.clone(),
            container: self.order.container.clone(),
            channel,
        };
        let tail = Tail::of_tasks(following, &self.order.definition, tasks, self.aws, self.report);
        if let Err(failure) = tail.follow_tasks(seen, self.poll).await {
            let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}"));
            let note = format!("log lines are no longer read: {failure}{}", cause.unwrap_or_default());
            self.report.tell(&Event::Note(&note));
        }
    }

    /// Returns the values to mask, from the environment of the definition and of the overrides.
    fn secrets(&self) -> Vec<String> {
        let overrides = &self.order.members.get("overrides").unwrap_or(&Value::Null)["containerOverrides"];
        let laid_over = json!({"containerDefinitions": overrides});
        [secrets_of(&self.order.definition.document), secrets_of(&laid_over)].concat()
    }

    /// Returns what to do about running tasks, by a prompt if there is a terminal.
    async fn ask(&self, interrupts: &mut Interrupts) -> TaskInterrupted {
        if self.how.stop_on_interrupt {
            return TaskInterrupted::Stop;
        }
        let Some(question) = self.report.ask_about_tasks() else { return TaskInterrupted::Leave };
        let (tell, told) = tokio::sync::oneshot::channel();
        // The prompt runs on a thread of its own, so that it blocks neither a second Ctrl-C nor the end of the process.
        std::thread::spawn(move || tell.send(question()));
        tokio::select! {
            answer = told => answer.unwrap_or(TaskInterrupted::Leave),
            () = interrupts.next() => TaskInterrupted::Leave,
        }
    }

    /// Asks ECS to stop the tasks. Returns whether none could be stopped. A task that cannot be stopped does not keep
    /// the others running.
    async fn stop(&self, cut: &mut Cut, asked: Asked, tasks: &[Task]) -> bool {
        let why = match asked {
            Asked::Time => "the run exceeded its timeout",
            Asked::Somebody => "the run was interrupted",
        };
        self.report.tell(&Event::Note(&format!("{}: stopping: {why}", self.order.key)));
        let reason = format!("Stopped by ecsail: {why}");
        let results = stop_tasks(tasks, &self.order.cluster, &reason, self.aws).await;
        cut.asked = Some(asked);
        cut.deadline = Instant::now() + STOPPING;
        self.told_to_stop.set(results.iter().any(Result::is_ok));
        for failure in results.into_iter().filter_map(Result::err) {
            let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}"));
            self.report.tell(&Event::Note(&format!("{failure}{}", cause.unwrap_or_default())));
        }
        !self.told_to_stop.get()
    }

    fn end(&self, ending: TaskEnding, tasks: &[Task], ends: &[End]) -> TaskEnd {
        let facts = |(index, task): (usize, &Task)| TaskFacts {
            arn: task.task_arn.clone(),
            status: task.last_status.clone(),
            end: ends.get(index).cloned(),
        };
        // A run that was stopped on request needs no explanation.
        let asked = matches!(ending, TaskEnding::TimedOut { .. } | TaskEnding::Interrupted { .. });
        TaskEnd {
            key: self.order.key.clone(),
            cluster: self.order.cluster.clone(),
            revision: self.order.definition.revision().to_owned(),
            tasks: tasks.iter().enumerate().map(facts).collect(),
            told_to_stop: self.told_to_stop.get(),
            missing: 0,
            not_started: Vec::new(),
            diagnosis: if asked { None } else { explained(tasks, ends) },
            elapsed: self.over_after.get().unwrap_or_else(|| self.began.elapsed()),
            ending,
        }
    }
}

/// Returns how a run ended. A task that was stopped on request is neither a failure of the task nor a success.
fn ended(ends: &[End], tasks: &[Task], asked: Option<Asked>) -> TaskEnding {
    let by_call = ends.iter().any(|end| matches!(end, End::Stopped { by_call: true, .. }));
    // A program that handles SIGTERM ends with 0. Without a stop code from ECS, it counts as stopped on request.
    let unsaid =
        ending(ends) == TaskEnding::Exited { code: 0 } && tasks.iter().any(|task| task.stop_code.is_none());
    let by_call = by_call || unsaid;
    match asked {
        Some(Asked::Time) if by_call => TaskEnding::TimedOut { stopped: true },
        Some(Asked::Somebody) if by_call => TaskEnding::Interrupted { stopped: true },
        // It ended before the stop request took effect.
        _ => ending(ends),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::StopCode;

    #[test]
    fn what_was_told_to_stop_is_no_success_where_nobody_says_that_it_ended_by_itself() {
        let good = End::Exited { code: 0, container: "app".to_owned() };
        let task =
            |stop_code: Option<&str>| Task { stop_code: stop_code.map(StopCode::from), ..Task::default() };
        let of = |stop_code, asked| ended(std::slice::from_ref(&good), &[task(stop_code)], asked);
        assert_eq!(of(None, Some(Asked::Time)), TaskEnding::TimedOut { stopped: true });
        assert_eq!(of(None, Some(Asked::Somebody)), TaskEnding::Interrupted { stopped: true });
        assert_eq!(of(Some("EssentialContainerExited"), Some(Asked::Time)), TaskEnding::Exited { code: 0 });
        assert_eq!(of(None, None), TaskEnding::Exited { code: 0 });
    }
}
