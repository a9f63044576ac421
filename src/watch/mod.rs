//! Watches rollouts: polls ECS until each watched deployment has its verdict.
//!
//! Never changes anything in AWS. An API error is never the failure of a rollout: an error that may pass is retried
//! until the timeout.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::aws::Aws;
use crate::aws::types::{Deployment, DeploymentStatus, Event, RolloutState, Service, revision_of};
use crate::diagnose::Diagnosis;
use judge::{Verdict, judge};
use pace::Rhythm;
use snapshot::{Followed, Look, Snapshot};
use timeline::{Recorder, Timeline};

mod blind;
pub mod count;
pub mod explain;
pub mod judge;
pub mod look;
pub mod pace;
pub mod progress;
pub mod reporter;
pub mod snapshot;
pub mod task;
pub mod timeline;

pub use progress::{Progress, Standing, Traffic};
pub use reporter::WatchReporter;

/// How many seconds before its end a bake time counts as nearly over.
const NEAR: f64 = 15.0;

/// How long the last poll may take after the timeout, so that a rollout that has just ended is not reported as
/// unfinished.
const LAST_LOOK: Duration = Duration::from_secs(10);

/// How a watch ended for one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
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
pub enum Aftermath {
    /// Nothing was done, for this reason.
    Left { why: String },
    /// A rollback was due, and could not be started.
    NotTakenBack { error: String },
    /// It was rolled back at the request of ecsail: to which revision, and how the rollback ended.
    TakenBack {
        to: String,
        end: Ending,
        #[serde(skip_serializing_if = "Option::is_none")]
        diagnosis: Option<Box<Diagnosis>>,
    },
}

/// The result of watching one service: how it ended, its diagnosis, and what was done about it.
#[derive(Clone, Debug)]
pub struct Settled {
    pub followed: Followed,
    pub ending: Ending,
    pub diagnosis: Option<Diagnosis>,
    pub elapsed: Duration,
    /// `None` where nothing had to be done.
    pub aftermath: Option<Aftermath>,
    /// The revision of the PRIMARY deployment at the last poll, and how many tasks ran.
    pub runs: Option<Runs>,
    /// What each poll showed, if the watch was recorded.
    pub timeline: Option<Box<Timeline>>,
}

/// What a service ran at the last poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Runs {
    pub revision: String,
    pub deployment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state: Option<RolloutState>,
    pub running: i64,
    pub desired: i64,
}

impl Settled {
    /// Returns whether this rollout itself succeeded.
    pub fn succeeded(&self) -> bool {
        self.ending == Ending::Settled(Verdict::Succeeded)
    }

    /// Returns whether the watch ended as requested: with success, or with the rollback where a rollback was
    /// requested.
    pub fn is_good(&self) -> bool {
        // A release that is rolled back as a whole includes rollouts that had succeeded.
        if matches!(self.aftermath, Some(Aftermath::TakenBack { .. })) {
            return false;
        }
        match (&self.ending, self.followed.going_back) {
            (Ending::Settled(Verdict::RolledBack { .. }), back) => back,
            (Ending::Settled(Verdict::Succeeded | Verdict::Reached { .. }), back) => !back,
            _ => false,
        }
    }
}

/// A watch over one or more rollouts.
pub struct Watch<'a> {
    aws: &'a Aws,
    report: &'a dyn WatchReporter,
    /// The fixed time between polls; `None` for an adaptive one.
    poll: Option<Duration>,
    started: Instant,
    changed: Instant,
    looks: u32,
    /// When the next poll is due; the first is due at once.
    due: Instant,
    items: Vec<Item>,
    /// The service events that were reported: key of the service, id and message of the event.
    shown: BTreeSet<(String, String)>,
    /// What was reported once as unreadable.
    noted: BTreeSet<&'static str>,
    /// Whether polls are recorded, also those of deployments that are added later.
    records: bool,
}

/// One watched deployment and its state.
struct Item {
    followed: Followed,
    snapshot: Snapshot,
    /// The ARNs of the stopped tasks that were read.
    read_tasks: BTreeSet<String>,
    /// What can be read for this service; without its service deployment, the deployment list decides the verdict.
    sources: look::Sources,
    progress: Option<Progress>,
    /// When its watch began, how many polls there were, and when the last one was.
    started: Instant,
    looks: u32,
    seen: Option<Instant>,
    blind: Option<blind::Blind>,
    ending: Option<(Ending, Duration)>,
    explained: bool,
    diagnosis: Option<Diagnosis>,
    recorder: Option<Recorder>,
}

