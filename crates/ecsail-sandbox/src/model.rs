//! The things that a rollout is made of: definitions, services, deployments. Owns their fields and small
//! questions about them; never moves them on. Tasks have a file of their own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::script::{Script, What};
use crate::state::Millis;
pub(crate) use crate::task::{Container, Phase, Stop, Task, Times};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) family: String,
    pub(crate) revision: u64,
    pub(crate) arn: String,
    /// ACTIVE, INACTIVE or DELETE_IN_PROGRESS.
    pub(crate) status: String,
    /// As DescribeTaskDefinition gives it, without the status.
    pub(crate) document: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
}

impl Definition {
    /// Returns the container definitions.
    pub(crate) fn containers(&self) -> &[Value] {
        self.document.get("containerDefinitions").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Returns the images of all containers, in order.
    pub(crate) fn images(&self) -> Vec<String> {
        self.containers().iter().filter_map(|c| c["image"].as_str()).map(str::to_owned).collect()
    }

    /// Returns a field of the definition as text, or nothing.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) cluster: String,
    pub(crate) cluster_arn: String,
    /// ACTIVE, DRAINING or INACTIVE.
    pub(crate) status: String,
    pub(crate) desired: usize,
    pub(crate) definition: String,
    /// The rest of what CreateService and UpdateService were given.
    pub(crate) config: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
    pub(crate) created: Millis,
    pub(crate) created_by: String,
    pub(crate) client_token: Option<String>,
    /// The newest first.
    pub(crate) deployments: Vec<Deployment>,
    /// Service deployments, the newest last.
    pub(crate) history: Vec<ServiceDeployment>,
    pub(crate) revisions: Vec<Revision>,
    /// The newest last.
    pub(crate) events: Vec<Event>,
    /// Nothing has been started or stopped since the last steady-state event.
    pub(crate) steady: bool,
    /// When it became INACTIVE.
    #[serde(default)]
    pub(crate) gone: Option<Millis>,
}

impl Service {
    /// Returns the target groups behind the service's load balancers.
    pub(crate) fn target_groups(&self) -> Vec<String> {
        let balancers = self.config.get("loadBalancers").and_then(Value::as_array);
        let groups = balancers.into_iter().flatten().filter_map(|b| b["targetGroupArn"].as_str());
        groups.map(str::to_owned).collect()
    }

    /// Returns the target group that takes turns with the first one, where there is one.
    pub(crate) fn alternate_group(&self) -> Option<&str> {
        let balancer = self.config.get("loadBalancers")?.get(0)?;
        balancer["advancedConfiguration"]["alternateTargetGroupArn"].as_str()
    }

    /// Returns the target groups that a task is registered with.
    pub(crate) fn groups_of(&self, task: &Task) -> Vec<String> {
        let first = task.fixed.get("targetGroup").and_then(Value::as_str).map(str::to_owned);
        first.into_iter().flat_map(|first| self.with_others(first)).collect()
    }

    /// Returns a group in the place of the first one, and the others.
    fn with_others(&self, first: String) -> impl Iterator<Item = String> {
        std::iter::once(first).chain(self.target_groups().into_iter().skip(1))
    }

    /// Returns a percentage of the deployment configuration, or ECS's default.
    pub(crate) fn percent(&self, name: &str, default: u64) -> u64 {
        self.config.get("deploymentConfiguration").and_then(|c| c[name].as_u64()).unwrap_or(default)
    }

