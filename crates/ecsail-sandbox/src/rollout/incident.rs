//! Applies the incidents of a scenario that happen once. Those that last are read where they have an effect.

use serde_json::json;

use super::completion::begin_deletion;
use super::service_step::ServiceStep;
use super::start::{NewDeployment, start_deployment};
use super::task_lifecycle::{exit_essential_container, stop};
use crate::model::{Service, ServiceDeploymentStatus, Task};
use crate::scenario::{IncidentKind, ScenarioEffects};
use crate::time::{Millis, epoch_seconds};

/// The most tasks that are interrupted.
const MAX_SPOT_INTERRUPTIONS: usize = 2;

impl ServiceStep<'_> {
    /// Applies the incident of the PRIMARY deployment, once, when it is due.
    pub(super) fn apply_incident(&mut self) {
        let now = self.now;
        let Some(primary) = self.service.deployments.first().filter(|d| !d.incident_happened) else {
            return;
        };
        let id = primary.id.clone();
        if primary.is_due_for_late_death(now) {
            self.crash_all_tasks(&id);
        }
        let Some(primary) = self.service.deployments.first().filter(|d| !d.incident_happened) else {
            return;
        };
        let happened = match primary.current_incident(now) {
            Some(IncidentKind::Spot) => self.interrupt_spot_tasks(&id),
            Some(IncidentKind::Scaled) => {
                self.service.desired_count += self.service.desired_count.div_ceil(2).max(1);
                true
            }
            Some(IncidentKind::Superseded) => self.supersede(),
            Some(IncidentKind::Deleted) => {
                begin_deletion(self.service, now);
                true
            }
            Some(IncidentKind::Stopped) => {
                let service_deployment_arn = primary.service_deployment_arn.clone();
                request_rollback(self.service, &service_deployment_arn, now);
                true
            }
            _ => false,
        };
        if let Some(deployment) = self.service.deployments.iter_mut().find(|d| d.id == id) {
            deployment.incident_happened = happened;
        }
    }

    /// Lets all running tasks of a deployment crash, once.
    fn crash_all_tasks(&mut self, deployment: &str) {
        let now = self.now;
        let service = &*self.service;
        let running = |t: &&mut Task| service.has_task(t) && t.is_part_of(deployment) && t.is_running();
        for task in self.resources.tasks.iter_mut().filter(running) {
            exit_essential_container(task, now, 1, None);
        }
        for deployment in self.service.deployments.iter_mut().filter(|d| d.id == deployment) {
            deployment.incident_happened = true;
        }
    }

    /// Interrupts up to two running tasks of a deployment; returns whether there were any.
    fn interrupt_spot_tasks(&mut self, deployment: &str) -> bool {
        let now = self.now;
        let service = &*self.service;
        let running = |t: &&mut Task| service.has_task(t) && t.is_part_of(deployment) && t.is_running();
        let mut has_interrupted = false;
        for task in self.resources.tasks.iter_mut().filter(running).take(MAX_SPOT_INTERRUPTIONS) {
            stop(task, now, "SpotInterruption", "Your Spot Task was interrupted.");
            has_interrupted = true;
        }
        has_interrupted
    }

    /// Deploys a new revision of the same family, as another user does; returns whether there is one to
    /// copy.
    fn supersede(&mut self) -> bool {
        let now = self.now;
        let Some(mut definition) = self.resources.task_definition(&self.service.task_definition).cloned()
        else {
            return false;
        };
        let last = self.resources.families.get(&definition.family).and_then(|revisions| revisions.last());
        definition.revision = last.map_or(1, |last| last.revision + 1);
        definition.arn =
            self.resources.ecs_arn(&format!("task-definition/{}:{}", definition.family, definition.revision));
        let other_user = format!("arn:aws:iam::{}:user/another", self.resources.account);
        let members = [
            ("taskDefinitionArn", json!(definition.arn)),
            ("revision", json!(definition.revision)),
            ("registeredAt", epoch_seconds(now)),
            ("registeredBy", json!(other_user)),
        ];
        for (name, value) in members {
            definition.document.insert(name.to_owned(), value);
        }
        let arn = definition.arn.clone();
        self.resources.families.entry(definition.family.clone()).or_default().push(definition);
        let new = NewDeployment { task_definition: &arn, effects: ScenarioEffects::default(), now };
        start_deployment(self.service, self.resources, self.ids, new);
        true
    }
}

/// Requests the rollback of a service deployment in progress.
pub(crate) fn request_rollback(service: &mut Service, service_deployment_arn: &str, now: Millis) {
    stop_launches(service, service_deployment_arn, ServiceDeploymentStatus::RollbackRequested, now);
}

/// Sets the status of a service deployment and stops the launch of its tasks.
pub(crate) fn stop_launches(
    service: &mut Service,
    service_deployment_arn: &str,
    status: ServiceDeploymentStatus,
    now: Millis,
) {
    let Some(service_deployment) = service.service_deployment_mut(service_deployment_arn) else {
        return;
    };
    service_deployment.status = status;
    service_deployment.updated = now;
    for deployment in service.deployments.iter_mut().filter(|d| d.is_primary) {
        deployment.launches_stopped = true;
        deployment.updated = now;
    }
}
