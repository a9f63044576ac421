//! What may refer to the revisions of a family, as `observe` has read it, and where that comes from.

use std::collections::BTreeMap;

use crate::aws::ApiError;
use crate::aws::rules::RuleTarget;
use crate::aws::schedules::ScheduleTarget;
use crate::aws::types::{Service, ServiceDeployment, Task, revision_of};

/// Names what is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The services of the clusters: always looked at
    #[value(skip)]
    Services,
    /// The other clusters of the account, in this region
    Clusters,
    /// The past deployments of the services
    Deployments,
    /// Tasks that run
    Tasks,
    /// EventBridge rules
    Rules,
    /// EventBridge Scheduler's schedules
    Schedules,
}

impl Source {
    /// Returns the permissions that reading it takes.
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

    /// Returns the name that the command line has for it.
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

/// Holds what may refer to a family.
#[derive(Debug, Default)]
pub struct Referring {
    pub services: Vec<SeenService>,
    pub tasks: Vec<Task>,
    pub rules: Vec<RuleTarget>,
    pub schedules: Vec<ScheduleTarget>,
    /// What could not be read, the first error of each.
    pub unread: Vec<(Source, ApiError)>,
}

/// Holds a service and its past.
#[derive(Clone, Debug, Default)]
pub struct SeenService {
    pub cluster: String,
    pub service: Service,
    /// Its service deployments, newest first.
    pub deployments: Vec<ServiceDeployment>,
    /// The service revisions that ran when the oldest of them began.
    pub at_first: Vec<String>,
    /// The task definitions of service revisions, as far as they were read.
    pub definitions: BTreeMap<String, String>,
    /// The task definition that a rollback would go to, of a service that runs the family.
    pub back_to: Option<String>,
}

impl Referring {
    /// Returns what was read of a source; what was not is kept in mind.
    pub fn take<T: Default>(&mut self, source: Source, read: Result<T, ApiError>) -> T {
        read.unwrap_or_else(|error| {
            self.unread.push((source, error));
            T::default()
        })
    }
}

/// Returns the family and the revision that an ARN or a name means; without a revision it is the latest ACTIVE one.
pub fn family_and_revision(named: &str) -> (&str, Option<u64>) {
    match revision_of(named).split_once(':') {
        Some((family, revision)) => (family, revision.parse().ok()),
        None => (revision_of(named), None),
    }
}
