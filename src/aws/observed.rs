//! The state that was observed in AWS before a plan is made, as one value. Makes no calls.

use std::collections::BTreeMap;

use serde_json::Value;

use super::scheduled::ObservedSchedules;
use super::types::{Service, TaskDefinition};
use crate::manifest::schedules::Via;

/// The state of an image that a definition names.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageState {
    /// The image exists, with this digest.
    Found { digest: String },
    /// The repository has no such tag or digest; `newest` are its newest tags.
    Missing { newest: Vec<String> },
    /// The repository does not exist.
    NoRepository,
    /// The image was not checked, for this reason.
    Unchecked(String),
}

/// The identity that runs ecsail, from STS.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    pub account: String,
    pub arn: String,
}

/// The state that was observed in AWS before a plan is made.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// By cluster and service name.
    pub services: BTreeMap<(String, String), ObservedService>,
    /// The newest active revision, by family.
    pub latest: BTreeMap<String, TaskDefinition>,
    /// By image reference.
    pub images: BTreeMap<String, ImageState>,
    pub caller: Option<Caller>,
    /// The region that was read.
    pub region: String,
    pub schedules: ObservedSchedules,
    /// The definitions that schedules run, by the name in their targets.
    pub scheduled: BTreeMap<String, TaskDefinition>,
    /// What could not be read and why, one note each.
    pub notes: Vec<String>,
}

impl Observed {
    /// Returns the definition that a target of a schedule runs now.
    pub fn runs_on_schedule(&self, key: &str, target: &str) -> Option<&TaskDefinition> {
        let schedule = self.schedules.found.get(key)?;
        let target = match schedule.via {
            Via::Scheduler => schedule.targets.first(),
            Via::Rule => schedule.target(target),
        };
        self.scheduled.get(target?["EcsParameters"]["TaskDefinitionArn"].as_str()?)
    }
}

/// The observed state of one service.
#[derive(Clone, Debug, Default)]
pub struct ObservedService {
    /// The raw response, for the comparison.
    pub document: Value,
    pub service: Service,
    /// The task definition that the service runs.
    pub running: Option<TaskDefinition>,
    /// The running digests, by container; empty where ECS does not report them.
    pub digests: BTreeMap<String, String>,
}
