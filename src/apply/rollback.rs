//! Rolls back a rollout: by ECS itself, which has the exact previous state, or else by an update.
//!
//! Rolls back only the watched deployment. If it was superseded or has succeeded in the meantime, nothing is changed.

use serde_json::{Map, Value};

use super::reporter::ApplyReporter;
use super::update::update_service;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{RolloutState, Service, ServiceDeploymentStatus, ServiceStatus, parse_view};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::service::tags::TagChanges;
use crate::plan::{Revision, RollbackPoint, ServicePlan, ServiceState};
use crate::retry::{Attempts, Policy};
use crate::watch::service_deployments::find_service_deployment_arn;
use crate::watch::snapshot::WatchedRollout;

/// The most calls to stop a service deployment.
const STOPPING: Policy = Policy { attempts: 4, ..Policy::CALL };

/// The result of an attempt to roll back a rollout.
#[derive(Debug)]
pub enum RollbackStart {
    /// It has begun; the rollout to watch from now on.
    Started(Box<WatchedRollout>),
    /// There is nothing to roll back, or nothing to roll back to, for this reason.
    Skipped(String),
    /// The rollout has succeeded in the meantime, and is kept.
    Completed,
    /// The plugin could not be started.
    Failed(Failure),
}

/// The result of stopping a service deployment.
enum StopOutcome {
    /// It rolls back.
    RollingBack(String),
    /// It has succeeded.
    Completed,
    /// It was superseded by another deployment.
    Superseded,
    /// It has ended without a rollback, such as by a circuit breaker without one.
    Ended,
    /// No service deployment is known.
    Unknown,
    /// It may not or cannot be stopped.
    Refused(ApiError),
    /// It is not known whether it was stopped, so nothing else may be tried.
    Unclear(ApiError),
}

