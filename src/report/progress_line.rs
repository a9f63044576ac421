//! The words for a rollout in progress: the counts, what it does, how the traffic is divided. Pure.

use super::printable::one_line;
use crate::watch::{Progress, ProgressState, Traffic};

/// Returns the progress of a rollout as one line. `before` is what was reported last: a reason is not repeated.
pub fn progress_line(progress: &Progress, before: Option<&Progress>) -> String {
    let counts = counts(progress).map(|counts| format!("{counts} running"));
    let counts = counts.into_iter().chain(other_counts(progress)).collect::<Vec<_>>().join(", ");
    let mut facts = vec![counts];
    facts.extend(progress_facts(progress, before));
    facts.retain(|fact| !fact.is_empty());
    one_line(&format!("{}: {}", progress.key, facts.join("; ")))
}

/// Returns the progress of a rollout that ecsail rolls back: what is watched then is the rollback, and its success
/// is not that of the rollout.
pub fn as_rollback(progress: &Progress) -> Progress {
    let detail = match (&progress.standing, progress.detail.as_str()) {
        (ProgressState::Done, _) => "rolled back".to_owned(),
        (_, detail) if detail.starts_with("roll") => detail.to_owned(),
        (_, detail) => format!("rolling back: {detail}"),
    };
    Progress { standing: ProgressState::Failing, detail, ..progress.clone() }
}

/// Returns whether a rollout has ended, so that its time stops.
pub(super) fn has_ended(progress: &Progress) -> bool {
    progress.detail.starts_with("rolled back") || progress.standing == ProgressState::Done
}

/// Returns how many tasks run of how many; `None` where ECS has set this deployment to 0, for a rollback.
pub(super) fn counts(progress: &Progress) -> Option<String> {
    (!is_scaled_to_zero(progress)).then(|| format!("{}/{}", progress.running, progress.desired))
}

fn is_scaled_to_zero(progress: &Progress) -> bool {
    progress.standing == ProgressState::Failing && progress.desired == 0
}

/// Returns the other counts that are not 0.
pub(super) fn other_counts(progress: &Progress) -> Option<String> {
    let counts = [(progress.pending, "pending"), (progress.failed, "failed")];
    let counts = counts.iter().filter(|(count, _)| *count > 0 && !is_scaled_to_zero(progress));
    let counts: Vec<String> = counts.map(|(count, name)| format!("{count} {name}")).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// Returns what a rollout does, then the stage, the traffic and the hook where the first does not name them.
pub(super) fn progress_facts(progress: &Progress, before: Option<&Progress>) -> Vec<String> {
    let doing = activity(progress, before);
    let unsaid = |fact: &String| !doing.contains(fact.as_str());
    let stage = progress.stage.clone().filter(unsaid).filter(|_| !is_outdated(progress));
    let hook = progress.hook.clone().filter(unsaid).map(|hook| format!("hook {hook}"));
    let traffic = progress.traffic.as_ref().filter(|_| !is_outdated(progress)).map(traffic_text);
    [Some(doing.clone()), stage, traffic, hook].into_iter().flatten().collect()
}

/// Returns whether stage and traffic are out of date.
fn is_outdated(progress: &Progress) -> bool {
    has_ended(progress) || is_scaled_to_zero(progress)
}

fn activity(progress: &Progress, before: Option<&Progress>) -> String {
    let detail = progress.detail.as_str();
    let said = before.and_then(|before| before.detail.strip_prefix("rolling back: "));
    match detail.strip_prefix("rolled back: ") {
        Some(reason) if said == Some(reason) => "rolled back".to_owned(),
        _ => detail.to_owned(),
    }
}

fn traffic_text(traffic: &Traffic) -> String {
    let Traffic { test, production } = traffic;
    if *test > 0.0 && (test - production).abs() > f64::EPSILON {
        format!("traffic {production}% (test {test}%)")
    } else {
        format!("traffic {production}%")
    }
}
