//! The state that was observed in AWS before a plan is made, as one value. Makes no calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::autoscaling::ObservedAutoscaling;
use super::types::{Service, ServiceRef, TaskDefinition};

/// The state of an image that a definition names.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageState {
    /// The image exists, with this digest.
    Found { digest: String },
    /// The repository has no such tag or digest.
    Missing(MissingImage),
    /// The repository does not exist.
    NoRepository(CacheRules),
    /// The image is not there yet, and a pull-through cache rule fetches it from this registry when it is pulled.
    Uncached { upstream: String },
    /// The image is in no private ECR registry, where it could be looked up.
    Elsewhere,
    /// The image could not be looked up, for this reason.
    Unchecked(String),
}

/// A tag or digest that a repository does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingImage {
    /// The newest tags of the repository; none if they cannot be listed.
    pub newest: Option<Vec<String>>,
    pub rules: CacheRules,
}

/// What is known of the pull-through cache rules of a registry.
#[derive(Clone, Debug, PartialEq)]
pub enum CacheRules {
    /// No rule applies to the repository.
    Inapplicable,
    /// The rules cannot be read, for this reason.
    Unreadable(String),
}

/// The identity that runs ecsail, from STS.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    pub account: String,
    pub arn: String,
    /// The unique id: `AIDA…` of a user, `AROA…:SESSION` of the session of a role.
    pub user_id: String,
}

/// The AWS service of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum Via {
    /// EventBridge Scheduler
    #[default]
    Scheduler,
    /// An EventBridge rule
    Rule,
}

impl Via {
    /// Returns the value of `via` in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Via::Scheduler => "scheduler",
            Via::Rule => "rule",
        }
    }
}

/// A schedule as it was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedSchedule {
    pub via: Via,
    /// The response of `GetSchedule`; for a rule, its entry in `ListRules`.
    pub document: Value,
    /// All targets of a rule, or the one target of a schedule.
    pub targets: Vec<Value>,
    /// The tags of the rule, or of the schedule's group.
    pub tags: BTreeMap<String, String>,
}

/// The observed state of the desired schedules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedSchedules {
    /// By schedule key; schedules that do not exist are left out.
    pub found: BTreeMap<String, ObservedSchedule>,
    /// The tags of existing schedule groups, by group name.
    pub groups: BTreeMap<String, BTreeMap<String, String>>,
    /// Schedules that do not exist where they are desired, but under the same name in the other service or in another
    /// group of the app; by schedule key.
    pub elsewhere: BTreeMap<String, Vec<ObservedSchedule>>,
}

impl ObservedSchedule {
    /// Returns its name in AWS.
    pub fn name(&self) -> &str {
        self.document["Name"].as_str().unwrap_or_default()
    }

    /// Returns the schedule group, or `None` for a rule.
    pub fn group(&self) -> Option<&str> {
        (self.via == Via::Scheduler).then(|| self.document["GroupName"].as_str().unwrap_or("default"))
    }

    /// Returns whether it is enabled.
    pub fn is_enabled(&self) -> bool {
        self.document["State"] != "DISABLED"
    }

    /// Returns the target of a rule with an id.
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

/// The state that was observed in AWS before a plan is made.
#[derive(Clone, Debug, Default)]
pub struct ObservedState {
    pub services: BTreeMap<ServiceRef, ObservedService>,
    /// The newest active revision, by family.
    pub latest_definitions: BTreeMap<String, TaskDefinition>,
    /// By image reference.
    pub images: BTreeMap<String, ImageState>,
    pub caller: Option<Caller>,
    /// Why the caller is not known.
    pub caller_error: Option<String>,
    /// The region that was read.
    pub region: String,
    pub schedules: ObservedSchedules,
    /// The definitions that schedules run, by the name in their targets.
    pub scheduled_definitions: BTreeMap<String, TaskDefinition>,
    /// The autoscaling of the services whose manifest has some.
    pub autoscaling: BTreeMap<ServiceRef, ObservedAutoscaling>,
    /// The ARNs of the load balancers of the target groups that autoscaling depends on, by target group.
    pub load_balancers: BTreeMap<String, Vec<String>>,
    /// The clusters in which services are missing, by the name in the manifest.
    pub clusters: BTreeMap<String, ClusterDetails>,
    /// The target groups of the services that are missing, by ARN; those that may not be read are left out.
    pub target_groups: BTreeMap<String, TargetGroupState>,
    /// What could not be read and why, one note each.
    pub notes: Vec<String>,
}

impl ObservedState {
    /// Returns the definition that a target of a schedule runs now.
    pub fn scheduled_definition(&self, key: &str, target: &str) -> Option<&TaskDefinition> {
        let schedule = self.schedules.found.get(key)?;
        let target = match schedule.via {
            Via::Scheduler => schedule.targets.first(),
            Via::Rule => schedule.target(target),
        };
        self.scheduled_definitions.get(target?["EcsParameters"]["TaskDefinitionArn"].as_str()?)
    }
}

/// Whether Application Auto Scaling sets the number of tasks of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AutoscalingState {
    #[default]
    NotRead,
    Absent,
    Present,
    /// It could not be read, for this reason.
    Unreadable(String),
}

/// Whether a service can be registered with a target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetGroupState {
    /// A load balancer routes to it.
    Routed,
    /// No load balancer routes to it.
    Unrouted,
    /// It does not exist.
    Missing,
}

/// A cluster in which a service is missing, as far as it may be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterDetails {
    /// The names of its services; none where they may not be listed.
    pub services: Vec<String>,
    /// The cluster as `DescribeClusters` returns it; null where it may not be read.
    pub document: Value,
}

/// The observed state of one service.
#[derive(Clone, Debug, Default)]
pub struct ObservedService {
    /// The raw response, for the comparison.
    pub document: Value,
    pub service: Service,
    /// Whether its number of tasks is scaled automatically; read where the manifest keeps it in step.
    pub autoscaling: AutoscalingState,
    /// The task definition that the service runs.
    pub running_definition: Option<TaskDefinition>,
    /// The running digests, by container; empty where ECS does not report them.
    pub running_digests: BTreeMap<String, String>,
    /// The Service Connect namespace as the manifest names it, if the service is in it and ECS names it otherwise.
    pub namespace: Option<String>,
    /// The service as `DescribeExpressGatewayService` returns it, where the manifest describes an Express service.
    pub express: Option<Value>,
    /// The attributes of the service revision that runs; `None` if it was not read.
    pub revision: Option<Map<String, Value>>,
}
