//! Changes rules and their targets. EventBridge reports success although targets were not put, so each failed entry is
//! checked: targets with transient errors are put again, and the others are reported.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{call_failure, changed_since_plan, complete_target, lost_failure, retry_passing, send_passing};
use crate::apply::lost_answer::Trace;
use crate::aws::error::ApiErrorKind;
use crate::aws::eventbridge::FailedEntry;
use crate::aws::types::{ObservedSchedule, TaskDefinition};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::schedules::rule::{self, MAX_TARGETS, as_put_rule, is_same_target};
use crate::plan::schedules::{SchedulePlan, TargetPlan};
use crate::retry::{Attempts, Policy};

/// The error code for a rule that another call is changing.
const CONCURRENT_MODIFICATION: &str = "ConcurrentModificationException";
/// Parts of the codes of failed entries that are transient.
const TRANSIENT_CODES: &[&str] = &[CONCURRENT_MODIFICATION, "Internal", "Throttl"];

pub(super) async fn apply_rule(
    plan: &SchedulePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
) -> Result<(), Failure> {
    let changing = plan.targets.iter().filter(|target| target.changes);
    let targets: Vec<Value> =
        changing.map(|target| complete_target(target, registered)).collect::<Result<_, _>>()?;
    ensure_unchanged(plan, aws).await?;
    if plan.changes_document {
        let mut document = plan.document.clone();
        if plan.before.is_none() && !plan.new_tags.is_empty() {
            let tag = |(key, value): (&String, &String)| json!({"Key": key, "Value": value});
            document["Tags"] = plan.new_tags.iter().map(tag).collect();
        }
        put_rule(&document, plan.before.as_ref(), &plan.name, aws).await?;
    }
    replace_targets(plan, targets, aws).await?;
    let Some(before) = plan.before.as_ref() else { return Ok(()) };
    // The tags are set last: until the old targets are removed, they record that these were the app's.
    tag_rule(before, &plan.new_tags, aws).await.map_err(|error| {
        let changed = plan.changes_document || plan.targets.iter().any(|target| target.changes);
        let hint = changed.then(|| "the rule and its targets were changed already: deploy again".to_owned());
        call_failure(format!("failed to tag rule `{}`", plan.name), error).with_hint(hint)
    })
}

/// Puts the targets of a rule, and removes those to remove.
async fn replace_targets(plan: &SchedulePlan, targets: Vec<Value>, aws: &Aws) -> Result<(), Failure> {
    let new = new_targets(plan).count();
    let there = plan.before.as_ref().map(|before| before.targets.len()).unwrap_or_default();
    let before = plan.before.as_ref().map(|before| before.targets.clone()).unwrap_or_default();
    let remove = plan.removed.clone();
    let swap = TargetSwap { put: targets, before, remove, has_room: there + new <= MAX_TARGETS };
    swap.run(&plan.name, plan.changes_document, aws).await
}

/// Returns the ids of the targets that the rule did not have before.
fn new_targets(plan: &SchedulePlan) -> impl Iterator<Item = String> {
    let is_new = |id: &str| plan.before.as_ref().is_none_or(|before| before.target(id).is_none());
    let changed = plan.targets.iter().filter(|target| target.changes);
    changed.filter(move |target| is_new(&target.id)).map(|target| target.id.clone())
}

/// Targets to put, and the ids of those to remove.
struct TargetSwap {
    put: Vec<Value>,
    /// The targets that the rule had right before.
    before: Vec<Value>,
    remove: Vec<String>,
    /// Whether the rule has room for all of them at once.
    has_room: bool,
}

impl TargetSwap {
    /// Puts the targets and then removes the others, so that no run is missed; in the other order if there is no room.
    async fn run(self, rule: &str, with_rule: bool, aws: &Aws) -> Result<(), Failure> {
        let put = !self.put.is_empty();
        if !self.has_room {
            remove_targets(rule, &self.remove, aws).await?;
            let removed = removed_hint(&self.remove);
            return put_targets(rule, self.put, &self.before, with_rule, aws)
                .await
                .map_err(|failure| failure.with_hint(removed));
        }
        put_targets(rule, self.put, &self.before, with_rule, aws).await?;
        remove_targets(rule, &self.remove, aws).await.map_err(|failure| {
            let both =
                "the new targets were put, and run beside the old ones, which were not removed".to_owned();
            failure.with_hint((put && !self.remove.is_empty()).then_some(both))
        })
    }
}

