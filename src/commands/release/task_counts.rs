//! Watches the services of a release whose number of tasks changes without a deployment: another `desiredCount`, or a range of
//! autoscaling that the number is outside of. Never changes anything in AWS.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::ReleaseRunner;
use crate::aws::autoscaling::SuspendedActivities;
use crate::aws::types::{Service, ServiceStatus, parse_view};
use crate::aws::{ApiError, Aws};
use crate::commands::count_ends::{self, CountEnd};
use crate::commands::interrupts::Interrupts;
use crate::events::JsonEvent;
use crate::events::service::Scaled;
use crate::plan::autoscaling::ScalingStep;
use crate::plan::{AutoscalingPlan, Plan, ServicePlan, ServiceState};
use crate::release::{State, TargetKind};
use crate::report::{CommandOutcome, Event};
use crate::watch::task_count::{TaskCountGoal, TaskCountOutcome, TaskCountWatch};

/// A change of a service's number of tasks without a deployment.
struct CountChange<'a> {
    plan: &'a ServicePlan,
    /// What caused it, and is marked with its end.
    target: TargetKind,
    /// The number before, and the one that was sent; `None` where autoscaling moves it.
    sent: Option<(i64, i64)>,
    /// The range after the release.
    range: Option<(i32, i32)>,
}

/// How the number of a service ended.
struct WatchedCount {
    before: i64,
    desired: i64,
    running: i64,
    outcome: TaskCountOutcome,
}

impl ReleaseRunner<'_> {
    /// Watches the services whose number of tasks changes without a deployment. Returns whether each has as many tasks as
    /// it should.
    pub(super) async fn watch_task_counts(&mut self, interrupts: &mut Interrupts) -> bool {
        let changes = count_changes(self.plan, &self.attributes);
        if changes.is_empty() || !self.options.wait {
            return true;
        }
        if self.stop_if_interrupted(interrupts) {
            return false;
        }
        let watching = join_all(changes.iter().map(|change| self.watch_count(change)));
        let ends = tokio::select! {
            ends = watching => ends,
            () = interrupts.next() => {
                for change in &changes {
                    let detail = "the watch was interrupted".to_owned();
                    self.release.set_state(change.target, &change.plan.key, State::InProgress, Some(detail));
                }
                self.release.skip_waiting("the release was interrupted");
                self.outcome = self.outcome.worse(CommandOutcome::Interrupted);
                return false;
            }
        };
        self.context.reporter.report(&Event::DisplayEnded);
        let mut are_reached = true;
        for (change, end) in changes.iter().zip(ends) {
            if let Some(end) = end {
                are_reached &= self.record_count(change, end);
            }
        }
        if !are_reached {
            self.release.skip_waiting("a service does not have as many tasks as it should");
        }
        are_reached
    }

    /// Watches one service; `None` if it has as many tasks as it should.
    async fn watch_count(&self, change: &CountChange<'_>) -> Option<WatchedCount> {
        let service = &change.plan;
        let seen = match read_service(service, self.aws).await {
            Ok(Some(seen)) => seen,
            Ok(None) => return Some(WatchedCount::unwatched(TaskCountOutcome::ServiceGone)),
            Err(error) => {
                return Some(WatchedCount::unwatched(TaskCountOutcome::Lost { error: error.to_string() }));
            }
        };
        let before = change.sent.map_or(seen.desired_count, |(before, _)| before);
        let asked = change.sent.map_or(seen.desired_count, |(_, sent)| sent);
        let desired =
            change.range.map_or(asked, |(min, max)| asked.clamp(i64::from(min), i64::from(max.max(min))));
        if change.sent.is_none() && desired == seen.desired_count && seen.running_count == desired {
            return None;
        }
        let service_before = Service { desired_count: before, ..seen };
        let watch = TaskCountWatch {
            cluster: &service.cluster,
            name: &service.name,
            key: &service.key,
            goal: TaskCountGoal::Desired(desired),
            service_before: &service_before,
            timeout: self.options.watch.timeout_of(service.timeout, self.manifest),
            poll_interval: self.context.poll_interval(),
        };
        let (outcome, running) = watch.wait(self.aws, self.context.reporter.as_ref()).await;
        Some(WatchedCount { before, desired, running, outcome })
    }

    /// Reports how the number of a service ended. Returns whether it is as it should be.
    fn record_count(&mut self, change: &CountChange<'_>, end: WatchedCount) -> bool {
        let key = &change.plan.key;
        let end = end.with_moves_in_range(change.range);
        let WatchedCount { before, desired, running, outcome } = end;
        let text = CountEnd { key, outcome: &outcome, before, desired, running }.text();
        let is_reached = outcome == TaskCountOutcome::Reached;
        let state = match outcome {
            TaskCountOutcome::Reached => State::Succeeded,
            TaskCountOutcome::TimedOut { .. } | TaskCountOutcome::Lost { .. } => State::InProgress,
            _ => State::Failed,
        };
        let event = JsonEvent::Scaled(Scaled {
            service: key.clone(),
            cluster: change.plan.cluster.clone(),
            outcome: count_ends::event_outcome(&outcome),
            desired,
            desired_before: before,
            running: Some(running),
            autoscaling: None,
            error: count_ends::error_of(&outcome),
        });
        self.context.reporter.report(&Event::Answer { text: &format!("{key}: {text}"), event });
        self.outcome = self.outcome.worse(count_ends::command_outcome(&outcome));
        if !is_reached || change.target == TargetKind::Service {
            self.release.set_state(change.target, key, state, Some(text));
        }
        is_reached
    }
}

