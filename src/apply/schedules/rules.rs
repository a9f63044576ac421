//! Changes rules and their targets. EventBridge reports success although targets were not put, so each failed entry is
//! checked: targets with transient errors are put again, and the others are reported.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{failed, moved, persistently, whole};
use crate::aws::error::Meaning;
use crate::aws::events::FailedEntry;
use crate::aws::types::{ObservedSchedule, TaskDefinition};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::schedules::rule::{MOST_TARGETS, sendable};
use crate::plan::schedules::{SchedulePlan, TargetPlan};
use crate::retry::{Attempts, Policy};

/// The error code for a rule that another call is changing.
const CONCURRENT: &str = "ConcurrentModificationException";
/// Parts of the codes of failed entries that are transient.
const PASSING: &[&str] = &[CONCURRENT, "Internal", "Throttl"];

pub(super) async fn apply(
    plan: &SchedulePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
) -> Result<(), Failure> {
    let changing = plan.targets.iter().filter(|target| target.changes);
    let targets: Vec<Value> = changing.map(|target| whole(target, registered)).collect::<Result<_, _>>()?;
    is_unmoved(plan, aws).await?;
    if plan.changes_document {
        let mut document = plan.document.clone();
        if plan.before.is_none() && !plan.new_tags.is_empty() {
            let tag = |(key, value): (&String, &String)| json!({"Key": key, "Value": value});
            document["Tags"] = plan.new_tags.iter().map(tag).collect();
        }
        put_rule(&document, &plan.name, aws).await?;
    }
    replace_targets(plan, targets, aws).await?;
    let Some(before) = plan.before.as_ref() else { return Ok(()) };
    // The tags are set last: until the old targets are removed, they record that these were the app's.
    tag(before, &plan.new_tags, aws).await.map_err(|error| {
        let changed = plan.changes_document || plan.targets.iter().any(|target| target.changes);
        let hint = changed.then(|| "the rule and its targets were changed already: deploy again".to_owned());
        failed(format!("failed to tag rule `{}`", plan.name), error).hint(hint)
    })
}

/// Puts the targets of a rule, and removes those to remove.
async fn replace_targets(plan: &SchedulePlan, targets: Vec<Value>, aws: &Aws) -> Result<(), Failure> {
    let new = new_targets(plan).count();
    let there = plan.before.as_ref().map(|before| before.targets.len()).unwrap_or_default();
    let swap = Swap { put: targets, remove: plan.removed.clone(), room: there + new <= MOST_TARGETS };
    swap.make(&plan.name, plan.changes_document, aws).await
}

/// Returns the ids of the targets that the rule did not have before.
fn new_targets(plan: &SchedulePlan) -> impl Iterator<Item = String> {
    let is_new = |id: &str| plan.before.as_ref().is_none_or(|before| before.target(id).is_none());
    let changed = plan.targets.iter().filter(|target| target.changes);
    changed.filter(move |target| is_new(&target.id)).map(|target| target.id.clone())
}

/// Targets to put, and the ids of those to remove.
struct Swap {
    put: Vec<Value>,
    remove: Vec<String>,
    /// Whether the rule has room for all of them at once.
    room: bool,
}

impl Swap {
    /// Puts the targets and then removes the others, so that no run is missed; in the other order if there is no room.
    async fn make(self, rule: &str, with_rule: bool, aws: &Aws) -> Result<(), Failure> {
        let put = !self.put.is_empty();
        if !self.room {
            remove_targets(rule, &self.remove, aws).await?;
            let removed = were_removed(&self.remove);
            return put_targets(rule, self.put, with_rule, aws)
                .await
                .map_err(|failure| failure.hint(removed));
        }
        put_targets(rule, self.put, with_rule, aws).await?;
        remove_targets(rule, &self.remove, aws).await.map_err(|failure| {
            let both =
                "the new targets were put, and run beside the old ones, which were not removed".to_owned();
            failure.hint((put && !self.remove.is_empty()).then_some(both))
        })
    }
}

async fn tag(before: &ObservedSchedule, tags: &BTreeMap<String, String>, aws: &Aws) -> Result<(), ApiError> {
    if tags.is_empty() {
        return Ok(());
    }
    let arn = before.document["Arn"].as_str().unwrap_or_default();
    persistently(&[CONCURRENT], async || aws.tag_rule(arn, tags).await).await
}

/// Returns the hint that lists removed targets, or `None` if there are none.
fn were_removed(ids: &[String]) -> Option<String> {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    (!ids.is_empty()).then(|| format!("these targets were already removed: {}", quoted.join(", ")))
}

