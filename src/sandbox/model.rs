//! The things that a rollout is made of: definitions, services, deployments. Owns their fields and small
//! questions about them; never moves them on. Tasks have a file of their own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::script::{Script, What};
use super::state::Millis;
pub(super) use super::task::{Container, Phase, Stop, Task, Times};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) family: String,
    pub(super) revision: u64,
    pub(super) arn: String,
    /// ACTIVE, INACTIVE or DELETE_IN_PROGRESS.
    pub(super) status: String,
    /// As DescribeTaskDefinition gives it, without the status.
    pub(super) document: Map<String, Value>,
    pub(super) tags: Vec<Value>,
}

impl Definition {
    /// Returns the container definitions.
    pub(super) fn containers(&self) -> &[Value] {
        self.document.get("containerDefinitions").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Returns the images of all containers, in order.
    pub(super) fn images(&self) -> Vec<String> {
        self.containers().iter().filter_map(|c| c["image"].as_str()).map(str::to_owned).collect()
    }

    /// Returns a field of the definition as text, or nothing.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) cluster: String,
    pub(super) cluster_arn: String,
    /// ACTIVE, DRAINING or INACTIVE.
    pub(super) status: String,
    pub(super) desired: usize,
    pub(super) definition: String,
    /// The rest of what CreateService and UpdateService were given.
    pub(super) config: Map<String, Value>,
    pub(super) tags: Vec<Value>,
    pub(super) created: Millis,
    pub(super) created_by: String,
    pub(super) client_token: Option<String>,
    /// Newest first.
    pub(super) deployments: Vec<Deployment>,
    /// Service deployments, the newest last.
    pub(super) history: Vec<ServiceDeployment>,
    pub(super) revisions: Vec<Revision>,
    /// The newest last.
    pub(super) events: Vec<Event>,
    /// Nothing has been started or stopped since the last steady-state event.
    pub(super) steady: bool,
    /// When it became INACTIVE.
    #[serde(default)]
    pub(super) gone: Option<Millis>,
}

impl Service {
    /// Returns the target groups behind the service's load balancers.
    pub(super) fn target_groups(&self) -> Vec<String> {
        let balancers = self.config.get("loadBalancers").and_then(Value::as_array);
        let groups = balancers.into_iter().flatten().filter_map(|b| b["targetGroupArn"].as_str());
        groups.map(str::to_owned).collect()
    }

    /// Returns the target group that takes turns with the first one, where there is one.
    pub(super) fn alternate_group(&self) -> Option<&str> {
        let balancer = self.config.get("loadBalancers")?.get(0)?;
        balancer["advancedConfiguration"]["alternateTargetGroupArn"].as_str()
    }

    /// Returns the target groups that a task is registered with.
    pub(super) fn groups_of(&self, task: &Task) -> Vec<String> {
        let first = task.fixed.get("targetGroup").and_then(Value::as_str).map(str::to_owned);
        first.into_iter().flat_map(|first| self.with_others(first)).collect()
    }

    /// Returns a group in the place of the first one, and the others.
    fn with_others(&self, first: String) -> impl Iterator<Item = String> {
        std::iter::once(first).chain(self.target_groups().into_iter().skip(1))
    }

    /// Returns a percentage of the deployment configuration, or ECS's default.
    pub(super) fn percent(&self, name: &str, default: u64) -> u64 {
        self.config.get("deploymentConfiguration").and_then(|c| c[name].as_u64()).unwrap_or(default)
    }

    /// Returns the service deployment of this ARN.
    pub(super) fn entry(&mut self, arn: &str) -> Option<&mut ServiceDeployment> {
        self.history.iter_mut().find(|d| d.arn == arn)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// One entry of `deployments[]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Deployment {
    /// `ecs-svc/` and 19 digits.
    pub(super) id: String,
    pub(super) primary: bool,
    pub(super) definition: String,
    pub(super) revision: String,
    pub(super) rollout: Rollout,
    pub(super) reason: String,
    /// It has been completed at some time: a circuit breaker may come back to it.
    pub(super) completed: bool,
    /// No task is launched any more, by request.
    pub(super) aborted: bool,
    /// Consecutive failures.
    pub(super) failed: usize,
    pub(super) launched_ever: usize,
    pub(super) created: Millis,
    pub(super) updated: Millis,
    pub(super) launch_at: Millis,
    /// What its scenario has in store for it.
    #[serde(default)]
    pub(super) script: Script,
    /// The incident of the script has happened.
    #[serde(default)]
    pub(super) struck: bool,
    pub(super) breaker: Breaker,
    /// Its tasks are in the alternate target group.
    #[serde(default)]
    pub(super) alternate: bool,
    /// What launch type, network and so on it was started with.
    pub(super) config: Map<String, Value>,
    /// The service deployment that it belongs to.
    pub(super) entry: String,
}

impl Deployment {
    /// Returns what is happening to it now, by its script, while it is under way.
    pub(super) fn incident(&self, now: Millis) -> Option<What> {
        let under_way = self.rollout == Rollout::InProgress && !self.aborted;
        let incident = self.script.incident.filter(|i| under_way && i.is_on(now - self.created))?;
        Some(incident.what)
    }

