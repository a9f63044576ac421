//! Owns what was seen in AWS before a plan is made, as one value. It never asks for anything.

use std::collections::BTreeMap;

use serde_json::Value;

use super::types::{Service, TaskDefinition};

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

/// Says which service of AWS keeps a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Via {
    /// EventBridge Scheduler
    #[default]
    Scheduler,
    /// A rule of EventBridge
    Rule,
}

impl Via {
    /// Returns its name in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Via::Scheduler => "scheduler",
            Via::Rule => "rule",
        }
    }
}

/// Holds a schedule as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedSchedule {
    pub via: Via,
    /// What GetSchedule answers; of a rule what ListRules has.
    pub document: Value,
    /// All targets of a rule; the one target of a schedule.
    pub targets: Vec<Value>,
    /// The tags of the rule, or of the group that the schedule is in.
    pub tags: BTreeMap<String, String>,
}

/// Holds what is there of what is desired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedSchedules {
    /// By the schedule's key; one that is not there is left out.
    pub found: BTreeMap<String, ObservedSchedule>,
    /// The tags of the schedule groups that are there, by name.
    pub groups: BTreeMap<String, BTreeMap<String, String>>,
    /// What has the name of one that is not there, in the other service or in another group of ours; by the schedule's key.
    pub elsewhere: BTreeMap<String, Vec<ObservedSchedule>>,
}

impl ObservedSchedule {
    /// Returns its name in AWS.
    pub fn name(&self) -> &str {
        self.document["Name"].as_str().unwrap_or_default()
    }

    /// Returns the schedule group; none for a rule.
    pub fn group(&self) -> Option<&str> {
        (self.via == Via::Scheduler).then(|| self.document["GroupName"].as_str().unwrap_or("default"))
    }

    /// Returns whether it runs when it is time.
    pub fn is_enabled(&self) -> bool {
        self.document["State"] != "DISABLED"
    }

    /// Returns the target of a rule with that id.
    pub fn target(&self, id: &str) -> Option<&Value> {
        self.targets.iter().find(|target| target["Id"] == id)
    }

    /// Returns the ARNs of the task definitions that it runs, in the order of its targets.
    pub fn task_definitions(&self) -> Vec<&str> {
        let named = |target: &'_ Value| target["EcsParameters"]["TaskDefinitionArn"].as_str().is_some();
        let runs = self.targets.iter().filter(|target| named(target));
        runs.filter_map(|target| target["EcsParameters"]["TaskDefinitionArn"].as_str()).collect()
    }
}

/// Holds what was seen in AWS before a plan is made.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// By cluster and name.
    pub services: BTreeMap<(String, String), ObservedService>,
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
