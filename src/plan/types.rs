//! The plan: what is asked of it, what it holds, and what it says of each service and each task. It decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::autoscaling::AutoscalingPlan;
use super::diff::Change;
use super::express::ExpressChange;
use super::image_checks::ImageChecks;
use super::plan_revision::Revision;
use super::record::DeployRecord;
use super::rollback_point::RollbackPoint;
use super::schedules::types::SchedulePlan;
use super::service::tags::TagChanges;
use super::service_state::ServiceState;
use crate::aws::types::revision_name;
use crate::destination::{Destination, counted};
use crate::github::compare::CommitRange;
use crate::manifest::{FailureAction, Patience};

/// The options of a plan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Deploy even if nothing changed.
    pub force: bool,
    /// Deploy even if a deployment is in progress.
    pub supersede: bool,
    /// Create services although the cluster has one of a similar name.
    pub create: bool,
    /// The names in ECS of all services of the manifest.
    pub manifest_services: BTreeSet<String>,
    /// The account that the manifest requires.
    pub account: Option<String>,
    /// Which images are refused.
    pub images: ImageChecks,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// The ids of the checks that the manifest leaves out.
    pub ignore: Vec<String>,
    /// The command that deploys what is planned, for hints.
    pub deploy_command: String,
    pub record: DeployRecord,
}

/// What a deploy will change, in order: registrations, then updates.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub registrations: Vec<Registration>,
    /// The tasks that run before the services are updated, in order.
    pub before: Vec<TaskPlan>,
    pub services: Vec<ServicePlan>,
    /// The autoscaling of the services whose manifest has some.
    pub autoscaling: Vec<AutoscalingPlan>,
    pub schedules: Vec<SchedulePlan>,
    /// The tasks that run last, in order.
    pub after: Vec<TaskPlan>,
    /// The services of this plan that a service waits for, by its key.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Where the plan changes something.
    pub destination: Destination,
    /// The app, the tag, and who deploys, as they are recorded; of the performer also where CI does not name one.
    pub record: DeployRecord,
    /// The commits between what runs and what comes, where they were looked up.
    pub commits: Vec<CommitRange>,
    /// Notes for the reader, such as images outside ECR and what could not be read.
    pub notes: Vec<String>,
}

/// A one-off task that runs before or after services.
#[derive(Clone, Debug)]
pub struct TaskPlan {
    pub key: String,
    /// The services that name it; it runs if one of them changes.
    pub of: Vec<String>,
    /// `None` if none of these services changes, so that the task does not run.
    pub work: Option<ResolvedWork>,
    pub timeout: Option<std::time::Duration>,
    /// The earlier release that changed these services and was cut off before this `after` task had succeeded.
    pub unfinished: Option<String>,
    /// The services whose revisions carry the mark of this `after` task; see [`super::after_marks`].
    pub marked: Vec<String>,
}

/// A document to register; services with the same document share it.
#[derive(Clone, Debug)]
pub struct Registration {
    pub family: String,
    /// The document as it will be sent, with the user's tags and those of the record.
    pub document: Value,
    /// The newest revision of the family before, to distinguish a lost response from a lost request.
    pub latest: Option<String>,
}

/// The changes of one service.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// The ARN of the running revision; empty where the service is created.
    pub before: String,
    pub after: Revision,
    pub definition_changes: Vec<Change>,
    pub service_changes: Vec<Change>,
    /// Why there is a new deployment although no document changed.
    pub reasons: Vec<Reason>,
    /// How the service is created; `None` for a service that exists.
    pub creation: Option<Creation>,
    /// The change by the operations of Express Mode; `None` for any other change.
    pub express: Option<ExpressChange>,
    /// The members of the call that creates or updates the service, besides the name and the task definition.
    pub members: Map<String, Value>,
    /// The changes of the service's tags, which start no deployment.
    pub tags: TagChanges,
    /// The state that the plan was made for. A service in another state is not updated.
    pub observed: ServiceState,
    /// Update the service even if it has changed since the plan was made.
    pub supersede: bool,
    /// The id of the PRIMARY deployment before the change.
    pub deployment_before: Option<String>,
    /// The deployment in progress that already makes this change. The deploy watches it, and sends no update.
    pub attached: Option<String>,
    /// Tags to set on the running revision, because it will run other digests.
    pub retag: BTreeMap<String, String>,
    /// What the service returns to if the deploy fails.
    pub way_back: Option<RollbackPoint>,
    pub timeout: Option<std::time::Duration>,
    pub on_failure: Option<FailureAction>,
    pub on_timeout: Option<FailureAction>,
    pub patience: Option<Patience>,
}

