//! Watches rollouts: polls ECS until each watched deployment has its verdict.
//!
//! Never changes anything in AWS. An API error is never the failure of a rollout: an error that may pass is retried
//! until the timeout.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::aws::Aws;
use crate::aws::types::{
    Deployment, DeploymentStatus, RolloutState, Service, ServiceDeployment, ServiceEvent, revision_name,
};
use crate::diagnose::Diagnosis;
use heartbeat::Heartbeat;
use judge::{Verdict, is_rolling_strategy, judge};
use poll_interval::PollHistory;
use snapshot::{Poll, RolloutSnapshot, WatchedRollout};
use timeline::{Timeline, TimelineRecorder};

pub mod explain;
mod heartbeat;
pub mod judge;
mod last_look;
mod outage;
pub mod poll;
pub mod poll_interval;
pub mod progress;
pub mod reporter;
pub mod service_deployments;
pub mod snapshot;
pub mod task;
pub mod task_count;
pub mod timeline;

pub use progress::{Progress, ProgressState, Traffic};
pub use reporter::WatchReporter;

/// How many seconds before its end a bake time counts as nearly over.
const NEAR_END_SECONDS: f64 = 15.0;

/// How many rollouts that do not change are reported at a time.
const MAX_UNCHANGED_REPORTS: usize = 5;

/// How long the last poll may take after the timeout, so that a rollout that has just ended is not reported as
/// unfinished.
const LAST_POLL_TIMEOUT: Duration = Duration::from_secs(1);

/// How a watch ended for one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum WatchOutcome {
    /// The rollout has its verdict.
    Settled(Verdict),
    /// The timeout has passed, and the rollout is still in progress: what it was waiting for.
    TimedOut { waiting_for: String },
    /// The watch was interrupted; the rollout continues.
    Interrupted,
    /// The watch cannot continue; the rollout does.
    Lost { error: String },
}

/// What was done about a rollout that did not succeed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum FailureResponse {
    /// Nothing was done, for this reason.
    Left { why: String },
    /// A rollback was due, and could not be started.
    NotTakenBack { error: String },
    /// It was rolled back at the request of ecsail: to which revision, and how the rollback ended.
    TakenBack {
        to: String,
        end: WatchOutcome,
        #[serde(skip_serializing_if = "Option::is_none")]
        diagnosis: Option<Box<Diagnosis>>,
    },
}

/// The result of watching one service: how it ended, its diagnosis, and what was done about it.
#[derive(Clone, Debug)]
pub struct WatchResult {
    pub rollout: WatchedRollout,
    pub outcome: WatchOutcome,
    pub diagnosis: Option<Diagnosis>,
    pub elapsed: Duration,
    /// What is wrong although the rollout succeeded.
    pub warnings: Vec<String>,
    /// `None` where nothing had to be done.
    pub failure_response: Option<FailureResponse>,
    /// The revision of the PRIMARY deployment at the last poll, and how many tasks ran.
    pub running: Option<RunningState>,
    /// What each poll showed, if the watch was recorded.
    pub timeline: Option<Box<Timeline>>,
}

/// What a service ran at the last poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunningState {
    pub revision: String,
    pub deployment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state: Option<RolloutState>,
    /// How many tasks of this deployment run, and how many the service should have.
    pub running: i64,
    pub desired: i64,
    /// The revision of another deployment whose tasks still run, and their number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving: Option<(String, i64)>,
}

impl WatchResult {
    /// Returns whether this rollout itself succeeded.
    pub fn has_succeeded(&self) -> bool {
        self.outcome == WatchOutcome::Settled(Verdict::Succeeded)
    }

    /// Returns whether the watch ended as requested: with success, or with the rollback where a rollback was
    /// requested.
    pub fn has_ended_as_requested(&self) -> bool {
        // A release that is rolled back as a whole includes rollouts that had succeeded.
        if matches!(self.failure_response, Some(FailureResponse::TakenBack { .. })) {
            return false;
        }
        match (&self.outcome, self.rollout.going_back) {
            (WatchOutcome::Settled(Verdict::RolledBack { .. }), back) => back,
            (WatchOutcome::Settled(Verdict::Succeeded | Verdict::Reached { .. }), back) => !back,
            _ => false,
        }
    }
}

/// A watch over one or more rollouts.
pub struct RolloutWatch<'a> {
    aws: &'a Aws,
    reporter: &'a dyn WatchReporter,
    /// The fixed time between polls; `None` for an adaptive one.
    poll_interval: Option<Duration>,
    started_at: Instant,
    changed_at: Instant,
    heartbeat: Heartbeat,
    /// The number of calls for one service.
    calls: u32,
    /// When the next poll is due.
    next_poll_at: Instant,
    items: Vec<WatchItem>,
    /// The service events that were reported: key of the service, id and message of the event.
    reported_events: BTreeSet<(String, String)>,
    /// What was reported once as unreadable.
    reported_notes: BTreeSet<&'static str>,
    /// Whether polls are recorded, also those of deployments that are added later.
    is_recording: bool,
}

