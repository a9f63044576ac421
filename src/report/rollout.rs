//! Turns the progress and the end of rollouts and releases into events.

use super::diagnosis;
use super::given_flags::GivenFlags;
use crate::aws::types::revision_name;
use crate::error::Failure;
use crate::events::rollout as events;
use crate::outcome::Outcome;
use crate::release::{Release, TargetKind};
use crate::watch::judge::Verdict;
use crate::watch::{
    FailureResponse, Progress, ProgressState, RunningState, Traffic, WatchOutcome, WatchResult,
};

/// The event of the progress of a rollout.
pub fn progress(progress: &Progress) -> events::RolloutProgress {
    events::RolloutProgress {
        service: progress.key.clone(),
        revision: known(&progress.revision),
        standing: standing(progress.standing),
        desired: progress.desired,
        running: progress.running,
        pending: progress.pending,
        failed: progress.failed,
        stage: progress.stage.clone(),
        traffic: progress.traffic.map(traffic),
        hook: progress.hook.clone(),
        detail: progress.detail.clone(),
        seconds: progress.seconds,
    }
}

fn standing(standing: ProgressState) -> events::RolloutStanding {
    match standing {
        ProgressState::Failing => events::RolloutStanding::Failing,
        ProgressState::Troubled => events::RolloutStanding::Troubled,
        ProgressState::Waiting => events::RolloutStanding::Waiting,
        ProgressState::Moving => events::RolloutStanding::Moving,
        ProgressState::Done => events::RolloutStanding::Succeeded,
    }
}

fn traffic(traffic: Traffic) -> events::Traffic {
    events::Traffic { test: traffic.test, production: traffic.production }
}

/// The event of the end of a rollout.
pub fn settled(settled: &WatchResult) -> events::RolloutSettled {
    let followed = &settled.rollout;
    let end = events::SettledRollout::Watched {
        end: end(&settled.outcome),
        cluster: followed.cluster.clone(),
        revision: known(revision_name(&followed.revision)),
        previous_revision: known(revision_name(&followed.previous)),
        deployment: followed.deployment.clone(),
        url: followed.url.clone(),
        seconds: settled.elapsed.as_secs_f64(),
        now: settled.running.as_ref().map(running_now),
        going_back: followed.going_back,
        aftermath: settled.failure_response.as_ref().map(aftermath),
        diagnosis: settled.diagnosis.as_ref().map(diagnosis::event),
        warnings: settled.warnings.clone(),
    };
    events::RolloutSettled { service: followed.key.clone(), end }
}

/// The event of a service that could not be updated.
pub fn not_updated(service: &str, error: &Failure, flags: &GivenFlags) -> events::RolloutSettled {
    let end = events::SettledRollout::NotUpdated {
        outcome: Outcome::Failed,
        error: error.to_string(),
        hints: super::error::hints(error, flags),
    };
    events::RolloutSettled { service: service.to_owned(), end }
}

fn end(ending: &WatchOutcome) -> events::RolloutEnd {
    match ending {
        WatchOutcome::Settled(verdict) => end_of_verdict(verdict),
        WatchOutcome::TimedOut { waiting_for } => {
            events::RolloutEnd::TimedOut { waiting_for: waiting_for.clone() }
        }
        WatchOutcome::Interrupted => events::RolloutEnd::Interrupted,
        WatchOutcome::Lost { error } => events::RolloutEnd::InProgress { error: error.clone() },
    }
}

fn end_of_verdict(verdict: &Verdict) -> events::RolloutEnd {
    match verdict {
        Verdict::Succeeded => {
            events::RolloutEnd::Succeeded { verdict: events::Verdict::Succeeded, stage: None }
        }
        Verdict::Reached { stage } => {
            events::RolloutEnd::Succeeded { verdict: events::Verdict::Reached, stage: Some(stage.clone()) }
        }
        Verdict::RolledBack { reason, runs } => events::RolloutEnd::RolledBack {
            verdict: events::Verdict::RolledBack,
            reason: reason.clone(),
            runs: runs.clone(),
        },
        Verdict::Failed { reason } => {
            events::RolloutEnd::Failed { verdict: events::Verdict::Failed, reason: reason.clone() }
        }
        Verdict::Stuck { reason } => {
            events::RolloutEnd::Failed { verdict: events::Verdict::Stuck, reason: reason.clone() }
        }
        Verdict::Superseded { by } => {
            events::RolloutEnd::Superseded { verdict: events::Verdict::Superseded, by: by.clone() }
        }
        // No watch ends with a verdict that is not final.
        Verdict::Progressing { detail } => events::RolloutEnd::InProgress { error: detail.clone() },
        Verdict::AwaitingHook { hook } => events::RolloutEnd::InProgress { error: hook.clone() },
    }
}

fn running_now(runs: &RunningState) -> events::RunningNow {
    events::RunningNow {
        revision: runs.revision.clone(),
        deployment: runs.deployment.clone(),
        rollout_state: runs.rollout_state.as_ref().map(ToString::to_string),
        running: runs.running,
        desired: runs.desired,
        serving: runs.serving.as_ref().map(|(revision, running)| events::ServingRevision {
            revision: revision.clone(),
            running: *running,
        }),
    }
}

fn aftermath(aftermath: &FailureResponse) -> events::Aftermath {
    match aftermath {
        FailureResponse::Left { why } => events::Aftermath::Left { why: why.clone() },
        FailureResponse::NotTakenBack { error } => events::Aftermath::NotTakenBack { error: error.clone() },
        FailureResponse::TakenBack { to, end: ending, diagnosis } => events::Aftermath::TakenBack {
            to: to.clone(),
            end: Box::new(end(ending)),
            diagnosis: diagnosis.as_ref().map(|diagnosis| Box::new(diagnosis::event(diagnosis))),
        },
    }
}

/// The event of the end of a release.
pub fn released(release: &Release) -> events::ReleaseEnded {
    let targets = release.targets.iter().map(|target| events::ReleaseTarget {
        kind: kind(target.kind),
        key: target.key.clone(),
        outcome: target.state.outcome(),
        detail: target.detail.clone(),
    });
    events::ReleaseEnded {
        release: release.id.clone(),
        tag: release.tag.clone(),
        outcome: release.outcome(),
        targets: targets.collect(),
    }
}

fn kind(kind: TargetKind) -> events::TargetKind {
    match kind {
        TargetKind::Before => events::TargetKind::Before,
        TargetKind::Service => events::TargetKind::Service,
        TargetKind::Autoscaling => events::TargetKind::Autoscaling,
        TargetKind::Schedule => events::TargetKind::Schedule,
        TargetKind::After => events::TargetKind::After,
    }
}

/// A name; none where it is not known.
fn known(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}