/// Fails if the rule has changed since the plan was made.
async fn is_unmoved(plan: &SchedulePlan, aws: &Aws) -> Result<(), Failure> {
    let found = aws.observe_rule(&plan.name).await;
    let found = found.map_err(|error| failed(format!("failed to read rule `{}`", plan.name), error))?;
    match (&plan.before, &found) {
        (None, None) => Ok(()),
        (Some(before), Some(found)) if is_same(before, found) => Ok(()),
        (Some(_), Some(_)) => Err(moved(plan, "was changed")),
        (Some(_), None) => Err(moved(plan, "was deleted")),
        (None, Some(_)) => Err(moved(plan, "was created")),
    }
}

/// Returns whether a rule is as before; the order of its targets does not matter.
fn is_same(before: &ObservedSchedule, found: &ObservedSchedule) -> bool {
    let all = |of: &ObservedSchedule, by: &ObservedSchedule| {
        of.targets.iter().all(|target| by.targets.contains(target))
    };
    sendable(&before.document) == sendable(&found.document)
        && before.tags == found.tags
        && all(before, found)
        && all(found, before)
}

async fn put_rule(document: &Value, name: &str, aws: &Aws) -> Result<(), Failure> {
    let put = persistently(&[CONCURRENT], async || aws.put_rule(document).await).await;
    put.map(drop).map_err(|error| failed(format!("failed to put rule `{name}`"), error))
}

/// Puts targets on a rule; `with_rule` is whether the rule itself was changed before.
async fn put_targets(rule: &str, targets: Vec<Value>, with_rule: bool, aws: &Aws) -> Result<(), Failure> {
    let (all, mut waiting) = (ids(&targets), targets);
    let mut attempts = Attempts::new(Policy::CALL);
    let told = |failure: Failure| failure.hint(with_rule.then(|| "the rule itself was changed".to_owned()));
    while !waiting.is_empty() {
        let put = persistently(&[CONCURRENT], async || aws.put_targets(rule, &waiting).await).await;
        let entries = put.map_err(|error| {
            let left = ids(&waiting);
            let done = all.iter().filter(|id| !left.contains(id));
            told(failed(format!("failed to put the targets of rule `{rule}`"), error).hint(were_done(done)))
        })?;
        waiting = match then(waiting, &entries, attempts.is_last()) {
            Then::Put(left) => left,
            Then::Failed => return Err(told(not_done("put", rule, &all, &entries))),
        };
        if !waiting.is_empty() {
            attempts.wait().await;
        }
    }
    Ok(())
}

/// What follows a response of PutTargets.
#[derive(Debug, PartialEq)]
enum Then {
    /// Put these again; if empty, everything is done.
    Put(Vec<Value>),
    Failed,
}

/// Returns what follows a response of PutTargets. If an entry does not name its target, it may be any of them, so all
/// are put again.
fn then(put: Vec<Value>, entries: &[FailedEntry], is_last: bool) -> Then {
    if entries.is_empty() {
        return Then::Put(Vec::new());
    }
    if is_last || !entries.iter().all(may_pass) {
        return Then::Failed;
    }
    let known = ids(&put);
    if !entries.iter().all(|entry| known.contains(&entry.target)) {
        return Then::Put(put);
    }
    let failed = |target: &Value| entries.iter().any(|entry| target["Id"] == entry.target.as_str());
    Then::Put(put.into_iter().filter(failed).collect())
}

fn ids(targets: &[Value]) -> Vec<String> {
    targets.iter().filter_map(|target| target["Id"].as_str().map(str::to_owned)).collect()
}

fn may_pass(entry: &FailedEntry) -> bool {
    PASSING.iter().any(|part| entry.code.contains(part))
}

/// Returns the failure of a call with failed entries: which succeeded, and why the others failed.
fn not_done(verb: &str, rule: &str, all: &[String], entries: &[FailedEntry]) -> Failure {
    let why = |entry: &FailedEntry| format!("`{}`: {}: {}", entry.target, entry.code, entry.message);
    let why: Vec<String> = entries.iter().map(why).collect();
    let is_done = |id: &&String| !entries.iter().any(|entry| entry.target == **id);
    let named = entries.iter().all(|entry| all.contains(&entry.target));
    let message = format!("failed to {verb} {} of {} targets of rule `{rule}`", entries.len(), all.len());
    let failure = Failure::error(message).because(why.join("; "));
    failure.hint(named.then(|| were_done(all.iter().filter(is_done))).flatten())
}

/// Returns the hint that lists the entries that succeeded, or `None` if there are none.
fn were_done<'a>(done: impl Iterator<Item = &'a String>) -> Option<String> {
    let done: Vec<String> = done.map(|id| format!("`{id}`")).collect();
    (!done.is_empty()).then(|| format!("the others succeeded: {}", done.join(", ")))
}

