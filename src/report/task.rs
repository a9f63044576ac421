//! Formats runs of one-off tasks: their start, progress and end, and the next commands.

use super::{Paint, diagnosis};
use crate::aws::types::Task;
use crate::duration;
use crate::events::task::{EndedTask, TaskEnded, TaskStop};
use crate::outcome::Outcome;
use crate::shell::quote;
use crate::watch::task::judge::TaskOutcome;
use crate::watch::task::{TaskResult, TaskRunOutcome, TaskRunResult};

/// How many characters of a task's id are shown where there are several.
const ID_CHARACTERS: usize = 8;

/// Returns the line about tasks that were started, or that run already.
pub fn started_line(key: &str, cluster: &str, revision: &str, tasks: &[Task], attached: bool) -> String {
    let ids: Vec<&str> = tasks.iter().map(Task::id).collect();
    let word = if ids.len() == 1 { "task" } else { "tasks" };
    let ids = ids.join(", ");
    if attached {
        return format!("{key}: {revision} is running already in `{cluster}` as {word} {ids}; watching that");
    }
    format!("{key}: started {revision} in `{cluster}` as {word} {ids}")
}

/// Returns the state of a task; with its id where there are several.
pub fn progress_line(key: &str, task: &Task, several: bool) -> String {
    let id = if several {
        format!("{} ", task.id().get(..ID_CHARACTERS).unwrap_or(task.id()))
    } else {
        String::new()
    };
    format!("{key}: {id}{}", task.last_status.as_str().to_lowercase())
}

/// Returns the end of a run in one line, and its colour.
pub fn verdict_line(end: &TaskRunResult) -> (Paint, String) {
    let TaskRunResult { revision, outcome: ending, .. } = end;
    let time = duration::text(end.elapsed);
    let missing = match end.not_started_count {
        0 => String::new(),
        count => format!("; {count} more could not be started"),
    };
    let which = failed_count_text(end);
    match ending {
        TaskRunOutcome::Exited { code: 0 } => {
            let mark = if end.is_success() { Paint::Good } else { Paint::Bad };
            (mark, format!("{revision} ended with exit code 0 after {time}{missing}"))
        }
        TaskRunOutcome::Exited { code } => {
            let why = outside_stop_reason(end).map(|why| format!(": {why}")).unwrap_or_default();
            (Paint::Bad, format!("{revision} failed with exit code {code} after {time}{why}{which}{missing}"))
        }
        TaskRunOutcome::FailedWithoutCode { reason } => {
            (Paint::Bad, format!("{revision} failed after {time}: {reason}{which}{missing}"))
        }
        TaskRunOutcome::TimedOut { stopped } => {
            let what = match (stopped, end.is_stop_accepted) {
                (true, _) => "was stopped: timed out",
                (false, true) => "was asked to stop and has not stopped yet: timed out",
                (false, false) => "keeps running and could not be stopped: timed out",
            };
            (Paint::Warn, format!("{revision} {what} after {time}{missing}"))
        }
        TaskRunOutcome::Interrupted { stopped } => {
            let what = match (stopped, end.is_stop_accepted) {
                (true, _) => format!("was stopped after {time}: interrupted"),
                (false, true) => "was asked to stop and has not stopped yet: interrupted".to_owned(),
                (false, false) => "keeps running; the watch was interrupted".to_owned(),
            };
            (Paint::Warn, format!("{revision} {what}{missing}"))
        }
        TaskRunOutcome::NotWaited => {
            let mark = if end.is_success() { Paint::Good } else { Paint::Bad };
            (mark, format!("{revision} was started{missing}"))
        }
        TaskRunOutcome::Lost { error } => {
            (Paint::Warn, format!("{revision} can no longer be watched, it keeps running: {error}{missing}"))
        }
    }
}

/// Returns why the first failed task was stopped, if it was stopped from outside.
fn outside_stop_reason(end: &TaskRunResult) -> Option<String> {
    let first = end.tasks.iter().filter_map(|task| task.outcome.as_ref()).find(|end| !end.is_success())?;
    matches!(first, TaskOutcome::Stopped { .. }).then(|| first.failure_text()).flatten()
}

/// Returns how many of several tasks failed; empty where there is only one.
fn failed_count_text(end: &TaskRunResult) -> String {
    let failed = end.tasks.iter().filter(|task| task.outcome.as_ref().is_some_and(|end| !end.is_success()));
    match end.tasks.len() {
        0 | 1 => String::new(),
        all => format!(" ({} of {all} tasks)", failed.count()),
    }
}

/// Returns the next commands for tasks that keep running.
pub fn next_steps(end: &TaskRunResult) -> Vec<String> {
    use TaskRunOutcome::{Interrupted, Lost, TimedOut};
    let goes_on = match end.outcome {
        TimedOut { stopped } | Interrupted { stopped } => !stopped,
        Lost { .. } => true,
        _ => false,
    };
    if !goes_on {
        return Vec::new();
    }
    let cluster = quote(&end.cluster);
    let open: Vec<&TaskResult> = end.tasks.iter().filter(|task| task.outcome.is_none()).collect();
    let region = open.first().and_then(|task| task.arn.split(':').nth(3)).unwrap_or_default();
    let place = format!("--cluster {cluster} --region {}", quote(region));
    let ids: Vec<String> = open.iter().map(|task| quote(task.id())).collect();
    let mut lines =
        vec![format!("show its state: `aws ecs describe-tasks {place} --tasks {}`", ids.join(" "))];
    lines.extend(ids.iter().map(|id| format!("stop it: `aws ecs stop-task {place} --task {id}`")));
    lines
}

