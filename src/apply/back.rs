//! Owns the taking back of a rollout: first by ECS itself, which knows what exactly ran, else by an update.
//!
//! It only ever takes back the deployment that was followed: where another has taken its place, or where it has
//! succeeded in the meantime, nothing is done.

use serde_json::{Map, Value};

use super::reporter::ApplyReporter;
use crate::aws::error::Meaning;
use crate::aws::types::{Service, view};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::{Revision, ServicePlan, WayBack};
use crate::watch::look::service_deployment_of;
use crate::watch::snapshot::Followed;

/// How often ECS is asked at the most.
const ATTEMPTS: u32 = 4;

/// Says what came of the wish to take a rollout back.
#[derive(Debug)]
pub enum TakingBack {
    /// It has begun: what to watch from now on.
    Begun(Box<Followed>),
    /// There is nothing to take back, or nothing to go back to: why.
    Left(String),
    /// It has succeeded in the meantime, and stays.
    Completed,
    /// It could not be begun.
    Failed(Failure),
}

/// Says what came of asking ECS to stop a service deployment.
enum Stopped {
    /// It goes back.
    GoesBack(String),
    /// It has succeeded.
    Completed,
    /// Another deployment takes its place.
    Superseded,
    /// It has ended without a rollback, such as by a circuit breaker that makes none.
    Ended,
    /// There is none that is known.
    Unknown,
    /// It may not or cannot be stopped: why.
    Refused(ApiError),
    /// Whether it was stopped is not known: nothing else may be tried.
    Unclear(ApiError),
}

/// Begins to take a followed deployment back.
pub async fn take_back(followed: &Followed, aws: &Aws, report: &dyn ApplyReporter) -> TakingBack {
    let ended = match stop(followed, aws).await {
        Stopped::GoesBack(arn) => {
            report.rolling_back(&followed.key, "StopServiceDeployment", None);
            let back = Followed { going_back: true, service_deployment: Some(arn), ..followed.clone() };
            return TakingBack::Begun(Box::new(back));
        }
        Stopped::Completed => return TakingBack::Completed,
        Stopped::Superseded => return TakingBack::Left("another deployment takes its place".to_owned()),
        Stopped::Unclear(error) => return TakingBack::Failed(not_stopped(followed, error)),
        Stopped::Ended => true,
        Stopped::Unknown => false,
        Stopped::Refused(error) => {
            let note =
                format!("going back by an update, since the service deployment cannot be stopped: {error}");
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
    Failure::error(format!("take back the deployment of service `{}`", followed.name))
        .because(error)
        .hint(hint)
}

/// Asks ECS to go back, again where that did not reach it.
async fn stop(followed: &Followed, aws: &Aws) -> Stopped {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let tried = try_stop(followed, aws).await;
        match tried {
            Stopped::Unclear(error) if error.may_pass() && attempt < ATTEMPTS => {
                tokio::time::sleep(super::pause(attempt)).await;
            }
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
    // It may go back already, of its own accord or because the answer to our call was lost.
    let found = match aws.service_deployments(std::slice::from_ref(&arn)).await {
        Ok(found) => found,
        Err(_) => return refused_or_unclear(error),
    };
    match found.first().map(|known| known.status.as_str()) {
        Some("ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "ROLLBACK_SUCCESSFUL") => Stopped::GoesBack(arn),
        Some("SUCCESSFUL") => Stopped::Completed,
        Some("STOP_REQUESTED") => Stopped::Superseded,
        Some("STOPPED" | "ROLLBACK_FAILED") => Stopped::Ended,
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

/// Goes back by an update to the revision, and the attributes, that ran before.
///
/// A deployment that has `ended` by itself is gone back from only while it is what the service is left with.
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
        let attempted = format!("take back the deployment of service `{}`", followed.name);
        Failure::error(attempted).because(error).hint(hint)
    };
    let mut found =
        aws.services(&followed.cluster, std::slice::from_ref(&followed.name)).await.map_err(failed)?;
    let document = found.remove(&followed.name).unwrap_or_default();
    view(&document).map_err(|_| failed(ApiError::unreadable("ecs:DescribeServices")))
}

/// Updates a service to what ran before.
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
        None => Ok(TakingBack::Left("the update back started no deployment".to_owned())),
    }
}

/// Begins to bring a service back to what ran before a deployment of this run that has succeeded.
///
/// Where another deployment has taken its place by now, it stays.
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

/// Sets the attributes of a service back that an update of this run has changed, and returns whether all are as before:
/// what a service did not have cannot be unset.
///
/// # Errors
/// The API's.
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

/// Returns what a deployment that has succeeded is brought back to.
///
/// # Errors
/// Why it stays.
fn way_of_undoing<'a>(followed: &'a Followed, service: &Service) -> Result<&'a WayBack, String> {
    let Some(primary) = service.primary().filter(|_| service.status == "ACTIVE") else {
        return Err("the service is no longer there".to_owned());
    };
    if followed.deployment.as_deref() != Some(primary.id.as_str()) {
        return Err(format!("{} is the service's PRIMARY deployment by now", primary.id));
    }
    let Some(way) = &followed.way_back else {
        return Err("no deployment before it was completed: there is nothing to go back to".to_owned());
    };
    match way.revision == followed.revision && way.members.is_empty() {
        true => Err(format!(
            "the deployment before ran {} too: `ecsail rollback` goes back to its images",
            way.revision_name()
        )),
        false => Ok(way),
    }
}

/// Returns the members of the update; ECS takes another capacity provider strategy only with a new deployment.
fn members(way: &WayBack) -> Map<String, Value> {
    let mut members = way.members.clone();
    if members.contains_key("capacityProviderStrategy") {
        members.insert("forceNewDeployment".to_owned(), Value::Bool(true));
    }
    members
}

/// Returns what to go back to by an update, or what comes of the wish where that is not to be done.
fn way_back<'a>(followed: &'a Followed, ended: bool, service: &Service) -> Result<&'a WayBack, TakingBack> {
    let left = |why: String| Err(TakingBack::Left(why));
    let Some(primary) = service.primary().filter(|_| service.status == "ACTIVE") else {
        return left("the service is no longer there".to_owned());
    };
    if followed.deployment.as_deref() != Some(primary.id.as_str()) {
        return left(format!("{} is the service's PRIMARY deployment by now", primary.id));
    }
    match primary.rollout_state.as_deref() {
        Some("COMPLETED") => return Err(TakingBack::Completed),
        Some("FAILED") => {}
        // The list may be older than what ended it: another deployment, then, that must not be overwritten.
        _ if ended => return left("it has ended, and what took its place is not known yet".to_owned()),
        _ => {}
    }
    let Some(way) = &followed.way_back else {
        return left("no deployment before it was completed: there is nothing to go back to".to_owned());
    };
    if way.revision == followed.revision && way.members.is_empty() {
        let name = way.revision_name();
        return left(format!(
            "the deployment before ran {name} too: only ECS itself can go back to the images that it had"
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
