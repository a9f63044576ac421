//! Owns the look at schedules for the verbs that are about them: those of the manifest, and those that it no longer has.
//! Nothing is rendered, and no tag is needed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use futures_util::future::join;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::aws::observe::failure;
use crate::aws::past::{family_of, number_of};
use crate::aws::scheduled::ObservedSchedule;
use crate::aws::types::{Service, TaskDefinition, revision_of, view};
use crate::aws::{ApiError, Aws};
use crate::commands::change::raised;
use crate::context::Context;
use crate::document::problem::Invalid;
use crate::error::Failure;
use crate::manifest::load::Request;
use crate::manifest::schedules::{Schedule, Target, TaskOf, Via, noun};
use crate::manifest::{self, Manifest, Scope};
use crate::plan::Change;
use crate::plan::record::tag_of;
use crate::plan::schedules::{Ground, now::runs_tasks, owner, settings};
use crate::render::schedules::{DesiredSchedule, group_of, known};
use crate::report::{Event, times};

/// How many definitions are read at a time.
const AT_ONCE: usize = 8;

/// Holds the schedules that a verb is about.
pub struct Chosen {
    pub manifest: Manifest,
    /// As the manifest has them, without what they run.
    pub desired: Vec<DesiredSchedule>,
}

/// Holds what the app owns and the manifest does not have.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Schedules, and rules with all of their targets.
    pub whole: Vec<ObservedSchedule>,
    /// Rules that the manifest has, with those of their targets alone that it does not name.
    pub targets: Vec<ObservedSchedule>,
}

/// Holds a schedule as it was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// None: the manifest no longer has it.
    pub desired: Option<DesiredSchedule>,
    /// None: it is not there.
    pub observed: Option<ObservedSchedule>,
    /// What the manifest's targets run.
    pub runs: Vec<Runs>,
    /// The targets of a rule that are not the manifest's, by their ids.
    pub foreign: Vec<String>,
    /// How the schedule itself differs from the manifest.
    pub changes: Vec<Change>,
    /// The manifest's targets that the rule does not have.
    pub missing: Vec<String>,
}

/// Holds what a target runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// The id of a rule's target; empty for a schedule.
    pub target: String,
    /// `family:revision`; none where it does not run tasks.
    pub revision: Option<String>,
    pub tag: Option<String>,
    pub like: Option<Like>,
}

/// Holds what the service runs that a target is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Like {
    pub service: String,
    pub revision: String,
    pub tag: Option<String>,
    /// Whether the target takes its definition from the service too.
    pub whole: bool,
}

