//! Rolls back the schedules of the manifest together with the services: finds their targets, shows them before anything
//! changes, and applies them once all services are rolled back.
//! What cannot be read is reported as a note: a rollback of services must work without permissions for EventBridge.

use std::collections::{BTreeMap, BTreeSet};

use super::schedule::look::{Chosen, Notes, choose};
use super::schedule::runs::definitions;
use super::ways_back::WaysBack;
use crate::apply::schedules;
use crate::aws::Aws;
use crate::aws::definitions::Status;
use crate::aws::types::{ObservedSchedule, TaskDefinition, family_of, number_of};
use crate::context::Context;
use crate::error::Result;
use crate::manifest::load::locate;
use crate::manifest::schedules::noun;
use crate::observe;
use crate::plan::schedules::back::{Return, Way, plan, same_release, way};
use crate::plan::schedules::{now::runs_tasks, owner};
use crate::plan::{Revision, SchedulePlan};
use crate::report::{Event, Outcome};

/// The number of revisions of a family that are listed, and the number of those that are read.
const LISTED: usize = 100;
const LOOKED_AT: usize = 20;

/// The schedules to roll back, each with the services that its targets depend on.
#[derive(Default)]
pub struct SchedulesBack {
    plans: Vec<(SchedulePlan, Vec<String>)>,
}

/// The rollback of one schedule target, and the service that it depends on.
struct Move {
    index: usize,
    to: Revision,
    shown: String,
    service: String,
}

/// The data that the rollbacks of schedules are derived from.
struct Search<'a> {
    chosen: &'a Chosen,
    returns: Vec<Return>,
    definitions: BTreeMap<String, TaskDefinition>,
    /// Whether all services of the manifest are rolled back, and not only named ones.
    all: bool,
    aws: &'a Aws,
    notes: &'a Notes<'a>,
}

/// Finds the schedules of the manifest to roll back with the services. Calls nothing if the manifest has none.
///
/// # Errors
/// A folder cannot be read.
pub async fn find(ways: &WaysBack, all: bool, aws: &Aws, context: &Context) -> Result<SchedulesBack> {
    let notes = Notes::new(context);
    let going = ways.plan.services.iter().any(|service| service.after != Revision::Same);
    if !going || locate(&context.settings)?.is_none() {
        return Ok(SchedulesBack::default());
    }
    let chosen = match choose(&[], context) {
        Ok(chosen) => chosen,
        Err(_) => {
            notes.say(
                "the schedules are not rolled back: they cannot be read; see why with `ecsail schedule list`",
            );
            return Ok(SchedulesBack::default());
        }
    };
    if chosen.desired.is_empty() {
        return Ok(SchedulesBack::default());
    }
    Ok(search(ways, &chosen, all, aws, &notes).await.unwrap_or_default())
}

/// Finds the rollback of each schedule. Returns `None` and reports a note if schedules cannot be read.
async fn search(
    ways: &WaysBack,
    chosen: &Chosen,
    all: bool,
    aws: &Aws,
    notes: &Notes<'_>,
) -> Option<SchedulesBack> {
    const LOST: &str = "the schedules are not rolled back";
    let mut observed = notes.or_none(observe::schedules::observe(aws, &chosen.desired).await, LOST)?.found;
    let scheduled = observed.values().flat_map(ObservedSchedule::task_definitions).map(str::to_owned);
    // A target without a revision number runs the latest ACTIVE revision and needs no rollback.
    let scheduled = scheduled.filter(|arn| number_of(arn).is_some());
    let asked: BTreeSet<String> = scheduled.chain(of_services(ways)).collect();
    let definitions = notes.or_none(definitions(asked, aws).await, LOST)?;
    let returns = returns(ways, &definitions);
    let search = Search { chosen, returns, definitions, all, aws, notes };
    let mut back = SchedulesBack::default();
    for desired in &chosen.desired {
        let Some(observed) = observed.remove(&desired.key) else { continue };
        let moves = search.moves(&desired.key, &observed).await;
        if moves.is_empty() {
            continue;
        }
        if !owner::is_own(&observed.tags, &chosen.ground()) {
            let what = noun(observed.via);
            notes.say(&format!(
                "schedule `{}` is not rolled back: its {what} is not tagged as owned by the app",
                desired.key
            ));
            continue;
        }
        let services = moves.iter().map(|one| one.service.clone()).collect();
        let targets: Vec<_> = moves.into_iter().map(|one| (one.index, one.to, one.shown)).collect();
        back.plans.push((plan(&desired.key, &observed, &targets, chosen.ground().now), services));
    }
    Some(back)
}

/// Returns the names of the definitions that services are rolled back from and to.
fn of_services(ways: &WaysBack) -> impl Iterator<Item = String> {
    let before = ways.plan.services.iter().map(|service| service.before.clone());
    before.chain(ways.targets.iter().filter_map(|target| Some(target.to.as_ref()?.revision.clone())))
}

