//! The plan: what is asked of it, what it holds, and what it says of each service and each task. It decides nothing.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::back::WayBack;
use super::diff::Change;
use super::record::Record;
use super::revision::Revision;
use super::schedules::types::SchedulePlan;
use crate::aws::types::revision_of;
use crate::manifest::OnFailure;

/// Says what is asked of a plan beside the documents.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A new deployment though nothing changed.
    pub force: bool,
    /// Deploy though a deployment is under way.
    pub supersede: bool,
    /// Nothing will be done: a deployment under way does not stand against looking.
    pub looking: bool,
    /// The account that the manifest insists on.
    pub account: Option<String>,
    /// The time, in seconds since 1970.
    pub now: i64,
    pub record: Record,
}

/// Holds what will be done, in order: registrations, then updates.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub registrations: Vec<Registration>,
    /// The tasks that go before the services, in order.
    pub before: Vec<TaskPlan>,
    pub services: Vec<ServicePlan>,
    pub schedules: Vec<SchedulePlan>,
    /// The tasks that come when all else is done, in order.
    pub after: Vec<TaskPlan>,
    /// What services of this plan have to be up before a service changes, by its key.
    pub needs: BTreeMap<String, Vec<String>>,
    /// What the reader should know: images outside ECR, what could not be looked at.
    pub notes: Vec<String>,
}

/// Holds a task that goes before or after services.
#[derive(Clone, Debug)]
pub struct TaskPlan {
    pub key: String,
    /// The services that name it; it runs where one of them changes.
    pub of: Vec<String>,
    /// None: none of them changes, and it does not run.
    pub work: Option<ResolvedWork>,
    pub timeout: Option<std::time::Duration>,
}

/// Holds a document to register; services that render the same share it.
#[derive(Clone, Debug)]
pub struct Registration {
    pub family: String,
    /// The document as it will be sent, with the tags of the user and of the record.
    pub document: Value,
    /// The newest revision of the family before: how a lost answer is told from a lost request.
    pub latest: Option<String>,
}

/// Holds what happens to one service.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// The ARN of the revision that runs.
    pub before: String,
    pub after: Revision,
    pub definition_changes: Vec<Change>,
    pub service_changes: Vec<Change>,
    /// Why there is a new deployment though no document changed.
    pub reasons: Vec<Reason>,
    /// The members that UpdateService is given beside the task definition.
    pub members: Map<String, Value>,
    /// The id of the PRIMARY deployment before.
    pub deployment_before: Option<String>,
    /// Tags to set on the revision that stays, because it now runs other digests.
    pub retag: BTreeMap<String, String>,
    /// What the service goes back to, should this fail.
    pub way_back: Option<WayBack>,
    pub timeout: Option<std::time::Duration>,
    pub on_failure: Option<OnFailure>,
    pub on_timeout: Option<OnFailure>,
}

/// Holds what a task or a target runs, with everything decided.
#[derive(Clone, Debug)]
pub struct ResolvedWork {
    /// What commands call the task or the schedule.
    pub key: String,
    /// The cluster's name or ARN, and its ARN.
    pub cluster: String,
    pub cluster_arn: String,
    pub revision: Revision,
    pub family: String,
    /// The definition as a document.
    pub definition: Value,
    /// Members of RunTask, without `overrides` and what the run itself decides.
    pub members: Map<String, Value>,
    /// The value of RunTask's `overrides`.
    pub overrides: Option<Value>,
    pub count: u32,
    /// The container whose exit code counts, where it is named.
    pub container: Option<String>,
}

/// Says why a service is deployed anew though its documents are what they were.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// The tag now points at another image.
    ImageMoved { image: String, before: String, after: String },
    /// The last deployment of this revision failed, and was not taken back.
    Failed,
    /// A deployment of this revision is under way, and is to be replaced.
    Superseded,
    /// It was asked for.
    Forced,
}

impl Plan {
    /// Returns whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        let schedules = self.schedules.iter().any(SchedulePlan::is_changing);
        !schedules && self.services.iter().all(|service| !service.changes())
    }
}

impl ServicePlan {
    /// Returns whether the service is touched at all.
    pub fn changes(&self) -> bool {
        self.after != Revision::Same || !self.members.is_empty() || !self.reasons.is_empty()
    }

    /// Returns the short name of the revision that runs.
    pub fn revision_before(&self) -> &str {
        revision_of(&self.before)
    }
}

/// Returns the members with which RunTask is given this work.
pub fn run_members(work: &ResolvedWork) -> Map<String, Value> {
    let mut members = work.members.clone();
    members.extend(work.overrides.as_ref().map(|overrides| ("overrides".to_owned(), json!(overrides))));
    members
}
