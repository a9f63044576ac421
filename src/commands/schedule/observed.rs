//! Reads schedules for the schedule verbs: those of the manifest, and those that the app owns and the manifest no
//! longer has. Never renders and never needs a tag.

use std::cell::RefCell;
use std::collections::BTreeSet;

use futures_util::future::join;
use serde_json::Value;

use crate::aws::error::failure;
use crate::aws::types::{ObservedSchedule, Via};
use crate::aws::{ApiError, Aws};
use crate::commands::change_guards::ensure_no_failures;
use crate::commands::lookups;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::manifest::Request;
use crate::manifest::schedules::{ManifestSchedule, ManifestTarget, schedule_noun};
use crate::manifest::{Manifest, Scope};
use crate::observe::schedules;
use crate::plan::Change;
use crate::plan::schedules::{ScheduleContext, owner, settings};
use crate::render::schedules::{DesiredSchedule, app_group_name, schedules_without_targets};
use crate::report::{Event, times};
use crate::shell;

/// The schedules that a verb is about.
pub struct SelectedSchedules {
    pub manifest: Manifest,
    /// The schedules of the manifest, without what they run.
    pub desired: Vec<DesiredSchedule>,
}

/// What the app owns and the manifest does not have.
#[derive(Clone, Debug, Default)]
pub struct RemovedFromManifest {
    /// Schedules, and rules with all their targets.
    pub schedules: Vec<ObservedSchedule>,
    /// Rules of the manifest, with only those of their targets that the manifest does not name.
    pub targets: Vec<ObservedSchedule>,
}

/// A schedule of the manifest and of AWS.
#[derive(Clone, Debug)]
pub struct ScheduleState {
    /// `None` if the manifest no longer has it.
    pub desired: Option<DesiredSchedule>,
    /// `None` if it does not exist in AWS.
    pub observed: Option<ObservedSchedule>,
    /// What the manifest's targets run.
    pub runs: Vec<Runs>,
    /// The ids of the rule's targets that are not in the manifest.
    pub foreign_targets: Vec<String>,
    /// How the settings of the schedule differ from the manifest.
    pub changes: Vec<Change>,
    /// The ids of the manifest's targets that the rule does not have.
    pub missing_targets: Vec<String>,
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
pub async fn select(names: &[String], context: &CommandContext) -> Result<SelectedSchedules> {
    let scope = Scope::Schedules(names.to_vec());
    let manifest = lookups::load(&Request { names_only: true, scope, ..Request::default() }, context).await?;
    let desired = schedules_without_targets(&manifest)?;
    Ok(SelectedSchedules { manifest, desired })
}

impl SelectedSchedules {
    /// Returns the owner of the schedules and the time, without region and account.
    pub fn context(&self) -> ScheduleContext {
        ScheduleContext {
            app: self.manifest.app.clone(),
            stage: self.manifest.stage.clone(),
            now: times::unix_now() as i64,
            ..ScheduleContext::default()
        }
    }

    /// Returns the schedules that exist, in the order of the manifest.
    ///
    /// # Errors
    /// One for each schedule that does not exist; or an API call failed.
    pub async fn read_existing(&self, aws: &Aws) -> Result<Vec<(&DesiredSchedule, ObservedSchedule)>> {
        let mut observed = schedules::observe(aws, &self.desired).await.map_err(failure)?.found;
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for desired in &self.desired {
            match observed.remove(&desired.key) {
                Some(schedule) => found.push((desired, schedule)),
                None => missing.push(not_found(desired)),
            }
        }
        ensure_no_failures(missing)?;
        Ok(found)
    }

    /// Returns what the app and stage own and the manifest does not have. Empty if the manifest has no `app`.
    ///
    /// # Errors
    /// An API call failed.
    pub async fn read_removed(&self, aws: &Aws) -> Result<RemovedFromManifest, ApiError> {
        let schedule_context = self.context();
        let (Some(app), tags) = (&schedule_context.app, owner::owner_tags(&schedule_context)) else {
            return Ok(RemovedFromManifest::default());
        };
        let group = app_group_name(app, schedule_context.stage.as_deref());
        let in_group = self.desired.iter().filter(|desired| desired.group.as_ref() == Some(&group));
        let known: BTreeSet<&str> = in_group.map(|desired| desired.name.as_str()).collect();
        let (schedules, rules) = join(
            schedules::other_schedules_of_group(aws, &group, &tags, &known),
            schedules::rules_with_tags(aws, &tags),
        )
        .await;
        let mut left = RemovedFromManifest { schedules: schedules?, targets: Vec::new() };
        left.schedules.retain(|schedule| owner::is_own(&schedule.tags, &schedule_context));
        // The tags must be equal, not only included: an app without a stage does not own the rules of its stages.
        for rule in rules?.into_iter().filter(|rule| owner::is_own(&rule.tags, &schedule_context)) {
            match self.target_ids_of_rule(rule.name()) {
                None => left.schedules.push(rule),
                Some(ids) => left.targets.extend(without_targets(rule, &ids)),
            }
        }
        Ok(left)
    }

    /// Returns the ids of the targets that the manifest has for a rule, or `None` if it does not have the rule.
    fn target_ids_of_rule(&self, name: &str) -> Option<Vec<&str>> {
        let is_it = |entry: &&ManifestSchedule| entry.kind == Via::Rule && entry.manifest_name.value == name;
        let entry = self.manifest.schedules.iter().find(is_it)?;
        Some(entry.targets.iter().map(|target| target.id.value.as_str()).collect())
    }

