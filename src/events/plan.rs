//! Events of plans, and of the changes that apply them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::autoscaling::AutoscalingPlan;
use super::schedule::Via;

/// Reported by `ecsail plan`, and by a deploy or a rollback before it changes anything.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Plan {
    /// Whether there is any change.
    pub changes: bool,
    pub destination: Destination,
    /// The tasks that run before the services.
    pub before: Vec<TaskPlan>,
    pub services: Vec<ServicePlan>,
    /// The autoscaling of the services whose manifest has some.
    pub autoscaling: Vec<AutoscalingPlan>,
    pub schedules: Vec<SchedulePlan>,
    /// The tasks that run after all else.
    pub after: Vec<TaskPlan>,
    /// The commits between what runs and what comes, where GitHub was asked for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<CommitRange>,
    pub notes: Vec<String>,
}

/// The commits between what services run and what comes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CommitRange {
    /// The keys of the services that run `base`.
    pub services: Vec<String>,
    /// The commit that runs.
    pub base: String,
    /// The commit that comes.
    pub head: String,
    /// Where the difference is shown. Null where it is not known.
    pub url: Option<String>,
    /// How many commits come that do not run.
    pub ahead: u64,
    /// How many commits run that do not come.
    pub behind: u64,
    /// The newest of those that come, newest first.
    pub commits: Vec<Commit>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Commit {
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
}

/// Where a plan changes something.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Destination {
    /// The stage of the manifest. Null where there is none.
    pub stage: Option<String>,
    /// The id of the account. Null where it is not known.
    pub account: Option<String>,
    /// The region. Null where it is not known.
    pub region: Option<String>,
    pub clusters: Vec<String>,
}

/// What changes about a service.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServicePlan {
    /// The service's key in the manifest.
    pub service: String,
    /// The service's name in ECS.
    pub name: String,
    pub cluster: String,
    /// Whether there is any change.
    pub changes: bool,
    /// The id of the deployment in progress that already makes the change; the deploy watches it. Null where there is none.
    pub attached: Option<String>,
    /// Whether the service is created.
    pub creates: bool,
    /// The revision that runs; null where the service is created.
    pub before: Option<RunningRevision>,
    /// The revision that will run.
    pub after: PlannedRevision,
    /// What changes in the task definition.
    pub task_definition: Vec<Change>,
    /// What changes in the attributes of the service.
    pub attributes: Vec<Change>,
    /// Why there is a new deployment although no document changed.
    pub reasons: Vec<Reason>,
    /// The services whose rollouts must succeed before this service changes.
    pub needs: Vec<String>,
}

/// A revision that runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunningRevision {
    pub revision: String,
}

/// A revision that will run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PlannedRevision {
    /// One that is registered already.
    Registered { revision: String },
    /// One that ECS makes for an Express service.
    Express { express: bool },
    /// One that the plan registers.
    New {
        /// The family of the new revision.
        register: String,
    },
}

/// One difference in a document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// Such as `containerDefinitions[web].environment[LOG_LEVEL]`.
    pub path: String,
    /// The value before; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Why a service is deployed although its documents did not change.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// The tag names another image by now.
    ImageMoved {
        image: String,
        /// The digest before.
        before: String,
        /// The digest after.
        after: String,
    },
    /// The last deployment of this revision failed, and was not rolled back.
    Failed,
    /// A deployment of this revision is in progress, and is to be superseded.
    Superseded,
    /// `--force` was given.
    Forced,
}

/// What happens to a one-off task of a release.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskPlan {
    /// The task's key in the manifest.
    pub task: String,
    /// The services that name the task.
    pub of: Vec<String>,
    /// Whether the task runs: one of these services changes, or an earlier release did not finish the task.
    pub needed: bool,
    /// The id of the release that was cut off before this `after` task had succeeded; null where there is none.
    pub unfinished: Option<String>,
    /// The revision that the task runs; null where it does not run.
    pub runs: Option<PlannedRevision>,
}

/// What happens to a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SchedulePlan {
    /// The schedule's key in the manifest.
    pub schedule: String,
    /// The schedule's name in AWS.
    pub name: String,
    pub via: Via,
    /// The schedule group; null for a rule.
    pub group: Option<String>,
    pub action: ScheduleAction,
    pub targets: Vec<TargetPlan>,
    /// What changes about the schedule and its targets.
    pub differences: Vec<Change>,
    /// The ids of a rule's targets that are not the manifest's; they are kept.
    pub foreign: Vec<String>,
    /// The ids of a rule's targets that are removed.
    pub removed: Vec<String>,
}

/// What happens to a schedule, or to the autoscaling of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleAction {
    Create,
    Update,
    Unchanged,
}

/// What a target of a schedule runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TargetPlan {
    /// The id of a rule's target; empty for a schedule.
    pub target: String,
    /// The revision that the target runs; null for a new target.
    pub before: Option<RunningRevision>,
    /// The revision that the target will run; null where it stays.
    pub after: Option<PlannedRevision>,
}

/// Reported when a revision was registered.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Registered {
    pub revision: String,
}

/// Reported by `ecsail prune` when a revision was deregistered.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Deregistered {
    pub revision: String,
}

/// Reported when a service was created.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Created {
    /// The service's key.
    pub service: String,
    pub revision: String,
    /// The id of the first deployment; null where ECS does not show it yet.
    pub deployment: Option<String>,
}

/// Reported when a service was updated.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Updated {
    /// The service's key.
    pub service: String,
    pub revision: String,
    /// The id of the new deployment; null where only attributes changed.
    pub deployment: Option<String>,
}
