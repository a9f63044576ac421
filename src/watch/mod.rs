//! Owns watching: looking at followed deployments again and again until each has its verdict.
//!
//! It never changes anything in AWS, and an error of the API is never the failure of a rollout:
//! what passes is ridden out until the timeout.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;

use crate::aws::error::Meaning;
use crate::aws::types::{Deployment, Event, Service, ServiceDeployment, Task, revision_of, view};
use crate::aws::{ApiError, Aws};
use crate::diagnose::{Diagnosis, Seen, diagnose};
use crate::report::{self, Report};
use judge::{Verdict, judge};
use snapshot::{Followed, Snapshot};

pub mod judge;
pub mod snapshot;

/// How often a rollout is looked at while something moves, and while nothing does.
const QUICK: Duration = Duration::from_millis(1000);
const SLOW: Duration = Duration::from_secs(5);
/// For how long after a change it counts as moving.
const MOVING: Duration = Duration::from_secs(10);
/// Looks without a change after which the stopped tasks are read all the same.
const LOOKS_BETWEEN_TASKS: u32 = 4;
/// How often in a row service deployments may fail to be read before the watch goes on without them.
const UNREAD: u32 = 3;
/// The clocks of the API and of one answer's parts may differ by this much, in seconds.
const SKEW: f64 = 5.0;

/// Says how a watch ended for one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    /// The rollout has its verdict.
    Settled(Verdict),
    /// The time is up, and it is still under way: what it was waiting for.
    TimedOut { waiting_for: String },
    /// Somebody interrupted the watch; the rollout goes on.
    Interrupted,
    /// The watch itself cannot go on: the rollout does.
    Lost { error: String },
}

/// Holds the end of a watch for one service, and what explains it.
#[derive(Clone, Debug)]
pub struct Settled {
    pub followed: Followed,
    pub ending: Ending,
    pub diagnosis: Option<Diagnosis>,
    pub elapsed: Duration,
}

impl Settled {
    /// Returns whether this rollout is done: its own success, and nothing else.
    pub fn succeeded(&self) -> bool {
        self.ending == Ending::Settled(Verdict::Succeeded)
    }
}

/// Holds where a rollout stands, for the screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    #[serde(rename = "service")]
    pub key: String,
    pub revision: String,
    pub desired: i64,
    pub running: i64,
    pub pending: i64,
    pub failed: i64,
    pub detail: String,
}

/// Returns how each followed deployment ended, in the order given.
///
/// Nothing sleeps before the first look. `poll` overrides the time between looks, which otherwise adapts.
pub async fn until_settled(
    followed: Vec<Followed>,
    aws: &Aws,
    report: &dyn Report,
    poll: Option<Duration>,
) -> Vec<Settled> {
    let mut watch = Watch::new(followed, aws, report, poll);
    let interrupted = {
        let settling = watch.run();
        tokio::select! {
            () = settling => false,
            _ = tokio::signal::ctrl_c() => true,
        }
    };
    if interrupted {
        watch.end_all(|| Ending::Interrupted);
    }
    watch.settled()
}

/// Holds one watch: what is followed, and what was seen of it so far.
struct Watch<'a> {
    aws: &'a Aws,
    report: &'a dyn Report,
    poll: Option<Duration>,
    started: Instant,
    changed: Instant,
    items: Vec<Item>,
    /// Whether service deployments can be read; when not, the deployment list decides.
    service_deployments: bool,
    /// How often in a row they could not be read for a reason that may pass.
    unread: u32,
    /// Whether tasks can be read.
    tasks: bool,
}

/// Holds one followed deployment and what was seen of it.
struct Item {
    followed: Followed,
    snapshot: Snapshot,
    service_deployment_arn: Option<String>,
    shown_events: BTreeSet<String>,
    progress: Option<Progress>,
    looks: u32,
    /// The most tasks of this deployment that ran at once.
    most_running: i64,
    ending: Option<(Ending, Duration)>,
}

