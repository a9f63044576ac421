//! Owns what a verdict is made from: the deployment that is followed, and what all looks at AWS have shown of it.
//!
//! A look is plain data; taking one in is pure, so that a recorded timeline plays exactly as the watch saw it.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::aws::types::{
    Deployment, DeploymentStatus, Epoch, Event, LifecycleStage, RolloutState, Service, ServiceDeployment,
    ServiceDeploymentStatus, TargetHealth, Task,
};
use crate::manifest::OnFailure;
use crate::plan::WayBack;

/// Holds which deployment is followed, what ran before it, and what is to be done where it does not succeed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Followed {
    /// What commands call the service.
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// The id of the PRIMARY deployment in UpdateService's answer; none where the answer did not show ours.
    pub deployment: Option<String>,
    /// The ARN of its service deployment, once that was found.
    pub service_deployment: Option<String>,
    /// When it was created, on the API's clock, in seconds since 1970.
    pub created_at: f64,
    /// The ARN of the revision that it brings out.
    pub revision: String,
    /// The ARN of the revision that ran before.
    pub previous: String,
    /// The id of the deployment that ran before.
    pub deployment_before: Option<String>,
    /// What the service goes back to, where a deployment was completed before this one.
    pub way_back: Option<WayBack>,
    /// How far the rollout is followed.
    pub until: Until,
    /// The deployment is being taken back on our request: its rollback is what is waited for.
    pub going_back: bool,
    /// It had ended before it was followed: how long that took was not seen.
    #[serde(skip)]
    pub ended: bool,
    #[serde(skip)]
    pub policy: Policy,
}

/// Holds how long a rollout is watched, and what is done when it fails or the time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub timeout: Duration,
    /// What was asked for; where nothing was, a rollback where there is something to go back to.
    pub on_failure: Option<OnFailure>,
    pub on_timeout: OnFailure,
}

/// How long a rollout is watched where nobody says how long.
pub const TIMEOUT: Duration = Duration::from_secs(15 * 60);

impl Default for Policy {
    fn default() -> Policy {
        Policy { timeout: TIMEOUT, on_failure: None, on_timeout: OnFailure::Leave }
    }
}

/// For how many looks in a row a service deployment that is not in the answer counts as it was last seen.
const UNSEEN: u32 = 3;

/// For how long more tasks than ever before have to run until that counts, in seconds.
const KEPT_RUNNING: f64 = 30.0;

/// Says how far a rollout is followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// Until ECS says that it is done.
    #[default]
    Stable,
    /// Until it has come to this lifecycle stage, or one after it: `BAKE_TIME`.
    Stage(String),
}

/// Holds one look at AWS.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Look {
    /// The time on the clock of the API, in seconds since 1970.
    pub at: f64,
    /// None: the service was not in the answer.
    pub service: Option<Service>,
    /// None: not to be had, or not found yet.
    pub service_deployment: Option<ServiceDeployment>,
    /// The service deployment could not be read this time, for a reason that may pass.
    pub unread: bool,
    /// The stopped tasks of the service that are new.
    pub stopped: Vec<Task>,
    /// None: they were not looked at this time.
    pub targets: Option<Vec<TargetHealth>>,
}

/// Holds what all looks until now have shown.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// When the last look was, on the API's clock; never older than anything that it showed.
    pub at: f64,
    /// None: the service was not in the answer.
    pub service: Option<Service>,
    /// In how many looks in a row the service was not in the answer.
    pub missing: u32,
    /// As it was last seen; none: not to be had, or not found yet.
    pub service_deployment: Option<ServiceDeployment>,
    /// It was seen once.
    pub seen: bool,
    /// It could not be read by the last look, for a reason that may pass.
    pub unread: bool,
    /// In how many looks in a row it was not seen, though it was before.
    pub unseen: u32,
    /// In how many looks in a row it was STOPPED.
    pub halted: u32,
    /// In how many looks in a row our deployment was not in the service's list.
    pub absent: u32,
    /// In how many looks in a row our deployment was PRIMARY and FAILED.
    pub failed: u32,
    /// Tasks that stopped until then did not keep the rollout from going on; seconds since 1970.
    pub healed_at: f64,
    /// The most tasks of this deployment that ran at once, and kept running.
    pub most_running: i64,
    /// Since when more than that run.
    pub rising: Option<f64>,
    /// Since when all tasks of this deployment run, and ECS counts none as failed.
    pub steady: Option<f64>,
    /// How our deployment looked when the list last had it.
    pub last_seen: Option<Deployment>,
    /// The tasks of this deployment that stopped.
    pub stopped: Vec<Task>,
    pub targets: Vec<TargetHealth>,
    /// When the targets were last looked at.
    pub targets_at: f64,
    /// The lifecycle stage of the last look, and when it was first seen.
    pub stage: Option<(LifecycleStage, f64)>,
}

impl Followed {
    /// Returns the followed deployment in a service's list: by its id, or the first of our revision since the update.
    pub fn find<'a>(&self, service: &'a Service) -> Option<&'a Deployment> {
        service.deployments.iter().find(|deployment| match &self.deployment {
            Some(id) => &deployment.id == id,
            None => {
                deployment.task_definition == self.revision
                    && self.deployment_before.as_ref() != Some(&deployment.id)
            }
        })
    }

    /// Returns whether a task was started by this deployment.
    ///
    /// ECS writes the deployment's id; where something else stands there, revision and time decide.
    pub fn started(&self, task: &Task) -> bool {
        match (&self.deployment, task.started_by.starts_with("ecs-svc/")) {
            (Some(id), true) => &task.started_by == id,
            _ => task.task_definition_arn == self.revision && task.created_at.0 >= self.created_at - 1.0,
        }
    }

    /// Returns the events of a service since this deployment began, oldest first.
    pub fn events<'a>(&self, service: &'a Service) -> impl Iterator<Item = &'a Event> + use<'a> {
        let since = self.created_at - 1.0;
        service.events.iter().rev().filter(move |event| event.created_at.0 >= since)
    }
}