/// Returns the named schedules of the manifest; all of them without names.
///
/// # Errors
/// No manifest, one that cannot be read, or a name that it does not have.
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
    /// Returns whose the schedules are, and the time; where they are is left out.
    pub fn ground(&self) -> Ground {
        Ground {
            app: self.manifest.app.clone(),
            stage: self.manifest.stage.clone(),
            now: times::now() as i64,
            ..Ground::default()
        }
    }

    /// Returns the schedules that are there, in the manifest's order.
    ///
    /// # Errors
    /// One for each that is not there; or the API's.
    pub async fn all(&self, aws: &Aws) -> Result<Vec<(&DesiredSchedule, ObservedSchedule)>> {
        let mut observed = aws.observe_schedules(&self.desired).await.map_err(failure)?.found;
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

    /// Returns what the app and its stage own, and the manifest does not have; nothing without an app.
    ///
    /// # Errors
    /// The API's.
    pub async fn left_behind(&self, aws: &Aws) -> Result<Left, ApiError> {
        let ground = self.ground();
        let (Some(app), tags) = (&ground.app, owner::tags(&ground)) else { return Ok(Left::default()) };
        let group = group_of(app, ground.stage.as_deref());
        let in_group = self.desired.iter().filter(|desired| desired.group.as_ref() == Some(&group));
        let known: BTreeSet<&str> = in_group.map(|desired| desired.name.as_str()).collect();
        let (schedules, rules) =
            join(aws.other_schedules_of_group(&group, &tags, &known), aws.rules_with_tags(&tags)).await;
        let mut left = Left { whole: schedules?, targets: Vec::new() };
        left.whole.retain(|schedule| owner::is_own(&schedule.tags, &ground));
        // No stage is a stage too: the tags have to be the same, and not only among others.
        for rule in rules?.into_iter().filter(|rule| owner::is_own(&rule.tags, &ground)) {
            match self.ids_of_rule(rule.name()) {
                None => left.whole.push(rule),
                Some(ids) => left.targets.extend(without(rule, &ids)),
            }
        }
        Ok(left)
    }

    /// Returns the ids of the targets that the manifest names for a rule; none where it does not have the rule.
    fn ids_of_rule(&self, name: &str) -> Option<Vec<&str>> {
        let is_it = |entry: &&Schedule| entry.via == Via::Rule && entry.name.value == name;
        let entry = self.manifest.schedules.iter().find(is_it)?;
        Some(entry.targets.iter().map(|target| target.id.value.as_str()).collect())
    }

    /// Returns the schedules with what they run and how they differ. What may not be read is said, and is no failure.
    ///
    /// # Errors
    /// The API's, of the schedules themselves.
    pub async fn look(&self, aws: &Aws, notes: &Notes<'_>) -> Result<Vec<Seen>, ApiError> {
        let mut observed = aws.observe_schedules(&self.desired).await?.found;
        let now = times::now() as i64;
        let entries = self.manifest.schedules.iter().zip(&self.desired);
        let mut seen: Vec<Seen> = entries
            .map(|(entry, desired)| Seen::of(entry, desired, observed.remove(&desired.key), now))
            .collect();
        self.add_what_runs(&mut seen, aws, notes).await;
        Ok(seen)
    }

    /// Adds to schedules what their targets run, and what the services run that they are like.
    pub async fn add_what_runs(&self, seen: &mut [Seen], aws: &Aws, notes: &Notes<'_>) {
        let services = notes.or_none(self.services(aws).await, "what services run is not known");
        let services = services.unwrap_or_default();
        let scheduled = seen.iter().filter_map(|seen| seen.observed.as_ref());
        let scheduled = scheduled.flat_map(ObservedSchedule::task_definitions);
        let running = services.values().map(|service| service.task_definition.as_str());
        let asked: BTreeSet<String> = scheduled.chain(running).map(asked_as).collect();
        let definitions = notes.or_none(definitions(asked, aws).await, "tags of schedules are not known");
        let definitions = definitions.unwrap_or_default();
        for seen in seen {
            let (Some(observed), entry) = (&seen.observed, seen.entry(&self.manifest)) else { continue };
            let targets = observed.targets.iter().filter(|target| !seen.is_foreign(target));
            let runs = targets.map(|target| {
                let work = entry.and_then(|entry| self.like(entry, target));
                let like = work.and_then(|(key, whole)| {
                    let service = services.get(&key)?;
                    let definition = definitions.get(&asked_as(&service.task_definition));
                    Some(Like {
                        service: key,
                        revision: revision_of(&service.task_definition).to_owned(),
                        tag: definition.and_then(tag_of),
                        whole,
                    })
                });
                runs(target, &definitions, like)
            });
            seen.runs = runs.collect();
        }
    }

    /// Returns whether a target of a schedule is one that the manifest names.
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

    /// Returns the service that a target is like, and whether it has its definition from there.
    fn like(&self, entry: &Schedule, target: &Value) -> Option<(String, bool)> {
        let id = target["Id"].as_str();
        let own = entry.targets.iter().find(|own| id.is_none_or(|id| own.id.value == id))?;
        let work = match &own.task {
            TaskOf::Own(work) => work.as_ref(),
            TaskOf::Named(name) => &self.manifest.tasks.iter().find(|task| task.key == name.value)?.work,
            TaskOf::Missing => return None,
        };
        Some((work.like.as_ref()?.value.clone(), work.task_definition.is_empty()))
    }

    /// Returns the services that targets are like, by their keys.
    async fn services(&self, aws: &Aws) -> Result<BTreeMap<String, Service>, ApiError> {
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for service in &self.manifest.lenders {
            let Some(cluster) = self.manifest.cluster_of(service) else { continue };
            clusters.entry(cluster).or_default().push(service.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| aws.services(cluster, names));
        let answers = futures_util::future::try_join_all(calls).await?;
        let found: BTreeMap<(&String, &String), &Value> = clusters
            .keys()
            .zip(&answers)
            .flat_map(|(cluster, found)| found.iter().map(move |(name, value)| ((cluster, name), value)))
            .collect();
        let service = |lender: &manifest::Service| {
            let cluster = self.manifest.cluster_of(lender)?;
            let service: Service = view(found.get(&(&cluster, &lender.name))?).ok()?;
            (!service.task_definition.is_empty()).then(|| (lender.key.clone(), service))
        };
        Ok(self.manifest.lenders.iter().filter_map(service).collect())
    }
}

impl Seen {
    fn of(entry: &Schedule, desired: &DesiredSchedule, observed: Option<ObservedSchedule>, now: i64) -> Seen {
        let ids = || entry.targets.iter().map(|target| target.id.value.as_str());
        let there: Vec<&str> = observed.iter().flat_map(|seen| ids_of(seen)).collect();
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

    /// Returns what commands call it; of one that the manifest no longer has, its name in AWS.
    pub fn key(&self) -> &str {
        let own = self.desired.as_ref().map(|desired| desired.key.as_str());
        own.or_else(|| self.observed.as_ref().map(ObservedSchedule::name)).unwrap_or_default()
    }

    fn entry<'a>(&self, manifest: &'a Manifest) -> Option<&'a Schedule> {
        let key = &self.desired.as_ref()?.key;
        manifest.schedules.iter().find(|entry| &entry.key == key)
    }

    fn is_foreign(&self, target: &Value) -> bool {
        target["Id"].as_str().is_some_and(|id| self.foreign.iter().any(|foreign| foreign == id))
    }
}