impl WatchedCount {
    /// Returns an end for which a number that autoscaling has set inside its range is as good: it moves it at any time.
    fn with_moves_in_range(self, range: Option<(i32, i32)>) -> WatchedCount {
        let TaskCountOutcome::DesiredChanged { desired } = self.outcome else { return self };
        let is_inside = range.is_some_and(|(min, max)| (i64::from(min)..=i64::from(max)).contains(&desired));
        if !is_inside {
            return self;
        }
        WatchedCount { desired, outcome: TaskCountOutcome::Reached, ..self }
    }

    fn unwatched(outcome: TaskCountOutcome) -> WatchedCount {
        WatchedCount { before: 0, desired: 0, running: 0, outcome }
    }
}

/// Returns the changes of numbers that a release made, whose services without a deployment are these.
fn count_changes<'a>(plan: &'a Plan, updated: &BTreeMap<String, ServiceState>) -> Vec<CountChange<'a>> {
    let changes = plan.services.iter().filter_map(|service| {
        let sent = updated.contains_key(&service.key).then(|| sent_count(service)).flatten();
        let scaling = plan.autoscaling.iter().find(|scaling| scaling.key == service.key);
        let range = scaling.and_then(changed_range);
        let target = if sent.is_some() { TargetKind::Service } else { TargetKind::Autoscaling };
        let is_changed = sent.is_some() || range.is_some();
        is_changed.then_some(CountChange { plan: service, target, sent, range })
    });
    changes.collect()
}

/// Returns the number of tasks before an update, and the one that it sent.
fn sent_count(service: &ServicePlan) -> Option<(i64, i64)> {
    let sent = service.members.get("desiredCount")?.as_i64()?;
    let change = service.service_changes.iter().find(|change| change.path == "desiredCount")?;
    Some((change.before.as_ref()?.as_i64()?, sent))
}

/// Returns the range that a plan sets. What suspended autoscaling does with a number outside of it is not known.
fn changed_range(plan: &AutoscalingPlan) -> Option<(i32, i32)> {
    let before = plan.before.target;
    let is_suspended = before.is_some_and(|target| target.suspended != SuspendedActivities::all(false));
    let (min, max) = plan.steps.iter().find_map(|step| match step {
        ScalingStep::Register { min, max } => Some((*min, *max)),
        _ => None,
    })?;
    let min = min.or(before.map(|target| target.min))?;
    let max = max.or(before.map(|target| target.max))?;
    (!is_suspended).then_some((min, max))
}

async fn read_service(service: &ServicePlan, aws: &Aws) -> Result<Option<Service>, ApiError> {
    let mut found = aws.services(&service.cluster, std::slice::from_ref(&service.name)).await?;
    let Some(document) = found.remove(&service.name) else { return Ok(None) };
    let seen: Service = parse_view(&document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
    Ok(Some(seen).filter(|seen| seen.status != ServiceStatus::Inactive))
}
