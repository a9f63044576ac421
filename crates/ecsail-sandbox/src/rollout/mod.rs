//! Simulates one second of all tasks and services of an account in a region. Never answers a call.
//!
//! First every task moves through its lifecycle (`task_lifecycle`). Then, for each service, an incident of its scenario may
//! happen (`incident`), failed tasks are counted and trip the circuit breaker (`rollback`), tasks are started and stopped
//! within the deployment percentages (`service_scheduler`), and the deployment completes (`completion`).

mod completion;
mod events;
mod hooks;
mod incident;
mod launch;
mod rollback;
mod service_scheduler;
mod service_step;
mod stages;
mod stall_events;
mod start;
mod start_failures;
mod task_lifecycle;

pub(crate) use completion::{begin_deletion, health_check_failure, mark_completed};
pub(crate) use events::{push_event, task_list};
pub(crate) use incident::{request_rollback, stop_launches};
pub(crate) use launch::{TaskLaunch, launch, no_overrides};
pub(crate) use start::{NewDeployment, REVISION_FIELDS, start_deployment};
pub(crate) use task_lifecycle::{HEALTH_CHECK_TIME, STOP_TIME, stop};

use std::collections::HashMap;

use crate::arn::service_key;
use crate::ids::Ids;
use crate::model::Task;
use crate::state::Resources;
use crate::time::Millis;
use service_step::{OwnTasks, ServiceStep};

/// How long ECS describes a stopped task.
const STOPPED_TASK_EXPIRY: Millis = 3_600_000;

/// How long ECS describes a deleted service, as INACTIVE.
const INACTIVE_SERVICE_EXPIRY: Millis = 600_000;

/// Returns whether a task stopped so long ago that ECS no longer describes it.
pub(crate) fn is_expired(task: &Task, now: Millis) -> bool {
    task.times.stopped.is_some_and(|at| now - at >= STOPPED_TASK_EXPIRY)
}

/// Moves all tasks and services on to `now`, one second after the step before.
pub(crate) fn step(resources: &mut Resources, ids: &mut Ids, now: Millis) {
    resources.tasks.retain(|task| !is_expired(task, now));
    for task in &mut resources.tasks {
        task_lifecycle::step(task, now);
    }
    // A step of a service changes the tasks and definitions beside it: the services are taken out meanwhile.
    let mut services = std::mem::take(&mut resources.services);
    let own_tasks = tasks_by_service(resources);
    let none = OwnTasks { positions: Vec::new(), count: resources.tasks.len() };
    for (key, service) in services.iter_mut().filter(|(_, service)| service.status != "INACTIVE") {
        let own_tasks = own_tasks.get(key).unwrap_or(&none);
        let mut service_step = ServiceStep { service, resources, own_tasks, ids, now };
        service_step.advance_service_deployments();
        service_step.apply_incident();
        service_step.report_health();
        service_step.count_failures();
        service_step.check_circuit_breaker();
        service_step.schedule_tasks();
        service_step.complete_deployment();
    }
    services.retain(|_, service| service.inactive_since.is_none_or(|at| now - at < INACTIVE_SERVICE_EXPIRY));
    resources.services = services;
}

/// Returns the positions of the tasks of each service, by the key of the service.
fn tasks_by_service(resources: &Resources) -> HashMap<String, OwnTasks> {
    let count = resources.tasks.len();
    let mut found: HashMap<String, OwnTasks> = HashMap::new();
    for (position, task) in resources.tasks.iter().enumerate() {
        let Some(service) = &task.service else { continue };
        let own = found.entry(service_key(&task.cluster, service)).or_default();
        own.count = count;
        own.positions.push(position);
    }
    found
}
