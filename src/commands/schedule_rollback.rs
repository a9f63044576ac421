//! Rolls back the schedules of the manifest together with the services: finds their targets, shows them before anything
//! changes, and applies them once all services are rolled back.
//! What cannot be read is reported as a note: a rollback of services must work without permissions for EventBridge.

use std::collections::{BTreeMap, BTreeSet};

use super::schedule::observed::{OnceNotes, SelectedSchedules, select};
use super::schedule::revisions::read_definitions;
use super::service_rollbacks::ServiceMove;
use crate::apply::schedules;
use crate::aws::Aws;
use crate::aws::definitions::RevisionStatus;
use crate::aws::types::{ObservedSchedule, TaskDefinition, family_of, number_of};
use crate::context::CommandContext;
use crate::error::Result;
use crate::manifest::load::manifest_path;
use crate::manifest::schedules::schedule_noun;
use crate::observe;
use crate::plan::schedules::rollback::{
    RolledBackService, TargetRevisionChoice, choose_target_revision, is_same_release, plan_rollback,
};
use crate::plan::schedules::{owner, run_now::is_task_target};
use crate::plan::{Revision, SchedulePlan};
use crate::report::{CommandOutcome, Event};
use crate::shell;

/// The number of revisions of a family that are listed, and the number of those that are read.
const MAX_LISTED: usize = 100;
const MAX_READ: usize = 20;

/// The schedules to roll back, each with the services that its targets depend on.
#[derive(Default)]
pub struct ScheduleRollbacks {
    plans: Vec<(SchedulePlan, Vec<String>)>,
}

impl ScheduleRollbacks {
    /// Returns the keys of the schedules.
    pub fn keys(&self) -> Vec<&str> {
        self.plans.iter().map(|(plan, _)| plan.key.as_str()).collect()
    }
}

/// The rollback of one schedule target, and the service that it depends on.
struct TargetRollback {
    index: usize,
    to: Revision,
    to_text: String,
    service: String,
}

/// The data that the rollbacks of schedules are derived from.
struct RollbackSearch<'a> {
    chosen: &'a SelectedSchedules,
    service_rollbacks: Vec<RolledBackService>,
    definitions: BTreeMap<String, TaskDefinition>,
    /// Whether all services of the manifest are rolled back, and not only named ones.
    is_whole_manifest: bool,
    aws: &'a Aws,
    notes: &'a OnceNotes<'a>,
}

/// Finds the schedules of the manifest to roll back with the services. Calls nothing if the manifest has none.
///
/// # Errors
/// A folder cannot be read.
pub async fn find_rollbacks(
    moves: &[ServiceMove],
    all: bool,
    aws: &Aws,
    context: &CommandContext,
) -> Result<ScheduleRollbacks> {
    let notes = OnceNotes::new(context);
    if moves.is_empty() || !has_schedules(context).await? {
        return Ok(ScheduleRollbacks::default());
    }
    let Ok(chosen) = select(&[], context).await else {
        notes.note(
            "the schedules are not rolled back: they cannot be read; see why with `ecsail schedule list`",
        );
        return Ok(ScheduleRollbacks::default());
    };
    Ok(search(moves, &chosen, all, aws, &notes).await.unwrap_or_default())
}

/// Returns whether the manifest has schedules, or cannot be read.
///
/// # Errors
/// A folder cannot be read.
pub async fn has_schedules(context: &CommandContext) -> Result<bool> {
    if manifest_path(&context.settings)?.is_none() {
        return Ok(false);
    }
    Ok(select(&[], context).await.map_or(true, |chosen| !chosen.desired.is_empty()))
}

/// Finds the rollback of each schedule. Returns `None` and reports a note if schedules cannot be read.
async fn search(
    moves: &[ServiceMove],
    chosen: &SelectedSchedules,
    all: bool,
    aws: &Aws,
    notes: &OnceNotes<'_>,
) -> Option<ScheduleRollbacks> {
    const LOST: &str = "the schedules are not rolled back";
    let mut observed =
        notes.value_or_note(observe::schedules::observe(aws, &chosen.desired).await, LOST)?.found;
    let scheduled = observed.values().flat_map(ObservedSchedule::task_definitions).map(str::to_owned);
    // A target without a revision number runs the latest ACTIVE revision and needs no rollback.
    let scheduled = scheduled.filter(|arn| number_of(arn).is_some());
    let of_services = moves.iter().flat_map(|one| [one.from.clone(), one.to.clone()]);
    let asked: BTreeSet<String> = scheduled.chain(of_services).collect();
    let definitions = notes.value_or_note(read_definitions(asked, aws).await, LOST)?;
    let returns = service_rollbacks(moves, &definitions);
    let search = RollbackSearch {
        chosen,
        service_rollbacks: returns,
        definitions,
        is_whole_manifest: all,
        aws,
        notes,
    };
    let mut back = ScheduleRollbacks::default();
    for desired in &chosen.desired {
        let Some(observed) = observed.remove(&desired.key) else { continue };
        let targets = search.target_rollbacks(&desired.key, &observed).await;
        if targets.is_empty() {
            continue;
        }
        if !owner::is_own(&observed.tags, &chosen.context()) {
            let what = schedule_noun(observed.via);
            notes.note(&format!(
                "schedule `{}` is not rolled back: its {what} is not tagged as owned by the app",
                desired.key
            ));
            continue;
        }
        let services = targets.iter().map(|one| one.service.clone()).collect();
        let targets: Vec<_> = targets.into_iter().map(|one| (one.index, one.to, one.to_text)).collect();
        back.plans.push((plan_rollback(&desired.key, &observed, &targets, chosen.context().now), services));
    }
    Some(back)
}

