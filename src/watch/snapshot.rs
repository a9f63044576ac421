//! What a verdict is made from: the watched deployment, and what all polls have shown of it.
//!
//! A poll is plain data and adding one is pure, so that a recorded timeline replays exactly as the watch saw it.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::aws::types::{
    Deployment, DeploymentStatus, Epoch, Event, LifecycleStage, RolloutState, Service, ServiceDeployment,
    ServiceDeploymentStatus, TargetHealth, Task,
};
use crate::manifest::OnFailure;
use crate::plan::WayBack;

/// A watched deployment: what ran before it, and what to do if it does not succeed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Followed {
    /// The name that commands use for the service.
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// The id of the PRIMARY deployment in UpdateService's answer; `None` where the answer did not show ours.
    pub deployment: Option<String>,
    /// The ARN of its service deployment, once that was found.
    pub service_deployment: Option<String>,
    /// When it was created, on the API's clock, in seconds since 1970.
    pub created_at: f64,
    /// The ARN of the revision that it deploys.
    pub revision: String,
    /// The ARN of the previous revision.
    pub previous: String,
    /// The id of the previous deployment.
    pub deployment_before: Option<String>,
    /// What the service is rolled back to, if an earlier deployment was completed.
    pub way_back: Option<WayBack>,
    /// How far the rollout is watched.
    pub until: Until,
    /// A rollback of the deployment was requested: the watch waits for it.
    pub going_back: bool,
    /// It had ended before the watch began: how long it took is not known.
    #[serde(skip)]
    pub ended: bool,
    #[serde(skip)]
    pub policy: Policy,
}

/// How long a rollout is watched, and what to do if it fails or the timeout passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub timeout: Duration,
    /// What was requested; `None` for a rollback where there is something to roll back to.
    pub on_failure: Option<OnFailure>,
    pub on_timeout: OnFailure,
}

/// How long a rollout is watched by default.
pub const TIMEOUT: Duration = Duration::from_secs(15 * 60);

impl Default for Policy {
    fn default() -> Policy {
        Policy { timeout: TIMEOUT, on_failure: None, on_timeout: OnFailure::Leave }
    }
}

/// For how many polls in a row a service deployment that is missing in the answer counts as it was last read.
const UNSEEN: u32 = 3;

/// How long more tasks than ever before have to run until that counts, in seconds.
const KEPT_RUNNING: f64 = 30.0;

/// How far a rollout is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// Until ECS reports its end.
    #[default]
    Stable,
    /// Until it has reached this lifecycle stage, or a later one: `BAKE_TIME`.
    Stage(String),
}

/// What one poll read.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Look {
    /// The time on the clock of the API, in seconds since 1970.
    pub at: f64,
    /// `None`: the service was not in the answer.
    pub service: Option<Service>,
    /// `None`: it could not be read, or was not found yet.
    pub service_deployment: Option<ServiceDeployment>,
    /// The service deployment could not be read in this poll, for a reason that may pass.
    pub unread: bool,
    /// The newly stopped tasks of the service.
    pub stopped: Vec<Task>,
    /// `None`: they were not read in this poll.
    pub targets: Option<Vec<TargetHealth>>,
}

/// What all polls so far have shown.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The time of the last poll, on the API's clock; never older than anything that it showed.
    pub at: f64,
    /// `None`: the service was not in the answer.
    pub service: Option<Service>,
    /// In how many polls in a row the service was not in the answer.
    pub missing: u32,
    /// As it was last read; `None`: it could not be read, or was not found yet.
    pub service_deployment: Option<ServiceDeployment>,
    /// A service deployment was read at least once.
    pub seen: bool,
    /// The last poll could not read it, for a reason that may pass.
    pub unread: bool,
    /// In how many polls in a row it was missing, though it was read before.
    pub unseen: u32,
    /// In how many polls in a row it was STOPPED.
    pub halted: u32,
    /// In how many polls in a row our deployment was not in the service's list.
    pub absent: u32,
    /// In how many polls in a row our deployment was PRIMARY and FAILED.
    pub failed: u32,
    /// Failures up to this time did not keep the rollout from advancing; in seconds since 1970.
    pub healed_at: f64,
    /// The highest number of tasks of this deployment that kept running at the same time.
    pub most_running: i64,
    /// Since when more than that are running.
    pub rising: Option<f64>,
    /// Since when all tasks of this deployment are running, and ECS counts none as failed.
    pub steady: Option<f64>,
    /// Our deployment as the list last showed it.
    pub last_seen: Option<Deployment>,
    /// The stopped tasks of this deployment.
    pub stopped: Vec<Task>,
    pub targets: Vec<TargetHealth>,
    /// When the targets were last read.
    pub targets_at: f64,
    /// The lifecycle stage at the last poll, and when it was first seen.
    pub stage: Option<(LifecycleStage, f64)>,
}

