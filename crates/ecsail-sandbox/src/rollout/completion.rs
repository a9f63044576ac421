//! Completes deployments, advances the status of service deployments, and deletes services. Never starts or
//! stops a task.

use std::collections::{BTreeMap, BTreeSet};

use super::rollback::ROLLBACK_REQUESTED;
use super::service_step::ServiceStep;
use crate::model::{Deployment, RolloutState, Service, ServiceDeploymentStatus, Task, TaskStatus};
use crate::scenario::{IncidentKind, TaskBehavior};
use crate::time::Millis;

/// How long a service deployment is PENDING, and how long a stop takes.
const PENDING_TIME: Millis = 2000;
const STOP_REQUEST_TIME: Millis = 4000;

/// How long a target is unhealthy before ECS adds a service event about it.
const UNHEALTHY_EVENT_DELAY: Millis = 40_000;

/// The least time for which a failed deployment is listed.
const MIN_FAILED_DEPLOYMENT_TIME: Millis = 12_000;

/// The least duration of a rollback, even where no task has to be started.
const MIN_ROLLBACK_TIME: Millis = 20_000;

/// Marks a deployment as COMPLETED.
pub(crate) fn mark_completed(deployment: &mut Deployment, now: Millis) {
    deployment.rollout_state = RolloutState::Completed;
    deployment.was_completed = true;
    deployment.updated = now;
    deployment.rollout_state_reason = format!("ECS deployment {} completed.", deployment.id);
}

