//! Reads the service deployments of a watch: their details or, where those cannot be read, what their list shows.
//!
//! Never keeps a poll from reading the services: each call is sent once, and has a time limit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::judge::is_decided_by_list;
use super::poll::{is_lasting, late};
use super::snapshot::WatchUntil;
use super::{RolloutWatch, WatchItem};
use crate::aws::ApiError;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{
    DeploymentStatus, RolloutState, Service, ServiceDeployment, ServiceDeploymentStatus,
};

/// The time limit for one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);
/// After how many unreadable answers in a row the watch continues without service deployments.
const MAX_UNREADABLE_ANSWERS: u32 = 3;
/// The number of polls between two searches for a service deployment that the first searches did not find.
const POLLS_BETWEEN_SEARCHES: u32 = 4;
/// How often in a row details may fail before that is reported, and are read in every poll all the same.
const FAILURES_UNTIL_NOTE: u32 = 2;
/// After how many polls details that failed more often are read again; twice as many after each further failure.
const POLLS_BETWEEN_DETAILS: u32 = 4;
/// How often that number is doubled at the most.
const MAX_DOUBLINGS: u32 = 3;
/// How old the stage of a rollout may be that advances: it is shown, and decides nothing.
const TIME_BETWEEN_STAGES: Duration = Duration::from_secs(10);
/// The most lists that are read in one poll: a watch of many services must not empty the bucket of the call.
const MAX_LISTS_PER_POLL: usize = 10;
/// How much the clocks of the API may differ between parts of one answer, in seconds.
const CLOCK_SKEW: f64 = 5.0;

/// What can be read of one service deployment, and how often that failed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DeploymentReads {
    /// Neither details nor list can be read: the service's own deployments decide.
    is_unreadable: bool,
    /// The number of unreadable answers about the list in a row.
    unreadable_answers: u32,
    /// Details may never be read.
    are_details_denied: bool,
    /// The number of times that they failed in a row.
    failed_details: u32,
    /// From which poll on they are read again.
    details_from: u32,
    /// How often it was searched for and not found.
    searches: u32,
    /// The poll in which the list was last read.
    listed_at: u32,
    /// When details or list were last read.
    read_at: Option<Instant>,
}

impl DeploymentReads {
    /// Returns whether the service deployment can be read at all.
    pub(super) fn are_readable(&self) -> bool {
        !self.is_unreadable
    }

    fn are_details_due(&self, polls: u32) -> bool {
        !self.are_details_denied && polls >= self.details_from
    }
}

/// What was read of the service deployments.
#[derive(Default)]
pub(super) struct FoundServiceDeployments {
    pub(super) deployments: Vec<ServiceDeployment>,
    /// The items whose service deployment was to be read in this poll.
    pub(super) tried: BTreeSet<usize>,
    /// The items whose service deployment could not be read in this poll, for a reason that may pass.
    pub(super) unread: BTreeSet<usize>,
}

