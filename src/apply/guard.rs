//! Reads services right before they are updated, and refuses the update of one that has changed since its plan was made:
//! ECS takes every update, and would replace another deployment without a word. Never changes anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::error::cluster_failure;
use crate::aws::types::revision_name;
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::plan::ServicePlan;
use crate::plan::lost_update::StartedDeployment;
use crate::plan::record::{PERFORMER_KEY, RELEASE_KEY};
use crate::plan::service_state::StateChange;

/// The operation whose rate decides how many services are read at once.
const UPDATE: &str = "UpdateService";

/// Fails if a service has changed since its plan was made.
///
/// # Errors
/// One for each service that has changed, or could not be read.
pub async fn ensure_unchanged(plans: &[&ServicePlan], aws: &Aws) -> Result<()> {
    let failures: Vec<Failure> = refusals(plans, aws).await.into_iter().flatten().collect();
    if failures.is_empty() { Ok(()) } else { Err(Failure::combined(failures)) }
}

/// Returns how many of the first services can be updated without waiting for their turn, at least one. Waits for the turn
/// of the first.
pub(super) async fn next_batch(services: usize, aws: &Aws) -> usize {
    let wait = aws.expected_wait(UPDATE, 1);
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    (1..=services).rev().find(|number| aws.expected_wait(UPDATE, *number).is_zero()).unwrap_or(1)
}

/// Reads the services of plans, and returns for each plan why its service must not be updated.
///
/// A service whose changes are to be superseded is not read, nor one that is created: ECS refuses to create it twice.
pub(super) async fn refusals(plans: &[&ServicePlan], aws: &Aws) -> Vec<Option<Failure>> {
    let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for plan in plans.iter().filter(|plan| is_read(plan)) {
        clusters.entry(&plan.cluster).or_default().push(plan.name.clone());
    }
    let reading =
        clusters.iter().map(async |(cluster, names)| (*cluster, aws.services(cluster, names).await));
    let found: BTreeMap<_, _> = futures_util::future::join_all(reading).await.into_iter().collect();
    let judging = plans.iter().map(async |plan| refusal(plan, found.get(plan.cluster.as_str()), aws).await);
    futures_util::future::join_all(judging).await
}

fn is_read(plan: &ServicePlan) -> bool {
    !plan.supersede && plan.creation.is_none()
}

/// Returns why a service must not be updated, from what `DescribeServices` answered.
async fn refusal(
    plan: &ServicePlan,
    found: Option<&Result<BTreeMap<String, Value>, ApiError>>,
    aws: &Aws,
) -> Option<Failure> {
    match found? {
        _ if !is_read(plan) => None,
        Err(error) => Some(cluster_failure(&plan.cluster, error.clone())),
        Ok(found) => match plan.observed.change(found.get(&plan.name)) {
            Some(change) => Some(changed_failure(plan, &change, aws).await),
            None => None,
        },
    }
}

/// Returns the failure that a service has changed since its plan was made.
pub(super) async fn changed_failure(plan: &ServicePlan, change: &StateChange, aws: &Aws) -> Failure {
    let by = match change.revision() {
        Some(revision) => origin(revision, aws).await,
        None => String::new(),
    };
    let message = format!("service `{}` has changed since the plan: {}{by}", plan.name, change.in_words());
    let again = "run the command again, or replace it with `--supersede`; the service was not changed";
    Failure::refused(message).with_hint(again.to_owned())
}

/// Returns who registered a revision and for which release, in parentheses; empty where that cannot be read.
pub(super) async fn origin(revision: &str, aws: &Aws) -> String {
    // Only for the message: without the permission it is left out.
    let Ok(Some(definition)) = aws.task_definition(revision).await else { return String::new() };
    let registered_by = definition.document["registeredBy"].as_str().filter(|by| !by.is_empty());
    let by = definition.tag(PERFORMER_KEY).or(registered_by).map(|by| format!("registered by {by}"));
    let release = definition.tag(RELEASE_KEY).map(|release| format!("release {release}"));
    let known: Vec<String> = by.into_iter().chain(release).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

/// Returns the note that an update has replaced deployments that began after its plan was made; `None` if there are
/// none. Two updates at the same instant pass each other's check.
pub(super) fn replaced_note(key: &str, unseen: &[StartedDeployment]) -> Option<String> {
    let described: Vec<String> = unseen
        .iter()
        .map(|known| format!("`{}` of `{}`", known.id, revision_name(&known.revision)))
        .collect();
    (!described.is_empty()).then(|| {
        format!("{key}: the update replaced deployment {}, which began after the plan", described.join(", "))
    })
}
