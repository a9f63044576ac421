//! What is known of a service's past: the input of a rollback's plan. It is read by `observe`.

use std::collections::BTreeMap;

use crate::aws::types::{ServiceDeployment, ServiceRevision, TaskDefinition};

/// Holds what is known of a service's past.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The service deployments of the last 90 days, newest first; empty where they cannot be read.
    pub deployments: Vec<ServiceDeployment>,
    /// The service revisions that succeeded, that the service has now, and of the newest deployments; by ARN.
    pub revisions: BTreeMap<String, ServiceRevision>,
    /// The service revision that ran when the oldest known deployment began.
    pub at_first: Option<ServiceRevision>,
    /// Whether the oldest known deployment was the service's first.
    pub from_the_beginning: bool,
    /// Task definitions by ARN: the one that runs, and those that ran before, as far as they were looked at.
    pub definitions: BTreeMap<String, TaskDefinition>,
    /// ACTIVE revisions of the family, newest first; empty where they were not looked at.
    pub registered: Vec<TaskDefinition>,
    /// What could not be read.
    pub notes: Vec<String>,
}

impl Past {
    /// Returns the deployments that succeeded, newest first, with what they brought, as far as that is known.
    pub fn succeeded(&self) -> impl DoubleEndedIterator<Item = (&ServiceDeployment, &ServiceRevision)> {
        self.deployments.iter().filter(|known| known.status == "SUCCESSFUL").filter_map(|known| {
            let revision = self.revisions.get(known.target()?)?;
            Some((known, revision))
        })
    }
}