impl<'a> Watch<'a> {
    fn new(
        followed: Vec<Followed>,
        aws: &'a Aws,
        report: &'a dyn Report,
        poll: Option<Duration>,
    ) -> Watch<'a> {
        let item = |followed| Item {
            followed,
            snapshot: Snapshot::default(),
            service_deployment_arn: None,
            shown_events: BTreeSet::new(),
            progress: None,
            looks: 0,
            most_running: 0,
            ending: None,
        };
        let now = Instant::now();
        let items = followed.into_iter().map(item).collect();
        Watch {
            aws,
            report,
            poll,
            started: now,
            changed: now,
            items,
            service_deployments: true,
            unread: 0,
            tasks: true,
        }
    }

    async fn run(&mut self) {
        loop {
            let left = self.left();
            match tokio::time::timeout(left, self.look()).await {
                // A look that takes longer than there is time left says nothing.
                Err(_) => {}
                Ok(Ok(())) => self.judge_all().await,
                Ok(Err(error)) => tracing::info!("the watch goes on after: {error}"),
            }
            self.time_out();
            if self.items.iter().all(|item| item.ending.is_some()) {
                return;
            }
            tokio::time::sleep(self.pause()).await;
        }
    }

    /// Returns how long to wait before the next look: about a second while something moves, longer while nothing does.
    fn pause(&self) -> Duration {
        let adaptive = if self.changed.elapsed() < MOVING { QUICK } else { SLOW };
        self.poll.unwrap_or(adaptive).min(self.left())
    }

    /// Returns how much time the first open rollout has left; never quite none, so that nothing spins.
    fn left(&self) -> Duration {
        let open = self.items.iter().filter(|item| item.ending.is_none());
        let left = open.map(|item| item.followed.timeout.saturating_sub(self.started.elapsed())).min();
        left.unwrap_or_default().max(Duration::from_millis(10))
    }

    /// Looks at all open services: one call a cluster and ten services, and what hangs on them.
    ///
    /// The services come last of what a verdict is made from: after a rollback they must not show an older state than
    /// the service deployment that ended.
    async fn look(&mut self) -> Result<(), ApiError> {
        self.look_at_service_deployments().await;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for item in self.items.iter().filter(|item| item.ending.is_none()) {
            clusters.entry(item.followed.cluster.clone()).or_default().push(item.followed.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| self.aws.services(cluster, names));
        let answers = join_all(calls).await;
        let mut passing = None;
        for (cluster, answer) in clusters.keys().zip(answers) {
            if let Err(error) = self.take_in(cluster, answer) {
                passing = Some(error);
            }
        }
        if let Some(error) = passing {
            return Err(error);
        }
        self.look_at_tasks().await;
        Ok(())
    }

    /// Takes in what was seen of a cluster's services. An error that lasts ends the watch of these, and of no others.
    ///
    /// # Errors
    /// One that may pass.
    fn take_in(
        &mut self,
        cluster: &str,
        answer: Result<BTreeMap<String, Value>, ApiError>,
    ) -> Result<(), ApiError> {
        let elapsed = self.started.elapsed();
        let items =
            self.items.iter_mut().filter(|item| item.ending.is_none() && item.followed.cluster == cluster);
        match answer {
            Ok(found) => {
                for item in items {
                    let service = found.get(&item.followed.name).map(view).transpose();
                    item.remember(service.map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?);
                }
                Ok(())
            }
            // Credentials were there when the deploy began: a source of them that fails may come back.
            Err(error) if error.may_pass() || error.meaning == Meaning::NoCredentials => Err(error),
            Err(error) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                for item in items {
                    item.ending = Some((Ending::Lost { error: format!("{error}{hint}") }, elapsed));
                }
                Ok(())
            }
        }
    }

    /// Reads the service deployments; where that is not permitted or not known, says so once and goes on without.
    async fn look_at_service_deployments(&mut self) {
        if !self.service_deployments {
            return;
        }
        match self.read_service_deployments().await {
            Ok(()) => self.unread = 0,
            Err(error) if error.may_pass() && self.unread < UNREAD => self.unread += 1,
            Err(error) => {
                self.service_deployments = false;
                // What was last read of them is old from now on.
                self.items.iter_mut().for_each(|item| item.snapshot.service_deployment = None);
                let note = format!(
                    "watching by the service's deployment list, since service deployments cannot be read: {error}"
                );
                self.report.tell(&report::Event::Note(&note));
            }
        }
    }

    async fn read_service_deployments(&mut self) -> Result<(), ApiError> {
        let open = |item: &&mut Item| item.ending.is_none() && item.service_deployment_arn.is_none();
        for item in self.items.iter_mut().filter(open) {
            let followed = &item.followed;
            let Some(id) = &followed.deployment else { continue };
            let since = followed.created_at - SKEW;
            let list = self.aws.service_deployments_since(&followed.cluster, &followed.name, since).await?;
            item.service_deployment_arn = service_deployment_of(id, followed.created_at, &list);
        }
        let open = self.items.iter().filter(|item| item.ending.is_none());
        let arns: Vec<String> = open.filter_map(|item| item.service_deployment_arn.clone()).collect();
        if arns.is_empty() {
            return Ok(());
        }
        let list = self.aws.service_deployments(&arns).await?;
        for item in &mut self.items {
            let arn = item.service_deployment_arn.as_deref();
            let found =
                list.iter().find(|deployment| arn == Some(deployment.service_deployment_arn.as_str()));
            item.snapshot.service_deployment = found.cloned();
        }
        Ok(())
    }

    /// Reads the stopped tasks where tasks seem to fail, and now and then where nothing moves.
    async fn look_at_tasks(&mut self) {
        for item in self.items.iter_mut().filter(|item| item.ending.is_none()) {
            if self.tasks && item.wants_tasks() {
                match self.aws.stopped_tasks(&item.followed.cluster, &item.followed.name).await {
                    Ok(tasks) => item.add_tasks(tasks),
                    Err(error) if error.may_pass() => {}
                    Err(error) => {
                        self.tasks = false;
                        let note = format!("why tasks stop cannot be shown: {error}");
                        self.report.tell(&report::Event::Note(&note));
                    }
                }
            }
        }
    }

    /// Judges every open rollout, shows what is new, and reads the failing tasks of those that failed.
    async fn judge_all(&mut self) {
        for index in 0..self.items.len() {
            let item = &mut self.items[index];
            if item.ending.is_some() {
                continue;
            }
            let verdict = judge(&item.followed, &item.snapshot, item.now(self.started));
            if item.show(&verdict, self.report) {
                self.changed = Instant::now();
            }
            if verdict.is_final() {
                let elapsed = self.started.elapsed();
                item.ending = Some((Ending::Settled(verdict.clone()), elapsed));
                self.explain(index, &verdict).await;
            }
        }
    }

    async fn explain(&mut self, index: usize, verdict: &Verdict) {
        let item = &mut self.items[index];
        if matches!(verdict, Verdict::Succeeded | Verdict::Superseded { .. }) || !self.tasks {
            return;
        }
        if let Ok(tasks) = self.aws.stopped_tasks(&item.followed.cluster, &item.followed.name).await {
            item.add_tasks(tasks);
        }
    }

    fn time_out(&mut self) {
        let elapsed = self.started.elapsed();
        for item in
            self.items.iter_mut().filter(|item| item.ending.is_none() && elapsed >= item.followed.timeout)
        {
            let waiting_for = item.progress.as_ref().map_or("the first answer".to_owned(), |progress| {
                format!("{} ({} of {} tasks running)", progress.detail, progress.running, progress.desired)
            });
            item.ending = Some((Ending::TimedOut { waiting_for }, elapsed));
        }
    }

    fn end_all(&mut self, ending: impl Fn() -> Ending) {
        let elapsed = self.started.elapsed();
        for item in self.items.iter_mut().filter(|item| item.ending.is_none()) {
            item.ending = Some((ending(), elapsed));
        }
    }

    fn settled(self) -> Vec<Settled> {
        let settled = |item: Item| {
            let (ending, elapsed) = item.ending.unwrap_or((Ending::Interrupted, Duration::ZERO));
            let succeeded =
                matches!(ending, Ending::Settled(Verdict::Succeeded | Verdict::Superseded { .. }));
            let seen = Seen { stopped: &item.snapshot.stopped, ..Seen::default() };
            let diagnosis = if succeeded { None } else { diagnose(&seen) };
            Settled { followed: item.followed, ending, diagnosis, elapsed }
        };
        self.items.into_iter().map(settled).collect()
    }
}