/// Returns the definitions that each service is rolled back from and to.
fn service_rollbacks(
    moves: &[ServiceMove],
    definitions: &BTreeMap<String, TaskDefinition>,
) -> Vec<RolledBackService> {
    let one = |service: &ServiceMove| {
        Some(RolledBackService {
            service: service.service.clone(),
            from: definitions.get(&service.from)?.clone(),
            to: definitions.get(&service.to)?.clone(),
            revision: service.revision.clone(),
        })
    };
    moves.iter().filter_map(one).collect()
}

impl RollbackSearch<'_> {
    /// Returns the rollbacks of a schedule's targets.
    async fn target_rollbacks(&self, key: &str, observed: &ObservedSchedule) -> Vec<TargetRollback> {
        let mut moves = Vec::new();
        for (index, target) in observed.targets.iter().enumerate() {
            let arn = target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
            let known = self.definitions.get(arn).filter(|_| is_task_target(target));
            let (Some(runs), true) = (known, self.chosen.has_target(key, target)) else { continue };
            let like = self.chosen.service_like(key, target);
            for going in &self.service_rollbacks {
                let with = match &like {
                    Some(service) => *service == going.service,
                    // A target without `like` is rolled back with all services, but not with a single one.
                    None => self.is_whole_manifest,
                };
                if !with {
                    continue;
                }
                if let Some((to, shown)) = self.target_rollback(key, runs, going).await {
                    moves.push(TargetRollback { index, to, to_text: shown, service: going.service.clone() });
                    break;
                }
            }
        }
        moves
    }

    /// Returns the rollback of a target that runs `runs`, for the rollback of a service. Reports a note if no revision
    /// is known.
    async fn target_rollback(
        &self,
        key: &str,
        runs: &TaskDefinition,
        going: &RolledBackService,
    ) -> Option<(Revision, String)> {
        match choose_target_revision(runs, going, &[]) {
            TargetRevisionChoice::Unchanged => return None,
            TargetRevisionChoice::SameAsService(revision) => {
                let shown = match &revision {
                    Revision::Registered(arn) => arn.clone(),
                    _ => format!("a new revision of `{}`", family_of(&going.to.arn)),
                };
                return Some((revision, shown));
            }
            TargetRevisionChoice::Candidates(_) => {}
        }
        let family = family_of(&runs.arn);
        let lost = format!("schedule `{key}` is not rolled back: the revisions of `{family}` cannot be read");
        let listed = self.aws.revision_arns(family, RevisionStatus::Active, MAX_LISTED).await;
        let TargetRevisionChoice::Candidates(older) =
            choose_target_revision(runs, going, &self.notes.value_or_note(listed, &lost)?)
        else {
            return None;
        };
        for arn in older.into_iter().take(MAX_READ) {
            let found = self.notes.value_or_note(self.aws.task_definition(&arn).await, &lost)??;
            if is_same_release(&found, &going.to) {
                return Some((Revision::Registered(arn.clone()), arn));
            }
        }
        let (runs, to) = (runs.revision_name(), going.to.revision_name());
        self.notes.note(&format!(
            "schedule `{key}` is not rolled back from {runs}: no older revision of `{family}` is of the same release as {to}"
        ));
        None
    }
}

impl ScheduleRollbacks {
    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// Reports the schedules to roll back.
    pub fn report(&self, context: &CommandContext) {
        for (plan, services) in &self.plans {
            context.reporter.report(&Event::ScheduleRollback { plan, services });
        }
    }

    /// Rolls back the schedules if all services are rolled back. Returns the outcome of both.
    pub async fn apply_after(
        &self,
        services: CommandOutcome,
        registered: &[TaskDefinition],
        aws: &Aws,
        context: &CommandContext,
    ) -> CommandOutcome {
        if self.plans.is_empty() {
            return services;
        }
        if services != CommandOutcome::Succeeded {
            self.report_skipped("not all services were rolled back", context);
            return services;
        }
        let plans: Vec<&SchedulePlan> = self.plans.iter().map(|(plan, _)| plan).collect();
        let results = schedules::apply_schedules(&plans, registered, aws, context.reporter.as_ref()).await;
        let mut outcome = services;
        for (plan, result) in plans.iter().zip(results) {
            if let Err(failure) = result {
                let hint = format!(
                    "deploy it alone with `ecsail deploy schedule {} --tag TAG`",
                    shell::quote(&plan.key)
                );
                context.reporter.report_error(&failure.with_hint(hint));
                outcome = outcome.worse(CommandOutcome::Error);
            }
        }
        outcome
    }

    /// Reports that the schedules are unchanged, and why.
    pub fn report_skipped(&self, why: &str, context: &CommandContext) {
        let keys: Vec<String> = self.plans.iter().map(|(plan, _)| format!("`{}`", plan.key)).collect();
        if !keys.is_empty() {
            context
                .reporter
                .report(&Event::Note(&format!("schedules {} are not rolled back: {why}", keys.join(", "))));
        }
    }
}
