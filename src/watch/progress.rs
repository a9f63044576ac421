//! The progress of a rollout, as the display and the JSON events show it. Pure.

use serde::Serialize;
use std::time::Duration;

use super::judge::Verdict;
use super::snapshot::{Followed, Snapshot};
use crate::aws::types::{Deployment, LifecycleStage, Service, ServiceDeployment, revision_of};

/// The state of a rollout in progress, the worst first: the display has this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It failed, or is being rolled back.
    Failing,
    /// Some of its tasks have failed.
    Troubled,
    /// A lifecycle hook waits for an answer.
    Waiting,
    #[default]
    Moving,
    Done,
}

/// The share of the traffic that goes to the new revision, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Traffic {
    pub test: f64,
    pub production: f64,
}

/// The progress of a rollout at one poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Progress {
    #[serde(rename = "service")]
    pub key: String,
    pub revision: String,
    pub standing: Standing,
    pub desired: i64,
    pub running: i64,
    pub pending: i64,
    pub failed: i64,
    /// The lifecycle stage in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// The id of the lifecycle hook that is running or waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// What it is doing, or how it ended.
    pub detail: String,
    /// Since the deployment was requested.
    pub seconds: f64,
}

impl Progress {
    /// Returns whether two differ in time only.
    pub fn is_where(&self, other: &Progress) -> bool {
        Progress { seconds: 0.0, ..self.clone() } == Progress { seconds: 0.0, ..other.clone() }
    }
}

/// Returns the progress of a rollout.
pub fn of(
    followed: &Followed,
    snapshot: &Snapshot,
    service: &Service,
    verdict: &Verdict,
    elapsed: Duration,
) -> Progress {
    let gone = Deployment::default();
    let ours = followed.find(service).or(snapshot.last_seen.as_ref()).unwrap_or(&gone);
    let deployment = snapshot.service_deployment.as_ref();
    let hook = deployment.and_then(ServiceDeployment::open_hook);
    Progress {
        key: followed.key.clone(),
        revision: revision_of(&followed.revision).to_owned(),
        standing: standing(followed, verdict, ours),
        desired: ours.desired_count,
        running: ours.running_count,
        pending: ours.pending_count,
        failed: ours.failed_tasks,
        stage: deployment.and_then(|known| known.lifecycle_stage.as_ref()).map(LifecycleStage::in_words),
        traffic: deployment.and_then(traffic),
        hook: hook.map(|hook| hook.hook_id.clone()),
        detail: detail(verdict),
        seconds: elapsed.as_secs_f64(),
    }
}

fn standing(followed: &Followed, verdict: &Verdict, ours: &Deployment) -> Standing {
    match verdict {
        _ if verdict.is_rolling_back() || followed.going_back => Standing::Failing,
        Verdict::Succeeded | Verdict::Reached { .. } => Standing::Done,
        Verdict::AwaitingHook { .. } => Standing::Waiting,
        Verdict::Progressing { .. } if ours.failed_tasks > 0 => Standing::Troubled,
        Verdict::Progressing { .. } => Standing::Moving,
        _ => Standing::Failing,
    }
}

/// Returns the traffic weights where a load balancer shifts traffic.
fn traffic(deployment: &ServiceDeployment) -> Option<Traffic> {
    let target = deployment.target_service_revision.as_ref()?;
    let production = target.requested_production_traffic_weight?;
    Some(Traffic { test: target.requested_test_traffic_weight.unwrap_or_default(), production })
}

fn detail(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Progressing { detail } => detail.clone(),
        Verdict::AwaitingHook { hook } => format!("waiting for hook {hook}"),
        Verdict::Succeeded => "completed".to_owned(),
        Verdict::Reached { stage } => format!("reached {stage}"),
        Verdict::RolledBack { reason, .. } => format!("rolled back: {reason}"),
        Verdict::Failed { reason } | Verdict::Stuck { reason } => reason.clone(),
        Verdict::Superseded { by } => format!("superseded by {by}"),
    }
}
