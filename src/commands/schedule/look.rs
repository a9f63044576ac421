//! Reads schedules for the schedule verbs: those of the manifest, and those that the app owns and the manifest no
//! longer has. Never renders and never needs a tag.

use std::cell::RefCell;
use std::collections::BTreeSet;

use futures_util::future::join;
use serde_json::Value;

use crate::aws::error::failure;
use crate::aws::types::{ObservedSchedule, Via};
use crate::aws::{ApiError, Aws};
use crate::commands::change::raised;
use crate::context::Context;
use crate::document::problem::Invalid;
use crate::error::{Failure, Result};
use crate::manifest::Request;
use crate::manifest::schedules::{Schedule, Target, noun};
use crate::manifest::{self, Manifest, Scope};
use crate::observe::schedules;
use crate::plan::Change;
use crate::plan::schedules::{Ground, owner, settings};
use crate::render::schedules::{DesiredSchedule, group_of, known};
use crate::report::{Event, times};

/// The schedules that a verb is about.
pub struct Chosen {
    pub manifest: Manifest,
    /// The schedules of the manifest, without what they run.
    pub desired: Vec<DesiredSchedule>,
}

/// What the app owns and the manifest does not have.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Schedules, and rules with all their targets.
    pub whole: Vec<ObservedSchedule>,
    /// Rules of the manifest, with only those of their targets that the manifest does not name.
    pub targets: Vec<ObservedSchedule>,
}

/// A schedule of the manifest and of AWS.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `None` if the manifest no longer has it.
    pub desired: Option<DesiredSchedule>,
    /// `None` if it does not exist in AWS.
    pub observed: Option<ObservedSchedule>,
    /// What the manifest's targets run.
    pub runs: Vec<Runs>,
    /// The ids of the rule's targets that are not in the manifest.
    pub foreign: Vec<String>,
    /// How the settings of the schedule differ from the manifest.
    pub changes: Vec<Change>,
    /// The ids of the manifest's targets that the rule does not have.
    pub missing: Vec<String>,
}

/// What a target runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// The id of a rule's target; empty for a schedule.
    pub target: String,
    /// `family:revision`, or `None` if the target does not run a task.
    pub revision: Option<String>,
    pub tag: Option<String>,
    pub like: Option<Like>,
}

/// What the service runs that a target is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Like {
    pub service: String,
    pub revision: String,
    pub tag: Option<String>,
    /// Whether the target takes its definition from the service too.
    pub whole: bool,
}

/// Returns the named schedules of the manifest, or all without names.
///
/// # Errors
/// There is no manifest, it cannot be read, or it has no schedule of this name.
pub fn choose(names: &[String], context: &Context) -> Result<Chosen> {
    let scope = Scope::Schedules(names.to_vec());
    let manifest =
        manifest::load(&context.settings, &Request { names_only: true, scope, ..Request::default() })?;
    if manifest.problems.any_error() {
        return Err(Invalid { problems: manifest.problems, sources: manifest.sources }.into());
    }
    let desired = known(&manifest)?;
    Ok(Chosen { manifest, desired })
}

impl Chosen {
    /// Returns the owner of the schedules and the time, without region and account.
    pub fn ground(&self) -> Ground {
        Ground {
            app: self.manifest.app.clone(),
            stage: self.manifest.stage.clone(),
            now: times::now() as i64,
            ..Ground::default()
        }
    }

    /// Returns the schedules that exist, in the order of the manifest.
    ///
    /// # Errors
    /// One for each schedule that does not exist; or an API call failed.
    pub async fn all(&self, aws: &Aws) -> Result<Vec<(&DesiredSchedule, ObservedSchedule)>> {
        let mut observed = schedules::observe(aws, &self.desired).await.map_err(failure)?.found;
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for desired in &self.desired {
            match observed.remove(&desired.key) {
                Some(schedule) => found.push((desired, schedule)),
                None => missing.push(not_there(desired)),
            }
        }
        raised(missing)?;
        Ok(found)
    }

    /// Returns what the app and stage own and the manifest does not have. Empty if the manifest has no `app`.
    ///
    /// # Errors
    /// An API call failed.
    pub async fn left_behind(&self, aws: &Aws) -> Result<Left, ApiError> {
        let ground = self.ground();
        let (Some(app), tags) = (&ground.app, owner::tags(&ground)) else { return Ok(Left::default()) };
        let group = group_of(app, ground.stage.as_deref());
        let in_group = self.desired.iter().filter(|desired| desired.group.as_ref() == Some(&group));
        let known: BTreeSet<&str> = in_group.map(|desired| desired.name.as_str()).collect();
        let (schedules, rules) = join(
            schedules::other_schedules_of_group(aws, &group, &tags, &known),
            schedules::rules_with_tags(aws, &tags),
        )
        .await;
        let mut left = Left { whole: schedules?, targets: Vec::new() };
        left.whole.retain(|schedule| owner::is_own(&schedule.tags, &ground));
        // The tags must be equal, not only included: an app without a stage does not own the rules of its stages.
        for rule in rules?.into_iter().filter(|rule| owner::is_own(&rule.tags, &ground)) {
            match self.ids_of_rule(rule.name()) {
                None => left.whole.push(rule),
                Some(ids) => left.targets.extend(without(rule, &ids)),
            }
        }
        Ok(left)
    }

    /// Returns the ids of the targets that the manifest has for a rule, or `None` if it does not have the rule.
    fn ids_of_rule(&self, name: &str) -> Option<Vec<&str>> {
        let is_it = |entry: &&Schedule| entry.via == Via::Rule && entry.name.value == name;
        let entry = self.manifest.schedules.iter().find(is_it)?;
        Some(entry.targets.iter().map(|target| target.id.value.as_str()).collect())
    }