impl RolloutWatch<'_> {
    /// Reads the service deployments; reports once what is not permitted or too slow, and continues without it.
    pub(super) async fn read_service_deployments(&mut self, limit: Duration) -> FoundServiceDeployments {
        let limit = limit.min(CALL_TIMEOUT);
        let mut found = FoundServiceDeployments::default();
        let due = |(index, item): (usize, &WatchItem)| {
            let service = item.snapshot.service.as_ref();
            service.is_some_and(|service| item.needs_service_deployment(service)).then_some(index)
        };
        let due = self.items.iter().enumerate().filter_map(due).collect();
        self.read(due, limit, &mut found).await;
        found
    }

    /// Reads the service deployments that what was just read of the services calls for.
    pub(super) async fn read_unquiet_service_deployments(
        &mut self,
        services: &BTreeMap<usize, Option<Service>>,
        found: &mut FoundServiceDeployments,
        limit: Duration,
    ) {
        let due = services.iter().filter_map(|(index, service)| {
            let item = &self.items[*index];
            service.as_ref().is_some_and(|service| !item.is_quiet(service)).then_some(*index)
        });
        let due = due.collect();
        self.read(due, limit.min(CALL_TIMEOUT), found).await;
    }

    /// Reads the service deployments of these items that were not read in this poll.
    async fn read(&mut self, items: Vec<usize>, limit: Duration, found: &mut FoundServiceDeployments) {
        let mut by_details = Vec::new();
        let mut by_list = Vec::new();
        for index in items {
            let item = &self.items[index];
            let is_open = item.outcome.is_none() && item.sources.deployments.are_readable();
            if !is_open || found.tried.contains(&index) {
                continue;
            }
            match item.rollout.service_deployment.clone() {
                Some(arn) if item.sources.deployments.are_details_due(item.polls) => {
                    by_details.push((index, arn));
                }
                Some(_) => by_list.push(index),
                None if item.should_search() => by_list.push(index),
                None => {}
            }
        }
        if by_details.is_empty() && by_list.is_empty() {
            return;
        }
        self.calls += 1;
        let known = by_list.iter().filter(|index| self.items[**index].rollout.service_deployment.is_some());
        found.tried.extend(by_details.iter().map(|(index, _)| *index).chain(known.copied()));
        by_list.extend(self.read_details(by_details, limit, found).await);
        self.read_lists(by_list, limit, found).await;
    }

    /// Reads the details of service deployments, and returns the items for which that failed.
    async fn read_details(
        &mut self,
        wanted: Vec<(usize, String)>,
        limit: Duration,
        found: &mut FoundServiceDeployments,
    ) -> Vec<usize> {
        let (indexes, arns): (Vec<usize>, Vec<String>) = wanted.into_iter().unzip();
        if arns.is_empty() {
            return Vec::new();
        }
        let error = match self.describe(&arns, limit).await {
            Ok(read) => {
                self.add_details(&indexes, read, found);
                return Vec::new();
            }
            Err(error) => error,
        };
        // One that may not be read fails the call for all: each is requested alone.
        let answers = if arns.len() > 1 && is_lasting(&error) {
            join_all(arns.chunks(1).map(|arn| self.describe(arn, limit))).await
        } else {
            vec![Err(error); arns.len()]
        };
        let mut failed = Vec::new();
        for (index, answer) in indexes.into_iter().zip(answers) {
            match answer {
                Ok(read) => self.add_details(&[index], read, found),
                Err(error) => {
                    self.record_failed_details(index, &error);
                    failed.push(index);
                }
            }
        }
        failed
    }

    fn add_details(
        &mut self,
        indexes: &[usize],
        read: Vec<ServiceDeployment>,
        found: &mut FoundServiceDeployments,
    ) {
        found.deployments.extend(read);
        for index in indexes {
            let reads = &mut self.items[*index].sources.deployments;
            (reads.unreadable_answers, reads.failed_details) = (0, 0);
            reads.read_at = Some(Instant::now());
        }
    }

    /// Records that details could not be read: they are read less often from then on, or never again.
    fn record_failed_details(&mut self, index: usize, error: &ApiError) {
        let item = &mut self.items[index];
        let reads = &mut item.sources.deployments;
        reads.failed_details += 1;
        reads.are_details_denied = is_lasting(error);
        let often = reads.failed_details >= FAILURES_UNTIL_NOTE;
        if often {
            let doublings = (reads.failed_details - FAILURES_UNTIL_NOTE).min(MAX_DOUBLINGS);
            reads.details_from = item.polls + (POLLS_BETWEEN_DETAILS << doublings);
        }
        if often || reads.are_details_denied {
            self.note_once(details_note(error), error);
        }
    }

    /// Reads the lists of service deployments: for those that are not known yet, and for the status of those whose details
    /// could not be read.
    async fn read_lists(
        &mut self,
        mut indexes: Vec<usize>,
        limit: Duration,
        found: &mut FoundServiceDeployments,
    ) {
        indexes.sort_by_key(|index| self.items[*index].sources.deployments.listed_at);
        let later = indexes.split_off(indexes.len().min(MAX_LISTS_PER_POLL));
        found.unread.extend(later);
        let lists = join_all(indexes.iter().map(|index| self.list(*index, limit))).await;
        for (index, list) in indexes.into_iter().zip(lists) {
            let item = &mut self.items[index];
            item.sources.deployments.listed_at = item.polls;
            match list {
                Ok(list) => {
                    item.sources.deployments.unreadable_answers = 0;
                    let is_known = item.rollout.service_deployment.is_some();
                    let listed = item.find_in(list);
                    match &listed {
                        Some(_) => {
                            item.sources.deployments.read_at = Some(Instant::now());
                            found.tried.insert(index);
                        }
                        None if is_known => drop(found.unread.insert(index)),
                        None => item.sources.deployments.searches += 1,
                    }
                    found.deployments.extend(listed);
                }
                Err(error) => self.continue_without(index, &error, found),
            }
        }
    }

    async fn describe(&self, arns: &[String], limit: Duration) -> Result<Vec<ServiceDeployment>, ApiError> {
        let read = tokio::time::timeout(limit, self.aws.poll_service_deployments(arns)).await;
        read.unwrap_or_else(|_| Err(late("ecs:DescribeServiceDeployments")))
    }

    /// Returns the service deployments of an item's service since its deployment began.
    async fn list(&self, index: usize, limit: Duration) -> Result<Vec<ServiceDeployment>, ApiError> {
        let rollout = &self.items[index].rollout;
        let since = rollout.created_at - CLOCK_SKEW;
        let list = self.aws.poll_service_deployments_since(&rollout.cluster, &rollout.name, since);
        let read = tokio::time::timeout(limit, list).await;
        read.unwrap_or_else(|_| Err(late("ecs:ListServiceDeployments")))
    }

    /// Continues without the service deployment of an item: for this poll, or for good if the error will not pass.
    fn continue_without(&mut self, index: usize, error: &ApiError, found: &mut FoundServiceDeployments) {
        let reads = &mut self.items[index].sources.deployments;
        if error.kind == ApiErrorKind::Unreadable {
            reads.unreadable_answers += 1;
        }
        if !is_lasting(error) && reads.unreadable_answers <= MAX_UNREADABLE_ANSWERS {
            found.unread.insert(index);
            return;
        }
        reads.is_unreadable = true;
        self.note_once("watching the deployment list, since service deployments cannot be read", error);
    }
}

