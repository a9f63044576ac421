//! Owns whose a rule and its targets are: what of it is the manifest's, what was, what takes the place of what, and what is
//! left to others. A job that a rule runs already is not put a second time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::target::{self, is_same_job};
use super::types::Ground;
use super::{input, owner};
use crate::aws::types::{ObservedSchedule, ObservedSchedules, Via};
use crate::error::Failure;
use crate::plan::types::ResolvedWork;
use crate::render::schedules::{DesiredSchedule, DesiredTarget};

/// Holds what becomes of the targets of a rule.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// What each of the manifest's targets is laid over, in their order: its own, or the one whose place it takes.
    pub(super) existing: Vec<Option<Value>>,
    /// The ids of those that go: the manifest's of old, and those whose place is taken.
    pub(super) removed: Vec<String>,
    /// The ids of those of others. They are kept.
    pub(super) foreign: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Says whose a rule is that is there.
#[derive(Debug, PartialEq)]
pub(super) enum Standing {
    /// The app's, as its tags say.
    Own,
    /// Nobody's, and all of its targets are the manifest's: it becomes the app's.
    TakenOver,
    /// Nobody's, and without an app it stays so.
    Nobodys,
    /// Nobody's, and it runs targets of others too: it stays as it is but for our targets.
    Shared,
}

/// Returns what becomes of the targets of a rule.
///
/// # Errors
/// A job that the rule runs already under another id, and that the manifest did not say to be the same.
pub(super) fn sort(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    before: &ObservedSchedule,
    ground: &Ground,
) -> Result<Sorted, Vec<Failure>> {
    let named = |target: &&Value| desired.targets.iter().any(|ours| target["Id"] == ours.id.as_str());
    let others: Vec<&Value> = before.targets.iter().filter(|target| !named(target)).collect();
    let was_ours = |target: &&Value| {
        owner::is_own(&before.tags, ground) && owner::remembers(&before.tags, id_of(target))
    };
    let (old, foreign): (Vec<&Value>, Vec<&Value>) =
        others.into_iter().partition(|target| was_ours(target) && target::runs_tasks(target));
    let ids = |targets: &[&Value]| targets.iter().map(|target| id_of(target).to_owned()).collect::<Vec<_>>();
    let mut sorted = Sorted { removed: ids(&old), foreign: ids(&foreign), ..Sorted::default() };
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
            None => place_of(desired, (wanted, work), &same(&foreign), &mut sorted),
        };
        match found {
            Ok(None) if same(&old).len() == 1 => sorted.existing.push(same(&old).pop()),
            Ok(found) => sorted.existing.push(found),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(sorted) } else { Err(failures) }
}

/// Returns the target of others whose place a new one takes; none where the rule does not run the same yet.
///
/// The id of a target that has no name in the manifest is made up: then the only one that runs the same is meant. What was
/// named otherwise, and is given something else to do, is another job.
///
/// # Errors
/// Where it would run twice.
fn place_of(
    desired: &DesiredSchedule,
    (wanted, work): (&DesiredTarget, &ResolvedWork),
    same: &[Value],
    sorted: &mut Sorted,
) -> Result<Option<Value>, Failure> {
    let unnamed = desired.targets.len() == 1 && wanted.id == desired.key;
    let does_the_same = |target: &Value| input::is_wanted(target, wanted, work);
    let (rule, ids) =
        (&desired.name, same.iter().map(|target| format!("`{}`", id_of(target))).collect::<Vec<_>>());
    match same {
        [] => Ok(None),
        [only] if unnamed && sorted.foreign.len() == 1 => {
            sorted.foreign.clear();
            sorted.removed.push(id_of(only).to_owned());
            sorted.notes.push(format!(
                "target {} of rule `{rule}` runs the same: `{}` takes its place",
                ids[0], wanted.id
            ));
            Ok(Some(only.clone()))
        }
        _ if !unnamed && !same.iter().any(does_the_same) => Ok(None),
        _ => {
            let (family, id) = (&work.family, id_of(&same[0]));
            let hint = match (desired.targets.len(), same.len()) {
                (1, 1) => format!("name it with `target: {id}`"),
                (1, _) => {
                    format!("name the one that it is with `target: {id}`, or the others too, with `targets:`")
                }
                _ => format!("name it `{id}` under `targets:`"),
            };
            let message =
                format!("rule `{rule}` runs `{family}` already, as {}: it would run twice", ids.join(", "));
            Err(Failure::refused(message).hint(hint))
        }
    }
}

/// Returns the refusals of a new schedule whose job something of its name runs already, in the other service or in another
/// group. What is switched off runs nothing.
pub(super) fn twice(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    observed: &ObservedSchedules,
    ground: &Ground,
) -> Vec<Failure> {
    let elsewhere = observed.elsewhere.get(&desired.key).into_iter().flatten();
    let runs = |known: &&ObservedSchedule| {
        let same = |work: &&ResolvedWork| known.targets.iter().any(|target| is_same_job(target, work));
        let work = works.iter().find(same).filter(|_| known.is_enabled())?;
        Some(refusal(desired, known, work, owner::is_own(&known.tags, ground)))
    };
    elsewhere.filter_map(|known| runs(&known)).collect()
}

