//! The plan of one schedule: its targets, its group, and where it is. It decides nothing.

use serde_json::Value;
use std::collections::BTreeMap;

use crate::aws::types::{Caller, ObservedSchedule, Via};
use crate::plan::diff::Change;
use crate::plan::plan_revision::Revision;

/// The account and region of schedules, their owner, and the time.
#[derive(Clone, Debug, Default)]
pub struct ScheduleContext {
    pub account: String,
    /// Such as `aws` or `aws-cn`.
    pub partition: String,
    pub region: String,
    pub app: Option<String>,
    pub stage: Option<String>,
    /// In seconds since 1970; a start before it has no effect.
    pub now: i64,
}

impl ScheduleContext {
    /// Creates the context from the caller's account, for an app and its stage.
    pub fn of(
        caller: &Caller,
        region: &str,
        (app, stage): (Option<String>, Option<String>),
        now: i64,
    ) -> ScheduleContext {
        let partition = caller.arn.split(':').nth(1).filter(|partition| !partition.is_empty());
        let (account, partition) = (caller.account.clone(), partition.unwrap_or("aws").to_owned());
        ScheduleContext { account, partition, region: region.to_owned(), app, stage, now }
    }
}

/// What a plan does with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Unchanged,
}

/// The plan of one schedule.
#[derive(Clone, Debug)]
pub struct SchedulePlan {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    /// The name in AWS.
    pub name: String,
    pub via: Via,
    /// The schedule group; `None` for a rule.
    pub group: Option<String>,
    pub action: Action,
    /// The changes, without secrets.
    pub changes: Vec<Change>,
    /// The ids of a rule's targets that are not in the manifest. They are kept.
    pub foreign: Vec<String>,
    /// The ids of a rule's targets that are removed: former ones of the manifest, and those that another target
    /// replaces.
    pub removed: Vec<String>,
    /// Notes for the reader.
    pub notes: Vec<String>,
    /// The observed schedule; `None` if it is created.
    pub before: Option<ObservedSchedule>,
    /// The document for `CreateSchedule` and `UpdateSchedule` (without the target), or for `PutRule`.
    pub document: Value,
    /// Whether the rule itself changes, not only its targets. A schedule is always sent as a whole.
    pub changes_document: bool,
    pub targets: Vec<TargetPlan>,
    /// The schedule group to create first, with its tags.
    pub new_group: Option<NewGroup>,
    /// The tags that an existing rule gets at the end; a new rule gets them when it is created.
    pub new_tags: BTreeMap<String, String>,
}

/// The plan of one schedule target, complete except for its task definition.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    /// The id of a rule's target; empty for a schedule.
    pub id: String,
    /// The revision that it will run.
    pub revision: Revision,
    /// The family of that revision.
    pub family: String,
    /// The task definition that it runs now; `None` for a new target.
    pub revision_before: Option<String>,
    /// The target to send, without `EcsParameters.TaskDefinitionArn`.
    pub document: Value,
    pub changes: bool,
}

/// A schedule group to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGroup {
    pub name: String,
    pub tags: BTreeMap<String, String>,
}

impl SchedulePlan {
    /// Returns whether the schedule is created or updated.
    pub fn is_changing(&self) -> bool {
        self.action != Action::Unchanged
    }
}