impl WatchItem {
    /// Returns whether the service deployment is to be read: where the list of deployments does not show all, and from time
    /// to time for its stage.
    fn needs_service_deployment(&self, service: &Service) -> bool {
        let read_at = self.sources.deployments.read_at.unwrap_or(self.started_at);
        !self.is_quiet(service) || read_at.elapsed() >= TIME_BETWEEN_STAGES
    }

    /// Returns whether the list of deployments shows all that a verdict needs: a rollout that advances, and no task that
    /// failed.
    fn is_quiet(&self, service: &Service) -> bool {
        let advances = self.rollout.find_deployment(service).is_some_and(|ours| {
            ours.status == DeploymentStatus::Primary
                && ours.rollout_state == Some(RolloutState::InProgress)
                && ours.failed_tasks == 0
        });
        let known = self.snapshot.service_deployment.as_ref();
        let has_ended = known.is_some_and(|known| !is_ordinary(&known.status));
        let has_hook = known.is_some_and(|known| known.active_hook().is_some());
        advances
            && is_decided_by_list(service)
            && self.rollout.until == WatchUntil::Stable
            && !self.rollout.going_back
            && !has_ended
            && !has_hook
            && self.snapshot.stopped_tasks.is_empty()
    }

    /// Returns whether to search for its service deployment: at first whenever it is needed, then from time to time.
    fn should_search(&self) -> bool {
        let is_due = self.sources.deployments.searches < POLLS_BETWEEN_SEARCHES
            || self.polls.is_multiple_of(POLLS_BETWEEN_SEARCHES);
        self.rollout.deployment.is_some() && is_due
    }

    /// Returns the rollout's service deployment in a list, and stores its ARN.
    fn find_in(&mut self, list: Vec<ServiceDeployment>) -> Option<ServiceDeployment> {
        let rollout = &mut self.rollout;
        if rollout.service_deployment.is_none() {
            let id = rollout.deployment.as_deref()?;
            rollout.service_deployment = find_service_deployment_arn(id, rollout.created_at, &list);
        }
        with_arn(list, rollout.service_deployment.as_deref())
    }
}

/// Returns whether a service deployment advances, as far as its status shows.
fn is_ordinary(status: &ServiceDeploymentStatus) -> bool {
    matches!(status, ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress)
}

/// Returns what is said where the details of service deployments cannot be read.
fn details_note(error: &ApiError) -> &'static str {
    if is_lasting(error) {
        return "reading the status of service deployments from their list, since their details cannot be read";
    }
    if error.is_throttled() {
        return "ECS throttles the details of service deployments; their status comes from their list meanwhile";
    }
    "ECS is slow to give the details of service deployments; their status comes from their list meanwhile"
}

/// Returns the service deployment of this ARN in a list.
fn with_arn(list: Vec<ServiceDeployment>, arn: Option<&str>) -> Option<ServiceDeployment> {
    list.into_iter().find(|deployment| Some(deployment.service_deployment_arn.as_str()) == arn)
}

/// Returns the ARN of the service deployment that belongs to the deployment with this id.
///
/// Its target revision ends in the deployment's number. Another number means another deployment, whatever its time.
pub(crate) fn find_service_deployment_arn(
    id: &str,
    created_at: f64,
    list: &[ServiceDeployment],
) -> Option<String> {
    let number = id.rsplit('/').next();
    let by_number = list.iter().find(|deployment| {
        let target = deployment.target_revision_arn().and_then(|arn| arn.rsplit('/').next());
        target.is_some() && target == number
    });
    // Otherwise only one without a target can be ours: the list is newest first, so the last that is not older.
    let since = |deployment: &&ServiceDeployment| {
        deployment.target_revision_arn().is_none() && deployment.created_at.0 >= created_at - 1.0
    };
    let found = by_number.or_else(|| list.iter().rev().find(since));
    found.map(|deployment| deployment.service_deployment_arn.clone())
}