impl Followed {
    /// Returns the watched deployment in a service's list: by its id, or the first of our revision since the
    /// update.
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
    /// ECS writes the deployment's id into `startedBy`; where it has another value, revision and time decide.
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
    /// Adds a poll. Where the deployment's id was not known, it is taken from the first poll that shows it.
    pub fn take_in(&mut self, followed: &mut Followed, look: Look) {
        self.missing = if look.service.is_some() { 0 } else { self.missing + 1 };
        self.see(look.service_deployment, look.unread);
        let at = look.at.max(self.at);
        self.add_stopped_at(followed, look.stopped, at);
        self.service = look.service;
        // The poll's time is the local one converted to the API's clock: what the API has shown may be newer.
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

    /// Stores the service deployment; keeps the last one for a few polls if the answer does not have it.
    ///
    /// Without it the deployment list would decide, which may call a deployment completed that still bakes.
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

    /// Returns when the bake time ends, on the API's clock; `None` where it does not bake.
    pub fn bakes_until(&self) -> Option<f64> {
        let (_, since) = self.stage.as_ref().filter(|(stage, _)| *stage == LifecycleStage::BakeTime)?;
        let minutes = self.service.as_ref()?.deployment_configuration.bake_time_in_minutes?;
        Some(since + minutes as f64 * 60.0)
    }

    /// Adds the tasks of this deployment that are not known yet.
    pub fn add_stopped(&mut self, followed: &Followed, tasks: Vec<Task>) {
        self.add_stopped_at(followed, tasks, self.at);
    }

    /// Adds stopped tasks; one that is still being stopped has no time yet, and gets that of the poll.
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

    /// Stores our deployment for when the list no longer has it.
    fn remember(&mut self, followed: &mut Followed, service: &Service) {
        let found = followed.find(service).cloned();
        self.absent = if found.is_some() { 0 } else { self.absent + 1 };
        let failed = |found: &Deployment| {
            found.status == DeploymentStatus::Primary && found.rollout_state == Some(RolloutState::Failed)
        };
        self.failed = if found.as_ref().is_some_and(failed) { self.failed + 1 } else { 0 };
        let Some(found) = found else { return };
        // A watch that begins later, and finds running tasks, does not count earlier failures.
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

    /// Disregards the failures until more tasks ran than ever before, once they have kept running.
    ///
    /// Tasks that crash run for a moment as well: that is no recovery.
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

    /// Disregards the failures so far where all tasks run and have kept running: ECS resets its count then as well.
    ///
    /// A task that fails once in hours does not make a rollout stuck.
    fn keep_steady(&mut self, ours: &Deployment) {
        let up = ours.desired_count > 0 && ours.running_count >= ours.desired_count;
        self.steady = (up && ours.failed_tasks == 0).then(|| self.steady.unwrap_or(self.at));
        if self.steady.is_some_and(|since| self.at - since >= KEPT_RUNNING) {
            self.healed_at = self.healed_at.max(self.at);
        }
    }

    /// Returns the times in the API's answers.
    fn shown(&self) -> impl Iterator<Item = f64> + '_ {
        let events = self.service.iter().flat_map(|service| &service.events).map(|event| event.created_at.0);
        let tasks = self.stopped.iter().map(|task| task.stopped_at.0);
        let deployment = self.service_deployment.iter().map(|deployment| deployment.updated_at.0);
        events.chain(tasks).chain(deployment)
    }
}