    /// Returns the schedules with what they run and how they differ. Other data that cannot be read is reported as a
    /// note.
    ///
    /// # Errors
    /// The schedules cannot be read.
    pub async fn read(&self, aws: &Aws, notes: &OnceNotes<'_>) -> Result<Vec<ScheduleState>, ApiError> {
        let mut observed = schedules::observe(aws, &self.desired).await?.found;
        let now = times::unix_now() as i64;
        let entries = self.manifest.schedules.iter().zip(&self.desired);
        let mut seen: Vec<ScheduleState> = entries
            .map(|(entry, desired)| {
                ScheduleState::compare(entry, desired, observed.remove(&desired.key), now)
            })
            .collect();
        self.read_revisions(&mut seen, aws, notes).await;
        Ok(seen)
    }

    /// Returns whether the manifest has a target of a schedule.
    pub fn has_target(&self, key: &str, target: &Value) -> bool {
        let entry = self.manifest.schedules.iter().find(|entry| entry.key == key);
        let id = target["Id"].as_str();
        let named = |own: &ManifestTarget| id.is_none_or(|id| own.id.value == id);
        entry.is_some_and(|entry| entry.targets.iter().any(named))
    }

    /// Returns the service that a target of a schedule is like.
    pub fn service_like(&self, key: &str, target: &Value) -> Option<String> {
        let entry = self.manifest.schedules.iter().find(|entry| entry.key == key)?;
        self.like_entry(entry, target).map(|(service, _)| service)
    }
}

impl ScheduleState {
    fn compare(
        entry: &ManifestSchedule,
        desired: &DesiredSchedule,
        observed: Option<ObservedSchedule>,
        now: i64,
    ) -> ScheduleState {
        let ids = || entry.targets.iter().map(|target| target.id.value.as_str());
        let there: Vec<&str> = observed.iter().flat_map(target_ids).collect();
        let is_rule = desired.kind == Via::Rule && observed.is_some();
        let foreign = there.iter().filter(|id| is_rule && !ids().any(|own| own == **id));
        let missing = ids().filter(|id| is_rule && !there.contains(id));
        ScheduleState {
            foreign_targets: foreign.map(|id| (*id).to_owned()).collect(),
            missing_targets: missing.map(str::to_owned).collect(),
            changes: observed.as_ref().map(|seen| settings(desired, seen, now)).unwrap_or_default(),
            desired: Some(desired.clone()),
            runs: Vec::new(),
            observed,
        }
    }

    /// Returns a schedule that the manifest no longer has.
    pub fn from_removed(observed: ObservedSchedule) -> ScheduleState {
        let (foreign, changes, missing) = (Vec::new(), Vec::new(), Vec::new());
        ScheduleState {
            desired: None,
            observed: Some(observed),
            runs: Vec::new(),
            foreign_targets: foreign,
            changes,
            missing_targets: missing,
        }
    }

    /// Returns the key in the manifest, or the name in AWS if the manifest no longer has the schedule.
    pub fn key(&self) -> &str {
        let own = self.desired.as_ref().map(|desired| desired.key.as_str());
        own.or_else(|| self.observed.as_ref().map(ObservedSchedule::name)).unwrap_or_default()
    }

    pub(super) fn entry<'a>(&self, manifest: &'a Manifest) -> Option<&'a ManifestSchedule> {
        let key = &self.desired.as_ref()?.key;
        manifest.schedules.iter().find(|entry| &entry.key == key)
    }

    pub(super) fn is_foreign(&self, target: &Value) -> bool {
        target["Id"].as_str().is_some_and(|id| self.foreign_targets.iter().any(|foreign| foreign == id))
    }
}

/// Removes targets from a rule. Returns `None` if no other target is left.
fn without_targets(mut rule: ObservedSchedule, ids: &[&str]) -> Option<ObservedSchedule> {
    rule.targets.retain(|target| target["Id"].as_str().is_some_and(|id| !ids.contains(&id)));
    (!rule.targets.is_empty()).then_some(rule)
}

/// Returns the ids of a rule's targets.
fn target_ids(schedule: &ObservedSchedule) -> impl Iterator<Item = &str> {
    schedule.targets.iter().filter_map(|target| target["Id"].as_str())
}

/// Reports notes on what could not be read, each once.
pub struct OnceNotes<'a> {
    context: &'a CommandContext,
    reported: RefCell<BTreeSet<String>>,
}

impl<'a> OnceNotes<'a> {
    /// Returns an empty set of notes.
    pub fn new(context: &'a CommandContext) -> OnceNotes<'a> {
        OnceNotes { context, reported: RefCell::default() }
    }

    /// Reports a note, unless it was reported before.
    pub fn note(&self, text: &str) {
        if self.reported.borrow_mut().insert(text.to_owned()) {
            self.context.reporter.report(&Event::Note(text));
        }
    }

    /// Returns the result, or reports its error after the text `lost`, once.
    pub fn value_or_note<T>(&self, read: Result<T, ApiError>, lost: &str) -> Option<T> {
        read.map_err(|error| {
            if self.reported.borrow_mut().insert(lost.to_owned()) {
                self.context.reporter.report(&Event::Note(&format!("{lost}: {error}")));
            }
        })
        .ok()
    }
}

/// Returns the failure that a schedule does not exist.
fn not_found(desired: &DesiredSchedule) -> Failure {
    let place = desired.group.as_ref().map(|group| format!(" in group `{group}`")).unwrap_or_default();
    let message = format!("no {} named `{}`{place}", schedule_noun(desired.kind), desired.name);
    let hint = format!("create it with `ecsail deploy schedule {} --tag TAG`", shell::quote(&desired.key));
    Failure::error(message).with_hint(hint)
}