impl Snapshot {
    /// Takes in a look. Where the deployment's id was not known, it is from the first look that shows it.
    pub fn take_in(&mut self, followed: &mut Followed, look: Look) {
        self.missing = if look.service.is_some() { 0 } else { self.missing + 1 };
        self.see(look.service_deployment, look.unread);
        let at = look.at.max(self.at);
        self.add_stopped_at(followed, look.stopped, at);
        self.service = look.service;
        // The look's own time is ours put on the API's clock: what the API has shown may be younger.
        self.at = self.shown().fold(at, f64::max);
        if let Some(targets) = look.targets {
            (self.targets, self.targets_at) = (targets, self.at);
        }
        let service = self.service.take();
        if let Some(service) = &service {
            self.remember(followed, service);
        }
        self.service = service;
        let stage = self.service_deployment.as_ref().and_then(|known| known.lifecycle_stage.clone());
        if stage.as_ref() != self.stage.as_ref().map(|(known, _)| known) {
            self.stage = stage.map(|stage| (stage, self.at));
        }
    }

    /// Keeps the service deployment, for a few looks also where the answer does not have it.
    ///
    /// Without it the deployment list would decide, which may call done what still bakes.
    fn see(&mut self, deployment: Option<ServiceDeployment>, unread: bool) {
        self.seen |= deployment.is_some();
        self.unread = unread;
        let missing = deployment.is_none() && self.service_deployment.is_some();
        self.unseen = if missing { self.unseen + 1 } else { 0 };
        if !missing || self.unseen > UNSEEN {
            self.service_deployment = deployment;
        }
        let stopped = self
            .service_deployment
            .as_ref()
            .is_some_and(|known| known.status == ServiceDeploymentStatus::Stopped);
        self.halted = if stopped { self.halted + 1 } else { 0 };
    }

    /// Returns when the bake time ends, on the API's clock; nothing where it does not bake.
    pub fn bakes_until(&self) -> Option<f64> {
        let (_, since) = self.stage.as_ref().filter(|(stage, _)| *stage == LifecycleStage::BakeTime)?;
        let minutes = self.service.as_ref()?.deployment_configuration.bake_time_in_minutes?;
        Some(since + minutes as f64 * 60.0)
    }

    /// Adds the tasks of this deployment that were not known yet.
    pub fn add_stopped(&mut self, followed: &Followed, tasks: Vec<Task>) {
        self.add_stopped_at(followed, tasks, self.at);
    }

    /// Adds tasks; one that is still being put away has no time yet, and counts as stopped when it was seen.
    fn add_stopped_at(&mut self, followed: &Followed, tasks: Vec<Task>, at: f64) {
        for mut task in tasks {
            let known = self.stopped.iter().any(|known| known.task_arn == task.task_arn);
            if task.stopped_at.0 <= 0.0 {
                task.stopped_at = Epoch(at);
            }
            if !known && followed.started(&task) {
                self.stopped.push(task);
            }
        }
    }

    /// Keeps how our deployment looks for when the list no longer has it.
    fn remember(&mut self, followed: &mut Followed, service: &Service) {
        let found = followed.find(service).cloned();
        self.absent = if found.is_some() { 0 } else { self.absent + 1 };
        let failed = |found: &Deployment| {
            found.status == DeploymentStatus::Primary && found.rollout_state == Some(RolloutState::Failed)
        };
        self.failed = if found.as_ref().is_some_and(failed) { self.failed + 1 } else { 0 };
        let Some(found) = found else { return };
        // Who comes later, and finds tasks that run, does not hold against it what failed before.
        if self.last_seen.is_none() && found.running_count > 0 {
            self.healed_at = self.at;
        }
        self.heal(found.running_count);
        self.keep_steady(&found);
        if followed.deployment.is_none() {
            followed.deployment = Some(found.id.clone());
            followed.created_at = found.created_at.0;
        }
        self.last_seen = Some(found);
    }

    /// Forgets the failures until more tasks ran than ever before, once they have kept running.
    ///
    /// Those that crash run for a moment as well: that is no healing.
    fn heal(&mut self, running: i64) {
        if running <= self.most_running {
            self.rising = None;
            return;
        }
        let since = *self.rising.get_or_insert(self.at);
        if self.at - since >= KEPT_RUNNING {
            (self.most_running, self.healed_at, self.rising) = (running, since, None);
        }
    }

    /// Forgets the failures until now where all tasks run and have kept running: ECS begins to count anew as well.
    ///
    /// What fails once in hours is no rollout that cannot come up.
    fn keep_steady(&mut self, ours: &Deployment) {
        let up = ours.desired_count > 0 && ours.running_count >= ours.desired_count;
        self.steady = (up && ours.failed_tasks == 0).then(|| self.steady.unwrap_or(self.at));
        if self.steady.is_some_and(|since| self.at - since >= KEPT_RUNNING) {
            self.healed_at = self.healed_at.max(self.at);
        }
    }

    /// Returns the times that the API has written on what it showed.
    fn shown(&self) -> impl Iterator<Item = f64> + '_ {
        let events = self.service.iter().flat_map(|service| &service.events).map(|event| event.created_at.0);
        let tasks = self.stopped.iter().map(|task| task.stopped_at.0);
        let deployment = self.service_deployment.iter().map(|deployment| deployment.updated_at.0);
        events.chain(tasks).chain(deployment)
    }
}