    /// Marks it as failed.
    pub(super) fn fail(&mut self, now: Millis) {
        self.rollout = Rollout::Failed;
        self.updated = now;
    }
}

/// The circuit breaker of one deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Breaker {
    pub(super) enabled: bool,
    pub(super) rollback: bool,
    pub(super) threshold: usize,
    pub(super) resets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum EntryStatus {
    Pending,
    InProgress,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
    Successful,
}

impl EntryStatus {
    /// Returns the status as the API writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            EntryStatus::Pending => "PENDING",
            EntryStatus::InProgress => "IN_PROGRESS",
            EntryStatus::StopRequested => "STOP_REQUESTED",
            EntryStatus::Stopped => "STOPPED",
            EntryStatus::RollbackRequested => "ROLLBACK_REQUESTED",
            EntryStatus::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            EntryStatus::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            EntryStatus::RollbackFailed => "ROLLBACK_FAILED",
            EntryStatus::Successful => "SUCCESSFUL",
        }
    }

    /// Returns whether nothing comes after it.
    pub(super) fn is_final(self) -> bool {
        use EntryStatus::{RollbackFailed, RollbackSuccessful, Stopped, Successful};
        matches!(self, Stopped | RollbackSuccessful | RollbackFailed | Successful)
    }
}

/// A service deployment, as the deployment history has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ServiceDeployment {
    pub(super) arn: String,
    pub(super) status: EntryStatus,
    pub(super) reason: Option<String>,
    pub(super) created: Millis,
    pub(super) started: Option<Millis>,
    pub(super) finished: Option<Millis>,
    pub(super) stopped: Option<Millis>,
    pub(super) updated: Millis,
    pub(super) target: String,
    pub(super) sources: Vec<String>,
    pub(super) rollback: Option<RollbackNote>,
    pub(super) breaker: Breaker,
    pub(super) triggered: bool,
    pub(super) failures: usize,
    pub(super) config: Value,
    pub(super) hooks: Vec<Hook>,
    /// How far it has come in the order of stages, and since when.
    pub(super) stage: usize,
    pub(super) stage_since: Option<Millis>,
    /// The alarms that have gone off.
    pub(super) alarms: Vec<String>,
}

impl ServiceDeployment {
    /// Ends it.
    pub(super) fn end(&mut self, status: EntryStatus, now: Millis) {
        self.status = status;
        self.finished = Some(now);
        self.stopped = (status == EntryStatus::Stopped).then_some(now);
        self.updated = now;
    }
}

/// A lifecycle hook of one service deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hook {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) target: Option<String>,
    pub(super) stage: String,
    pub(super) status: HookStatus,
    /// When its stage was reached.
    pub(super) reached: Option<Millis>,
    pub(super) expires: Option<Millis>,
    pub(super) minutes: i64,
    /// What a timeout does, CONTINUE or ROLLBACK.
    pub(super) on_timeout: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum HookStatus {
    /// Its stage has not been reached.
    Waiting,
    /// It is at work, or waits for ContinueServiceDeployment.
    Open,
    Succeeded,
    Failed,
    TimedOut,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RollbackNote {
    pub(super) reason: String,
    pub(super) started: Millis,
    pub(super) revision: String,
}

/// A service revision, as DescribeServiceRevisions gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Revision {
    pub(super) arn: String,
    pub(super) definition: String,
    pub(super) created: Millis,
    pub(super) config: Map<String, Value>,
    pub(super) images: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) at: Millis,
    pub(super) message: String,
}