impl<'a> Watch<'a> {
    /// Returns a watch over these deployments. `poll` is a fixed time between polls; without it the time adapts.
    pub fn new(
        followed: Vec<Followed>,
        aws: &'a Aws,
        report: &'a dyn WatchReporter,
        poll: Option<Duration>,
    ) -> Watch<'a> {
        let now = Instant::now();
        let items = followed.into_iter().map(Item::new).collect();
        Watch {
            aws,
            report,
            poll,
            started: now,
            changed: now,
            looks: 0,
            due: now,
            items,
            shown: BTreeSet::new(),
            noted: BTreeSet::new(),
            records: false,
        }
    }

    /// Starts to record what each poll shows.
    pub fn record(&mut self) {
        self.records = true;
        self.items.iter_mut().for_each(|item| item.recorder = Some(Recorder::new(&item.followed)));
    }

    /// Adds a deployment to the watch.
    pub fn follow(&mut self, followed: Followed) {
        let mut item = Item::new(followed);
        item.recorder = self.records.then(|| Recorder::new(&item.followed));
        self.items.push(item);
        self.changed = Instant::now();
        self.due = self.changed;
    }

    /// Returns the deployments that are still watched.
    pub fn open(&self) -> impl Iterator<Item = &Followed> {
        self.items.iter().map(|item| &item.followed)
    }

    /// Returns the next rollout that ended, with its diagnosis; `None` when all have ended.
    ///
    /// The future may be dropped and the method called again at any time: nothing that was polled is lost.
    pub async fn next(&mut self) -> Option<Settled> {
        loop {
            if let Some(index) = self.items.iter().position(|item| item.ending.is_some()) {
                self.explain_ended().await;
                return Some(self.items.remove(index).settled());
            }
            if self.items.is_empty() {
                return None;
            }
            tokio::time::sleep(self.due.saturating_duration_since(Instant::now())).await;
            self.look_and_judge().await;
            self.due = Instant::now() + self.pause();
        }
    }

    /// Ends the watch of everything that is still open, without a verdict, and returns the results.
    pub fn interrupt(&mut self) -> Vec<Settled> {
        let items = std::mem::take(&mut self.items);
        let end = |mut item: Item| {
            let elapsed = item.started.elapsed();
            item.ending.get_or_insert((Ending::Interrupted, elapsed));
            item.settled()
        };
        items.into_iter().map(end).collect()
    }

    async fn look_and_judge(&mut self) {
        self.looks += 1;
        // Services that were already polled count, also where another cluster has not answered.
        let looks: Vec<u32> = self.items.iter().map(|item| item.looks).collect();
        if tokio::time::timeout(self.left().max(LAST_LOOK), self.look()).await.is_err() {
            tracing::info!("a poll took longer than the time left");
            self.late(&looks);
        }
        self.judge_all();
        self.tell_blind();
        self.items.iter_mut().for_each(Item::time_out);
    }

    /// Returns how long to wait before the next poll.
    fn pause(&self) -> Duration {
        let rhythm = Rhythm {
            elapsed: self.started.elapsed(),
            looks: self.looks,
            still: self.changed.elapsed(),
            near_end: self.items.iter().any(Item::is_near_end),
        };
        self.poll.unwrap_or_else(|| pace::pause(&rhythm)).min(self.left())
    }

    /// Returns the least time that an open rollout has left; at least 10 ms, so that the loop never spins.
    fn left(&self) -> Duration {
        let open = self.items.iter().filter(|item| item.ending.is_none());
        let left = open.map(|item| item.followed.policy.timeout.saturating_sub(item.started.elapsed())).min();
        left.unwrap_or_default().max(Duration::from_millis(10))
    }

    /// Judges every open rollout that was polled, and reports what is new.
    fn judge_all(&mut self) {
        for item in self.items.iter_mut().filter(|item| item.ending.is_none() && item.looks > 0) {
            let verdict = judge(&item.followed, &item.snapshot, item.snapshot.at);
            if item.show(&verdict, &mut self.shown, self.report) {
                self.changed = Instant::now();
            }
            if let Some(recorder) = &mut item.recorder {
                recorder.judged(&verdict);
            }
            if verdict.is_final() {
                item.ending = Some((Ending::Settled(verdict), item.started.elapsed()));
            }
        }
    }
}

