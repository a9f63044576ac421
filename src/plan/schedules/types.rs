//! The plan of one schedule: its targets, its group, and where it is. It decides nothing.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::aws::types::{Caller, ObservedSchedule, Via};
use crate::plan::diff::Change;
use crate::plan::revision::Revision;

/// Holds where schedules are, whose they are, and the time.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    pub account: String,
    /// Such as `aws` or `aws-cn`.
    pub partition: String,
    pub region: String,
    pub app: Option<String>,
    pub stage: Option<String>,
    /// In seconds since 1970: a start that has passed says nothing any more.
    pub now: i64,
}

impl Ground {
    /// Returns the ground of a caller's account, for an app and its stage.
    pub fn of(
        caller: &Caller,
        region: &str,
        (app, stage): (Option<String>, Option<String>),
        now: i64,
    ) -> Ground {
        let partition = caller.arn.split(':').nth(1).filter(|partition| !partition.is_empty());
        let (account, partition) = (caller.account.clone(), partition.unwrap_or("aws").to_owned());
        Ground { account, partition, region: region.to_owned(), app, stage, now }
    }
}

/// Says what happens to a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Unchanged,
}

/// Holds what happens to one schedule.
#[derive(Clone, Debug)]
pub struct SchedulePlan {
    /// What commands call it.
    pub key: String,
    /// Its name in AWS.
    pub name: String,
    pub via: Via,
    /// The schedule group; none for a rule.
    pub group: Option<String>,
    pub action: Action,
    /// What changes, without secrets.
    pub changes: Vec<Change>,
    /// The ids of a rule's targets that the manifest does not name. They are kept.
    pub foreign: Vec<String>,
    /// The ids of a rule's targets that are taken off: the manifest's of old, and those whose place another one takes.
    pub removed: Vec<String>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// What was there; none where it is created.
    pub before: Option<ObservedSchedule>,
    /// What CreateSchedule and UpdateSchedule (without the target) or PutRule are given.
    pub document: Value,
    /// Whether a rule itself changes, and not only its targets. A schedule is always sent whole.
    pub changes_document: bool,
    pub targets: Vec<TargetPlan>,
    /// The schedule group that has to be created first, with its tags.
    pub new_group: Option<NewGroup>,
    /// The tags that a rule that is there gets when all else is done; a new one gets them as it is created.
    pub new_tags: BTreeMap<String, String>,
}

/// Holds one target of a schedule, whole but for its task definition.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    /// The id of a rule's target; empty for a schedule.
    pub id: String,
    /// What it will run.
    pub revision: Revision,
    /// The family of what it will run.
    pub family: String,
    /// The ARN that it runs now; none for a new one.
    pub revision_before: Option<String>,
    /// The target as it is sent, but for `EcsParameters.TaskDefinitionArn`.
    pub document: Value,
    pub changes: bool,
}

/// Holds a schedule group that is to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGroup {
    pub name: String,
    pub tags: BTreeMap<String, String>,
}

impl SchedulePlan {
    /// Returns whether anything is to be done.
    pub fn is_changing(&self) -> bool {
        self.action != Action::Unchanged
    }
}
