//! Watches a service until as many tasks run as desired, until ECS reports that they cannot, or until it is deleted. Judges no
//! deployment, and never changes anything.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::heartbeat::Heartbeat;
use super::poll_interval::{PollHistory, next_interval};
use super::progress::{Progress, ProgressState};
use super::reporter::WatchReporter;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{Service, ServiceStatus, parse_view, revision_name};
use crate::aws::{ApiError, Aws};
use crate::diagnose::events::{EventClass, EventKind, read_event};

/// How often running tasks may stop again while more are wanted, before that counts as a cause that lasts: as many generations
/// as those of a rollout.
const MAX_LOSSES: u32 = 4;

/// What is waited for.
#[derive(Clone, Debug)]
pub struct TaskCountWatch<'a> {
    pub cluster: &'a str,
    /// The service's name in ECS, and the name that commands use.
    pub name: &'a str,
    pub key: &'a str,
    pub goal: TaskCountGoal,
    /// The service before the change.
    pub service_before: &'a Service,
    pub timeout: Duration,
    /// The fixed time between polls; `None` for an adaptive one.
    pub poll_interval: Option<Duration>,
}

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskCountGoal {
    /// As many tasks run.
    Desired(i64),
    /// The service is INACTIVE: its last task has stopped.
    Deleted,
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskCountOutcome {
    /// As many tasks run as desired.
    Reached,
    /// ECS has reported that tasks fail each time they are started, or that a task cannot be started as it is.
    Unreachable { reason: String },
    /// The timeout has passed. The reason is the last problem that ECS reported.
    TimedOut { reason: Option<String> },
    /// Another client has changed the desired count in the meantime.
    DesiredChanged { desired: i64 },
    /// The service no longer exists.
    ServiceGone,
    /// The service can no longer be watched.
    Lost { error: String },
}

/// The state of a wait.
struct TaskCountState {
    started_at: Instant,
    changed_at: Instant,
    heartbeat: Heartbeat,
    polls: u32,
    /// Whether the requested desired count was seen: after that, any other was set by another client.
    has_taken_effect: bool,
    /// Whether as many tasks ran at the last poll: tasks that crash run for a moment.
    was_reached: bool,
    reported_events: BTreeSet<String>,
    /// The number of tasks that ran at the last poll, and how often fewer ran than at the poll before.
    last_running: i64,
    losses: u32,
    /// The last problem that ECS reported, and whether time does not mend it.
    problem: Option<(String, bool)>,
    progress: Option<Progress>,
}

impl TaskCountState {
    fn record_change(&mut self) {
        self.changed_at = Instant::now();
        self.heartbeat.record_change(self.changed_at);
    }

    /// Records what an event says of the tasks that are to start or stop.
    fn record_event(&mut self, message: &str) {
        let meaning = read_event(message);
        match meaning.class {
            EventClass::Ok => self.problem = None,
            EventClass::Warn | EventClass::Fail => {
                let is_lasting = meaning.class == EventClass::Fail
                    && (meaning.is_deterministic || meaning.kind == EventKind::StartsImpaired);
                self.problem = Some((meaning.text.trim_end_matches('.').to_owned(), is_lasting));
            }
            EventClass::Info | EventClass::Unknown => {}
        }
    }

    /// Records how many tasks run while more are wanted.
    fn record_running(&mut self, running: i64) {
        self.losses += u32::from(running < self.last_running);
        self.last_running = running;
    }

    /// Returns why as many tasks will not run: what ECS has said, else that those which start stop again.
    fn lasting_problem(&self) -> Option<String> {
        let reported = self.problem.as_ref().filter(|(_, is_lasting)| *is_lasting);
        let stopping = || {
            (self.losses >= MAX_LOSSES)
                .then(|| format!("tasks that started stopped again {} times", self.losses))
        };
        reported.map(|(reason, _)| reason.clone()).or_else(stopping)
    }

    /// Reports the progress every 30 seconds while nothing changes.
    fn break_silence(&mut self, report: &dyn WatchReporter) {
        let silence = self.heartbeat.silence_to_break(Instant::now());
        if let (Some(unchanged_for), Some(progress)) = (silence, &self.progress) {
            let seconds = self.started_at.elapsed().as_secs_f64();
            report.unchanged(&Progress { seconds, ..progress.clone() }, unchanged_for);
        }
    }
}

impl TaskCountWatch<'_> {
    /// Returns how the wait ended, and how many tasks ran at the last poll.
    pub async fn wait(&self, aws: &Aws, report: &dyn WatchReporter) -> (TaskCountOutcome, i64) {
        let now = Instant::now();
        let events = self.service_before.events.iter().map(|event| event.id.clone()).collect();
        let mut seen = TaskCountState {
            started_at: now,
            changed_at: now,
            heartbeat: Heartbeat::new(now),
            polls: 0,
            has_taken_effect: false,
            was_reached: false,
            reported_events: events,
            last_running: 0,
            losses: 0,
            problem: None,
            progress: None,
        };
        let mut running = self.service_before.running_count;
        loop {
            seen.polls += 1;
            match self.read_service(aws).await {
                Ok(Some(service)) => {
                    running = service.running_count;
                    self.report_new(&service, &mut seen, report);
                    let end = self.outcome(&service, &mut seen.has_taken_effect);
                    if let Some(end) = end.filter(|end| self.is_settled(end, &mut seen.was_reached)) {
                        return (end, running);
                    }
                    seen.was_reached &= !self.lacks_tasks(&service);
                    seen.record_running(running);
                    if let Some(reason) = seen.lasting_problem().filter(|_| self.lacks_tasks(&service)) {
                        return (TaskCountOutcome::Unreachable { reason }, running);
                    }
                }
                Ok(None) => return (TaskCountOutcome::ServiceGone, 0),
                // Credentials worked before: a source of credentials that failed may recover.
                Err(error) if error.is_retryable() || error.kind == ApiErrorKind::NoCredentials => {
                    tracing::info!("still watching after: {error}");
                }
                Err(error) => {
                    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                    return (TaskCountOutcome::Lost { error: format!("{error}{hint}") }, running);
                }
            }
            seen.break_silence(report);
            let elapsed = seen.started_at.elapsed();
            if elapsed >= self.timeout {
                let reason = seen.problem.map(|(reason, _)| reason);
                return (TaskCountOutcome::TimedOut { reason }, running);
            }
            let still = seen.changed_at.elapsed();
            let adapted = next_interval(&PollHistory {
                elapsed,
                calls: seen.polls,
                unchanged_for: still,
                is_near_end: false,
            });
            tokio::time::sleep(
                self.poll_interval.unwrap_or(adapted).min(self.timeout.saturating_sub(elapsed)),
            )
            .await;
        }
    }

    /// Returns how the wait ended; `None` while it has not.
    fn outcome(&self, service: &Service, took_effect: &mut bool) -> Option<TaskCountOutcome> {
        match self.goal {
            TaskCountGoal::Desired(wanted) => {
                outcome(service, self.service_before.desired_count, wanted, took_effect)
            }
            TaskCountGoal::Deleted => None,
        }
    }

    /// Returns whether an outcome holds: where tasks were started, as many have to run at two polls in a row.
    fn is_settled(&self, end: &TaskCountOutcome, was_reached: &mut bool) -> bool {
        let before = self.service_before.running_count;
        let starts_tasks = matches!(self.goal, TaskCountGoal::Desired(wanted) if wanted > before);
        if *end != TaskCountOutcome::Reached || !starts_tasks {
            return true;
        }
        std::mem::replace(was_reached, true)
    }

    /// Returns whether fewer tasks run than are wanted.
    fn lacks_tasks(&self, service: &Service) -> bool {
        matches!(self.goal, TaskCountGoal::Desired(wanted) if service.running_count < wanted)
    }

    /// Returns the service; `None` where it no longer exists.
    async fn read_service(&self, aws: &Aws) -> Result<Option<Service>, ApiError> {
        let mut found = aws.services(self.cluster, &[self.name.to_owned()]).await?;
        let Some(document) = found.remove(self.name) else { return Ok(None) };
        let service: Service =
            parse_view(&document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
        Ok(Some(service).filter(|service| service.status != ServiceStatus::Inactive))
    }

    /// Reports what is new.
    fn report_new(&self, service: &Service, seen: &mut TaskCountState, report: &dyn WatchReporter) {
        for event in service.events.iter().rev() {
            if !seen.reported_events.insert(event.id.clone()) {
                continue;
            }
            report.service_event(self.key, event);
            seen.record_event(&event.message);
            seen.record_change();
        }
        let wanted = match self.goal {
            TaskCountGoal::Desired(wanted) => wanted,
            TaskCountGoal::Deleted => 0,
        };
        let progress = Progress {
            key: self.key.to_owned(),
            revision: revision_name(&service.task_definition).to_owned(),
            standing: if self.goal != TaskCountGoal::Deleted && is_reached(service, wanted) {
                ProgressState::Done
            } else {
                ProgressState::Moving
            },
            desired: wanted,
            running: service.running_count,
            pending: service.pending_count,
            detail: match self.goal {
                TaskCountGoal::Deleted if service.running_count == 0 => {
                    "the last task has stopped".to_owned()
                }
                _ => detail(service, wanted),
            },
            seconds: seen.started_at.elapsed().as_secs_f64(),
            ..Progress::default()
        };
        if !seen.progress.as_ref().is_some_and(|known| known.is_same_state(&progress)) {
            report.progress(&progress);
            seen.progress = Some(progress);
            seen.record_change();
        }
    }
}

/// Returns how the wait ended; `None` while it has not.
fn outcome(service: &Service, before: i64, wanted: i64, took_effect: &mut bool) -> Option<TaskCountOutcome> {
    let desired = service.desired_count;
    *took_effect |= desired == wanted;
    // Until the change was seen, an answer may be older than it.
    if desired != wanted && (*took_effect || desired != before) {
        return Some(TaskCountOutcome::DesiredChanged { desired });
    }
    is_reached(service, wanted).then_some(TaskCountOutcome::Reached)
}

fn is_reached(service: &Service, wanted: i64) -> bool {
    service.desired_count == wanted && service.running_count == wanted && service.pending_count == 0
}

fn detail(service: &Service, wanted: i64) -> String {
    let running = service.running_count;
    match running.cmp(&wanted) {
        std::cmp::Ordering::Less => format!("{} more to run", wanted - running),
        std::cmp::Ordering::Greater => format!("{} to stop", running - wanted),
        std::cmp::Ordering::Equal => "as desired".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(desired: i64, running: i64, pending: i64, took_effect: bool) -> Option<TaskCountOutcome> {
        let counts = Service {
            desired_count: desired,
            running_count: running,
            pending_count: pending,
            ..Service::default()
        };
        outcome(&counts, 2, 4, &mut took_effect.clone())
    }

    #[test]
    fn wait_ends_when_the_desired_count_runs() {
        let moved = |desired| Some(TaskCountOutcome::DesiredChanged { desired });
        for (counts, expected) in [
            ((4, 4, 0, true), Some(TaskCountOutcome::Reached)),
            ((4, 3, 1, true), None),
            ((4, 5, 0, true), None),
            ((4, 4, 1, true), None),
            // An answer from before the change.
            ((2, 2, 0, false), None),
            // Another client set it back, or to another count.
            ((2, 4, 0, true), moved(2)),
            ((6, 4, 0, true), moved(6)),
            ((6, 2, 0, false), moved(6)),
        ] {
            let (desired, running, pending, took_effect) = counts;
            assert_eq!(seen(desired, running, pending, took_effect), expected, "{counts:?}");
        }
    }
}