/// How a service is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Creation {
    /// The `clientToken` of the call: ECS answers a repeated call with the service that the first one created.
    pub token: String,
}

/// What a task or a target runs, with everything resolved.
#[derive(Clone, Debug)]
pub struct ResolvedWork {
    /// The name of the task or schedule in commands.
    pub key: String,
    /// The cluster as it is named in the manifest, and its ARN.
    pub cluster: String,
    pub cluster_arn: String,
    pub revision: Revision,
    pub family: String,
    /// The task definition document.
    pub definition: Value,
    /// Members of `RunTask`, without `overrides` and those that are set at the start of each run.
    pub members: Map<String, Value>,
    /// The volumes of `RunTask`, if they are those of the service that the task is like. Targets of schedules have none.
    pub volumes: Option<Value>,
    /// The `overrides` of `RunTask`.
    pub overrides: Option<Value>,
    pub count: u32,
    /// The container whose exit code counts, if the manifest names it.
    pub container: Option<String>,
}

/// Why a service gets a new deployment although its documents did not change.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The tag now points to another image.
    ImageMoved { image: String, before: String, after: String },
    /// The last deployment of this revision failed and was not rolled back.
    Failed,
    /// A deployment of this revision is in progress and will be superseded.
    Superseded,
    /// The user forced it.
    Forced,
}

impl Plan {
    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        !self.has_changes() && self.services.iter().all(ServicePlan::is_unchanged)
    }

    /// Returns whether something changes. A rollout that is in progress already and is only watched is no change.
    pub fn has_changes(&self) -> bool {
        let schedules = self.schedules.iter().any(SchedulePlan::is_changing);
        let unfinished = self.after.iter().any(|task| task.unfinished.is_some());
        let autoscaling = self.autoscaling.iter().any(AutoscalingPlan::is_changing);
        schedules || autoscaling || unfinished || self.services.iter().any(ServicePlan::changes)
    }

    /// Returns what the plan changes, as in a question: the only service, or how many services, schedules and tasks.
    pub fn counted_changes(&self) -> String {
        let autoscaling = self.autoscaling.iter().filter(|plan| plan.is_changing());
        let autoscaling: Vec<&str> = autoscaling.map(|plan| plan.key.as_str()).collect();
        let services = self.services.iter();
        let services =
            services.filter(|service| service.changes() || autoscaling.contains(&service.key.as_str()));
        let schedules = self.schedules.iter().filter(|schedule| schedule.is_changing());
        let tasks = self.before.iter().chain(&self.after).filter(|task| task.work.is_some());
        counted(&[
            ("service", services.map(|service| service.key.as_str()).collect()),
            ("schedule", schedules.map(|schedule| schedule.key.as_str()).collect()),
            ("task", tasks.map(|task| task.key.as_str()).collect()),
        ])
    }
}

impl ServicePlan {
    /// Returns whether the service is changed.
    pub fn changes(&self) -> bool {
        self.is_applied_by_call() || !self.tags.is_empty()
    }

    /// Returns whether the service is created or updated, as opposed to one of which only tags change.
    pub fn is_applied_by_call(&self) -> bool {
        let is_updated = self.after != Revision::Same || !self.members.is_empty() || !self.reasons.is_empty();
        self.creation.is_some() || is_updated
    }

    /// Returns whether there is nothing to do for the service, and nothing to wait for.
    pub fn is_unchanged(&self) -> bool {
        !self.changes() && self.attached.is_none()
    }

    /// Returns the short name of the running revision.
    pub fn revision_before(&self) -> &str {
        revision_name(&self.before)
    }
}

/// Returns the members of `RunTask`, with the volumes and the overrides.
pub fn run_members(work: &ResolvedWork) -> Map<String, Value> {
    let mut members = work.members.clone();
    if let Some(volumes) = &work.volumes {
        members.entry("volumeConfigurations").or_insert_with(|| volumes.clone());
    }
    members.extend(work.overrides.as_ref().map(|overrides| ("overrides".to_owned(), json!(overrides))));
    members
}
