//! Owns the taking back of a rollout: first by ECS itself, which knows what exactly ran, else by an update.
//!
//! It only ever takes back the deployment that was followed: where another has taken its place, or where it has
//! succeeded in the meantime, nothing is done.

use crate::aws::error::Meaning;
use crate::aws::types::{Service, ServiceDeployment, view};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::{Revision, ServicePlan, WayBack};
use crate::report::{Event, Report};
use crate::watch::look::service_deployment_of;
use crate::watch::snapshot::Followed;

/// Says what came of the wish to take a rollout back.
#[derive(Debug)]
pub enum TakingBack {
    /// It has begun: what to watch from now on.
    Begun(Box<Followed>),
    /// There is nothing to take back, or nothing to go back to: why.
    Left(String),
    /// It could not be begun.
    Failed(Failure),
}

/// Begins to take a followed deployment back.
pub async fn take_back(followed: &Followed, aws: &Aws, report: &dyn Report) -> TakingBack {
    match stop(followed, aws).await {
        Ok(Some(arn)) => {
            report.tell(&Event::TakingBack { service: &followed.key, by: "StopServiceDeployment", to: None });
            let back = Followed { going_back: true, service_deployment: Some(arn), ..followed.clone() };
            return TakingBack::Begun(Box::new(back));
        }
        Ok(None) => {}
        Err(error) if error.meaning == Meaning::Expired => {
            return TakingBack::Failed(not_stopped(followed, error));
        }
        Err(error) => {
            let note =
                format!("going back by an update, since the service deployment cannot be stopped: {error}");
            report.tell(&Event::Note(&note));
        }
    }
    match update_back(followed, aws, report).await {
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

/// Asks ECS to go back; returns the ARN of the service deployment that does, or nothing where there is none to stop.
///
/// # Errors
/// The API's, where ECS has not begun to go back for another reason either.
async fn stop(followed: &Followed, aws: &Aws) -> Result<Option<String>, ApiError> {
    let Some(arn) = service_deployment(followed, aws).await? else { return Ok(None) };
    let Err(error) = aws.stop_service_deployment(&arn).await else { return Ok(Some(arn)) };
    // It may go back already, of its own accord or because the answer to our call was lost.
    let found = aws.service_deployments(std::slice::from_ref(&arn)).await?;
    let goes_back = |known: &ServiceDeployment| known.status.starts_with("ROLLBACK_");
    match found.first() {
        Some(known) if goes_back(known) => Ok(Some(arn)),
        // Ended without a rollback, such as by a circuit breaker that makes none: nothing is left to stop.
        Some(known) if matches!(known.status.as_str(), "STOPPED" | "SUCCESSFUL") => Ok(None),
        _ => Err(error),
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
async fn update_back(followed: &Followed, aws: &Aws, report: &dyn Report) -> Result<TakingBack, Failure> {
    let attempted = || format!("take back the deployment of service `{}`", followed.name);
    let failed = |error: ApiError| {
        let hint = error.hint();
        Failure::error(attempted()).because(error).hint(hint)
    };
    let mut found =
        aws.services(&followed.cluster, std::slice::from_ref(&followed.name)).await.map_err(failed)?;
    let document = found.remove(&followed.name).unwrap_or_default();
    let service: Service =
        view(&document).map_err(|_| failed(ApiError::unreadable("ecs:DescribeServices")))?;
    let way = match way_back(followed, &service) {
        Ok(way) => way,
        Err(why) => return Ok(TakingBack::Left(why)),
    };
    report.tell(&Event::TakingBack {
        service: &followed.key,
        by: "UpdateService",
        to: Some(way.revision_name()),
    });
    let plan = ServicePlan {
        key: followed.key.clone(),
        name: followed.name.clone(),
        cluster: followed.cluster.clone(),
        before: followed.revision.clone(),
        after: Revision::Registered(way.revision.clone()),
        definition_changes: Vec::new(),
        service_changes: Vec::new(),
        reasons: Vec::new(),
        members: way.members.clone(),
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

/// Returns what to go back to by an update, or why that is not to be done.
fn way_back<'a>(followed: &'a Followed, service: &Service) -> Result<&'a WayBack, String> {
    let Some(primary) = service.primary().filter(|_| service.status == "ACTIVE") else {
        return Err("the service is no longer there".to_owned());
    };
    if followed.deployment.as_deref() != Some(primary.id.as_str()) {
        return Err(format!("another deployment has taken its place: {}", primary.id));
    }
    if primary.rollout_state.as_deref() == Some("COMPLETED") {
        return Err("it was completed in the meantime".to_owned());
    }
    let Some(way) = &followed.way_back else {
        return Err("no deployment before it was completed: there is nothing to go back to".to_owned());
    };
    if way.revision == followed.revision {
        let name = way.revision_name();
        return Err(format!(
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
        let deployments = json!([{"id": id, "status": "PRIMARY", "rolloutState": state}]);
        let service = view(&json!({"status": "ACTIVE", "deployments": deployments})).expect("a service");
        way_back(followed, &service).map(|way| way.revision.clone())
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
        assert!(stays.contains("completed"), "{stays}");
    }

    #[test]
    fn an_update_goes_back_to_another_revision_only() {
        assert!(answer(&followed(None), "ecs-svc/2", "IN_PROGRESS").is_err(), "nothing to go back to");
        let same = followed(Some("arn:aws:ecs:x:1:task-definition/web:2"));
        assert!(answer(&same, "ecs-svc/2", "FAILED").is_err_and(|why| why.contains("images")));
    }
}
