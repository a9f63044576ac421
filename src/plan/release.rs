//! Plans the parts of a release besides services: tasks before and after them, schedules, and the order of services.

use std::collections::BTreeMap;

use super::after_marks;
use super::blockers::because_of_caller;
use super::schedules::compare::compare;
use super::schedules::types::ScheduleContext;
use super::task_spec::{PlanContext, resolve};
use super::types::{Options, Plan, ResolvedWork, TaskPlan};
use crate::aws::types::{ObservedState, ServiceRef};
use crate::error::Failure;
use crate::render::{DesiredService, DesiredState};

/// When a task of a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TaskMoment {
    Before,
    After,
}

impl TaskMoment {
    /// Returns the tasks that a service names for this moment.
    fn tasks_of(self, service: &DesiredService) -> &[String] {
        match self {
            TaskMoment::Before => &service.before,
            TaskMoment::After => &service.after,
        }
    }
}

/// Plans the tasks before and after the services, and returns the blockers.
pub(super) fn plan_tasks(against: PlanContext<'_>, plan: &mut Plan) -> Vec<Failure> {
    let mut failures = Vec::new();
    plan.before = plan_tasks_at(TaskMoment::Before, against, plan, &mut failures);
    plan.after = plan_tasks_at(TaskMoment::After, against, plan, &mut failures);
    failures
}

fn plan_tasks_at(
    moment: TaskMoment,
    against: PlanContext<'_>,
    plan: &mut Plan,
    failures: &mut Vec<Failure>,
) -> Vec<TaskPlan> {
    let mut tasks = Vec::new();
    for key in merge_task_order(&against.desired.services, moment) {
        match plan_task(&key, moment, against, plan) {
            Ok(task) => tasks.push(task),
            Err(found) => failures.extend(found),
        }
    }
    tasks
}

fn plan_task(
    key: &str,
    moment: TaskMoment,
    against: PlanContext<'_>,
    plan: &mut Plan,
) -> Result<TaskPlan, Vec<Failure>> {
    let names_it = |service: &&DesiredService| moment.tasks_of(service).iter().any(|task| task == key);
    let services = against.desired.services.iter().filter(names_it);
    let of: Vec<String> = services.map(|service| service.key.clone()).collect();
    let changing = plan.services.iter().filter(|service| of.contains(&service.key) && service.changes());
    let mut marked: Vec<String> = changing.map(|service| service.key.clone()).collect();
    let unfinished = match moment {
        TaskMoment::Before => None,
        TaskMoment::After => unfinished_release(key, &of, &mut marked, against, plan),
    };
    let task = against.desired.tasks.iter().find(|task| task.key == key);
    let task = task.ok_or_else(|| vec![Failure::error(format!("no task named `{key}` in the manifest"))])?;
    let is_needed = !marked.is_empty();
    let work = if is_needed { Some(resolve(key, &task.spec, None, against, plan)?) } else { None };
    Ok(TaskPlan { key: key.to_owned(), of, work, timeout: task.timeout, unfinished, marked })
}

/// Returns the release that was cut off before an `after` task had succeeded, and adds the services that it left so.
fn unfinished_release(
    key: &str,
    of: &[String],
    marked: &mut Vec<String>,
    against: PlanContext<'_>,
    plan: &Plan,
) -> Option<String> {
    let stage = against.options.record.stage.as_deref();
    let mut releases = Vec::new();
    for service in plan.services.iter().filter(|service| of.contains(&service.key) && !service.changes()) {
        let place = ServiceRef::new(&service.cluster, &service.name);
        let seen = against.observed.services.get(&place);
        let running = seen.and_then(|seen| seen.running_definition.as_ref());
        if let Some(release) = running.and_then(|running| after_marks::pending_release(running, stage, key)) {
            marked.push(service.key.clone());
            releases.push(release);
        }
    }
    // The newest: a task that a later release started has done its work for all of them.
    releases.into_iter().max()
}

/// Plans the schedules, and returns the blockers.
pub(super) fn plan_schedules(against: PlanContext<'_>, plan: &mut Plan) -> Vec<Failure> {
    let PlanContext { desired, observed, options, .. } = against;
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
        let failure = Failure::error("failed to identify the caller, whose account the schedules need");
        return Err(because_of_caller(failure, observed).with_hint(hint));
    };
    let app = (options.record.app.clone(), options.record.stage.clone());
    Ok(ScheduleContext::of(caller, &observed.region, app, options.now))
}

/// Merges the tasks that services name into one list, each once, in the order of every service where that is possible.
fn merge_task_order(services: &[DesiredService], moment: TaskMoment) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    for service in services {
        let mut at = 0;
        for key in moment.tasks_of(service) {
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