/// Returns the definitions that each service is rolled back from and to.
fn returns(ways: &WaysBack, definitions: &BTreeMap<String, TaskDefinition>) -> Vec<Return> {
    let one = |service: &crate::plan::ServicePlan| {
        let target = ways.targets.iter().find(|target| target.service == service.key)?;
        let to = definitions.get(&target.to.as_ref()?.revision)?;
        (service.after != Revision::Same).then_some(())?;
        Some(Return {
            service: service.key.clone(),
            from: definitions.get(&service.before)?.clone(),
            to: to.clone(),
            runs: service.after.clone(),
        })
    };
    ways.plan.services.iter().filter_map(one).collect()
}

impl Search<'_> {
    /// Returns the rollbacks of a schedule's targets.
    async fn moves(&self, key: &str, observed: &ObservedSchedule) -> Vec<Move> {
        let mut moves = Vec::new();
        for (index, target) in observed.targets.iter().enumerate() {
            let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
            let known = self.definitions.get(arn).filter(|_| runs_tasks(target));
            let (Some(runs), true) = (known, self.chosen.has_target(key, target)) else { continue };
            let like = self.chosen.like_of(key, target);
            for going in &self.returns {
                let with = match &like {
                    Some(service) => *service == going.service,
                    // A target without `like` is rolled back with all services, but not with a single one.
                    None => self.all,
                };
                if !with {
                    continue;
                }
                if let Some((to, shown)) = self.to(key, runs, going).await {
                    moves.push(Move { index, to, shown, service: going.service.clone() });
                    break;
                }
            }
        }
        moves
    }

    /// Returns the rollback of a target that runs `runs`, for the rollback of a service. Reports a note if no revision
    /// is known.
    async fn to(&self, key: &str, runs: &TaskDefinition, going: &Return) -> Option<(Revision, String)> {
        match way(runs, going, &[]) {
            Way::Untouched => return None,
            Way::AsTheService(revision) => {
                let shown = match &revision {
                    Revision::Registered(arn) => arn.clone(),
                    _ => format!("a new revision of `{}`", family_of(&going.to.arn)),
                };
                return Some((revision, shown));
            }
            Way::Among(_) => {}
        }
        let family = family_of(&runs.arn);
        let lost = format!("schedule `{key}` is not rolled back: the revisions of `{family}` cannot be read");
        let listed = self.aws.revision_arns(family, Status::Active, LISTED).await;
        let Way::Among(older) = way(runs, going, &self.notes.or_none(listed, &lost)?) else { return None };
        for arn in older.into_iter().take(LOOKED_AT) {
            let found = self.notes.or_none(self.aws.task_definition(&arn).await, &lost)??;
            if same_release(&found, &going.to) {
                return Some((Revision::Registered(arn.clone()), arn));
            }
        }
        let (runs, to) = (runs.revision(), going.to.revision());
        self.notes.say(&format!(
            "schedule `{key}` is not rolled back from {runs}: no older revision of `{family}` is of the same release as {to}"
        ));
        None
    }
}

impl SchedulesBack {
    /// Reports the schedules to roll back.
    pub fn show(&self, context: &Context) {
        for (plan, services) in &self.plans {
            context.report.tell(&Event::ScheduleTarget { plan, services });
        }
    }

    /// Rolls back the schedules if all services are rolled back. Returns the outcome of both.
    pub async fn follow(
        &self,
        services: Outcome,
        registered: &[TaskDefinition],
        aws: &Aws,
        context: &Context,
    ) -> Outcome {
        if self.plans.is_empty() {
            return services;
        }
        if services != Outcome::Done {
            self.leave("not all services were rolled back", context);
            return services;
        }
        let plans: Vec<&SchedulePlan> = self.plans.iter().map(|(plan, _)| plan).collect();
        let results = schedules::apply_all(&plans, registered, aws, context.report.as_ref()).await;
        let mut outcome = services;
        for (plan, result) in plans.iter().zip(results) {
            if let Err(failure) = result {
                let hint = format!("deploy it alone with `ecsail deploy schedule {} --tag TAG`", plan.key);
                context.report.error(&failure.hint(hint));
                outcome = outcome.worse(Outcome::Error);
            }
        }
        outcome
    }

    /// Reports that the schedules are unchanged, and why.
    pub fn leave(&self, why: &str, context: &Context) {
        let keys: Vec<String> = self.plans.iter().map(|(plan, _)| format!("`{}`", plan.key)).collect();
        if !keys.is_empty() {
            context
                .report
                .tell(&Event::Note(&format!("schedules {} are not rolled back: {why}", keys.join(", "))));
        }
    }
}
