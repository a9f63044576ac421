//! Plans the parts of a release besides services: tasks before and after them, schedules, and the order of services.

use std::collections::BTreeMap;

use super::schedules::compare::compare;
use super::schedules::types::ScheduleContext;
use super::task_spec::{PlanContext, resolve};
use super::types::{Options, Plan, ResolvedWork, ServicePlan, TaskPlan};
use crate::aws::types::ObservedState;
use crate::error::Failure;
use crate::render::{DesiredService, DesiredState};

/// Plans the tasks before and after the services, and returns the blockers.
pub(super) fn plan_tasks(against: PlanContext<'_>, plan: &mut Plan) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut planned = |name: fn(&DesiredService) -> &[String], plan: &mut Plan| {
        let mut tasks = Vec::new();
        for key in merge_task_order(&against.desired.services, name) {
            match plan_task(&key, name, against, plan) {
                Ok(task) => tasks.push(task),
                Err(found) => failures.extend(found),
            }
        }
        tasks
    };
    plan.before = planned(|service| &service.before, plan);
    plan.after = planned(|service| &service.after, plan);
    failures
}

fn plan_task(
    key: &str,
    name: fn(&DesiredService) -> &[String],
    against: PlanContext<'_>,
    plan: &mut Plan,
) -> Result<TaskPlan, Vec<Failure>> {
    let services = against.desired.services.iter().filter(|service| name(service).iter().any(|of| of == key));
    let of: Vec<String> = services.map(|service| service.key.clone()).collect();
    let changes = |service: &&ServicePlan| of.contains(&service.key) && service.changes();
    let needed = plan.services.iter().any(|service| changes(&service));
    let task = against.desired.tasks.iter().find(|task| task.key == key);
    let task = task.ok_or_else(|| vec![Failure::error(format!("no task named `{key}` in the manifest"))])?;
    let work = if needed { Some(resolve(key, &task.spec, None, against, plan)?) } else { None };
    Ok(TaskPlan { key: key.to_owned(), of, work, timeout: task.timeout })
}

/// Plans the schedules, and returns the blockers.
pub(super) fn plan_schedules(against: PlanContext<'_>, plan: &mut Plan) -> Vec<Failure> {
    let PlanContext { desired, observed, options } = against;
    if desired.schedules.is_empty() {
        return Vec::new();
    }
    let schedule_context = match schedule_context(observed, options) {
        Ok(schedule_context) => schedule_context,
        Err(failure) => return vec![failure],
    };
    let mut failures = Vec::new();
    for schedule in &desired.schedules {
        let works = schedule.targets.iter().map(|target| {
            let current = observed.scheduled_definition(&schedule.key, &target.id);
            resolve(&schedule.key, &target.spec, current, against, plan)
        });
        let (works, found): (Vec<_>, Vec<_>) = works.partition(Result::is_ok);
        failures.extend(found.into_iter().filter_map(Result::err).flatten());
        let works: Vec<ResolvedWork> = works.into_iter().flatten().collect();
        if works.len() < schedule.targets.len() {
            continue;
        }
        match compare(schedule, &works, &observed.schedules, &schedule_context) {
            Ok(planned) => {
                plan.notes.extend(planned.notes.iter().cloned());
                plan.schedules.push(planned);
            }
            Err(found) => failures.extend(found),
        }
    }
    failures
}

/// Returns the context of schedules: the ARNs of their targets and roles contain the account.
fn schedule_context(observed: &ObservedState, options: &Options) -> Result<ScheduleContext, Failure> {
    let Some(caller) = &observed.caller else {
        let hint =
            "check for a policy that denies `sts:GetCallerIdentity`, which needs no permission".to_owned();
        return Err(
            Failure::error("failed to identify the caller, whose account the schedules need").with_hint(hint)
        );
    };
    let app = (options.record.app.clone(), options.record.stage.clone());
    Ok(ScheduleContext::of(caller, &observed.region, app, options.now))
}

/// Merges the tasks that services name into one list, each once, in the order of every service where that is possible.
fn merge_task_order(services: &[DesiredService], name: fn(&DesiredService) -> &[String]) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    for service in services {
        let mut at = 0;
        for key in name(service) {
            if let Some(known) = order.iter().position(|known| known == key) {
                at = at.max(known + 1);
            } else {
                order.insert(at.min(order.len()), key.clone());
                at += 1;
            }
        }
    }
    order
}

/// Returns the services of this plan that each service needs, by key.
pub(super) fn needs(desired: &DesiredState) -> BTreeMap<String, Vec<String>> {
    let here = |key: &&String| desired.services.iter().any(|service| &service.key == *key);
    let of = |service: &DesiredService| {
        let needs: Vec<String> = service.needs.iter().filter(here).cloned().collect();
        (!needs.is_empty()).then(|| (service.key.clone(), needs))
    };
    desired.services.iter().filter_map(of).collect()
}
