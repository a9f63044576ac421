//! Owns what was seen in AWS before a plan is made, as one value. It never asks for anything.

use std::collections::BTreeMap;

use serde_json::Value;

use super::scheduled::ObservedSchedules;
use super::types::{Service, ServiceRef, TaskDefinition};
use crate::manifest::schedules::Via;

/// Says what is known of an image that a definition names.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageState {
    /// It is there, under this digest.
    Found { digest: String },
    /// The repository has no such tag or digest; these are its newest tags.
    Missing { newest: Vec<String> },
    /// There is no such repository.
    NoRepository,
    /// It was not looked for: the reason.
    Unchecked(String),
}

/// Holds who runs ecsail, as STS says.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    pub account: String,
    pub arn: String,
}

/// Holds what was seen in AWS before a plan is made.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    pub services: BTreeMap<ServiceRef, ObservedService>,
    /// The newest active revision of a family.
    pub latest: BTreeMap<String, TaskDefinition>,
    /// By reference.
    pub images: BTreeMap<String, ImageState>,
    pub caller: Option<Caller>,
    /// The region that was looked at.
    pub region: String,
    pub schedules: ObservedSchedules,
    /// The definitions that schedules run, by what their targets name.
    pub scheduled: BTreeMap<String, TaskDefinition>,
    /// What could not be looked at, and why; said once.
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

/// Holds what was seen of one service.
#[derive(Clone, Debug, Default)]
pub struct ObservedService {
    /// The raw answer, for the comparison.
    pub document: Value,
    pub service: Service,
    /// The definition that it runs.
    pub running: Option<TaskDefinition>,
    /// The digests that it runs, by container; empty where ECS does not tell.
    pub digests: BTreeMap<String, String>,
}