/// Starts to roll back a watched deployment.
pub async fn start_rollback(
    followed: &WatchedRollout,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> RollbackStart {
    let ended = match stop_deployment(followed, aws).await {
        StopOutcome::RollingBack(arn) => {
            report.rolling_back(&followed.key, "StopServiceDeployment", None);
            let back = WatchedRollout { going_back: true, service_deployment: Some(arn), ..followed.clone() };
            return RollbackStart::Started(Box::new(back));
        }
        StopOutcome::Completed => return RollbackStart::Completed,
        StopOutcome::Superseded => {
            return RollbackStart::Skipped("it was superseded by another deployment".to_owned());
        }
        StopOutcome::Unclear(error) => return RollbackStart::Failed(stop_failure(followed, error)),
        StopOutcome::Ended => true,
        StopOutcome::Unknown => false,
        StopOutcome::Refused(error) => {
            let note = format!(
                "rolling back with an update, because the service deployment cannot be stopped: {error}"
            );
            report.note(&note);
            false
        }
    };
    match roll_back_by_update(followed, ended, aws, report).await {
        Ok(back) => back,
        Err(failure) => RollbackStart::Failed(failure),
    }
}

fn stop_failure(followed: &WatchedRollout, error: ApiError) -> Failure {
    let hint = error.hint();
    Failure::error(format!("failed to roll back the deployment of service `{}`", followed.name))
        .with_cause(error)
        .with_hint(hint)
}

/// Stops the service deployment, with retries if the call did not reach ECS.
async fn stop_deployment(followed: &WatchedRollout, aws: &Aws) -> StopOutcome {
    let mut attempts = Attempts::new(STOPPING);
    loop {
        match try_stop_deployment(followed, aws).await {
            StopOutcome::Unclear(error) if error.is_retryable() && attempts.wait().await => {}
            tried => return tried,
        }
    }
}

async fn try_stop_deployment(followed: &WatchedRollout, aws: &Aws) -> StopOutcome {
    let arn = match service_deployment(followed, aws).await {
        Ok(Some(arn)) => arn,
        Ok(None) => return StopOutcome::Unknown,
        Err(error) => return classify_stop_error(error),
    };
    let Err(error) = aws.stop_service_deployment(&arn).await else { return StopOutcome::RollingBack(arn) };
    use ServiceDeploymentStatus::{
        RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful, StopRequested, Successful,
    };
    // It may roll back already, on its own or because the response to our call was lost.
    let Ok(found) = aws.service_deployments(std::slice::from_ref(&arn)).await else {
        return classify_stop_error(error);
    };
    match found.first().map(|known| &known.status) {
        Some(RollbackRequested | RollbackInProgress | RollbackSuccessful) => StopOutcome::RollingBack(arn),
        Some(Successful) => StopOutcome::Completed,
        Some(StopRequested) => StopOutcome::Superseded,
        Some(ServiceDeploymentStatus::Stopped | RollbackFailed) => StopOutcome::Ended,
        _ => classify_stop_error(error),
    }
}

fn classify_stop_error(error: ApiError) -> StopOutcome {
    match error.kind {
        ApiErrorKind::Expired | ApiErrorKind::NoCredentials => StopOutcome::Unclear(error),
        _ if error.is_retryable() => StopOutcome::Unclear(error),
        _ => StopOutcome::Refused(error),
    }
}

async fn service_deployment(followed: &WatchedRollout, aws: &Aws) -> Result<Option<String>, ApiError> {
    if followed.service_deployment.is_some() {
        return Ok(followed.service_deployment.clone());
    }
    let Some(id) = &followed.deployment else { return Ok(None) };
    let since = followed.created_at - 5.0;
    let list = aws.service_deployments_since(&followed.cluster, &followed.name, since).await?;
    Ok(find_service_deployment_arn(id, followed.created_at, &list))
}

/// Rolls back with an update to the previous revision and attributes.
///
/// A deployment that has `ended` by itself is rolled back only while it is still the service's PRIMARY one.
async fn roll_back_by_update(
    followed: &WatchedRollout,
    ended: bool,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<RollbackStart, Failure> {
    let (service, state) = read_service(&followed.cluster, &followed.name, aws).await?;
    match rollback_point(followed, ended, &service) {
        Ok(way) => update_to_rollback_point(way, followed, state, aws, report).await,
        Err(back) => Ok(back),
    }
}

/// Returns a service as it is now.
async fn read_service(cluster: &str, name: &str, aws: &Aws) -> Result<(Service, ServiceState), Failure> {
    let failed = |error: ApiError| {
        let hint = error.hint();
        let attempted = format!("failed to roll back the deployment of service `{name}`");
        Failure::error(attempted).with_cause(error).with_hint(hint)
    };
    let mut found = aws.services(cluster, &[name.to_owned()]).await.map_err(failed)?;
    let document = found.remove(name).unwrap_or_default();
    let service: Service =
        parse_view(&document).map_err(|_| failed(ApiError::unreadable("ecs:DescribeServices")))?;
    let state = ServiceState::new(&service, &document);
    Ok((service, state))
}

/// Updates a service that was just read to a previous revision and attributes.
async fn update_to_rollback_point(
    way: &RollbackPoint,
    followed: &WatchedRollout,
    state: ServiceState,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<RollbackStart, Failure> {
    let members = own_members(&followed.key, &way.members, &followed.attributes_after, &state, report);
    report.rolling_back(&followed.key, "UpdateService", Some(way.revision_name()));
    let plan = ServicePlan {
        key: followed.key.clone(),
        name: followed.name.clone(),
        cluster: followed.cluster.clone(),
        before: followed.revision.clone(),
        after: Revision::Registered(way.revision.clone()),
        definition_changes: Vec::new(),
        service_changes: Vec::new(),
        reasons: Vec::new(),
        creation: None,
        express: None,
        tags: TagChanges::default(),
        members: update_members(members),
        observed: state,
        supersede: false,
        deployment_before: followed.deployment.clone(),
        attached: None,
        retag: Default::default(),
        way_back: None,
        timeout: Some(followed.policy.timeout),
        on_failure: None,
        on_timeout: None,
        patience: followed.policy.patience,
    };
    match update_service(&plan, &[], aws, report).await?.rollout {
        Some(back) => Ok(RollbackStart::Started(Box::new(back))),
        None => Ok(RollbackStart::Skipped("the update started no deployment".to_owned())),
    }
}

/// Starts to roll back a deployment of this run that has succeeded.
///
/// If it was superseded in the meantime, the service is left as it is.
pub async fn roll_back_succeeded(
    followed: &WatchedRollout,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> RollbackStart {
    let (service, state) = match read_service(&followed.cluster, &followed.name, aws).await {
        Ok(read) => read,
        Err(failure) => return RollbackStart::Failed(failure),
    };
    let way = match rollback_point_of_succeeded(followed, &service) {
        Ok(way) => way,
        Err(why) => return RollbackStart::Skipped(why),
    };
    match update_to_rollback_point(way, followed, state, aws, report).await {
        Ok(back) => back,
        Err(failure) => RollbackStart::Failed(failure),
    }
}

/// Restores the attributes of a service that an update of this run changed, and returns whether all of them were
/// restored: an attribute that was not set before cannot be unset.
///
/// # Errors
/// An API call failed.
pub async fn restore_attributes(
    plan: &ServicePlan,
    after: &ServiceState,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<bool, Failure> {
    let Some(way) = plan.way_back.as_ref().filter(|way| !way.members.is_empty()) else { return Ok(false) };
    let (_, observed) = read_service(&plan.cluster, &plan.name, aws).await?;
    let members = own_members(&plan.key, &way.members, &after.attributes, &observed, report);
    let mut changed = plan.members.keys().filter(|member| *member != "forceNewDeployment");
    let all = changed.all(|member| members.contains_key(member));
    if members.is_empty() {
        return Ok(false);
    }
    let (reasons, supersede) = (Vec::new(), false);
    let back = ServicePlan { members, reasons, observed, supersede, after: Revision::Same, ..plan.clone() };
    update_service(&back, &[], aws, report).await?;
    Ok(all)
}

/// Returns what a succeeded deployment is rolled back to.
///
/// # Errors
/// The reason for which it is kept.
fn rollback_point_of_succeeded<'a>(
    followed: &'a WatchedRollout,
    service: &Service,
) -> Result<&'a RollbackPoint, String> {
    let Some(primary) = service.primary_deployment().filter(|_| service.status == ServiceStatus::Active)
    else {
        return Err("the service was deleted".to_owned());
    };
    if followed.deployment.as_deref() != Some(primary.id.as_str()) {
        return Err(format!("{} is the service's PRIMARY deployment now", primary.id));
    }
    let Some(way) = &followed.way_back else {
        return Err("no previous deployment was completed: there is nothing to roll back to".to_owned());
    };
    if way.revision == followed.revision && way.members.is_empty() {
        Err(format!(
            "the previous deployment ran {} too: `ecsail rollback` restores its images",
            way.revision_name()
        ))
    } else {
        Ok(way)
    }
}

/// Returns the members that are still as the run left them. One that was changed since is kept, and a note says so.
fn own_members(
    key: &str,
    members: &Map<String, Value>,
    after: &Map<String, Value>,
    now: &ServiceState,
    report: &dyn ApplyReporter,
) -> Map<String, Value> {
    let mut own = members.clone();
    own.retain(|member, _| after.is_empty() || after.get(member) == now.attributes.get(member));
    for member in members.keys().filter(|member| !own.contains_key(*member)) {
        report.note(&format!("{key}: `{member}` was changed since and is not restored"));
    }
    own
}

/// Returns the members of the update. ECS accepts another capacity provider strategy only with a new deployment.
fn update_members(mut members: Map<String, Value>) -> Map<String, Value> {
    if members.contains_key("capacityProviderStrategy") {
        members.insert("forceNewDeployment".to_owned(), Value::Bool(true));
    }
    members
}

/// Returns what to roll back to with an update, or the result if there must be no update.
fn rollback_point<'a>(
    followed: &'a WatchedRollout,
    ended: bool,
    service: &Service,
) -> Result<&'a RollbackPoint, RollbackStart> {
    let left = |why: String| Err(RollbackStart::Skipped(why));
    let Some(primary) = service.primary_deployment().filter(|_| service.status == ServiceStatus::Active)
    else {
        return left("the service no longer exists".to_owned());
    };
    if followed.deployment.as_deref() != Some(primary.id.as_str()) {
        return left(format!("{} is the service's PRIMARY deployment now", primary.id));
    }
    match primary.rollout_state {
        Some(RolloutState::Completed) => return Err(RollbackStart::Completed),
        Some(RolloutState::Failed) => {}
        // The list may be outdated: another deployment may have ended it, which must not be overwritten.
        _ if ended => {
            return left("it has ended, and the deployment that superseded it is not known yet".to_owned());
        }
        _ => {}
    }
    let Some(way) = &followed.way_back else {
        return left("no previous deployment was completed: there is nothing to roll back to".to_owned());
    };
    if way.revision == followed.revision && way.members.is_empty() {
        let name = way.revision_name();
        return left(format!(
            "the previous deployment ran {name} too: only ECS itself can restore its images"
        ));
    }
    Ok(way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn followed(way: Option<&str>) -> WatchedRollout {
        let revision = "arn:aws:ecs:x:1:task-definition/web:2".to_owned();
        let way_back =
            way.map(|revision| RollbackPoint { revision: revision.to_owned(), ..RollbackPoint::default() });
        WatchedRollout {
            deployment: Some("ecs-svc/2".to_owned()),
            revision,
            way_back,
            ..WatchedRollout::default()
        }
    }

    fn answer(followed: &WatchedRollout, id: &str, state: &str) -> Result<String, String> {
        of(followed, false, id, state)
    }

    fn of(followed: &WatchedRollout, ended: bool, id: &str, state: &str) -> Result<String, String> {
        let deployments = json!([{"id": id, "status": "PRIMARY", "rolloutState": state}]);
        let service =
            parse_view(&json!({"status": "ACTIVE", "deployments": deployments})).expect("a service");
        rollback_point(followed, ended, &service)
            .map(|way| way.revision.clone())
            .map_err(|back| format!("{back:?}"))
    }

    #[test]
    fn only_the_watched_deployment_is_rolled_back() {
        let old = "arn:aws:ecs:x:1:task-definition/web:1";
        assert_eq!(answer(&followed(Some(old)), "ecs-svc/2", "IN_PROGRESS"), Ok(old.to_owned()));
        let other = answer(&followed(Some(old)), "ecs-svc/3", "IN_PROGRESS").expect_err("another's");
        assert!(other.contains("ecs-svc/3"), "{other}");
    }

    #[test]
    fn a_deployment_that_was_completed_meanwhile_stays() {
        let old = "arn:aws:ecs:x:1:task-definition/web:1";
        let stays = answer(&followed(Some(old)), "ecs-svc/2", "COMPLETED").expect_err("it is good");
        assert_eq!(stays, "Completed");
    }

    #[test]
    fn what_has_ended_is_gone_back_from_only_where_it_failed() {
        let old = "arn:aws:ecs:x:1:task-definition/web:1";
        assert_eq!(of(&followed(Some(old)), true, "ecs-svc/2", "FAILED"), Ok(old.to_owned()));
        assert!(of(&followed(Some(old)), true, "ecs-svc/2", "IN_PROGRESS").is_err(), "an older list");
    }

    #[test]
    fn an_update_goes_back_to_another_revision_only() {
        assert!(answer(&followed(None), "ecs-svc/2", "IN_PROGRESS").is_err(), "nothing to go back to");
        let same = followed(Some("arn:aws:ecs:x:1:task-definition/web:2"));
        assert!(answer(&same, "ecs-svc/2", "FAILED").is_err_and(|why| why.contains("images")));
    }
}