    /// Returns the service deployment of this ARN.
    pub(crate) fn entry(&mut self, arn: &str) -> Option<&mut ServiceDeployment> {
        self.history.iter_mut().find(|d| d.arn == arn)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// One entry of `deployments[]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// `ecs-svc/` and 19 digits.
    pub(crate) id: String,
    pub(crate) primary: bool,
    pub(crate) definition: String,
    pub(crate) revision: String,
    pub(crate) rollout: Rollout,
    pub(crate) reason: String,
    /// It has been completed at some time: a circuit breaker may come back to it.
    pub(crate) completed: bool,
    /// No task is launched any more, by request.
    pub(crate) aborted: bool,
    /// Consecutive failures.
    pub(crate) failed: usize,
    pub(crate) launched_ever: usize,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) launch_at: Millis,
    /// What its scenario has in store for it.
    #[serde(default)]
    pub(crate) script: Script,
    /// The incident of the script has happened.
    #[serde(default)]
    pub(crate) struck: bool,
    pub(crate) breaker: Breaker,
    /// Its tasks are in the alternate target group.
    #[serde(default)]
    pub(crate) alternate: bool,
    /// What launch type, network and so on it was started with.
    pub(crate) config: Map<String, Value>,
    /// The service deployment that it belongs to.
    pub(crate) entry: String,
}

impl Deployment {
    /// Returns what is happening to it now, by its script, while it is under way.
    pub(crate) fn incident(&self, now: Millis) -> Option<What> {
        let under_way = self.rollout == Rollout::InProgress && !self.aborted;
        let incident = self.script.incident.filter(|i| under_way && i.is_on(now - self.created))?;
        Some(incident.what)
    }

    /// Marks it as failed.
    pub(crate) fn fail(&mut self, now: Millis) {
        self.rollout = Rollout::Failed;
        self.updated = now;
    }
}

/// The circuit breaker of one deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Breaker {
    pub(crate) enabled: bool,
    pub(crate) rollback: bool,
    pub(crate) threshold: usize,
    pub(crate) resets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EntryStatus {
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
    /// Returns the name on the wire.
    pub(crate) fn name(self) -> &'static str {
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
    pub(crate) fn is_final(self) -> bool {
        use EntryStatus::{RollbackFailed, RollbackSuccessful, Stopped, Successful};
        matches!(self, Stopped | RollbackSuccessful | RollbackFailed | Successful)
    }
}

/// A service deployment, as the deployment history has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    pub(crate) status: EntryStatus,
    pub(crate) reason: Option<String>,
    pub(crate) created: Millis,
    pub(crate) started: Option<Millis>,
    pub(crate) finished: Option<Millis>,
    pub(crate) stopped: Option<Millis>,
    pub(crate) updated: Millis,
    pub(crate) target: String,
    pub(crate) sources: Vec<String>,
    pub(crate) rollback: Option<RollbackNote>,
    pub(crate) breaker: Breaker,
    pub(crate) triggered: bool,
    pub(crate) failures: usize,
    pub(crate) config: Value,
    pub(crate) hooks: Vec<Hook>,
    /// How far it has come in the order of stages, and since when.
    pub(crate) stage: usize,
    pub(crate) stage_since: Option<Millis>,
    /// The alarms that have gone off.
    pub(crate) alarms: Vec<String>,
}

impl ServiceDeployment {
    /// Ends it.
    pub(crate) fn end(&mut self, status: EntryStatus, now: Millis) {
        self.status = status;
        self.finished = Some(now);
        self.stopped = (status == EntryStatus::Stopped).then_some(now);
        self.updated = now;
    }
}

/// A lifecycle hook of one service deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) target: Option<String>,
    pub(crate) stage: String,
    pub(crate) status: HookStatus,
    /// When its stage was reached.
    pub(crate) reached: Option<Millis>,
    pub(crate) expires: Option<Millis>,
    pub(crate) minutes: i64,
    /// What a timeout does, CONTINUE or ROLLBACK.
    pub(crate) on_timeout: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HookStatus {
    /// Its stage has not been reached.
    Waiting,
    /// It is at work, or waits for ContinueServiceDeployment.
    Open,
    Succeeded,
    Failed,
    TimedOut,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RollbackNote {
    pub(crate) reason: String,
    pub(crate) started: Millis,
    pub(crate) revision: String,
}

/// A service revision, as DescribeServiceRevisions gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) definition: String,
    pub(crate) created: Millis,
    pub(crate) config: Map<String, Value>,
    pub(crate) images: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) at: Millis,
    pub(crate) message: String,
}
