//! Owns how runs of tasks look: that they began, where they stand, how they ended and what can be done next.

use serde_json::{Value, json};

use super::Paint;
use super::ending::duration;
use crate::aws::types::Task;
use crate::watch::task::judge::End;
use crate::watch::task::{Stop, TaskEnd, TaskEnding, TaskFacts};

/// How many characters of a task's id are shown beside others.
const ID: usize = 8;

/// Returns what is said when tasks were started.
pub fn started(key: &str, cluster: &str, revision: &str, tasks: &[Task]) -> String {
    let ids: Vec<&str> = tasks.iter().map(Task::id).collect();
    let word = if ids.len() == 1 { "task" } else { "tasks" };
    format!("{key}: {revision} runs in `{cluster}` as {word} {}", ids.join(", "))
}

/// Returns where a task stands; which it is only where there are several.
pub fn progress(key: &str, task: &Task, several: bool) -> String {
    let id = if several { format!("{} ", task.id().get(..ID).unwrap_or(task.id())) } else { String::new() };
    format!("{key}: {id}{}", task.last_status.to_lowercase())
}

/// Returns a run's end in one line, and its colour.
pub fn verdict_line(end: &TaskEnd) -> (Paint, String) {
    let TaskEnd { revision, ending, .. } = end;
    let time = duration(end.elapsed);
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
        TaskEnding::TimedOut { stop } => {
            let what = match stop {
                Stop::Stopped => "was stopped: its time was up",
                Stop::Asked => "was told to stop, and was not seen to: its time was up",
                Stop::None => "runs on, and could not be stopped: its time was up",
            };
            (Paint::Warn, format!("{revision} {what} after {time}{missing}"))
        }
        TaskEnding::Interrupted { stop } => {
            let what = match stop {
                Stop::Stopped => format!("was stopped after {time}, when it was interrupted"),
                Stop::Asked => "was told to stop, and was not seen to: interrupted".to_owned(),
                Stop::None => "runs on; the watch was interrupted".to_owned(),
            };
            (Paint::Warn, format!("{revision} {what}{missing}"))
        }
        TaskEnding::NotWaited => {
            let mark = if end.is_success() { Paint::Good } else { Paint::Bad };
            (mark, format!("{revision} was started{missing}"))
        }
        TaskEnding::Lost { error } => {
            (Paint::Warn, format!("{revision} can no longer be watched, it runs on: {error}{missing}"))
        }
    }
}

/// Returns why the first task that failed was stopped, where that came from outside.
fn from_outside(end: &TaskEnd) -> Option<String> {
    let first = end.tasks.iter().filter_map(|task| task.end.as_ref()).find(|end| !end.is_success())?;
    matches!(first, End::Stopped { .. }).then(|| first.why()).flatten()
}

/// Returns how many of several tasks failed; nothing where there is one.
fn failing(end: &TaskEnd) -> String {
    let failed = end.tasks.iter().filter(|task| task.end.as_ref().is_some_and(|end| !end.is_success()));
    match end.tasks.len() {
        0 | 1 => String::new(),
        all => format!(" ({} of {all} tasks)", failed.count()),
    }
}

/// Returns what the reader can do about tasks that run on.
pub fn what_now(end: &TaskEnd) -> Vec<String> {
    use TaskEnding::{Interrupted, Lost, TimedOut};
    let goes_on = match end.ending {
        TimedOut { stop } | Interrupted { stop } => stop != Stop::Stopped,
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
    let mut lines = vec![format!("look at it: `aws ecs describe-tasks {place} --tasks {}`", ids.join(" "))];
    lines.extend(ids.iter().map(|id| format!("stop it: `aws ecs stop-task {place} --task {id}`")));
    lines
}

/// Returns a run's end as JSON, without what explains it.
pub fn json(end: &TaskEnd) -> Value {
    let mut value = json!({"event": "task.ended", "name": end.key, "cluster": end.cluster, "revision": end.revision,
        "code": null, "reason": null, "stop": null, "seconds": end.elapsed.as_secs_f64(), "missing": end.missing, "not_started": end.not_started});
    value["outcome"] = match &end.ending {
        TaskEnding::Exited { .. } => "exited",
        TaskEnding::FailedWithoutCode { .. } => "failed",
        TaskEnding::TimedOut { .. } => "timed_out",
        TaskEnding::Interrupted { .. } => "interrupted",
        TaskEnding::NotWaited => "not_waited",
        TaskEnding::Lost { .. } => "lost",
    }
    .into();
    match &end.ending {
        TaskEnding::Exited { code } => {
            value["code"] = json!(code);
            value["reason"] = json!(from_outside(end));
        }
        TaskEnding::FailedWithoutCode { reason: why } | TaskEnding::Lost { error: why } => {
            value["reason"] = json!(why);
        }
        TaskEnding::TimedOut { stop } | TaskEnding::Interrupted { stop } => value["stop"] = json!(stop),
        TaskEnding::NotWaited => {}
    }
    value["tasks"] = end.tasks.iter().map(task).collect();
    value
}

fn task(task: &TaskFacts) -> Value {
    let end = task.end.as_ref();
    json!({"task": task.id(), "status": task.status, "code": end.and_then(|end| end.code()),
        "reason": end.and_then(|end| end.why())})
}