/// Returns the ARN of the service deployment that is the deployment with that id.
///
/// Its target revision ends in the deployment's number. Another's number is another's deployment, whatever its time.
fn service_deployment_of(id: &str, created_at: f64, list: &[ServiceDeployment]) -> Option<String> {
    let number = id.rsplit('/').next();
    let by_number = list.iter().find(|deployment| {
        let target = deployment.target().and_then(|arn| arn.rsplit('/').next());
        target.is_some() && target == number
    });
    // Only one without a target can be ours all the same; newest first, so the last that is not older.
    let since = |deployment: &&ServiceDeployment| {
        deployment.target().is_none() && deployment.created_at.0 >= created_at - 1.0
    };
    let found = by_number.or_else(|| list.iter().rev().find(since));
    found.map(|deployment| deployment.service_deployment_arn.clone())
}

impl Item {
    /// Takes in what was seen of the service, and keeps how our deployment looked for when the list no longer has it.
    fn remember(&mut self, service: Option<Service>) {
        self.looks += 1;
        self.snapshot.missing = if service.is_some() { 0 } else { self.snapshot.missing + 1 };
        self.snapshot.service = service;
        let Some(service) = &self.snapshot.service else { return };
        let found = self.followed.find(service).cloned();
        self.snapshot.absent = if found.is_some() { 0 } else { self.snapshot.absent + 1 };
        let failed = |found: &Deployment| {
            found.status == "PRIMARY" && found.rollout_state.as_deref() == Some("FAILED")
        };
        self.snapshot.failed = if found.as_ref().is_some_and(failed) { self.snapshot.failed + 1 } else { 0 };
        if let Some(found) = found {
            if found.running_count > self.most_running {
                // More tasks run than ever before: what failed until now did not stop it.
                self.most_running = found.running_count;
                let stopped = self.snapshot.stopped.iter().map(|task| task.stopped_at.0);
                self.snapshot.healed_at = stopped.fold(self.snapshot.healed_at, f64::max);
            }
            if self.followed.deployment.is_none() {
                self.followed.deployment = Some(found.id.clone());
                self.followed.created_at = found.created_at.0;
            }
            self.snapshot.last_seen = Some(found);
        }
    }