/// The event of the end of a run.
pub fn event(end: &TaskRunResult) -> TaskEnded {
    let code = match end.outcome {
        TaskRunOutcome::Exited { code } => Some(code),
        _ => None,
    };
    let reason = match &end.outcome {
        TaskRunOutcome::Exited { .. } => outside_stop_reason(end),
        TaskRunOutcome::FailedWithoutCode { reason: why } | TaskRunOutcome::Lost { error: why } => {
            Some(why.clone())
        }
        TaskRunOutcome::TimedOut { .. } | TaskRunOutcome::Interrupted { .. } | TaskRunOutcome::NotWaited => {
            None
        }
    };
    let stop = match end.outcome {
        TaskRunOutcome::TimedOut { stopped } | TaskRunOutcome::Interrupted { stopped } => {
            Some(stop_event(stopped, end.is_stop_accepted))
        }
        _ => None,
    };
    TaskEnded {
        name: end.key.clone(),
        cluster: end.cluster.clone(),
        revision: end.revision.clone(),
        outcome: outcome(end),
        code,
        reason,
        stop,
        seconds: end.elapsed.as_secs_f64(),
        tasks: end.tasks.iter().map(ended_task).collect(),
        missing: end.not_started_count,
        not_started: end.not_started_reasons.clone(),
        diagnosis: end.diagnosis.as_ref().map(diagnosis::event),
    }
}

fn outcome(end: &TaskRunResult) -> Outcome {
    match end.outcome {
        TaskRunOutcome::Exited { .. } if end.is_success() => Outcome::Succeeded,
        TaskRunOutcome::NotWaited if end.is_success() => Outcome::InProgress,
        TaskRunOutcome::Exited { .. }
        | TaskRunOutcome::FailedWithoutCode { .. }
        | TaskRunOutcome::NotWaited => Outcome::Failed,
        TaskRunOutcome::TimedOut { .. } => Outcome::TimedOut,
        TaskRunOutcome::Interrupted { .. } => Outcome::Interrupted,
        TaskRunOutcome::Lost { .. } => Outcome::InProgress,
    }
}

fn stop_event(stopped: bool, requested: bool) -> TaskStop {
    match (stopped, requested) {
        (true, _) => TaskStop::Stopped,
        (false, true) => TaskStop::Asked,
        (false, false) => TaskStop::None,
    }
}

fn ended_task(task: &TaskResult) -> EndedTask {
    let end = task.outcome.as_ref();
    EndedTask {
        task: task.id().to_owned(),
        status: task.status.to_string(),
        code: end.and_then(|end| end.exit_code()),
        reason: end.and_then(|end| end.failure_text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::TaskStatus;
    use std::time::Duration;

    fn end(ending: TaskRunOutcome) -> TaskRunResult {
        TaskRunResult {
            key: "web".to_owned(),
            cluster: "main".to_owned(),
            revision: "web:1".to_owned(),
            outcome: ending,
            tasks: Vec::new(),
            is_stop_accepted: false,
            not_started_count: 0,
            not_started_reasons: Vec::new(),
            diagnosis: None,
            elapsed: Duration::from_secs(65),
        }
    }

    fn fact(end: Option<TaskOutcome>) -> TaskResult {
        let arn = "arn:aws:ecs:eu-west-1:1:task/main/0123456789abcdef".to_owned();
        TaskResult { arn, status: TaskStatus::Running, outcome: end }
    }

    #[test]
    fn accepted_stop_is_not_reported_as_stopped() {
        for (stopped, told_to_stop, text) in [
            (true, true, "web:1 was stopped: timed out after 1m 5s"),
            (false, true, "web:1 was asked to stop and has not stopped yet: timed out after 1m 5s"),
            (false, false, "web:1 keeps running and could not be stopped: timed out after 1m 5s"),
        ] {
            let end =
                TaskRunResult { is_stop_accepted: told_to_stop, ..end(TaskRunOutcome::TimedOut { stopped }) };
            assert_eq!(verdict_line(&end).1, text);
        }
    }

    #[test]
    fn exit_code_of_an_outside_stop_has_its_reason() {
        let reason = "bye (UserInitiated)".to_owned();
        let stopped = fact(Some(TaskOutcome::Stopped { by_call: true, reason, code: Some(143) }));
        let end = TaskRunResult { tasks: vec![stopped], ..end(TaskRunOutcome::Exited { code: 143 }) };
        let expected =
            "web:1 failed with exit code 143 after 1m 5s: the task was stopped: bye (UserInitiated)";
        assert_eq!(verdict_line(&end).1, expected);
        assert_eq!(event(&end).reason.as_deref(), Some("the task was stopped: bye (UserInitiated)"));
    }

    #[test]
    fn number_of_failed_tasks_is_shown() {
        let exited = |code| fact(Some(TaskOutcome::Exited { code, container: "app".to_owned() }));
        let tasks = vec![exited(0), exited(7), exited(8)];
        let end = TaskRunResult { tasks, not_started_count: 1, ..end(TaskRunOutcome::Exited { code: 7 }) };
        let expected =
            "web:1 failed with exit code 7 after 1m 5s (2 of 3 tasks); 1 more could not be started";
        assert_eq!(verdict_line(&end).1, expected);
    }

    #[test]
    fn running_tasks_have_commands_with_their_region() {
        let end =
            TaskRunResult { tasks: vec![fact(None)], ..end(TaskRunOutcome::Interrupted { stopped: false }) };
        let place = "--cluster main --region eu-west-1";
        let id = "0123456789abcdef";
        let expected = [
            format!("show its state: `aws ecs describe-tasks {place} --tasks {id}`"),
            format!("stop it: `aws ecs stop-task {place} --task {id}`"),
        ];
        assert_eq!(next_steps(&end), expected);
        assert!(next_steps(&TaskRunResult { outcome: TaskRunOutcome::Exited { code: 0 }, ..end }).is_empty());
    }
}