async fn tag_rule(
    before: &ObservedSchedule,
    tags: &BTreeMap<String, String>,
    aws: &Aws,
) -> Result<(), ApiError> {
    if tags.is_empty() {
        return Ok(());
    }
    let arn = before.document["Arn"].as_str().unwrap_or_default();
    retry_passing(&[CONCURRENT_MODIFICATION], async || aws.tag_rule(arn, tags).await).await
}

/// Returns the hint that lists removed targets, or `None` if there are none.
fn removed_hint(ids: &[String]) -> Option<String> {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    (!ids.is_empty()).then(|| format!("these targets were already removed: {}", quoted.join(", ")))
}

/// Fails if the rule has changed since the plan was made.
async fn ensure_unchanged(plan: &SchedulePlan, aws: &Aws) -> Result<(), Failure> {
    let found = aws.observe_rule(&plan.name).await;
    let found = found.map_err(|error| call_failure(format!("failed to read rule `{}`", plan.name), error))?;
    match (&plan.before, &found) {
        (None, None) => Ok(()),
        (Some(before), Some(found)) if is_same(before, found) => Ok(()),
        (Some(_), Some(_)) => Err(changed_since_plan(plan, "was changed")),
        (Some(_), None) => Err(changed_since_plan(plan, "was deleted")),
        (None, Some(_)) => Err(changed_since_plan(plan, "was created")),
    }
}

/// Returns whether a rule is as before; the order of its targets does not matter.
fn is_same(before: &ObservedSchedule, found: &ObservedSchedule) -> bool {
    let all = |of: &ObservedSchedule, by: &ObservedSchedule| {
        of.targets.iter().all(|target| by.targets.contains(target))
    };
    as_put_rule(&before.document) == as_put_rule(&found.document)
        && before.tags == found.tags
        && all(before, found)
        && all(found, before)
}

/// Puts a rule that was just read as `before`.
async fn put_rule(
    document: &Value,
    before: Option<&ObservedSchedule>,
    name: &str,
    aws: &Aws,
) -> Result<(), Failure> {
    let look = async || {
        let found = aws.rule(name).await?;
        Ok(match (&found, before) {
            (Some(found), _) if rule::is_same(document, found) => Trace::Ours(()),
            (None, None) => Trace::AsBefore,
            (Some(found), Some(before)) if rule::is_same(&before.document, found) => Trace::AsBefore,
            _ => Trace::Foreign(lost_failure("rule", name)),
        })
    };
    let attempted = format!("failed to put rule `{name}`");
    let call = async || aws.put_rule(document).await.map(drop);
    send_passing(aws, &attempted, &[CONCURRENT_MODIFICATION], call, look).await
}

/// Puts targets on a rule that had the targets in `before`; `with_rule` is whether the rule itself was changed before.
async fn put_targets(
    rule: &str,
    targets: Vec<Value>,
    before: &[Value],
    with_rule: bool,
    aws: &Aws,
) -> Result<(), Failure> {
    let attempted = format!("failed to put the targets of rule `{rule}`");
    let (all, mut waiting) = (target_ids(&targets), targets);
    let mut attempts = Attempts::new(Policy::CALL);
    let told =
        |failure: Failure| failure.with_hint(with_rule.then(|| "the rule itself was changed".to_owned()));
    while !waiting.is_empty() {
        let call = async || aws.put_rule_targets(rule, &waiting).await;
        let look = async || Ok(targets_trace(rule, &waiting, before, &aws.rule_targets(rule).await?));
        let put = send_passing(aws, &attempted, &[CONCURRENT_MODIFICATION], call, look).await;
        let entries = put.map_err(|failure| {
            let left = target_ids(&waiting);
            let done = all.iter().filter(|id| !left.contains(id));
            told(failure.with_hint(succeeded_hint(done)))
        })?;
        waiting = match next_step(waiting, &entries, attempts.is_last()) {
            PutTargetsStep::PutAgain(left) => left,
            PutTargetsStep::Failed => return Err(told(failed_entries_failure("put", rule, &all, &entries))),
        };
        if !waiting.is_empty() {
            attempts.wait().await;
        }
    }
    Ok(())
}

