//! Formats runs of one-off tasks: their start, progress and end, and the next commands.

use super::{Paint, diagnosis};
use crate::aws::types::Task;
use crate::duration;
use crate::events::task::{EndedTask, TaskEnded, TaskStop};
use crate::outcome::Outcome;
use crate::watch::task::judge::End;
use crate::watch::task::{TaskEnd, TaskEnding, TaskFacts};

/// How many characters of a task's id are shown where there are several.
const ID: usize = 8;

/// Returns the line about tasks that were started.
pub fn started(key: &str, cluster: &str, revision: &str, tasks: &[Task]) -> String {
    let ids: Vec<&str> = tasks.iter().map(Task::id).collect();
    let word = if ids.len() == 1 { "task" } else { "tasks" };
    format!("{key}: started {revision} in `{cluster}` as {word} {}", ids.join(", "))
}

/// Returns the state of a task; with its id where there are several.
pub fn progress(key: &str, task: &Task, several: bool) -> String {
    let id = if several { format!("{} ", task.id().get(..ID).unwrap_or(task.id())) } else { String::new() };
    format!("{key}: {id}{}", task.last_status.as_str().to_lowercase())
}

/// Returns the end of a run in one line, and its colour.
pub fn verdict_line(end: &TaskEnd) -> (Paint, String) {
    let TaskEnd { revision, ending, .. } = end;
    let time = duration::text(end.elapsed);
    let missing = match end.missing {
        0 => String::new(),
        count => format!("; {count} more could not be started"),
    };
    let which = failing(end);
    match ending {
        TaskEnding::Exited { code: 0 } => {
            let mark = if end.is_success() { Paint::Good } else { Paint::Bad };
            (mark, format!("{revision} ended with exit code 0 after {time}{missing}"))
        }
        TaskEnding::Exited { code } => {
            let why = from_outside(end).map(|why| format!(": {why}")).unwrap_or_default();
            (Paint::Bad, format!("{revision} failed with exit code {code} after {time}{why}{which}{missing}"))
        }
        TaskEnding::FailedWithoutCode { reason } => {
            (Paint::Bad, format!("{revision} failed after {time}: {reason}{which}{missing}"))
        }
        TaskEnding::TimedOut { stopped } => {
            let what = match (stopped, end.told_to_stop) {
                (true, _) => "was stopped: timed out",
                (false, true) => "was asked to stop and has not stopped yet: timed out",
                (false, false) => "keeps running and could not be stopped: timed out",
            };
            (Paint::Warn, format!("{revision} {what} after {time}{missing}"))
        }
        TaskEnding::Interrupted { stopped } => {
            let what = match (stopped, end.told_to_stop) {
                (true, _) => format!("was stopped after {time}: interrupted"),
                (false, true) => "was asked to stop and has not stopped yet: interrupted".to_owned(),
                (false, false) => "keeps running; the watch was interrupted".to_owned(),
            };
            (Paint::Warn, format!("{revision} {what}{missing}"))
        }
        TaskEnding::NotWaited => {
            let mark = if end.is_success() { Paint::Good } else { Paint::Bad };
            (mark, format!("{revision} was started{missing}"))
        }
        TaskEnding::Lost { error } => {
            (Paint::Warn, format!("{revision} can no longer be watched, it keeps running: {error}{missing}"))
        }
    }
}

/// Returns why the first failed task was stopped, if it was stopped from outside.
fn from_outside(end: &TaskEnd) -> Option<String> {
    let first = end.tasks.iter().filter_map(|task| task.end.as_ref()).find(|end| !end.is_success())?;
    matches!(first, End::Stopped { .. }).then(|| first.why()).flatten()
}

/// Returns how many of several tasks failed; empty where there is only one.
fn failing(end: &TaskEnd) -> String {
    let failed = end.tasks.iter().filter(|task| task.end.as_ref().is_some_and(|end| !end.is_success()));
    match end.tasks.len() {
        0 | 1 => String::new(),
        all => format!(" ({} of {all} tasks)", failed.count()),
    }
}

/// Returns the next commands for tasks that keep running.
pub fn what_now(end: &TaskEnd) -> Vec<String> {
    use TaskEnding::{Interrupted, Lost, TimedOut};
    let goes_on = match end.ending {
        TimedOut { stopped } | Interrupted { stopped } => !stopped,
        Lost { .. } => true,
        _ => false,
    };
    if !goes_on {
        return Vec::new();
    }
    let cluster = super::quoted(&end.cluster);
    let open: Vec<&TaskFacts> = end.tasks.iter().filter(|task| task.end.is_none()).collect();
    let region = open.first().and_then(|task| task.arn.split(':').nth(3)).unwrap_or_default();
    let place = format!("--cluster {cluster} --region {region}");
    let ids: Vec<&str> = open.iter().map(|task| task.id()).collect();
    let mut lines =
        vec![format!("show its state: `aws ecs describe-tasks {place} --tasks {}`", ids.join(" "))];
    lines.extend(ids.iter().map(|id| format!("stop it: `aws ecs stop-task {place} --task {id}`")));
    lines
}

