//! What may refer to the revisions of a family, as `observe` has read it, and where that comes from.

use crate::aws::ApiError;
use std::collections::BTreeMap;

use crate::aws::rules::RuleTarget;
use crate::aws::schedules::ScheduleTarget;
use crate::aws::types::{Service, ServiceDeployment, Task, revision_of};

/// A kind of resource that may refer to a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Services of the clusters; always read
    #[value(skip)]
    Services,
    /// Other clusters of the account in this region
    Clusters,
    /// Past deployments of the services
    Deployments,
    /// Running tasks
    Tasks,
    /// EventBridge rules
    Rules,
    /// EventBridge Scheduler schedules
    Schedules,
}

impl Source {
    /// Returns the IAM actions that reading it needs.
    pub fn permissions(self) -> &'static [&'static str] {
        match self {
            Source::Services => &["ecs:ListServices", "ecs:DescribeServices"],
            Source::Clusters => &["ecs:ListClusters"],
            Source::Deployments => &[
                "ecs:ListServiceDeployments",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServiceRevisions",
                "ecs:DescribeTaskDefinition",
            ],
            Source::Tasks => &["ecs:ListTasks", "ecs:DescribeTasks"],
            Source::Rules => &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
            Source::Schedules => &["scheduler:ListSchedules", "scheduler:GetSchedule"],
        }
    }

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Source::Services => "services",
            Source::Clusters => "clusters",
            Source::Deployments => "deployments",
            Source::Tasks => "tasks",
            Source::Rules => "rules",
            Source::Schedules => "schedules",
        }
    }
}

/// The resources that may refer to a family.
#[derive(Debug, Default)]
pub struct Referring {
    pub services: Vec<SeenService>,
    pub tasks: Vec<Task>,
    pub rules: Vec<RuleTarget>,
    pub schedules: Vec<ScheduleTarget>,
    /// The kinds of resources that could not be read, with the first error of each.
    pub unread: Vec<(Source, ApiError)>,
}

/// A service and its past deployments.
#[derive(Clone, Debug, Default)]
pub struct SeenService {
    pub cluster: String,
    pub service: Service,
    /// The service deployments, newest first.
    pub deployments: Vec<ServiceDeployment>,
    /// The service revisions that ran when the oldest deployment began.
    pub at_first: Vec<String>,
    /// Task definition ARNs by service revision, as far as they were read.
    pub definitions: BTreeMap<String, String>,
    /// The task definition that a rollback would deploy; only of a service that runs the family.
    pub back_to: Option<String>,
}

impl Referring {
    /// Returns what was read of a source, or nothing after recording the error.
    pub fn take<T: Default>(&mut self, source: Source, read: Result<T, ApiError>) -> T {
        read.unwrap_or_else(|error| {
            self.unread.push((source, error));
            T::default()
        })
    }
}

/// Returns the family and the revision of an ARN or a name; without a revision, the latest ACTIVE one is meant.
pub fn family_and_revision(named: &str) -> (&str, Option<u64>) {
    match revision_of(named).split_once(':') {
        Some((family, revision)) => (family, revision.parse().ok()),
        None => (revision_of(named), None),
    }
}