/// Restores a rule and those of its targets that the plan changed.
pub(super) async fn put_back(
    plan: &SchedulePlan,
    before: &ObservedSchedule,
    aws: &Aws,
) -> Result<(), Failure> {
    if plan.changes_document {
        put_rule(&sendable(&before.document), &plan.name, aws).await?;
    }
    let changed: Vec<&TargetPlan> = plan.targets.iter().filter(|target| target.changes).collect();
    let known = changed.iter().map(|target| &target.id).chain(&plan.removed);
    let known = known.filter_map(|id| before.target(id).cloned()).collect();
    let new: Vec<String> = new_targets(plan).collect();
    let room = before.targets.len() + new.len() <= MOST_TARGETS;
    Swap { put: known, remove: new, room }.make(&plan.name, plan.changes_document, aws).await?;
    put_tags_back(plan, before, aws)
        .await
        .map_err(|error| failed(format!("failed to restore the tags of rule `{}`", plan.name), error))
}

/// Restores the tags that the plan changed.
async fn put_tags_back(plan: &SchedulePlan, before: &ObservedSchedule, aws: &Aws) -> Result<(), ApiError> {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = plan
        .new_tags
        .keys()
        .map(|key| (key.clone(), before.tags.get(key).cloned()))
        .partition(|(_, value)| value.is_some());
    let old = old.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    tag(before, &old, aws).await?;
    if new.is_empty() {
        return Ok(());
    }
    let arn = before.document["Arn"].as_str().unwrap_or_default();
    let keys: Vec<String> = new.into_keys().collect();
    persistently(&[CONCURRENT], async || aws.untag_rule(arn, &keys).await).await
}

/// Removes targets from a rule. Succeeds if the rule no longer exists.
pub(super) async fn remove_targets(rule: &str, ids: &[String], aws: &Aws) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let removed = persistently(&[CONCURRENT], async || aws.remove_targets(rule, ids).await).await;
    let entries = match removed {
        // The rule no longer exists, and neither do its targets.
        Err(error) if error.meaning == Meaning::NotFound => return Ok(()),
        other => {
            other.map_err(|error| failed(format!("failed to remove the targets of rule `{rule}`"), error))?
        }
    };
    if entries.is_empty() { Ok(()) } else { Err(not_done("remove", rule, ids, &entries)) }
}

/// Deletes a rule with these targets. A rule that has other targets now is kept, with all of them.
pub(super) async fn delete(rule: &str, ids: &[String], aws: &Aws) -> Result<(), Failure> {
    let attempted = || format!("failed to delete rule `{rule}`");
    let targets = aws.rule_targets(rule).await.map_err(|error| failed(attempted(), error))?;
    let (removed, others): (Vec<String>, _) =
        self::ids(&targets).into_iter().partition(|id| ids.contains(id));
    if !others.is_empty() {
        let cause = format!("it has other targets now: `{}`", others.join("`, `"));
        let hint = "nothing was removed: check its targets, then delete it again".to_owned();
        return Err(Failure::refused(attempted()).because(cause).hint(hint));
    }
    remove_targets(rule, &removed, aws).await?;
    let deleted = persistently(&[CONCURRENT], async || aws.delete_rule(rule).await).await;
    deleted.map_err(|error| failed(attempted(), error).hint(were_removed(&removed)))
}

pub(super) async fn set_enabled(rule: &str, enabled: bool, aws: &Aws) -> Result<(), Failure> {
    let switched = persistently(&[CONCURRENT], async || aws.switch_rule(rule, enabled).await).await;
    let verb = if enabled { "enable" } else { "disable" };
    switched.map_err(|error| failed(format!("failed to {verb} rule `{rule}`"), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(ids: &[&str]) -> Vec<Value> {
        ids.iter().map(|id| json!({ "Id": id })).collect()
    }

    fn entry(target: &str, code: &str) -> FailedEntry {
        FailedEntry { target: target.into(), code: code.into(), message: String::new() }
    }

    #[test]
    fn an_entry_that_names_no_target_is_never_success() {
        let passing = [entry(crate::aws::events::NOT_NAMED, "InternalFailure")];
        assert_eq!(then(targets(&["a", "b"]), &passing, false), Then::Put(targets(&["a", "b"])));
        assert_eq!(
            then(targets(&["a"]), &[entry(crate::aws::events::NOT_NAMED, "(no code)")], false),
            Then::Failed
        );
    }

    #[test]
    fn what_is_put_at_the_last_try_is_done() {
        assert_eq!(then(targets(&["a"]), &[], true), Then::Put(Vec::new()));
        assert_eq!(then(targets(&["a"]), &[entry("a", CONCURRENT)], true), Then::Failed);
    }
}
