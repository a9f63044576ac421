//! Determines the owner of a rule and of its targets: which are the manifest's, which were, which replace others, and
//! which belong to others. Never puts a task a second time that a rule runs already.

use std::collections::BTreeMap;

use serde_json::Value;

use super::target::{self, is_same_job};
use super::types::ScheduleContext;
use super::{input, owner};
use crate::aws::types::{ObservedSchedule, ObservedSchedules, Via};
use crate::error::Failure;
use crate::plan::types::ResolvedWork;
use crate::render::schedules::{DesiredSchedule, DesiredScheduleTarget};

/// The targets of a rule by owner.
#[derive(Debug, Default)]
pub(super) struct TargetOwnership {
    /// The existing target that each target of the manifest is merged into, in their order: its own, or the one that it
    /// replaces.
    pub(super) existing: Vec<Option<Value>>,
    /// The ids of targets to remove: former ones of the manifest, and those that are replaced.
    pub(super) removed: Vec<String>,
    /// The ids of targets of others, which are kept.
    pub(super) foreign: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// The owner of an existing rule.
#[derive(Debug, PartialEq)]
pub(super) enum RuleOwnership {
    /// The app owns it, according to its tags.
    App,
    /// It has no owner, and all of its targets are in the manifest: the app adopts it.
    Adopted,
    /// It has no owner, and gets none, because the manifest names no app.
    Unowned,
    /// It has no owner and also runs targets of others: only the manifest's targets are changed.
    Shared,
}

/// Sorts the targets of a rule by owner.
///
/// # Errors
/// The rule already runs a task under another id, and the manifest does not say that it is the same.
pub(super) fn sort_targets(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    before: &ObservedSchedule,
    schedule_context: &ScheduleContext,
) -> Result<TargetOwnership, Vec<Failure>> {
    let named = |target: &&Value| desired.targets.iter().any(|ours| target["Id"] == ours.id.as_str());
    let others: Vec<&Value> = before.targets.iter().filter(|target| !named(target)).collect();
    let was_ours = |target: &&Value| {
        owner::is_own(&before.tags, schedule_context)
            && owner::has_recorded_target(&before.tags, target_id(target))
    };
    let (old, foreign): (Vec<&Value>, Vec<&Value>) =
        others.into_iter().partition(|target| was_ours(target) && target::is_cluster_target(target));
    let ids =
        |targets: &[&Value]| targets.iter().map(|target| target_id(target).to_owned()).collect::<Vec<_>>();
    let mut sorted =
        TargetOwnership { removed: ids(&old), foreign: ids(&foreign), ..TargetOwnership::default() };
    let mut failures = Vec::new();
    for (wanted, work) in desired.targets.iter().zip(works) {
        let own = before.target(&wanted.id).cloned();
        let same = |targets: &[&Value]| -> Vec<Value> {
            targets
                .iter()
                .filter(|target| is_same_job(target, work))
                .map(|target| (*target).clone())
                .collect()
        };
        let found = match own {
            Some(own) => Ok(Some(own)),
            None => replaced_target(desired, (wanted, work), &same(&foreign), &mut sorted),
        };
        match found {
            Ok(None) if same(&old).len() == 1 => sorted.existing.push(same(&old).pop()),
            Ok(found) => sorted.existing.push(found),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(sorted) } else { Err(failures) }
}

/// Returns the target of others that a new target replaces, or `None` if the rule does not run the same task yet.
///
/// The id of a target without a name in the manifest is generated: such a target replaces the only one that runs the
/// same task. A target with another name and another input is another task.
///
/// # Errors
/// The task would run twice.
fn replaced_target(
    desired: &DesiredSchedule,
    (wanted, work): (&DesiredScheduleTarget, &ResolvedWork),
    same: &[Value],
    sorted: &mut TargetOwnership,
) -> Result<Option<Value>, Failure> {
    let unnamed = desired.targets.len() == 1 && wanted.id == desired.key;
    let does_the_same = |target: &Value| input::has_desired_input(target, wanted, work);
    let (rule, ids) =
        (&desired.name, same.iter().map(|target| format!("`{}`", target_id(target))).collect::<Vec<_>>());
    match same {
        [] => Ok(None),
        [only] if unnamed && sorted.foreign.len() == 1 => {
            sorted.foreign.clear();
            sorted.removed.push(target_id(only).to_owned());
            sorted.notes.push(format!(
                "target {} of rule `{rule}` runs the same task, and is replaced by `{}`",
                ids[0], wanted.id
            ));
            Ok(Some(only.clone()))
        }
        _ if !unnamed && !same.iter().any(does_the_same) => Ok(None),
        _ => {
            let (family, id) = (&work.family, target_id(&same[0]));
            let hint = match (desired.targets.len(), same.len()) {
                (1, 1) => format!("set `target: {id}`"),
                (1, _) => {
                    format!(
                        "set `target: {id}` for the one that it is, or list the others too, under `targets:`"
                    )
                }
                _ => format!("use the id `{id}` under `targets:`"),
            };
            let message =
                format!("rule `{rule}` already runs `{family}`, as {}: it would run twice", ids.join(", "));
            Err(Failure::refused(message).with_hint(hint))
        }
    }
}

/// Returns the blockers of a new schedule whose task is already run by an enabled schedule or rule of the same name, in
/// the other service or in another group.
pub(super) fn duplicate_blockers(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    observed: &ObservedSchedules,
    schedule_context: &ScheduleContext,
) -> Vec<Failure> {
    let elsewhere = observed.elsewhere.get(&desired.key).into_iter().flatten();
    let runs = |known: &&ObservedSchedule| {
        let same = |work: &&ResolvedWork| known.targets.iter().any(|target| is_same_job(target, work));
        let work = works.iter().find(same).filter(|_| known.is_enabled())?;
        Some(duplicate_blocker(desired, known, work, owner::is_own(&known.tags, schedule_context)))
    };
    elsewhere.filter_map(|known| runs(&known)).collect()
}

/// Returns the blocker for an existing schedule or rule that runs the same task, with how to remove it.
fn duplicate_blocker(
    desired: &DesiredSchedule,
    known: &ObservedSchedule,
    work: &ResolvedWork,
    own: bool,
) -> Failure {
    let name = known.name();
    let (what, away, instead) = if let Some(group) = known.group() {
        (
            format!("schedule `{group}/{name}`"),
            format!("aws scheduler delete-schedule --group-name {group} --name {name}"),
            match desired.kind {
                Via::Scheduler => format!("use its group with `group: {group}`"),
                Via::Rule => format!("remove `via: rule` and set `group: {group}`"),
            },
        )
    } else {
        let same = known.targets.iter().filter(|target| is_same_job(target, work));
        let ids: Vec<&str> = same.map(target_id).collect();
        let targets = format!("aws events remove-targets --rule {name} --ids {}", ids.join(" "));
        // A rule that also runs other targets is kept for them.
        let rule = format!(" && aws events delete-rule --name {name}");
        let rule = if ids.len() == known.targets.len() { rule } else { String::new() };
        (format!("rule `{name}`"), format!("{targets}{rule}"), "keep it with `via: rule`".to_owned())
    };
    let message = format!("schedule `{}` would run twice: {what} also runs `{}`", desired.key, work.family);
    let whose = if own { "it belongs to this app: delete" } else { "if it is not needed, delete" };
    Failure::refused(message).with_hint(format!("{whose} it (`{away}`)")).with_hint(format!("or {instead}"))
}

fn target_id(target: &Value) -> &str {
    target["Id"].as_str().unwrap_or_default()
}

/// Returns the owner of a rule.
///
/// The app adopts a rule without an owner if all of its targets are in the manifest. A rule with other targets too is
/// only used, if it has the desired times and state; `prune` leaves it alone.
///
/// # Errors
/// The rule belongs to another owner, or runs other targets and would have to change.
pub(super) fn rule_ownership(
    desired: &DesiredSchedule,
    before: &ObservedSchedule,
    foreign: &[String],
    schedule_context: &ScheduleContext,
) -> Result<RuleOwnership, Failure> {
    let name = &desired.name;
    let taken = |why: String| {
        let hint = "choose another name with `rule:`".to_owned();
        Failure::refused(format!("rule `{name}` is taken: {why}")).with_hint(hint)
    };
    let rule = &before.document;
    if let Some(manager) = rule["ManagedBy"].as_str() {
        return Err(taken(format!("it is managed by `{manager}`")));
    }
    if rule["EventPattern"].is_string() {
        return Err(taken("it has an event pattern".to_owned()));
    }
    if owner::is_own(&before.tags, schedule_context) {
        return Ok(RuleOwnership::App);
    }
    if let Some(other) = owner::describe_owner(&before.tags) {
        return Err(taken(format!("it belongs to {other}")));
    }
    if foreign.is_empty() {
        // Without an app, nothing can be owned.
        return Ok(if schedule_context.app.is_none() {
            RuleOwnership::Unowned
        } else {
            RuleOwnership::Adopted
        });
    }
    let (others, expression) = (quote_ids(foreign), rule["ScheduleExpression"].as_str().unwrap_or_default());
    if expression != desired.expression {
        return Err(taken(format!(
            "it runs {others} at `{expression}`, and it has no owner tags of this app"
        )));
    }
    match desired.enabled {
        Some(enabled) if enabled != before.is_enabled() => {
            let switched = if enabled { "on" } else { "off" };
            let why = format!(
                "`enabled: {enabled}` would also switch {others} {switched}, and it has no owner tags of this app"
            );
            Err(taken(why))
        }
        _ => Ok(RuleOwnership::Shared),
    }
}

/// Returns the note about the owner of a rule.
pub(super) fn ownership_note(standing: &RuleOwnership, name: &str, foreign: &[String]) -> Option<String> {
    match standing {
        RuleOwnership::App => None,
        RuleOwnership::Adopted => Some(format!("rule `{name}` already exists and is adopted by this app")),
        RuleOwnership::Unowned => {
            Some(format!("rule `{name}` already exists, and without `app:` it gets no owner tags"))
        }
        RuleOwnership::Shared => {
            Some(format!("rule `{name}` also runs {}: it is used, but not adopted", quote_ids(foreign)))
        }
    }
}

/// Returns the tags to set on an existing rule, and a note about ids that do not fit.
pub(super) fn ownership_tags(
    desired: &DesiredSchedule,
    before: Option<&ObservedSchedule>,
    standing: Option<&RuleOwnership>,
    schedule_context: &ScheduleContext,
) -> (BTreeMap<String, String>, Option<String>) {
    if schedule_context.app.is_none()
        || matches!(standing, Some(RuleOwnership::Shared | RuleOwnership::Unowned))
    {
        return (BTreeMap::new(), None);
    }
    let mut tags = owner::owner_tags(schedule_context);
    let ids = desired.targets.iter().map(|target| target.id.as_str());
    let (value, left_out) = owner::targets_tag_value(ids);
    tags.insert(owner::TARGETS_KEY.to_owned(), value);
    let known = |key: &String| before.and_then(|before| before.tags.get(key));
    tags.retain(|key, value| known(key) != Some(value));
    let note = (!left_out.is_empty()).then(|| {
        let (name, left_out) = (&desired.name, quote_ids(&left_out));
        format!(
            "rule `{name}`: its tags have no room for {left_out}, so these are kept when they are removed from the manifest"
        )
    });
    (tags, note)
}

fn quote_ids(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}