/// Returns what the targets of a rule show of a call without an answer that put targets.
fn targets_trace(rule: &str, put: &[Value], before: &[Value], found: &[Value]) -> Trace<Vec<FailedEntry>> {
    let of = |targets: &[Value], id: &Value| targets.iter().find(|target| target["Id"] == *id).cloned();
    let is_same = |one: Option<Value>, other: Option<Value>| match (one, other) {
        (Some(one), Some(other)) => is_same_target(&one, &other),
        (one, other) => one.is_none() && other.is_none(),
    };
    let there = |target: &Value| is_same(Some(target.clone()), of(found, &target["Id"]));
    if put.iter().all(there) {
        return Trace::Ours(Vec::new());
    }
    let as_before = |target: &Value| is_same(of(before, &target["Id"]), of(found, &target["Id"]));
    if put.iter().all(|target| there(target) || as_before(target)) {
        Trace::AsBefore
    } else {
        Trace::Foreign(lost_failure("rule", rule))
    }
}

/// What follows a response of `PutTargets`.
#[derive(Debug, PartialEq)]
enum PutTargetsStep {
    /// Put these again; if empty, everything is done.
    PutAgain(Vec<Value>),
    Failed,
}

/// Returns what follows a response of `PutTargets`. If an entry does not name its target, it may be any of them, so all
/// are put again.
fn next_step(put: Vec<Value>, entries: &[FailedEntry], is_last: bool) -> PutTargetsStep {
    if entries.is_empty() {
        return PutTargetsStep::PutAgain(Vec::new());
    }
    if is_last || !entries.iter().all(is_transient) {
        return PutTargetsStep::Failed;
    }
    let known = target_ids(&put);
    if !entries.iter().all(|entry| known.contains(&entry.target)) {
        return PutTargetsStep::PutAgain(put);
    }
    let failed = |target: &Value| entries.iter().any(|entry| target["Id"] == entry.target.as_str());
    PutTargetsStep::PutAgain(put.into_iter().filter(failed).collect())
}

fn target_ids(targets: &[Value]) -> Vec<String> {
    targets.iter().filter_map(|target| target["Id"].as_str().map(str::to_owned)).collect()
}

fn is_transient(entry: &FailedEntry) -> bool {
    TRANSIENT_CODES.iter().any(|part| entry.code.contains(part))
}

/// Returns the failure of a call with failed entries: which succeeded, and why the others failed.
fn failed_entries_failure(verb: &str, rule: &str, all: &[String], entries: &[FailedEntry]) -> Failure {
    let why = |entry: &FailedEntry| format!("`{}`: {}: {}", entry.target, entry.code, entry.message);
    let why: Vec<String> = entries.iter().map(why).collect();
    let is_done = |id: &&String| !entries.iter().any(|entry| entry.target == **id);
    let named = entries.iter().all(|entry| all.contains(&entry.target));
    let message = format!("failed to {verb} {} of {} targets of rule `{rule}`", entries.len(), all.len());
    let failure = Failure::error(message).with_cause(why.join("; "));
    failure.with_hint(named.then(|| succeeded_hint(all.iter().filter(is_done))).flatten())
}

/// Returns the hint that lists the entries that succeeded, or `None` if there are none.
fn succeeded_hint<'a>(done: impl Iterator<Item = &'a String>) -> Option<String> {
    let done: Vec<String> = done.map(|id| format!("`{id}`")).collect();
    (!done.is_empty()).then(|| format!("the others succeeded: {}", done.join(", ")))
}

/// Restores a rule and those of its targets that the plan changed.
pub(super) async fn restore_rule(
    plan: &SchedulePlan,
    before: &ObservedSchedule,
    found: &ObservedSchedule,
    aws: &Aws,
) -> Result<(), Failure> {
    if plan.changes_document {
        put_rule(&as_put_rule(&before.document), Some(found), &plan.name, aws).await?;
    }
    let changed: Vec<&TargetPlan> = plan.targets.iter().filter(|target| target.changes).collect();
    let known = changed.iter().map(|target| &target.id).chain(&plan.removed);
    let known = known.filter_map(|id| before.target(id).cloned()).collect();
    let new: Vec<String> = new_targets(plan).collect();
    let room = before.targets.len() + new.len() <= MAX_TARGETS;
    TargetSwap { put: known, before: found.targets.clone(), remove: new, has_room: room }
        .run(&plan.name, plan.changes_document, aws)
        .await?;
    restore_tags(plan, before, aws)
        .await
        .map_err(|error| call_failure(format!("failed to restore the tags of rule `{}`", plan.name), error))
}

