//! Formats the end of a rollout: the verdict in one line, what runs now, and what to do next.

use super::screen::Paint;
use super::text::quoted;
use crate::aws::types::{RolloutState, revision_of};
use crate::duration;
use crate::watch::judge::Verdict;
use crate::watch::{Aftermath, Ending, Settled};

/// Returns the verdict in one line.
pub(super) fn verdict_line(settled: &Settled) -> (Paint, String) {
    let (paint, verdict) = match settled.followed.going_back {
        true => asked_back(settled),
        false => verdict(settled),
    };
    match &settled.aftermath {
        Some(Aftermath::TakenBack { to, end, .. }) => {
            (Paint::Bad, format!("{}; {}", verdict.trim_end_matches('.'), way_back(to, end)))
        }
        _ => (paint, verdict),
    }
}

/// Returns the verdict on a deployment whose rollback was requested.
fn asked_back(settled: &Settled) -> (Paint, String) {
    match &settled.ending {
        Ending::Settled(Verdict::RolledBack { runs, .. }) => {
            let what = revision_of(&settled.followed.revision);
            (Paint::Good, format!("taken back from {what} to {runs} in {}", duration::text(settled.elapsed)))
        }
        Ending::Settled(Verdict::Succeeded) => {
            (Paint::Bad, format!("{}; the rollback was requested too late", verdict(settled).1))
        }
        _ => verdict(settled),
    }
}

fn verdict(settled: &Settled) -> (Paint, String) {
    let revision = match revision_of(&settled.followed.revision) {
        "" => settled.followed.deployment.as_deref().unwrap_or("the deployment"),
        revision => revision,
    };
    let time = duration::text(settled.elapsed);
    match &settled.ending {
        Ending::Settled(Verdict::Succeeded) if settled.followed.ended => {
            (Paint::Good, format!("{revision} was deployed"))
        }
        Ending::Settled(verdict) => of_verdict(verdict, revision, &time),
        Ending::TimedOut { waiting_for } => (
            Paint::Warn,
            format!("{revision} {} in progress after {time}; waiting for: {waiting_for}", goes_on(settled)),
        ),
        Ending::Interrupted => {
            (Paint::Warn, format!("{revision} {} in progress; the watch was interrupted", goes_on(settled)))
        }
        Ending::Lost { error } => {
            (Paint::Warn, format!("{revision} can no longer be watched, the rollout continues: {error}"))
        }
    }
}

/// Returns the verb for a rollout in progress: "is still", or "was" where it was rolled back since.
fn goes_on(settled: &Settled) -> &'static str {
    if matches!(settled.aftermath, Some(Aftermath::TakenBack { .. })) { "was" } else { "is still" }
}

fn of_verdict(verdict: &Verdict, revision: &str, time: &str) -> (Paint, String) {
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
fn way_back(to: &str, end: &Ending) -> String {
    match end {
        Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => {
            format!("rolled back, {to} is running")
        }
        Ending::Settled(Verdict::Superseded { by }) => {
            format!("the rollback to {to} was superseded by {by}")
        }
        Ending::Settled(Verdict::Failed { reason } | Verdict::Stuck { reason }) => {
            format!("the rollback to {to} failed too: {reason}")
        }
        Ending::Settled(_) | Ending::TimedOut { .. } | Ending::Interrupted => {
            format!("the rollback to {to} is still in progress")
        }
        Ending::Lost { error } => format!("the rollback to {to} can no longer be watched: {error}"),
    }
}

/// Returns what runs now, and the next commands.
pub(super) fn what_now(settled: &Settled, flags: &str) -> Vec<String> {
    let followed = &settled.followed;
    let deployment = followed.deployment.as_ref().map(|id| format!(" --deployment {id}")).unwrap_or_default();
    let place = format!("{} --cluster {}", quoted(&followed.name), quoted(&followed.cluster));
    let wait = |deployment: &str| format!("watch it again: `ecsail{flags} wait {place}{deployment}`");
    let look = format!("show its state: `ecsail{flags} status {place}`");
    match (&settled.ending, &settled.aftermath) {
        (_, Some(Aftermath::TakenBack { end, .. })) => match end {
            Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => {
                runs(settled).into_iter().collect()
            }
            Ending::Settled(verdict) if verdict.is_final() => {
                runs(settled).into_iter().chain([look]).collect()
            }
            _ => vec![format!("the rollback continues without ecsail; {}", wait(""))],
        },
        (Ending::Settled(Verdict::Succeeded), Some(Aftermath::Left { why })) => vec![why.clone()],
        (Ending::Settled(Verdict::Succeeded), _) => Vec::new(),
        (Ending::Settled(Verdict::RolledBack { .. } | Verdict::Superseded { .. }), _) => {
            runs(settled).into_iter().collect()
        }
        (Ending::Settled(Verdict::Stuck { .. } | Verdict::Failed { .. }), aftermath) => {
            left(aftermath.as_ref()).into_iter().chain(runs(settled)).chain(go_back(settled, flags)).collect()
        }
        (_, aftermath) => {
            let goes_on = format!("the rollout continues without ecsail; {}", wait(&deployment));
            let hook = format!("answer the hook: `ecsail{flags} continue {place}`");
            let hook = waits_for_a_hook(settled).then_some(hook);
            left(aftermath.as_ref()).into_iter().chain(hook).chain([goes_on]).collect()
        }
    }
}

/// Returns whether the timeout passed while a lifecycle hook waited for an answer.
fn waits_for_a_hook(settled: &Settled) -> bool {
    matches!(&settled.ending, Ending::TimedOut { waiting_for } if waiting_for.starts_with("hook "))
}

/// Returns why a rollout was not rolled back, if a rollback was considered.
fn left(aftermath: Option<&Aftermath>) -> Option<String> {
    match aftermath? {
        Aftermath::Left { why } => Some(format!("the service was left as it is: {why}")),
        Aftermath::NotTakenBack { error } => Some(format!("failed to roll it back: {error}")),
        Aftermath::TakenBack { .. } => None,
    }
}

/// Returns what the service ran at the last poll.
fn runs(settled: &Settled) -> Option<String> {
    let runs = settled.runs.as_ref()?;
    let state = match &runs.rollout_state {
        None | Some(RolloutState::Completed) => String::new(),
        Some(state) => format!(" ({})", state.in_words()),
    };
    Some(format!("running now: {}{state}, {} of {} tasks running", runs.revision, runs.running, runs.desired))
}

/// Returns the command for a rollback; `None` where no earlier deployment was completed.
fn go_back(settled: &Settled, flags: &str) -> Option<String> {
    let followed = &settled.followed;
    let way = followed.way_back.as_ref()?;
    // A service that no longer exists cannot be rolled back; one that already runs that deployment need not be.
    settled.runs.as_ref().filter(|runs| runs.deployment != way.deployment)?;
    let (name, cluster) = (quoted(&followed.name), quoted(&followed.cluster));
    let command = format!("`ecsail{flags} rollback {name} --cluster {cluster}`");
    Some(match way.revision == followed.revision {
        true => format!("roll back to the previous deployment: {command}"),
        false => format!("roll back to {}: {command}", way.revision_name()),
    })
}