    /// Returns the time on the API's clock: it may differ from ours, so what counts is what has passed.
    fn now(&self, started: Instant) -> f64 {
        self.followed.created_at + started.elapsed().as_secs_f64()
    }

    fn wants_tasks(&self) -> bool {
        let Some(ours) = self.snapshot.service.as_ref().and_then(|service| self.followed.find(service))
        else {
            return false;
        };
        let failed = self.progress.as_ref().map_or(0, |progress| progress.failed);
        let unsettled = ours.running_count < ours.desired_count;
        ours.failed_tasks > failed || (unsettled && self.looks.is_multiple_of(LOOKS_BETWEEN_TASKS))
    }

    fn add_tasks(&mut self, tasks: Vec<Task>) {
        for task in tasks {
            let known = self.snapshot.stopped.iter().any(|known| known.task_arn == task.task_arn);
            if !known && self.followed.started(&task) {
                self.snapshot.stopped.push(task);
            }
        }
    }

    /// Tells the report what is new, and returns whether anything is.
    fn show(&mut self, verdict: &Verdict, report: &dyn Report) -> bool {
        let Some(service) = self.snapshot.service.clone() else { return false };
        let events = self.new_events(&service);
        for event in &events {
            report.tell(&report::Event::ServiceEvent { service: &self.followed.key, event });
        }
        let progress = self.progress_of(&service, verdict);
        let new = self.progress.as_ref() != Some(&progress);
        if new {
            report.tell(&report::Event::Progress(&progress));
            self.progress = Some(progress);
        }
        new || !events.is_empty()
    }

    /// Returns the events since the deployment began that were not shown yet, oldest first.
    fn new_events(&mut self, service: &Service) -> Vec<Event> {
        let since = self.followed.created_at - 1.0;
        let fresh = |event: &&Event| event.created_at.0 >= since;
        let mut events: Vec<Event> = service.events.iter().filter(fresh).cloned().collect();
        events.retain(|event| self.shown_events.insert(format!("{} {}", event.id, event.message)));
        events.reverse();
        events
    }

    fn progress_of(&self, service: &Service, verdict: &Verdict) -> Progress {
        let gone = Deployment::default();
        let ours = self.followed.find(service).or(self.snapshot.last_seen.as_ref()).unwrap_or(&gone);
        let detail = match verdict {
            Verdict::Progressing { detail } => detail.clone(),
            Verdict::AwaitingHook { hook } => format!("waiting for hook {hook}"),
            Verdict::Succeeded => "completed".to_owned(),
            Verdict::RolledBack { reason, .. } => format!("rolled back: {reason}"),
            Verdict::Failed { reason } | Verdict::Stuck { reason } => reason.clone(),
            Verdict::Superseded { by } => format!("superseded by {by}"),
        };
        Progress {
            key: self.followed.key.clone(),
            revision: revision_of(&self.followed.revision).to_owned(),
            desired: ours.desired_count,
            running: ours.running_count,
            pending: ours.pending_count,
            failed: ours.failed_tasks,
            detail,
        }
    }
}