/// One watched deployment and its state.
struct WatchItem {
    rollout: WatchedRollout,
    snapshot: RolloutSnapshot,
    /// The ARNs of the stopped tasks that were read.
    read_task_arns: BTreeSet<String>,
    /// What can be read for this service; without its service deployment, the deployment list decides the verdict.
    sources: poll::ReadableSources,
    progress: Option<Progress>,
    /// When its watch began, how many polls there were, and when the last one was.
    started_at: Instant,
    polls: u32,
    polled_at: Option<Instant>,
    outage: Option<outage::Outage>,
    outcome: Option<(WatchOutcome, Duration)>,
    is_explained: bool,
    /// Whether it is only looked at, to explain what was wrong even where it was superseded.
    is_looked_at_once: bool,
    diagnosis: Option<Diagnosis>,
    warnings: Vec<String>,
    recorder: Option<TimelineRecorder>,
}

impl<'a> RolloutWatch<'a> {
    /// Returns a watch over these deployments. `poll` is a fixed time between polls; without it the time adapts.
    pub fn new(
        followed: Vec<WatchedRollout>,
        aws: &'a Aws,
        report: &'a dyn WatchReporter,
        poll: Option<Duration>,
    ) -> RolloutWatch<'a> {
        let now = Instant::now();
        let items = followed.into_iter().map(WatchItem::new).collect();
        RolloutWatch {
            aws,
            reporter: report,
            poll_interval: poll,
            started_at: now,
            changed_at: now,
            heartbeat: Heartbeat::new(now),
            calls: 0,
            next_poll_at: now,
            items,
            reported_events: BTreeSet::new(),
            reported_notes: BTreeSet::new(),
            is_recording: false,
        }
    }

    /// Starts to record what each poll shows.
    pub fn start_recording(&mut self) {
        self.is_recording = true;
        self.items.iter_mut().for_each(|item| item.recorder = Some(TimelineRecorder::new(&item.rollout)));
    }

    /// Adds a deployment to the watch.
    pub fn add(&mut self, followed: WatchedRollout) {
        let mut item = WatchItem::new(followed);
        item.recorder = self.is_recording.then(|| TimelineRecorder::new(&item.rollout));
        self.items.push(item);
        self.changed_at = Instant::now();
        let first = self.changed_at + self.time_to_first_poll();
        self.next_poll_at = if self.items.len() > 1 { self.next_poll_at.min(first) } else { first };
    }

    /// Returns how long to wait before the first poll of the deployment that was added last.
    ///
    /// What was updated just now shows nothing new yet.
    fn time_to_first_poll(&self) -> Duration {
        let is_new = self.items.last().is_some_and(|item| item.rollout.is_new());
        if !is_new {
            return Duration::ZERO;
        }
        let first = poll_interval::FIRST_INTERVAL;
        self.poll_interval.map_or(first, |interval| interval.min(first)).min(self.time_left())
    }

    /// Returns the deployments that are still watched.
    pub fn open_rollouts(&self) -> impl Iterator<Item = &WatchedRollout> {
        self.items.iter().map(|item| &item.rollout)
    }

    /// Returns the next rollout that ended, with its diagnosis; `None` when all have ended.
    ///
    /// The future may be dropped and the method called again at any time: nothing that was polled is lost.
    pub async fn next_result(&mut self) -> Option<WatchResult> {
        loop {
            if let Some(index) = self.items.iter().position(|item| item.outcome.is_some()) {
                self.explain_results().await;
                self.look_after_success().await;
                return Some(self.items.remove(index).into_result());
            }
            if self.items.is_empty() {
                return None;
            }
            tokio::time::sleep(self.next_poll_at.saturating_duration_since(Instant::now())).await;
            self.poll_and_judge().await;
            self.next_poll_at = Instant::now() + self.time_to_next_poll();
        }
    }

    /// Looks at a deployment once, and returns its verdict as of now with what explains it.
    pub async fn explain_once(&mut self, followed: WatchedRollout) -> WatchResult {
        self.items = vec![WatchItem { is_looked_at_once: true, ..WatchItem::new(followed) }];
        self.poll_and_judge().await;
        for item in self.items.iter_mut().filter(|item| item.outcome.is_none()) {
            let verdict = judge(&item.rollout, &item.snapshot, item.snapshot.at);
            item.outcome = Some((WatchOutcome::Settled(verdict), item.started_at.elapsed()));
        }
        self.explain_results().await;
        self.items.remove(0).into_result()
    }

    /// Ends the watch of everything that is still open, without a verdict, and returns the results.
    pub fn interrupt(&mut self) -> Vec<WatchResult> {
        let items = std::mem::take(&mut self.items);
        let end = |mut item: WatchItem| {
            let elapsed = item.started_at.elapsed();
            item.outcome.get_or_insert((WatchOutcome::Interrupted, elapsed));
            item.into_result()
        };
        items.into_iter().map(end).collect()
    }

    async fn poll_and_judge(&mut self) {
        self.calls += 1;
        // Services that were already polled count, also where another cluster has not answered.
        let looks: Vec<u32> = self.items.iter().map(|item| item.polls).collect();
        let limit = self.time_left().max(LAST_POLL_TIMEOUT);
        if tokio::time::timeout(limit, self.poll(limit)).await.is_err() {
            tracing::info!("a poll took longer than the time left");
            self.record_late_poll(&looks);
        }
        self.judge_all();
        self.report_outages();
        self.break_silence();
        self.items.iter_mut().for_each(WatchItem::check_timeout);
    }

    /// Returns how long to wait before the next poll.
    fn time_to_next_poll(&self) -> Duration {
        let rhythm = PollHistory {
            elapsed: self.started_at.elapsed(),
            calls: self.calls,
            unchanged_for: self.changed_at.elapsed(),
            is_near_end: self.items.iter().any(WatchItem::is_near_end),
        };
        self.poll_interval.unwrap_or_else(|| poll_interval::next_interval(&rhythm)).min(self.time_left())
    }

    /// Returns the least time that an open rollout has left; at least 10 ms, so that the loop never spins.
    fn time_left(&self) -> Duration {
        let open = self.items.iter().filter(|item| item.outcome.is_none());
        let left =
            open.map(|item| item.rollout.policy.timeout.saturating_sub(item.started_at.elapsed())).min();
        left.unwrap_or_default().max(Duration::from_millis(10))
    }

    /// Reports the open rollouts every 30 seconds while none of them changes.
    fn break_silence(&mut self) {
        let Some(unchanged_for) = self.heartbeat.silence_to_break(Instant::now()) else { return };
        let open: Vec<&WatchItem> = self.items.iter().filter(|item| item.outcome.is_none()).collect();
        for item in open.iter().take(MAX_UNCHANGED_REPORTS) {
            self.reporter.unchanged(&item.current_progress(), unchanged_for);
        }
        if open.len() > MAX_UNCHANGED_REPORTS {
            let more = open.len() - MAX_UNCHANGED_REPORTS;
            self.reporter.note(&format!("{more} more rollouts are in progress"));
        }
    }

    /// Judges every open rollout that was polled, and reports what is new.
    fn judge_all(&mut self) {
        for item in self.items.iter_mut().filter(|item| item.outcome.is_none() && item.polls > 0) {
            let verdict = judge(&item.rollout, &item.snapshot, item.snapshot.at);
            if item.report_new(&verdict, &mut self.reported_events, self.reporter) {
                self.changed_at = Instant::now();
                self.heartbeat.record_change(self.changed_at);
            }
            if let Some(recorder) = &mut item.recorder {
                recorder.record_verdict(&verdict);
            }
            if verdict.is_final() {
                item.outcome = Some((WatchOutcome::Settled(verdict), item.started_at.elapsed()));
            }
        }
    }
}