/// Restores the tags that the plan changed.
async fn restore_tags(plan: &SchedulePlan, before: &ObservedSchedule, aws: &Aws) -> Result<(), ApiError> {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = plan
        .new_tags
        .keys()
        .map(|key| (key.clone(), before.tags.get(key).cloned()))
        .partition(|(_, value)| value.is_some());
    let old = old.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    tag_rule(before, &old, aws).await?;
    if new.is_empty() {
        return Ok(());
    }
    let arn = before.document["Arn"].as_str().unwrap_or_default();
    let keys: Vec<String> = new.into_keys().collect();
    retry_passing(&[CONCURRENT_MODIFICATION], async || aws.untag_rule(arn, &keys).await).await
}

/// Removes targets from a rule. Succeeds if the rule no longer exists.
pub(super) async fn remove_targets(rule: &str, ids: &[String], aws: &Aws) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let removed =
        retry_passing(&[CONCURRENT_MODIFICATION], async || aws.remove_rule_targets(rule, ids).await).await;
    let entries = match removed {
        // The rule no longer exists, and neither do its targets.
        Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(()),
        other => other
            .map_err(|error| call_failure(format!("failed to remove the targets of rule `{rule}`"), error))?,
    };
    if entries.is_empty() { Ok(()) } else { Err(failed_entries_failure("remove", rule, ids, &entries)) }
}

/// Deletes a rule with these targets. A rule that has other targets now is kept, with all of them.
pub(super) async fn delete_rule(rule: &str, ids: &[String], aws: &Aws) -> Result<(), Failure> {
    let attempted = || format!("failed to delete rule `{rule}`");
    let targets = aws.rule_targets(rule).await.map_err(|error| call_failure(attempted(), error))?;
    let (removed, others): (Vec<String>, _) =
        self::target_ids(&targets).into_iter().partition(|id| ids.contains(id));
    if !others.is_empty() {
        let cause = format!("it has other targets now: `{}`", others.join("`, `"));
        let hint = "nothing was removed: check its targets, then delete it again".to_owned();
        return Err(Failure::refused(attempted()).with_cause(cause).with_hint(hint));
    }
    remove_targets(rule, &removed, aws).await?;
    let deleted = retry_passing(&[CONCURRENT_MODIFICATION], async || aws.delete_rule(rule).await).await;
    deleted.map_err(|error| call_failure(attempted(), error).with_hint(removed_hint(&removed)))
}

pub(super) async fn set_rule_enabled(rule: &str, enabled: bool, aws: &Aws) -> Result<(), Failure> {
    let switched =
        retry_passing(&[CONCURRENT_MODIFICATION], async || aws.set_rule_enabled(rule, enabled).await).await;
    let verb = if enabled { "enable" } else { "disable" };
    switched.map_err(|error| call_failure(format!("failed to {verb} rule `{rule}`"), error))
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
        let passing = [entry(crate::aws::eventbridge::UNNAMED_TARGET, "InternalFailure")];
        assert_eq!(
            next_step(targets(&["a", "b"]), &passing, false),
            PutTargetsStep::PutAgain(targets(&["a", "b"]))
        );
        assert_eq!(
            next_step(targets(&["a"]), &[entry(crate::aws::eventbridge::UNNAMED_TARGET, "(no code)")], false),
            PutTargetsStep::Failed
        );
    }

    #[test]
    fn what_is_put_at_the_last_try_is_done() {
        assert_eq!(next_step(targets(&["a"]), &[], true), PutTargetsStep::PutAgain(Vec::new()));
        assert_eq!(
            next_step(targets(&["a"]), &[entry("a", CONCURRENT_MODIFICATION)], true),
            PutTargetsStep::Failed
        );
    }
}
