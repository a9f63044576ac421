//! What is known of a service's past: the input of a rollback's plan. It is read by `observe`.

use crate::aws::types::ServiceDeploymentStatus;
use std::collections::BTreeMap;

use crate::aws::types::{ServiceDeployment, ServiceRevision, TaskDefinition};

/// What is known of the past deployments of a service.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The service deployments of the last 90 days, newest first; empty if they cannot be read.
    pub deployments: Vec<ServiceDeployment>,
    /// The service revisions of the succeeded and the newest deployments and the current ones, by ARN.
    pub revisions: BTreeMap<String, ServiceRevision>,
    /// The service revision that ran when the oldest known deployment began.
    pub at_first: Option<ServiceRevision>,
    /// Whether the oldest known deployment was the service's first.
    pub from_the_beginning: bool,
    /// Task definitions by ARN: the running one, and earlier ones as far as they were read.
    pub definitions: BTreeMap<String, TaskDefinition>,
    /// ACTIVE revisions of the family, newest first; empty if they were not read.
    pub registered: Vec<TaskDefinition>,
    /// What could not be read, and why.
    pub notes: Vec<String>,
}

impl Past {
    /// Returns the succeeded deployments whose service revisions are known, with these, newest first.
    pub fn succeeded(&self) -> impl DoubleEndedIterator<Item = (&ServiceDeployment, &ServiceRevision)> {
        self.deployments
            .iter()
            .filter(|known| known.status == ServiceDeploymentStatus::Successful)
            .filter_map(|known| {
                let revision = self.revisions.get(known.target()?)?;
                Some((known, revision))
            })
    }
}
