//! Rolls back a rollout: by ECS itself, which has the exact previous state, or else by an update.
//!
//! Rolls back only the watched deployment. If it was superseded or has succeeded in the meantime, nothing is changed.

use serde_json::{Map, Value};

use super::reporter::ApplyReporter;
use crate::aws::error::Meaning;
use crate::aws::types::{RolloutState, Service, ServiceDeploymentStatus, ServiceStatus, view};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::{Revision, ServicePlan, WayBack};
use crate::report::Report;
use crate::retry::{Attempts, Policy};
use crate::watch::look::service_deployment_of;
use crate::watch::snapshot::Followed;

/// The most calls to stop a service deployment.
const STOPPING: Policy = Policy { attempts: 4, ..Policy::CALL };

/// The result of an attempt to roll back a rollout.
#[derive(Debug)]
pub enum TakingBack {
    /// It has begun; the rollout to watch from now on.
    Begun(Box<Followed>),
    /// There is nothing to roll back, or nothing to roll back to, for this reason.
    Left(String),
    /// The rollout has succeeded in the meantime, and is kept.
    Completed,
    /// The plugin could not be started.
    Failed(Failure),
}

/// The result of stopping a service deployment.
enum Stopped {
    /// It rolls back.
    GoesBack(String),
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
pub async fn take_back(followed: &Followed, aws: &Aws, report: &dyn ApplyReporter) -> TakingBack {
    let ended = match stop(followed, aws).await {
        Stopped::GoesBack(arn) => {
            report.rolling_back(&followed.key, "StopServiceDeployment", None);
            let back = Followed { going_back: true, service_deployment: Some(arn), ..followed.clone() };
            return TakingBack::Begun(Box::new(back));
        }
        Stopped::Completed => return TakingBack::Completed,
        Stopped::Superseded => return TakingBack::Left("it was superseded by another deployment".to_owned()),
        Stopped::Unclear(error) => return TakingBack::Failed(not_stopped(followed, error)),
        Stopped::Ended => true,
        Stopped::Unknown => false,
        Stopped::Refused(error) => {
            let note = format!(
                "rolling back with an update, because the service deployment cannot be stopped: {error}"
            );
            report.note(&note);
            false
        }
    };
    match update_back(followed, ended, aws, report).await {
        Ok(back) => back,
        Err(failure) => TakingBack::Failed(failure),
    }
}

fn not_stopped(followed: &Followed, error: ApiError) -> Failure {
    let hint = error.hint();
    Failure::error(format!("failed to roll back the deployment of service `{}`", followed.name))
        .because(error)
        .hint(hint)
}

/// Stops the service deployment, with retries if the call did not reach ECS.
async fn stop(followed: &Followed, aws: &Aws) -> Stopped {
    let mut attempts = Attempts::new(STOPPING);
    loop {
        match try_stop(followed, aws).await {
            Stopped::Unclear(error) if error.may_pass() && attempts.wait().await => {}
            tried => return tried,
        }
    }
}

async fn try_stop(followed: &Followed, aws: &Aws) -> Stopped {
    let arn = match service_deployment(followed, aws).await {
        Ok(Some(arn)) => arn,
        Ok(None) => return Stopped::Unknown,
        Err(error) => return refused_or_unclear(error),
    };
    let Err(error) = aws.stop_service_deployment(&arn).await else { return Stopped::GoesBack(arn) };
    use ServiceDeploymentStatus::{
        RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful, StopRequested, Successful,
    };
    // It may roll back already, on its own or because the response to our call was lost.
    let found = match aws.service_deployments(std::slice::from_ref(&arn)).await {
        Ok(found) => found,
        Err(_) => return refused_or_unclear(error),
    };
    match found.first().map(|known| &known.status) {
        Some(RollbackRequested | RollbackInProgress | RollbackSuccessful) => Stopped::GoesBack(arn),
        Some(Successful) => Stopped::Completed,
        Some(StopRequested) => Stopped::Superseded,
        Some(ServiceDeploymentStatus::Stopped | RollbackFailed) => Stopped::Ended,
        _ => refused_or_unclear(error),
    }
}

fn refused_or_unclear(error: ApiError) -> Stopped {
    match error.meaning {
        Meaning::Expired | Meaning::NoCredentials => Stopped::Unclear(error),
        _ if error.may_pass() => Stopped::Unclear(error),
        _ => Stopped::Refused(error),
    }
}

async fn service_deployment(followed: &Followed, aws: &Aws) -> Result<Option<String>, ApiError> {
    if followed.service_deployment.is_some() {
        return Ok(followed.service_deployment.clone());
    }
    let Some(id) = &followed.deployment else { return Ok(None) };
    let since = followed.created_at - 5.0;
    let list = aws.service_deployments_since(&followed.cluster, &followed.name, since).await?;
    Ok(service_deployment_of(id, followed.created_at, &list))
}

/// Rolls back with an update to the previous revision and attributes.
///
/// A deployment that has `ended` by itself is rolled back only while it is still the service's PRIMARY one.
async fn update_back(
    followed: &Followed,
    ended: bool,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<TakingBack, Failure> {
    let service = look(followed, aws).await?;
    match way_back(followed, ended, &service) {
        Ok(way) => update_to(way, followed, aws, report).await,
        Err(back) => Ok(back),
    }
}

/// Returns the service as it is now.
async fn look(followed: &Followed, aws: &Aws) -> Result<Service, Failure> {
    let failed = |error: ApiError| {
        let hint = error.hint();
        let attempted = format!("failed to roll back the deployment of service `{}`", followed.name);
        Failure::error(attempted).because(error).hint(hint)
    };
    let mut found =
        aws.services(&followed.cluster, std::slice::from_ref(&followed.name)).await.map_err(failed)?;
    let document = found.remove(&followed.name).unwrap_or_default();
    view(&document).map_err(|_| failed(ApiError::unreadable("ecs:DescribeServices")))
}

/// Updates a service to a previous revision and attributes.
async fn update_to(
    way: &WayBack,
    followed: &Followed,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<TakingBack, Failure> {
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
        members: members(way),
        deployment_before: followed.deployment.clone(),
        retag: Default::default(),
        way_back: None,
        timeout: Some(followed.policy.timeout),
        on_failure: None,
        on_timeout: None,
    };
    match super::update(&plan, &[], aws, report).await? {
        Some(back) => Ok(TakingBack::Begun(Box::new(back))),
        None => Ok(TakingBack::Left("the update started no deployment".to_owned())),
    }
}

/// Starts to roll back a deployment of this run that has succeeded.
///
/// If it was superseded in the meantime, the service is left as it is.
pub async fn undo(followed: &Followed, aws: &Aws, report: &dyn ApplyReporter) -> TakingBack {
    let service = match look(followed, aws).await {
        Ok(service) => service,
        Err(failure) => return TakingBack::Failed(failure),
    };
    let way = match way_of_undoing(followed, &service) {
        Ok(way) => way,
        Err(why) => return TakingBack::Left(why),
    };
    match update_to(way, followed, aws, report).await {
        Ok(back) => back,
        Err(failure) => TakingBack::Failed(failure),
    }
}

/// Restores the attributes of a service that an update of this run changed, and returns whether all of them were
/// restored: an attribute that was not set before cannot be unset.
///
/// # Errors
/// The API call failed.
pub async fn undo_attributes(
    plan: &ServicePlan,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<bool, Failure> {
    let Some(way) = plan.way_back.as_ref().filter(|way| !way.members.is_empty()) else { return Ok(false) };
    let (members, reasons) = (way.members.clone(), Vec::new());
    let back = ServicePlan { members, reasons, after: Revision::Same, ..plan.clone() };
    super::update(&back, &[], aws, report).await?;
    let changed = plan.members.keys().filter(|member| *member != "forceNewDeployment");
    Ok(changed.into_iter().all(|member| way.members.contains_key(member)))
}

/// Returns what a succeeded deployment is rolled back to.
///
/// # Errors
/// The reason for which it is kept.
fn way_of_undoing<'a>(followed: &'a Followed, service: &Service) -> Result<&'a WayBack, String> {
    let Some(primary) = service.primary().filter(|_| service.status == ServiceStatus::Active) else {
        return Err("the service no longer exists".to_owned());
    };
    if followed.deployment.as_deref() != Some(primary.id.as_str()) {
        return Err(format!("{} is the service's PRIMARY deployment now", primary.id));
    }
    let Some(way) = &followed.way_back else {
        return Err("no previous deployment was completed: there is nothing to roll back to".to_owned());
    };
    match way.revision == followed.revision && way.members.is_empty() {
        true => Err(format!(
            "the previous deployment ran {} too: `ecsail rollback` restores its images",
            way.revision_name()
        )),
        false => Ok(way),
    }
}

/// Returns the members of the update. ECS accepts another capacity provider strategy only with a new deployment.
fn members(way: &WayBack) -> Map<String, Value> {
    let mut members = way.members.clone();
    if members.contains_key("capacityProviderStrategy") {
        members.insert("forceNewDeployment".to_owned(), Value::Bool(true));
    }
    members
}

/// Returns what to roll back to with an update, or the result if there must be no update.
fn way_back<'a>(followed: &'a Followed, ended: bool, service: &Service) -> Result<&'a WayBack, TakingBack> {
    let left = |why: String| Err(TakingBack::Left(why));
    let Some(primary) = service.primary().filter(|_| service.status == ServiceStatus::Active) else {
        return left("the service no longer exists".to_owned());
    };
    if followed.deployment.as_deref() != Some(primary.id.as_str()) {
        return left(format!("{} is the service's PRIMARY deployment now", primary.id));
    }
    match primary.rollout_state {
        Some(RolloutState::Completed) => return Err(TakingBack::Completed),
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

    fn followed(way: Option<&str>) -> Followed {
        let revision = "arn:aws:ecs:x:1:task-definition/web:2".to_owned();
        let way_back = way.map(|revision| WayBack { revision: revision.to_owned(), ..WayBack::default() });
        Followed { deployment: Some("ecs-svc/2".to_owned()), revision, way_back, ..Followed::default() }
    }

    fn answer(followed: &Followed, id: &str, state: &str) -> Result<String, String> {
        of(followed, false, id, state)
    }

    fn of(followed: &Followed, ended: bool, id: &str, state: &str) -> Result<String, String> {
        let deployments = json!([{"id": id, "status": "PRIMARY", "rolloutState": state}]);
        let service = view(&json!({"status": "ACTIVE", "deployments": deployments})).expect("a service");
        way_back(followed, ended, &service)
            .map(|way| way.revision.clone())
            .map_err(|back| format!("{back:?}"))
    }

    #[test]
    fn only_the_followed_deployment_is_taken_back() {
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
