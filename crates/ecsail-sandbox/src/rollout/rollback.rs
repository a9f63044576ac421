//! The deployment circuit breaker, and rollbacks by ECS.

use serde_json::Value;

use super::service_step::ServiceStep;
use super::start::REVISION_FIELDS;
use super::task_lifecycle::exit_essential_container;
use crate::arn::last_segment;
use crate::model::{
    Deployment, RollbackRecord, RolloutState, Service, ServiceDeploymentStatus, ServiceRevision,
};
use crate::scenario::{RollbackBehavior, ScenarioEffects};
use crate::time::Millis;

const BREAKER_TRIPPED: &str =
    "Service deployment rolled back because the circuit breaker threshold was exceeded.";
const ALARM_TRIGGERED: &str = "Service deployment rolled back because an alarm was triggered.";
const NOT_ROLLED_BACK: &str =
    "Service deployment stopped because the circuit breaker threshold was exceeded.";
const NO_CANDIDATE: &str =
    "Service deployment failed because no rollback candidate was found to run the rollback.";
const ROLLBACK_FAILED: &str =
    "Service deployment rollback failed because the circuit breaker threshold was exceeded.";
pub(super) const ROLLBACK_REQUESTED: &str =
    "Service deployment rolled back because of a StopServiceDeployment request.";

impl ServiceStep<'_> {
    /// Fails the PRIMARY deployment once too many tasks have failed, and rolls back if configured.
    pub(super) fn check_circuit_breaker(&mut self) {
        let is_active = self.service.status == "ACTIVE";
        let Some(primary) = self.service.deployments.first_mut().filter(|_| is_active) else {
            return;
        };
        let breaker = &primary.breaker;
        if !breaker.enabled
            || primary.rollout_state != RolloutState::InProgress
            || primary.failed_tasks < breaker.threshold
        {
            return;
        }
        let id = primary.id.clone();
        let service_deployment_arn = primary.service_deployment_arn.clone();
        let rollback = breaker.rollback;
        let rollback_behavior = primary.effects.rollback;
        primary.mark_failed(self.now);
        primary.rollout_state_reason = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
        let failures = primary.failed_tasks;
        self.add_event(&format!("(deployment {id}) deployment failed: tasks failed to start."));
        let mut is_rollback = false;
        if let Some(service_deployment) = self.service.service_deployment_mut(&service_deployment_arn) {
            service_deployment.breaker_triggered = true;
            service_deployment.failure_count = failures;
            is_rollback = service_deployment.status == ServiceDeploymentStatus::RollbackInProgress;
        }
        match (is_rollback, rollback, rollback_behavior) {
            (true, ..) => self.finish_service_deployment(
                &service_deployment_arn,
                ServiceDeploymentStatus::RollbackFailed,
                ROLLBACK_FAILED,
            ),
            (_, false, _) => self.finish_service_deployment(
                &service_deployment_arn,
                ServiceDeploymentStatus::Stopped,
                NOT_ROLLED_BACK,
            ),
            (_, _, RollbackBehavior::NoTarget) => self.finish_service_deployment(
                &service_deployment_arn,
                ServiceDeploymentStatus::RollbackFailed,
                NO_CANDIDATE,
            ),
            _ => self.roll_back(BREAKER_TRIPPED),
        }
        if rollback_behavior == RollbackBehavior::Fails && !is_rollback {
            self.fail_restored_deployment();
        }
    }

    /// Makes the tasks of the restored deployment fail as those of the failed one did.
    fn fail_restored_deployment(&mut self) {
        let now = self.now;
        let service = &mut *self.service;
        let Some((restored, others)) = service.deployments.split_first_mut() else {
            return;
        };
        let failed = others.iter().find(|d| d.service_deployment_arn == restored.service_deployment_arn);
        restored.effects.behavior = failed.map(|d| d.effects.behavior).unwrap_or_default();
        for task in self
            .resources
            .tasks
            .iter_mut()
            .filter(|t| t.is_part_of(&restored.id) && t.is_running() && t.is_live())
        {
            exit_essential_container(task, now, 1, None);
        }
    }

    /// Rolls back because an alarm was triggered.
    pub(super) fn roll_back_for_alarm(&mut self) {
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        let id = primary.id.clone();
        let service_deployment_arn = primary.service_deployment_arn.clone();
        primary.rollout_state_reason = "ECS deployment alarm detected.".to_owned();
        let given = self.service.config.get("deploymentConfiguration").map(|c| &c["alarms"]["alarmNames"]);
        let names = given.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut names: Vec<String> = names.map(str::to_owned).take(1).collect();
        if names.is_empty() {
            names.push("sandbox-5xx".to_owned());
        }
        if let Some(service_deployment) = self.service.service_deployment_mut(&service_deployment_arn) {
            service_deployment.alarms = names;
        }
        self.add_event(&format!("(deployment {id}) deployment failed: alarm detected."));
        self.roll_back(ALARM_TRIGGERED);
    }

    /// Restores the last revision that succeeded, as the PRIMARY deployment.
    pub(super) fn roll_back(&mut self, reason: &str) {
        let now = self.now;
        let Some(failed) = self.service.deployments.first_mut() else {
            return;
        };
        failed.mark_failed(now);
        let service_deployment_arn = failed.service_deployment_arn.clone();
        let is_new_deployment = failed.effects.rollback == RollbackBehavior::NewDeployment;
        let breaker = failed.breaker.clone();
        let Some(revision) = rollback_candidate(self.service) else {
            return self.finish_service_deployment(
                &service_deployment_arn,
                ServiceDeploymentStatus::RollbackFailed,
                NO_CANDIDATE,
            );
        };
        let mut restored = self.deployment_to_restore(&revision);
        if is_new_deployment {
            restored.id = format!("ecs-svc/{}", self.ids.number());
            restored.created = self.now;
        }
        restart(&mut restored, self.now);
        restored.breaker = breaker;
        service_deployment_arn.clone_into(&mut restored.service_deployment_arn);
        let id = restored.id.clone();
        if let Some(failed) = self.service.deployments.first_mut() {
            failed.launches_stopped = true;
            failed.is_primary = false;
        }
        restored.task_definition.clone_into(&mut self.service.task_definition);
        self.service.config.retain(|key, _| !REVISION_FIELDS.contains(&key.as_str()));
        for (key, value) in &revision.config {
            self.service.config.insert(key.clone(), value.clone());
        }
        self.service.deployments.insert(0, restored);
        self.service.is_steady = false;
        self.record_rollback(&service_deployment_arn, reason, revision.arn);
        self.add_event(&format!("rolling back to deployment {id}."));
    }

    /// Records in the service deployment that it is rolled back to `revision`.
    fn record_rollback(&mut self, service_deployment_arn: &str, reason: &str, revision: String) {
        let now = self.now;
        if let Some(service_deployment) = self.service.service_deployment_mut(service_deployment_arn) {
            service_deployment.status = ServiceDeploymentStatus::RollbackInProgress;
            service_deployment.reason = Some(reason.to_owned());
            service_deployment.rollback =
                Some(RollbackRecord { reason: reason.to_owned(), started: now, revision });
            service_deployment.updated = now;
        }
    }

    /// Returns the deployment of `revision`: the existing one, or a new one where it has been removed. Where
    /// the rollback is a new deployment, the existing one stays, to be drained.
    fn deployment_to_restore(&mut self, revision: &ServiceRevision) -> Deployment {
        let failed = &self.service.deployments[0];
        let is_new_deployment = failed.effects.rollback == RollbackBehavior::NewDeployment;
        let at = self.service.deployments.iter().position(|d| d.revision == revision.arn && !d.is_primary);
        match at {
            Some(at) if is_new_deployment => self.service.deployments[at].clone(),
            Some(at) => self.service.deployments.remove(at),
            None => recreate_deployment(revision, failed),
        }
    }

    /// Ends a service deployment with a status and a reason.
    fn finish_service_deployment(
        &mut self,
        service_deployment_arn: &str,
        status: ServiceDeploymentStatus,
        reason: &str,
    ) {
        let now = self.now;
        if let Some(service_deployment) = self.service.service_deployment_mut(service_deployment_arn) {
            service_deployment.finish(status, now);
            service_deployment.reason = Some(reason.to_owned());
        }
    }
}

