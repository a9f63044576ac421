//! Reads the service deployments of a watch: their details or, where those cannot be read, what their list shows.
//!
//! Never keeps a poll from reading the services: each call is sent once, and has a time limit.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::poll::{is_lasting, late};
use super::{RolloutWatch, WatchItem};
use crate::aws::ApiError;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::ServiceDeployment;

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
    /// The poll in which the list was last read.
    listed_at: u32,
}

impl DeploymentReads {
    fn are_details_due(&self, polls: u32) -> bool {
        !self.are_details_denied && polls >= self.details_from
    }
}

/// What was read of the service deployments.
#[derive(Default)]
pub(super) struct FoundServiceDeployments {
    pub(super) deployments: Vec<ServiceDeployment>,
    /// The items whose service deployment could not be read in this poll, for a reason that may pass.
    pub(super) unread: BTreeSet<usize>,
}

impl RolloutWatch<'_> {
    /// Reads the service deployments; reports once what is not permitted or too slow, and continues without it.
    pub(super) async fn read_service_deployments(&mut self, limit: Duration) -> FoundServiceDeployments {
        let limit = limit.min(CALL_TIMEOUT);
        let mut found = FoundServiceDeployments::default();
        self.search(limit, &mut found).await;
        let known = |deployment: &ServiceDeployment, arn: &str| deployment.service_deployment_arn == arn;
        let is_read = |arn: &str| found.deployments.iter().any(|deployment| known(deployment, arn));
        let open = self.items.iter().enumerate().filter_map(|(index, item)| {
            let arn = item.rollout.service_deployment.clone()?;
            let wanted = item.outcome.is_none() && !item.sources.deployments.is_unreadable;
            (wanted && !is_read(&arn)).then_some((index, arn))
        });
        let (by_details, by_list): (Vec<_>, Vec<_>) = open.partition(|(index, _)| {
            let item = &self.items[*index];
            item.sources.deployments.are_details_due(item.polls)
        });
        let failed = self.read_details(by_details, limit, &mut found).await;
        let listed = by_list.into_iter().map(|(index, _)| index).chain(failed).collect();
        self.read_lists(listed, limit, &mut found).await;
        found
    }

    /// Searches for the service deployments that are not known yet. Their list shows their status as well.
    async fn search(&mut self, limit: Duration, found: &mut FoundServiceDeployments) {
        let unknown = |(index, item): (usize, &WatchItem)| item.should_search().then_some(index);
        let unknown: Vec<usize> = self.items.iter().enumerate().filter_map(unknown).collect();
        let lists = join_all(unknown.iter().map(|index| self.list(*index, limit))).await;
        for (index, list) in unknown.into_iter().zip(lists) {
            let list = match list {
                Ok(list) => list,
                Err(error) => {
                    self.continue_without(index, &error, found);
                    continue;
                }
            };
            let rollout = &mut self.items[index].rollout;
            let id = rollout.deployment.as_deref().unwrap_or_default();
            rollout.service_deployment = find_service_deployment_arn(id, rollout.created_at, &list);
            found.deployments.extend(with_arn(list, rollout.service_deployment.as_deref()));
        }
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

    /// Reads what the lists show of service deployments whose details could not be read.
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
                    let listed = with_arn(list, item.rollout.service_deployment.as_deref());
                    if listed.is_none() {
                        found.unread.insert(index);
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
    /// Returns whether to search for its service deployment: in each of the first polls, then from time to time.
    fn should_search(&self) -> bool {
        let unknown = self.rollout.service_deployment.is_none() && self.rollout.deployment.is_some();
        let due = self.polls < POLLS_BETWEEN_SEARCHES || self.polls.is_multiple_of(POLLS_BETWEEN_SEARCHES);
        unknown && due && self.outcome.is_none() && !self.sources.deployments.is_unreadable
    }
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
