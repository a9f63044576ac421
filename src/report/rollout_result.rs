//! Formats the end of a rollout: the verdict in one line, what runs now, and what to do next.

use super::screen::Paint;
use crate::aws::types::{RolloutState, revision_name};
use crate::duration;
use crate::shell::quote;
use crate::watch::judge::Verdict;
use crate::watch::snapshot::RolloutPurpose;
use crate::watch::{FailureResponse, WatchOutcome, WatchResult};

/// Returns the verdict in one line.
pub fn verdict_line(settled: &WatchResult) -> (Paint, String) {
    let (paint, verdict) =
        if settled.rollout.going_back { requested_rollback_line(settled) } else { outcome_line(settled) };
    match &settled.failure_response {
        Some(FailureResponse::TakenBack { to, end, .. }) => {
            (Paint::Bad, format!("{}; {}", verdict.trim_end_matches('.'), rollback_text(to, end)))
        }
        _ => (paint, verdict),
    }
}

/// Returns the verdict on a deployment whose rollback was requested.
fn requested_rollback_line(settled: &WatchResult) -> (Paint, String) {
    match &settled.outcome {
        WatchOutcome::Settled(Verdict::RolledBack { runs, .. }) => {
            let what = revision_name(&settled.rollout.revision);
            (Paint::Good, format!("rolled back from {what} to {runs} in {}", duration::text(settled.elapsed)))
        }
        WatchOutcome::Settled(Verdict::Succeeded) => {
            (Paint::Bad, format!("{}; the rollback was requested too late", outcome_line(settled).1))
        }
        _ => outcome_line(settled),
    }
}

fn outcome_line(settled: &WatchResult) -> (Paint, String) {
    let revision = match revision_name(&settled.rollout.revision) {
        "" => settled.rollout.deployment.as_deref().unwrap_or("the deployment"),
        revision => revision,
    };
    let time = duration::text(settled.elapsed);
    match &settled.outcome {
        WatchOutcome::Settled(Verdict::Succeeded) if settled.rollout.ended => {
            (Paint::Good, format!("{revision} was deployed"))
        }
        WatchOutcome::Settled(Verdict::Succeeded) => {
            let text = match settled.rollout.purpose {
                RolloutPurpose::Deploy => format!("deployed {revision} in {time}"),
                RolloutPurpose::Rollback => format!("rolled back to {revision} in {time}"),
                RolloutPurpose::Restart => format!("restarted {revision} in {time}"),
            };
            (Paint::Good, text)
        }
        WatchOutcome::Settled(verdict) => verdict_text(verdict, revision, &time),
        WatchOutcome::TimedOut { waiting_for } => (
            Paint::Warn,
            format!(
                "{revision} {} in progress after {time}; waiting for: {waiting_for}",
                in_progress_verb(settled)
            ),
        ),
        WatchOutcome::Interrupted => (
            Paint::Warn,
            format!("{revision} {} in progress; the watch was interrupted", in_progress_verb(settled)),
        ),
        WatchOutcome::Lost { error } => {
            (Paint::Warn, format!("{revision} can no longer be watched, the rollout continues: {error}"))
        }
    }
}

/// Returns the verb for a rollout in progress: "is still", or "was" where it was rolled back since.
fn in_progress_verb(settled: &WatchResult) -> &'static str {
    if matches!(settled.failure_response, Some(FailureResponse::TakenBack { .. })) {
        "was"
    } else {
        "is still"
    }
}

fn verdict_text(verdict: &Verdict, revision: &str, time: &str) -> (Paint, String) {
    match verdict {
        Verdict::Succeeded => (Paint::Good, format!("deployed {revision} in {time}")),
        Verdict::Reached { stage } => {
            (Paint::Good, format!("{revision} reached {stage} in {time}; the rollout continues"))
        }
        Verdict::RolledBack { reason, runs } => {
            (Paint::Bad, format!("{revision} was rolled back, {runs} is running: {reason}"))
        }
        Verdict::Failed { reason } => (Paint::Bad, format!("{revision} failed: {reason}")),
        Verdict::Stuck { reason } => (Paint::Bad, format!("{revision} cannot succeed: {reason}")),
        Verdict::Superseded { by } => {
            (Paint::Bad, format!("{revision} was superseded by {by} before it was completed"))
        }
        Verdict::Progressing { detail } => (Paint::Warn, format!("{revision} is in progress: {detail}")),
        Verdict::AwaitingHook { hook } => (Paint::Warn, format!("{revision} is waiting for hook {hook}")),
    }
}

/// Returns how the rollback ended.
fn rollback_text(to: &str, end: &WatchOutcome) -> String {
    match end {
        WatchOutcome::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => {
            format!("rolled back, {to} is running")
        }
        WatchOutcome::Settled(Verdict::Superseded { by }) => {
            format!("the rollback to {to} was superseded by {by}")
        }
        WatchOutcome::Settled(Verdict::Failed { reason } | Verdict::Stuck { reason }) => {
            format!("the rollback to {to} failed too: {reason}")
        }
        WatchOutcome::Settled(_) | WatchOutcome::TimedOut { .. } | WatchOutcome::Interrupted => {
            format!("the rollback to {to} is still in progress")
        }
        WatchOutcome::Lost { error } => format!("the rollback to {to} can no longer be watched: {error}"),
    }
}