impl Item {
    fn new(followed: Followed) -> Item {
        Item {
            followed,
            snapshot: Snapshot::default(),
            read_tasks: BTreeSet::new(),
            sources: look::Sources::default(),
            progress: None,
            started: Instant::now(),
            looks: 0,
            seen: None,
            blind: None,
            ending: None,
            explained: false,
            diagnosis: None,
            recorder: None,
        }
    }

    /// Adds the result of a poll.
    fn take_in(&mut self, look: Look) {
        self.looks += 1;
        (self.seen, self.blind) = (Some(Instant::now()), None);
        if let Some(recorder) = &mut self.recorder {
            recorder.add(&look);
        }
        self.snapshot.take_in(&mut self.followed, look);
    }

    /// Returns the time on the API's clock, which may differ from the local one.
    ///
    /// It counts on from the newest time that the API has shown: the deployment may have begun long before the
    /// watch.
    fn now(&self) -> f64 {
        match self.seen {
            Some(seen) => self.snapshot.at + seen.elapsed().as_secs_f64(),
            None => self.followed.created_at + self.started.elapsed().as_secs_f64(),
        }
    }

    /// Returns whether only the last step is missing: all its tasks run, and no other deployment has any.
    ///
    /// Old tasks may drain for minutes and a bake time may take hours: neither counts as near the end.
    fn is_near_end(&self) -> bool {
        let Some(service) = &self.snapshot.service else { return false };
        let done = |deployment: &Deployment| match deployment.status {
            DeploymentStatus::Primary => deployment.running_count >= deployment.desired_count,
            _ => deployment.running_count == 0,
        };
        let bakes = self.snapshot.bakes_until().is_some_and(|end| end - self.snapshot.at > NEAR);
        service.deployments.iter().all(done) && !bakes
    }

    fn time_out(&mut self) {
        let elapsed = self.started.elapsed();
        if self.ending.is_some() || elapsed < self.followed.policy.timeout {
            return;
        }
        let mut waiting_for =
            self.progress.as_ref().map_or("the first answer of ECS".to_owned(), |progress| {
                let detail = progress.detail.trim_start_matches("waiting for ");
                format!("{detail} ({} of {} tasks running)", progress.running, progress.desired)
            });
        if let Some(last_seen) = self.last_seen() {
            waiting_for = format!("{waiting_for}; {last_seen}");
        }
        self.ending = Some((Ending::TimedOut { waiting_for }, elapsed));
    }

    /// Reports what is new, and returns whether anything is.
    fn show(
        &mut self,
        verdict: &Verdict,
        shown: &mut BTreeSet<(String, String)>,
        report: &dyn WatchReporter,
    ) -> bool {
        let Some(service) = self.snapshot.service.clone() else { return false };
        let events = self.new_events(&service, shown);
        for event in &events {
            report.service_event(&self.followed.key, event);
        }
        let elapsed = self.started.elapsed();
        let progress = progress::of(&self.followed, &self.snapshot, &service, verdict, elapsed);
        let new = !self.progress.as_ref().is_some_and(|known| known.is_where(&progress));
        if new {
            report.progress(&progress);
            self.progress = Some(progress);
        }
        new || !events.is_empty()
    }

    /// Returns the events since the deployment began that were not reported yet, oldest first.
    fn new_events(&self, service: &Service, shown: &mut BTreeSet<(String, String)>) -> Vec<Event> {
        let mut events: Vec<Event> = self.followed.events(service).cloned().collect();
        let name = |event: &Event| format!("{} {}", event.id, event.message);
        events.retain(|event| shown.insert((self.followed.key.clone(), name(event))));
        events
    }

    fn settled(self) -> Settled {
        let (ending, elapsed) = self.ending.unwrap_or((Ending::Interrupted, Duration::ZERO));
        let runs = self.snapshot.service.as_ref().and_then(|service| {
            let primary = service.primary()?;
            Some(Runs {
                revision: revision_of(&primary.task_definition).to_owned(),
                deployment: primary.id.clone(),
                rollout_state: primary.rollout_state.clone(),
                running: service.running_count,
                desired: service.desired_count,
            })
        });
        let timeline = self.recorder.map(|recorder| Box::new(recorder.into_timeline()));
        Settled {
            followed: self.followed,
            ending,
            diagnosis: self.diagnosis,
            elapsed,
            aftermath: None,
            runs,
            timeline,
        }
    }
}