/// The event of the end of a run.
pub fn event(end: &TaskEnd) -> TaskEnded {
    let code = match end.ending {
        TaskEnding::Exited { code } => Some(code),
        _ => None,
    };
    let reason = match &end.ending {
        TaskEnding::Exited { .. } => from_outside(end),
        TaskEnding::FailedWithoutCode { reason: why } | TaskEnding::Lost { error: why } => Some(why.clone()),
        TaskEnding::TimedOut { .. } | TaskEnding::Interrupted { .. } | TaskEnding::NotWaited => None,
    };
    let stop = match end.ending {
        TaskEnding::TimedOut { stopped } | TaskEnding::Interrupted { stopped } => {
            Some(stop_event(stopped, end.told_to_stop))
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
        missing: end.missing,
        not_started: end.not_started.clone(),
        diagnosis: end.diagnosis.as_ref().map(diagnosis::event),
    }
}

fn outcome(end: &TaskEnd) -> Outcome {
    match end.ending {
        TaskEnding::Exited { .. } if end.is_success() => Outcome::Succeeded,
        TaskEnding::NotWaited if end.is_success() => Outcome::InProgress,
        TaskEnding::Exited { .. } | TaskEnding::FailedWithoutCode { .. } | TaskEnding::NotWaited => {
            Outcome::Failed
        }
        TaskEnding::TimedOut { .. } => Outcome::TimedOut,
        TaskEnding::Interrupted { .. } => Outcome::Interrupted,
        TaskEnding::Lost { .. } => Outcome::InProgress,
    }
}

fn stop_event(stopped: bool, requested: bool) -> TaskStop {
    match (stopped, requested) {
        (true, _) => TaskStop::Stopped,
        (false, true) => TaskStop::Asked,
        (false, false) => TaskStop::None,
    }
}

fn ended_task(task: &TaskFacts) -> EndedTask {
    let end = task.end.as_ref();
    EndedTask {
        task: task.id().to_owned(),
        status: task.status.to_string(),
        code: end.and_then(|end| end.code()),
        reason: end.and_then(|end| end.why()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::TaskStatus;
    use std::time::Duration;

    fn end(ending: TaskEnding) -> TaskEnd {
        TaskEnd {
            key: "web".to_owned(),
            cluster: "main".to_owned(),
            revision: "web:1".to_owned(),
            ending,
            tasks: Vec::new(),
            told_to_stop: false,
            missing: 0,
            not_started: Vec::new(),
            diagnosis: None,
            elapsed: Duration::from_secs(65),
        }
    }

    fn fact(end: Option<End>) -> TaskFacts {
        let arn = "arn:aws:ecs:eu-west-1:1:task/main/0123456789abcdef".to_owned();
        TaskFacts { arn, status: TaskStatus::Running, end }
    }

    #[test]
    fn what_was_told_to_stop_is_not_said_to_have_stopped() {
        for (stopped, told_to_stop, text) in [
            (true, true, "web:1 was stopped: its time was up after 1m 5s"),
            (false, true, "web:1 was told to stop, and was not seen to: its time was up after 1m 5s"),
            (false, false, "web:1 runs on, and could not be stopped: its time was up after 1m 5s"),
        ] {
            let end = TaskEnd { told_to_stop, ..end(TaskEnding::TimedOut { stopped }) };
            assert_eq!(verdict_line(&end).1, text);
        }
    }

    #[test]
    fn a_code_that_came_of_a_stop_from_outside_says_so() {
        let reason = "bye (UserInitiated)".to_owned();
        let stopped = fact(Some(End::Stopped { by_call: true, reason, code: Some(143) }));
        let end = TaskEnd { tasks: vec![stopped], ..end(TaskEnding::Exited { code: 143 }) };
        let expected =
            "web:1 failed with exit code 143 after 1m 5s: the task was stopped: bye (UserInitiated)";
        assert_eq!(verdict_line(&end).1, expected);
        assert_eq!(event(&end).reason.as_deref(), Some("the task was stopped: bye (UserInitiated)"));
    }

    #[test]
    fn of_several_tasks_it_is_said_how_many_failed() {
        let exited = |code| fact(Some(End::Exited { code, container: "app".to_owned() }));
        let tasks = vec![exited(0), exited(7), exited(8)];
        let end = TaskEnd { tasks, missing: 1, ..end(TaskEnding::Exited { code: 7 }) };
        let expected =
            "web:1 failed with exit code 7 after 1m 5s (2 of 3 tasks); 1 more could not be started";
        assert_eq!(verdict_line(&end).1, expected);
    }

    #[test]
    fn what_runs_on_can_be_looked_at_and_stopped_in_its_region() {
        let end = TaskEnd { tasks: vec![fact(None)], ..end(TaskEnding::Interrupted { stopped: false }) };
        let place = "--cluster main --region eu-west-1";
        let id = "0123456789abcdef";
        let expected = [
            format!("show its state: `aws ecs describe-tasks {place} --tasks {id}`"),
            format!("stop it: `aws ecs stop-task {place} --task {id}`"),
        ];
        assert_eq!(what_now(&end), expected);
        assert!(what_now(&TaskEnd { ending: TaskEnding::Exited { code: 0 }, ..end }).is_empty());
    }
}