impl WatchItem {
    fn new(followed: WatchedRollout) -> WatchItem {
        WatchItem {
            rollout: followed,
            snapshot: RolloutSnapshot::default(),
            read_task_arns: BTreeSet::new(),
            sources: poll::ReadableSources::default(),
            progress: None,
            started_at: Instant::now(),
            polls: 0,
            polled_at: None,
            outage: None,
            outcome: None,
            is_explained: false,
            is_looked_at_once: false,
            diagnosis: None,
            warnings: Vec::new(),
            recorder: None,
        }
    }

    /// Adds the result of a poll.
    fn add_poll(&mut self, look: Poll) {
        self.polls += 1;
        (self.polled_at, self.outage) = (Some(Instant::now()), None);
        if let Some(recorder) = &mut self.recorder {
            recorder.add_poll(&look);
        }
        self.snapshot.add_poll(&mut self.rollout, look);
    }

    /// Returns the time on the API's clock, which may differ from the local one.
    ///
    /// It counts on from the newest time that the API has shown: the deployment may have begun long before the
    /// watch.
    fn api_now(&self) -> f64 {
        match self.polled_at {
            Some(seen) => self.snapshot.at + seen.elapsed().as_secs_f64(),
            None => self.rollout.created_at + self.started_at.elapsed().as_secs_f64(),
        }
    }

