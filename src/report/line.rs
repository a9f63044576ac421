//! Owns what is said of a rollout under way: the counts, what it does, where the traffic goes. Pure words, no layout.

use crate::watch::{Progress, Standing, Traffic};

/// Returns where a rollout stands, as a line of its own. `before` is what was said last: a reason is said once.
pub fn plain(progress: &Progress, before: Option<&Progress>) -> String {
    let counts = counts(progress).map(|counts| format!("{counts} running"));
    let counts = counts.into_iter().chain(others(progress)).collect::<Vec<_>>().join(", ");
    let mut facts = vec![counts];
    facts.extend(facts_of(progress, before));
    facts.retain(|fact| !fact.is_empty());
    format!("{}: {}", progress.key, facts.join("; "))
}

/// Returns where a rollout stands that is taken back on our request: what is watched then is the way back, and its success
/// is not the rollout's.
pub fn on_the_way_back(progress: &Progress) -> Progress {
    let detail = match (&progress.standing, progress.detail.as_str()) {
        (Standing::Done, _) => "taken back".to_owned(),
        (_, detail) if detail.starts_with("roll") => detail.to_owned(),
        (_, detail) => format!("going back: {detail}"),
    };
    Progress { standing: Standing::Failing, detail, ..progress.clone() }
}

/// Returns whether a rollout is at its end, so that its time stands still.
pub(super) fn has_ended(progress: &Progress) -> bool {
    let ended = ["rolled back", "taken back"].iter().any(|end| progress.detail.starts_with(end));
    ended || progress.standing == Standing::Done
}

/// Returns how many tasks run of how many; nothing where ECS has set this deployment to none, since it goes back.
pub(super) fn counts(progress: &Progress) -> Option<String> {
    (!is_emptied(progress)).then(|| format!("{}/{}", progress.running, progress.desired))
}

fn is_emptied(progress: &Progress) -> bool {
    progress.standing == Standing::Failing && progress.desired == 0
}

/// Returns the other counts, those that are not zero.
pub(super) fn others(progress: &Progress) -> Option<String> {
    let counts = [(progress.pending, "pending"), (progress.failed, "failed")];
    let counts = counts.iter().filter(|(count, _)| *count > 0 && !is_emptied(progress));
    let counts: Vec<String> = counts.map(|(count, name)| format!("{count} {name}")).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// Returns what a rollout does, then the stage, the traffic and the hook where the first does not say them already.
pub(super) fn facts_of(progress: &Progress, before: Option<&Progress>) -> Vec<String> {
    let doing = doing(progress, before);
    let unsaid = |fact: &String| !doing.contains(fact.as_str());
    let stage = progress.stage.clone().filter(unsaid).filter(|_| !is_over(progress));
    let hook = progress.hook.clone().filter(unsaid).map(|hook| format!("hook {hook}"));
    let traffic = progress.traffic.as_ref().filter(|_| !is_over(progress)).map(traffic);
    [Some(doing.clone()), stage, traffic, hook].into_iter().flatten().collect()
}

/// Returns whether stage and traffic are those of what was, and tell nothing any more.
fn is_over(progress: &Progress) -> bool {
    has_ended(progress) || is_emptied(progress)
}

fn doing(progress: &Progress, before: Option<&Progress>) -> String {
    let detail = progress.detail.as_str();
    if let Some(reason) = detail.strip_prefix("rolling back: ") {
        return format!("going back: {reason}");
    }
    let said = before.and_then(|before| before.detail.strip_prefix("rolling back: "));
    match detail.strip_prefix("rolled back: ") {
        Some(reason) if said == Some(reason) => "rolled back".to_owned(),
        _ => detail.to_owned(),
    }
}

fn traffic(traffic: &Traffic) -> String {
    let Traffic { test, production } = traffic;
    if *test > 0.0 && test != production {
        format!("traffic {production}% (test {test}%)")
    } else {
        format!("traffic {production}%")
    }
}