/// Restarts a deployment as the PRIMARY one.
fn restart(restored: &mut Deployment, now: Millis) {
    restored.is_primary = true;
    restored.rollout_state = RolloutState::InProgress;
    restored.updated = now;
    restored.next_launch_at = now;
    restored.failed_tasks = 0;
    restored.launches_stopped = false;
    restored.effects = restored.effects.for_rollback();
    restored.effects.incident = None;
    restored.incident_happened = false;
    restored.rollout_state_reason =
        format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", restored.id);
}

/// Returns the last revision that succeeded before the current deployment.
fn rollback_candidate(service: &Service) -> Option<ServiceRevision> {
    let failed = service.deployments.first()?;
    let arn = service
        .service_deployments
        .iter()
        .rev()
        .filter(|e| e.arn != failed.service_deployment_arn)
        .find_map(|service_deployment| match service_deployment.status {
            ServiceDeploymentStatus::Successful => Some(service_deployment.target_revision.clone()),
            ServiceDeploymentStatus::RollbackSuccessful => {
                service_deployment.rollback.as_ref().map(|record| record.revision.clone())
            }
            _ => None,
        })?;
    service.revisions.iter().find(|revision| revision.arn == arn).cloned()
}

/// Returns a deployment for a revision whose own has been removed.
fn recreate_deployment(revision: &ServiceRevision, failed: &Deployment) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{}", last_segment(&revision.arn)),
        task_definition: revision.task_definition.clone(),
        revision: revision.arn.clone(),
        was_completed: true,
        created: revision.created,
        effects: ScenarioEffects::default(),
        config: revision.config.clone(),
        ..failed.clone()
    }
}