    /// Returns whether only the last step is missing: all its tasks run, and with two whole sets of tasks no other
    /// deployment has any.
    ///
    /// A bake time may take hours, and so may a hook: neither counts as near the end.
    fn is_near_end(&self) -> bool {
        let Some(service) = &self.snapshot.service else { return false };
        let is_rolling = is_rolling_strategy(service);
        let done = |deployment: &Deployment| match deployment.status {
            DeploymentStatus::Primary => deployment.running_count >= deployment.desired_count,
            _ => is_rolling || deployment.running_count == 0,
        };
        let bakes =
            self.snapshot.bake_time_end().is_some_and(|end| end - self.snapshot.at > NEAR_END_SECONDS);
        let hook = self.snapshot.service_deployment.as_ref().and_then(ServiceDeployment::active_hook);
        service.deployments.iter().all(done) && !bakes && hook.is_none()
    }

    /// Returns the progress at the last poll, with the outage since then.
    fn current_progress(&self) -> Progress {
        let mut progress = self.progress.clone().unwrap_or_else(|| Progress {
            key: self.rollout.key.clone(),
            detail: "waiting for the first answer of ECS".to_owned(),
            ..Progress::default()
        });
        progress.seconds = self.started_at.elapsed().as_secs_f64();
        if let Some(outage) = self.outage_text() {
            progress.detail = format!("{}; {outage}", progress.detail);
        }
        progress
    }

    fn check_timeout(&mut self) {
        let elapsed = self.started_at.elapsed();
        if self.outcome.is_some() || elapsed < self.rollout.policy.timeout {
            return;
        }
        let mut waiting_for =
            self.progress.as_ref().map_or("the first answer of ECS".to_owned(), |progress| {
                let detail = progress.detail.trim_start_matches("waiting for ");
                format!("{detail} ({} of {} tasks running)", progress.running, progress.desired)
            });
        if let Some(last_seen) = self.outage_text() {
            waiting_for = format!("{waiting_for}; {last_seen}");
        }
        self.outcome = Some((WatchOutcome::TimedOut { waiting_for }, elapsed));
    }

    /// Reports what is new, and returns whether anything is.
    fn report_new(
        &mut self,
        verdict: &Verdict,
        shown: &mut BTreeSet<(String, String)>,
        report: &dyn WatchReporter,
    ) -> bool {
        let Some(service) = self.snapshot.service.clone() else { return false };
        let events = self.new_events(&service, shown);
        for event in &events {
            report.service_event(&self.rollout.key, event);
        }
        let elapsed = self.started_at.elapsed();
        let progress = progress::progress_of(&self.rollout, &self.snapshot, &service, verdict, elapsed);
        let new = !self.progress.as_ref().is_some_and(|known| known.is_same_state(&progress));
        if new {
            report.progress(&progress);
            self.progress = Some(progress);
        }
        new || !events.is_empty()
    }

    /// Returns the events since the deployment began that were not reported yet, oldest first.
    fn new_events(&self, service: &Service, shown: &mut BTreeSet<(String, String)>) -> Vec<ServiceEvent> {
        let mut events: Vec<ServiceEvent> = self.rollout.events_since_start(service).cloned().collect();
        let name = |event: &ServiceEvent| format!("{} {}", event.id, event.message);
        events.retain(|event| shown.insert((self.rollout.key.clone(), name(event))));
        events
    }

    fn into_result(self) -> WatchResult {
        let (ending, elapsed) = self.outcome.unwrap_or((WatchOutcome::Interrupted, Duration::ZERO));
        let runs = self.snapshot.service.as_ref().and_then(|service| {
            let primary = service.primary_deployment()?;
            Some(RunningState {
                revision: revision_name(&primary.task_definition).to_owned(),
                deployment: primary.id.clone(),
                rollout_state: primary.rollout_state.clone(),
                running: primary.running_count,
                // A deployment that has failed is desired to have none.
                desired: service.desired_count,
                serving: serving(service, &primary.id),
            })
        });
        let timeline = self.recorder.map(|recorder| Box::new(recorder.into_timeline()));
        WatchResult {
            rollout: self.rollout,
            outcome: ending,
            diagnosis: self.diagnosis,
            warnings: self.warnings,
            elapsed,
            failure_response: None,
            running: runs,
            timeline,
        }
    }
}

/// Returns the revision of the other deployment with the most running tasks, and their number.
fn serving(service: &Service, primary: &str) -> Option<(String, i64)> {
    let others = service.deployments.iter().filter(|known| known.id != primary && known.running_count > 0);
    let most = others.max_by_key(|known| known.running_count)?;
    Some((revision_name(&most.task_definition).to_owned(), most.running_count))
}