    /// Returns the schedules with what they run and how they differ. Other data that cannot be read is reported as a
    /// note.
    ///
    /// # Errors
    /// The schedules cannot be read.
    pub async fn look(&self, aws: &Aws, notes: &Notes<'_>) -> Result<Vec<Seen>, ApiError> {
        let mut observed = schedules::observe(aws, &self.desired).await?.found;
        let now = times::now() as i64;
        let entries = self.manifest.schedules.iter().zip(&self.desired);
        let mut seen: Vec<Seen> = entries
            .map(|(entry, desired)| Seen::of(entry, desired, observed.remove(&desired.key), now))
            .collect();
        self.add_what_runs(&mut seen, aws, notes).await;
        Ok(seen)
    }

    /// Returns whether the manifest has a target of a schedule.
    pub fn has_target(&self, key: &str, target: &Value) -> bool {
        let entry = self.manifest.schedules.iter().find(|entry| entry.key == key);
        let id = target["Id"].as_str();
        let named = |own: &Target| id.is_none_or(|id| own.id.value == id);
        entry.is_some_and(|entry| entry.targets.iter().any(named))
    }

    /// Returns the service that a target of a schedule is like.
    pub fn like_of(&self, key: &str, target: &Value) -> Option<String> {
        let entry = self.manifest.schedules.iter().find(|entry| entry.key == key)?;
        self.like(entry, target).map(|(service, _)| service)
    }
}

impl Seen {
    fn of(entry: &Schedule, desired: &DesiredSchedule, observed: Option<ObservedSchedule>, now: i64) -> Seen {
        let ids = || entry.targets.iter().map(|target| target.id.value.as_str());
        let there: Vec<&str> = observed.iter().flat_map(ids_of).collect();
        let is_rule = desired.via == Via::Rule && observed.is_some();
        let foreign = there.iter().filter(|id| is_rule && !ids().any(|own| own == **id));
        let missing = ids().filter(|id| is_rule && !there.contains(id));
        Seen {
            foreign: foreign.map(|id| (*id).to_owned()).collect(),
            missing: missing.map(str::to_owned).collect(),
            changes: observed.as_ref().map(|seen| settings(desired, seen, now)).unwrap_or_default(),
            desired: Some(desired.clone()),
            runs: Vec::new(),
            observed,
        }
    }

    /// Returns a schedule that the manifest no longer has.
    pub fn left_behind(observed: ObservedSchedule) -> Seen {
        let (foreign, changes, missing) = (Vec::new(), Vec::new(), Vec::new());
        Seen { desired: None, observed: Some(observed), runs: Vec::new(), foreign, changes, missing }
    }

    /// Returns the key in the manifest, or the name in AWS if the manifest no longer has the schedule.
    pub fn key(&self) -> &str {
        let own = self.desired.as_ref().map(|desired| desired.key.as_str());
        own.or_else(|| self.observed.as_ref().map(ObservedSchedule::name)).unwrap_or_default()
    }

    pub(super) fn entry<'a>(&self, manifest: &'a Manifest) -> Option<&'a Schedule> {
        let key = &self.desired.as_ref()?.key;
        manifest.schedules.iter().find(|entry| &entry.key == key)
    }

    pub(super) fn is_foreign(&self, target: &Value) -> bool {
        target["Id"].as_str().is_some_and(|id| self.foreign.iter().any(|foreign| foreign == id))
    }
}

/// Removes targets from a rule. Returns `None` if no other target is left.
fn without(mut rule: ObservedSchedule, ids: &[&str]) -> Option<ObservedSchedule> {
    rule.targets.retain(|target| target["Id"].as_str().is_some_and(|id| !ids.contains(&id)));
    (!rule.targets.is_empty()).then_some(rule)
}

/// Returns the ids of a rule's targets.
fn ids_of(schedule: &ObservedSchedule) -> impl Iterator<Item = &str> {
    schedule.targets.iter().filter_map(|target| target["Id"].as_str())
}

/// Reports notes on what could not be read, each once.
pub struct Notes<'a> {
    context: &'a Context,
    said: RefCell<BTreeSet<String>>,
}

impl<'a> Notes<'a> {
    /// Returns an empty set of notes.
    pub fn new(context: &'a Context) -> Notes<'a> {
        Notes { context, said: RefCell::default() }
    }

    /// Reports a note, unless it was reported before.
    pub fn say(&self, text: &str) {
        if self.said.borrow_mut().insert(text.to_owned()) {
            self.context.report.tell(&Event::Note(text));
        }
    }

    /// Returns the result, or reports its error after the text `lost`, once.
    pub fn or_none<T>(&self, read: Result<T, ApiError>, lost: &str) -> Option<T> {
        read.map_err(|error| {
            if self.said.borrow_mut().insert(lost.to_owned()) {
                self.context.report.tell(&Event::Note(&format!("{lost}: {error}")));
            }
        })
        .ok()
    }
}

/// Returns the failure that a schedule does not exist.
fn not_there(desired: &DesiredSchedule) -> Failure {
    let place = desired.group.as_ref().map(|group| format!(" in group `{group}`")).unwrap_or_default();
    let message = format!("no {} named `{}`{place}", noun(desired.via), desired.name);
    let hint = format!("create it with `ecsail deploy schedule {} --tag TAG`", desired.key);
    Failure::error(message).hint(hint)
}