impl ServiceStep<'_> {
    /// Advances the service deployments whose status changes after a fixed time.
    pub(super) fn advance_service_deployments(&mut self) {
        let now = self.now;
        let mut blocked = false;
        let mut roll_back = false;
        for service_deployment in &mut self.service.service_deployments {
            let since = now - service_deployment.updated;
            match service_deployment.status {
                ServiceDeploymentStatus::StopRequested if since >= STOP_REQUEST_TIME => {
                    service_deployment.finish(ServiceDeploymentStatus::Stopped, now);
                }
                ServiceDeploymentStatus::RollbackRequested if since >= PENDING_TIME => roll_back = true,
                ServiceDeploymentStatus::Pending if since >= PENDING_TIME && !blocked => {
                    service_deployment.status = ServiceDeploymentStatus::InProgress;
                    service_deployment.started = Some(now);
                    service_deployment.updated = now;
                }
                _ => {}
            }
            blocked |= !service_deployment.status.is_final();
        }
        if roll_back {
            self.roll_back(ROLLBACK_REQUESTED);
        }
    }

    /// Adds events for registered targets and for tasks whose health checks fail.
    pub(super) fn report_health(&mut self) {
        let now = self.now;
        let failed: Vec<String> = self
            .tasks()
            .filter(|t| {
                t.behavior == TaskBehavior::UnhealthyContainer
                    && t.has_uncounted_failure
                    && t.times.stopping == Some(now)
            })
            .map(|task| task.id.clone())
            .collect();
        for task in failed {
            self.add_event(&format!("(task {task}) failed container health checks."));
        }
        self.report_target_health();
    }

    fn report_target_health(&mut self) {
        let now = self.now;
        let port = self.service.config["loadBalancers"][0]["containerPort"].as_u64().unwrap_or(80);
        let registered: Vec<&Task> =
            self.tasks().filter(|t| t.in_target_group && t.is_running() && t.status_since == now).collect();
        let mut texts: Vec<String> = tasks_by_target_group(self.service, &registered)
            .into_iter()
            .map(|(group, number)| format!("registered {number} targets in (target-group {group})"))
            .collect();
        let unhealthy = self
            .tasks()
            .filter(|t| {
                matches!(t.behavior, TaskBehavior::Unhealthy | TaskBehavior::TimedOut) && t.is_running()
            })
            .filter(|t| now - t.status_since == UNHEALTHY_EVENT_DELAY);
        texts.extend(unhealthy.filter_map(|task| {
            let group = self.service.target_groups_of(task).into_iter().next()?;
            Some(format!(
                "(task {}) (port {port}) is unhealthy in (target-group {group}) due to (reason {}).",
                task.id,
                health_check_failure(task.behavior)
            ))
        }));
        for text in &texts {
            self.add_event(text);
        }
    }

    /// Removes drained deployments, and completes the PRIMARY one when it is healthy and alone.
    pub(super) fn complete_deployment(&mut self) {
        self.drop_drained();
        let Some(primary) = self.service.deployments.first() else {
            return;
        };
        let healthy = self.tasks_of(&primary.id).filter(|t| t.is_healthy && t.is_live()).count();
        let running = self.tasks_of(&primary.id).filter(|t| t.is_live()).count();
        let is_alarmed = primary.current_incident(self.now) == Some(IncidentKind::Alarm);
        if self.has_early_success(healthy) {
            self.mark_primary_completed();
        }
        let has_others = self.service.deployments.len() > 1;
        if healthy < self.service.desired_count || running != self.service.desired_count || has_others {
            return;
        }
        if self.has_open_stages() || self.is_rollback_too_young() {
            return;
        }
        if self.is_in_progress() {
            if is_alarmed {
                return self.roll_back_for_alarm();
            }
            self.mark_primary_completed();
        }
        if !self.service.is_steady
            && self.tasks().all(|t| t.is_live() || t.status >= TaskStatus::Deprovisioning)
        {
            self.service.is_steady = true;
            self.add_event("has reached a steady state.");
        }
        self.finish_deletion();
    }

    /// Returns whether the PRIMARY deployment is in progress.
    fn is_in_progress(&self) -> bool {
        let primary = self.service.deployments.first().filter(|_| self.service.status == "ACTIVE");
        primary.is_some_and(|d| d.rollout_state == RolloutState::InProgress && !d.launches_stopped)
    }

    /// Returns whether `up` healthy tasks complete a deployment with early success criteria.
    fn has_early_success(&self, healthy: usize) -> bool {
        let service_deployment = self.service.service_deployments.last();
        let required = service_deployment.and_then(|service_deployment| {
            service_deployment.early_success_tasks(self.service.desired_count)
        });
        required.is_some_and(|required| healthy >= required)
            && self.is_in_progress()
            && !self.has_open_stages()
    }

    /// Returns whether lifecycle stages of the deployment remain.
    fn has_open_stages(&self) -> bool {
        self.service
            .service_deployments
            .last()
            .is_some_and(|service_deployment| service_deployment.has_open_stages())
    }

    /// Returns whether the rollback in progress has not lasted its least duration.
    fn is_rollback_too_young(&self) -> bool {
        self.service.service_deployments.last().is_some_and(|service_deployment| {
            let record = service_deployment
                .rollback
                .as_ref()
                .filter(|_| service_deployment.status == ServiceDeploymentStatus::RollbackInProgress);
            record.is_some_and(|record| self.now - record.started < MIN_ROLLBACK_TIME)
        })
    }

    fn drop_drained(&mut self) {
        let now = self.now;
        let is_live = |d: &&Deployment| self.tasks_of(&d.id).any(|t| t.status < TaskStatus::Deprovisioning);
        let live: BTreeSet<String> =
            self.service.deployments.iter().filter(is_live).map(|d| d.id.clone()).collect();
        let is_still_listed = |d: &Deployment| {
            d.rollout_state == RolloutState::Failed && now - d.updated < MIN_FAILED_DEPLOYMENT_TIME
        };
        self.service.deployments.retain(|d| d.is_primary || live.contains(&d.id) || is_still_listed(d));
    }

    fn mark_primary_completed(&mut self) {
        let now = self.now;
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        mark_completed(primary, now);
        let id = primary.id.clone();
        let service_deployment_arn = primary.service_deployment_arn.clone();
        if let Some(service_deployment) = self.service.service_deployment_mut(&service_deployment_arn) {
            service_deployment.status = match service_deployment.status {
                ServiceDeploymentStatus::RollbackInProgress => ServiceDeploymentStatus::RollbackSuccessful,
                status if status.is_final() => status,
                _ => ServiceDeploymentStatus::Successful,
            };
            service_deployment.started.get_or_insert(now);
            service_deployment.finished.get_or_insert(now);
            service_deployment.updated = now;
        }
        self.add_event(&format!("(deployment {id}) deployment completed."));
        self.service.is_steady = false;
    }

    /// Makes a deleted service INACTIVE once its last task has stopped.
    fn finish_deletion(&mut self) {
        let is_over = self
            .service
            .service_deployments
            .iter()
            .all(|service_deployment| service_deployment.status.is_final());
        let is_empty = self.tasks().all(|t| t.status >= TaskStatus::Deprovisioning);
        if self.service.status == "DRAINING" && is_empty && is_over {
            self.service.status = "INACTIVE".to_owned();
            self.service.inactive_since = Some(self.now);
            self.service.deployments.clear();
        }
    }
}

/// Returns the number of these tasks for each target group.
pub(super) fn tasks_by_target_group(service: &Service, tasks: &[&Task]) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for group in tasks.iter().flat_map(|task| service.target_groups_of(task)) {
        *out.entry(group).or_default() += 1;
    }
    out
}

/// Returns the reason that a target group gives for a failed health check.
pub(crate) fn health_check_failure(behavior: TaskBehavior) -> &'static str {
    match behavior {
        TaskBehavior::TimedOut => "Request timed out",
        _ => "Health checks failed with these codes: [503]",
    }
}

/// Begins the deletion of a service: its tasks stop, then it becomes INACTIVE.
pub(crate) fn begin_deletion(service: &mut Service, now: Millis) {
    service.status = "DRAINING".to_owned();
    service.desired_count = 0;
    service.is_steady = false;
    for service_deployment in service
        .service_deployments
        .iter_mut()
        .filter(|service_deployment| !service_deployment.status.is_final())
    {
        service_deployment.status = ServiceDeploymentStatus::StopRequested;
        service_deployment.updated = now;
    }
}
