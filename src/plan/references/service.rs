//! Derives from a service and its past deployments what it runs, what is in progress, what succeeded, and where a
//! rollback may go.

use super::referring::{SeenService, family_and_revision};
use crate::aws::types::ServiceDeploymentStatus;
use crate::aws::types::{Service, ServiceDeployment};

/// The number of different revisions to keep that a service was last deployed with successfully.
const SUCCESSES: usize = 3;

/// Returns whether a service deployment has ended; one with an unknown status has not.
fn is_over(deployment: &ServiceDeployment) -> bool {
    deployment.status.has_ended()
}

impl SeenService {
    /// Returns whether the service runs a family, or is being deployed with it.
    pub fn runs(&self, family: &str) -> bool {
        let Service { task_definition, deployments, task_sets, .. } = &self.service;
        let deployed = deployments.iter().map(|deployment| &deployment.task_definition);
        let sets = task_sets.iter().map(|set| &set.task_definition);
        let mut all = std::iter::once(task_definition).chain(deployed).chain(sets);
        all.any(|definition| family_and_revision(definition).0 == family)
    }

    /// Returns the service revisions to read, the most important first.
    pub fn wanted_revisions(&self) -> Vec<String> {
        let current = self.service.current_service_revisions.iter().map(|revision| revision.arn.as_str());
        let open = self.open().filter_map(ServiceDeployment::target);
        let successes = self.successes().filter_map(ServiceDeployment::target);
        let at_first = self.at_first.iter().map(String::as_str);
        let mut wanted: Vec<String> = Vec::new();
        for arn in current.chain(open).chain(successes).chain(at_first) {
            if !wanted.iter().any(|known| known == arn) {
                wanted.push(arn.to_owned());
            }
        }
        wanted
    }

    /// Returns whether enough was read to answer every question here; it need not be the whole history.
    pub fn knows_enough(&self) -> bool {
        let current = self.service.current_service_revisions.iter().map(|revision| revision.arn.as_str());
        let mut first = current.chain(self.open().filter_map(ServiceDeployment::target));
        let other = |definition: &&str| *definition != self.service.task_definition;
        first.all(|arn| self.definitions.contains_key(arn))
            && self.last_successes().len() >= SUCCESSES
            && self.rollback_targets().iter().any(other)
    }

    pub(super) fn definition(&self, service_revision: &str) -> Option<&str> {
        self.definitions.get(service_revision).map(String::as_str)
    }

    pub(super) fn current(&self) -> impl Iterator<Item = &str> {
        self.service.current_service_revisions.iter().filter_map(|revision| self.definition(&revision.arn))
    }

    pub(super) fn open(&self) -> impl Iterator<Item = &ServiceDeployment> {
        self.deployments.iter().filter(|deployment| !is_over(deployment))
    }

    /// Returns the deployments that succeeded, newest first.
    fn successes(&self) -> impl Iterator<Item = &ServiceDeployment> {
        self.deployments.iter().filter(|deployment| deployment.status == ServiceDeploymentStatus::Successful)
    }

    /// Returns the last three different task definitions that succeeded, which cover at least the last three succeeded
    /// deployments.
    pub(super) fn last_successes(&self) -> Vec<&str> {
        let mut last: Vec<&str> = Vec::new();
        for definition in self.successes().filter_map(|deployment| self.definition(deployment.target()?)) {
            if !last.contains(&definition) && last.len() < SUCCESSES {
                last.push(definition);
            }
        }
        last
    }

    /// Returns what a rollback may deploy: what `ecsail rollback` would choose, the newest success before the running
    /// one, and the newest one with another task definition. Rather one too many than to miss the right one.
    pub(super) fn rollback_targets(&self) -> Vec<&str> {
        let current = &self.service.current_service_revisions;
        let runs = |deployment: &&ServiceDeployment| {
            current.iter().any(|revision| Some(revision.arn.as_str()) == deployment.target())
        };
        let successes: Vec<&ServiceDeployment> = self.successes().collect();
        // While a deployment is in progress, a rollback goes to what ran before it.
        let settled = self.service.under_way().is_none() && self.open().next().is_none();
        let before = successes.iter().position(runs).filter(|_| settled).map_or(0, |at| at + 1);
        let targets = successes[before..].iter().filter_map(|deployment| deployment.target());
        let at_first = self.at_first.iter().map(String::as_str);
        let known: Vec<&str> = targets.chain(at_first).filter_map(|arn| self.definition(arn)).collect();
        let other = known.iter().find(|definition| **definition != self.service.task_definition);
        self.back_to.as_deref().into_iter().chain(known.first().copied()).chain(other.copied()).collect()
    }
}