/// Returns a rule with its targets but for some; nothing where no other is left.
fn without(mut rule: ObservedSchedule, ids: &[&str]) -> Option<ObservedSchedule> {
    rule.targets.retain(|target| target["Id"].as_str().is_some_and(|id| !ids.contains(&id)));
    (!rule.targets.is_empty()).then_some(rule)
}

/// Returns the ids of the targets of a rule.
fn ids_of(schedule: &ObservedSchedule) -> impl Iterator<Item = &str> {
    schedule.targets.iter().filter_map(|target| target["Id"].as_str())
}

fn runs(target: &Value, definitions: &BTreeMap<String, TaskDefinition>, like: Option<Like>) -> Runs {
    let id = target["Id"].as_str().unwrap_or_default().to_owned();
    if !runs_tasks(target) {
        return Runs { target: id, ..Runs::default() };
    }
    let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
    Runs {
        target: id,
        revision: Some(revision_of(arn).to_owned()),
        tag: definitions.get(&asked_as(arn)).and_then(tag_of),
        like,
    }
}

/// Returns the name by which a definition is asked for: an ARN without a revision is none.
fn asked_as(arn: &str) -> String {
    if number_of(arn).is_some() { arn.to_owned() } else { family_of(arn).to_owned() }
}

/// Returns definitions by the names by which they were asked for; those that are not there are left out.
pub async fn definitions(
    asked: BTreeSet<String>,
    aws: &Aws,
) -> Result<BTreeMap<String, TaskDefinition>, ApiError> {
    let calls = asked.into_iter().map(|name| async move {
        let found = aws.task_definition(&name).await?;
        Ok::<_, ApiError>(found.map(|found| (name, found)))
    });
    let found: Vec<Result<_, ApiError>> = stream::iter(calls).buffered(AT_ONCE).collect().await;
    Ok(found.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Says what could not be read, each once.
pub struct Notes<'a> {
    context: &'a Context,
    said: RefCell<BTreeSet<String>>,
}

impl<'a> Notes<'a> {
    /// Returns notes of which nothing has been said.
    pub fn new(context: &'a Context) -> Notes<'a> {
        Notes { context, said: RefCell::default() }
    }

    /// Says something, once.
    pub fn say(&self, text: &str) {
        if self.said.borrow_mut().insert(text.to_owned()) {
            self.context.report.tell(&Event::Note(text));
        }
    }

    /// Returns what was read; what could not be is said with what is lost by it.
    pub fn or_none<T>(&self, read: Result<T, ApiError>, lost: &str) -> Option<T> {
        read.map_err(|error| {
            if self.said.borrow_mut().insert(lost.to_owned()) {
                self.context.report.tell(&Event::Note(&format!("{lost}: {error}")));
            }
        })
        .ok()
    }
}

/// Returns the failure that a schedule is not there.
fn not_there(desired: &DesiredSchedule) -> Failure {
    let place = desired.group.as_ref().map(|group| format!(" in group `{group}`")).unwrap_or_default();
    let message = format!("there is no {} `{}`{place}", noun(desired.via), desired.name);
    let hint = format!("`ecsail deploy schedule {} --tag TAG` creates it", desired.key);
    Failure::error(message).hint(hint)
}