/// Returns what runs now, and the next commands.
pub fn next_steps(settled: &WatchResult, flags: &str) -> Vec<String> {
    let followed = &settled.rollout;
    let deployment =
        followed.deployment.as_ref().map(|id| format!(" --deployment {}", quote(id))).unwrap_or_default();
    let place = format!("{} --cluster {}", quote(&followed.name), quote(&followed.cluster));
    let wait = |deployment: &str| format!("watch it again: `ecsail{flags} wait {place}{deployment}`");
    let look = format!("show its state: `ecsail{flags} status {place}`");
    match (&settled.outcome, &settled.failure_response) {
        (_, Some(FailureResponse::TakenBack { end, .. })) => match end {
            WatchOutcome::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => {
                running_text(settled).into_iter().collect()
            }
            WatchOutcome::Settled(verdict) if verdict.is_final() => {
                running_text(settled).into_iter().chain([look]).collect()
            }
            _ => vec![format!("the rollback continues without ecsail; {}", wait(""))],
        },
        (WatchOutcome::Settled(Verdict::Succeeded), Some(FailureResponse::Left { why })) => vec![why.clone()],
        (WatchOutcome::Settled(Verdict::Succeeded), _) => Vec::new(),
        (WatchOutcome::Settled(Verdict::RolledBack { .. } | Verdict::Superseded { .. }), _) => {
            running_text(settled).into_iter().collect()
        }
        (WatchOutcome::Settled(Verdict::Stuck { .. } | Verdict::Failed { .. }), aftermath) => {
            no_rollback_reason(aftermath.as_ref())
                .into_iter()
                .chain(running_text(settled))
                .chain(rollback_hint(settled, flags))
                .collect()
        }
        (_, aftermath) => {
            let goes_on = format!("the rollout continues without ecsail; {}", wait(&deployment));
            let hook = format!("answer the hook: `ecsail{flags} continue {place}`");
            let hook = is_waiting_for_hook(settled).then_some(hook);
            no_rollback_reason(aftermath.as_ref()).into_iter().chain(hook).chain([goes_on]).collect()
        }
    }
}

/// Returns whether the timeout passed while a lifecycle hook waited for an answer.
fn is_waiting_for_hook(settled: &WatchResult) -> bool {
    matches!(&settled.outcome, WatchOutcome::TimedOut { waiting_for } if waiting_for.starts_with("hook "))
}

/// Returns why a rollout was not rolled back, if a rollback was considered.
fn no_rollback_reason(aftermath: Option<&FailureResponse>) -> Option<String> {
    match aftermath? {
        FailureResponse::Left { why } => Some(format!("the service was left as it is: {why}")),
        FailureResponse::NotTakenBack { error } => Some(format!("failed to roll it back: {error}")),
        FailureResponse::TakenBack { .. } => None,
    }
}

/// Returns what the service ran at the last poll.
pub fn running_text(settled: &WatchResult) -> Option<String> {
    let runs = settled.running.as_ref()?;
    let state = match &runs.rollout_state {
        None | Some(RolloutState::Completed) => String::new(),
        Some(state) => format!(" ({})", state.in_words()),
    };
    let serving = runs.serving.as_ref().filter(|_| runs.running < runs.desired);
    let serving = serving.map(|(revision, tasks)| format!("; {revision} serves with {tasks}"));
    Some(format!(
        "running now: {}{state}, {} of {} tasks running{}",
        runs.revision,
        runs.running,
        runs.desired,
        serving.unwrap_or_default()
    ))
}

/// Returns the command for a rollback, or of a service that was created, for its deletion; `None` where no earlier deployment
/// was completed.
fn rollback_hint(settled: &WatchResult, flags: &str) -> Option<String> {
    let followed = &settled.rollout;
    if followed.created {
        let place = format!("{} --cluster {}", quote(&followed.name), quote(&followed.cluster));
        return Some(format!(
            "deploy again once the cause is mended, or delete it: `ecsail{flags} delete {place}`"
        ));
    }
    let way = followed.way_back.as_ref()?;
    // A service that no longer exists cannot be rolled back; one that already runs that deployment need not be.
    settled.running.as_ref().filter(|runs| runs.deployment != way.deployment)?;
    let (name, cluster) = (quote(&followed.name), quote(&followed.cluster));
    let command = format!("`ecsail{flags} rollback {name} --cluster {cluster}`");
    Some(if way.revision == followed.revision {
        format!("roll back to the previous deployment: {command}")
    } else {
        format!("roll back to {}: {command}", way.revision_name())
    })
}