/// Returns the refusal of a new schedule for the sake of a known one that runs the same, with how that one is taken away.
fn refusal(desired: &DesiredSchedule, known: &ObservedSchedule, work: &ResolvedWork, own: bool) -> Failure {
    let name = known.name();
    let (what, away, instead) = match known.group() {
        Some(group) => (
            format!("schedule `{group}/{name}`"),
            format!("aws scheduler delete-schedule --group-name {group} --name {name}"),
            match desired.via {
                Via::Scheduler => format!("name its group with `group: {group}`"),
                Via::Rule => format!("leave out `via: rule`, with `group: {group}`"),
            },
        ),
        None => {
            let same = known.targets.iter().filter(|target| is_same_job(target, work));
            let ids: Vec<&str> = same.map(id_of).collect();
            let targets = format!("aws events remove-targets --rule {name} --ids {}", ids.join(" "));
            // A rule that runs something else too stays for that.
            let rule = format!(" && aws events delete-rule --name {name}");
            let rule = if ids.len() == known.targets.len() { rule } else { String::new() };
            (format!("rule `{name}`"), format!("{targets}{rule}"), "keep it with `via: rule`".to_owned())
        }
    };
    let message = format!("schedule `{}` would run twice: {what} runs `{}` too", desired.key, work.family);
    let whose = if own { "it is the app's own: delete" } else { "if it is not needed, delete" };
    Failure::refused(message).hint(format!("{whose} it (`{away}`)")).hint(format!("or {instead}"))
}

fn id_of(target: &Value) -> &str {
    target["Id"].as_str().unwrap_or_default()
}

/// Returns whose a rule is.
///
/// A rule without an owner is taken over where all of its targets are the manifest's. One that has others too is used
/// where it runs at the same times, and is as it should be: `prune` leaves it alone.
///
/// # Errors
/// A rule of somebody else's; one that runs other targets and would have to change for ours is one too.
pub(super) fn standing(
    desired: &DesiredSchedule,
    before: &ObservedSchedule,
    foreign: &[String],
    ground: &Ground,
) -> Result<Standing, Failure> {
    let name = &desired.name;
    let taken = |why: String| {
        let hint = "give the schedule another name with `rule:`".to_owned();
        Failure::refused(format!("rule `{name}` is taken: {why}")).hint(hint)
    };
    let rule = &before.document;
    if let Some(manager) = rule["ManagedBy"].as_str() {
        return Err(taken(format!("`{manager}` manages it")));
    }
    if rule["EventPattern"].is_string() {
        return Err(taken("it matches events (it has an event pattern)".to_owned()));
    }
    if owner::is_own(&before.tags, ground) {
        return Ok(Standing::Own);
    }
    if let Some(other) = owner::other(&before.tags) {
        return Err(taken(format!("it is of {other}")));
    }
    if foreign.is_empty() {
        // Without an app nothing can be owned.
        return Ok(if ground.app.is_none() { Standing::Nobodys } else { Standing::TakenOver });
    }
    let (others, expression) = (quoted(foreign), rule["ScheduleExpression"].as_str().unwrap_or_default());
    if expression != desired.expression {
        return Err(taken(format!(
            "it runs {others} at `{expression}`, and no tag says that it is the app's"
        )));
    }
    match desired.enabled {
        Some(enabled) if enabled != before.is_enabled() => {
            let switched = if enabled { "on" } else { "off" };
            let why = format!(
                "`enabled: {enabled}` would switch {others} {switched} too, and no tag says that it is the app's"
            );
            Err(taken(why))
        }
        _ => Ok(Standing::Shared),
    }
}

/// Returns what is to be told of whose a rule is.
pub(super) fn told(standing: &Standing, name: &str, foreign: &[String]) -> Option<String> {
    match standing {
        Standing::Own => None,
        Standing::TakenOver => Some(format!("rule `{name}` was there, and is taken over")),
        Standing::Nobodys => {
            Some(format!("rule `{name}` was there, and without `app:` no tag says whose it is"))
        }
        Standing::Shared => {
            Some(format!("rule `{name}` also runs {}: it is used, and not taken over", quoted(foreign)))
        }
    }
}

/// Returns the tags that a rule that is there gets, and the ids that do not fit into them.
pub(super) fn tags(
    desired: &DesiredSchedule,
    before: Option<&ObservedSchedule>,
    standing: Option<&Standing>,
    ground: &Ground,
) -> (BTreeMap<String, String>, Option<String>) {
    if ground.app.is_none() || matches!(standing, Some(Standing::Shared | Standing::Nobodys)) {
        return (BTreeMap::new(), None);
    }
    let mut tags = owner::tags(ground);
    let ids = desired.targets.iter().map(|target| target.id.as_str());
    let (value, left_out) = owner::remembered(ids);
    tags.insert(owner::TARGETS.to_owned(), value);
    let known = |key: &String| before.and_then(|before| before.tags.get(key));
    tags.retain(|key, value| known(key) != Some(value));
    let note = (!left_out.is_empty()).then(|| {
        let (name, left_out) = (&desired.name, quoted(&left_out));
        format!(
            "rule `{name}`: its tags have no room for {left_out}: taken out of the manifest, they would stay"
        )
    });
    (tags, note)
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}
