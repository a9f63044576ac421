//! `ecsail wait`: attaches to the deployments under way, with the display and the exit codes of a deploy.

use anyhow::Result;
use clap::Args;

use super::rollouts::{Following, Interrupts, settle, tell_ends};
use super::services::{Chosen, Found, Named, Place};
use crate::aws::Aws;
use crate::aws::observe::failure;
use crate::aws::types::{Deployment, Service, ServiceDeployment};
use crate::context::Context;
use crate::error::Failure;
use crate::manifest::OnFailure;
use crate::plan::WayBack;
use crate::report::Outcome;
use crate::watch::snapshot::{Followed, Policy};

/// Watches the deployments under way to their end; changes nothing unless asked to
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail wait web
  ecsail wait web --cluster main --timeout 30m
  ecsail wait web --cluster main --deployment ecs-svc/1234567890123456789

Where nothing is under way, the last deployment counts: one that was rolled back is exit code 3.
Exit codes: as those of `deploy`.")]
pub struct Wait {
    #[command(flatten)]
    named: Named,
    /// The deployment to wait for, of one service; else its newest
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
    #[command(flatten)]
    following: Following,
}

/// Runs the verb.
///
/// # Errors
/// A service that is not there, or the API's.
pub async fn run(args: &Wait, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = chosen.all().await?;
    if args.deployment.is_some() && found.len() != 1 {
        let hint = "name one service: `ecsail wait NAME --deployment ID`".to_owned();
        return Err(Failure::usage("`--deployment` is for one service").hint(hint).into());
    }
    let mut followed = Vec::new();
    for service in &found {
        followed.push(attach(service, &chosen, args.deployment.as_deref()).await?);
    }
    let mut interrupts = Interrupts::listen()?;
    let settled = settle(followed, &args.following, &chosen.aws, context, &mut interrupts).await;
    Ok(tell_ends(&settled, context))
}

/// Returns the deployment of a service to follow: the one that was named, else its newest.
pub(super) async fn attach(found: &Found, chosen: &Chosen, named: Option<&str>) -> Result<Followed, Failure> {
    let (aws, Place { cluster, name, key }) = (&chosen.aws, &found.place);
    let seen = &found.service;
    if matches!(seen.deployment_controller.kind.as_str(), "CODE_DEPLOY" | "EXTERNAL") {
        let mover = seen.deployment_controller.kind.as_str();
        let message = format!("the deployments of service `{name}` are made by {mover}: follow them there");
        return Err(Failure::refused(message));
    }
    let list = match aws.service_deployments_since(cluster, name, 0.0).await {
        Ok(list) => list,
        // Without them the deployment list has to do; whether the last one was rolled back is then not known.
        Err(error) if error.may_pass() => return Err(failure(error)),
        Err(_) => Vec::new(),
    };
    let target = target(named, seen, &list).ok_or_else(|| {
        let message = match named {
            Some(id) => format!("service `{name}` has no deployment `{id}`"),
            None => format!("service `{name}` has no deployment"),
        };
        Failure::error(message)
    })?;
    let revision = match target.revision.as_str() {
        "" => revision_of_target(&target, &list, aws).await,
        known => known.to_owned(),
    };
    let own = chosen.manifest.services.iter().find(|service| &service.key == key);
    let timeout = own.and_then(|service| service.timeout).or(chosen.manifest.timeout);
    Ok(Followed {
        revision,
        key: key.clone(),
        name: name.clone(),
        cluster: cluster.clone(),
        way_back: WayBack::of(seen).filter(|way| Some(&way.deployment) != target.deployment.as_ref()),
        policy: Policy {
            timeout: timeout.unwrap_or(Policy::default().timeout),
            // To wait is to look on: nothing is taken back unless that is asked for.
            on_failure: Some(OnFailure::Leave),
            on_timeout: OnFailure::Leave,
        },
        ..target
    })
}

/// Returns the revision of a deployment that has left the service's list: its service revision names it.
async fn revision_of_target(target: &Followed, list: &[ServiceDeployment], aws: &Aws) -> String {
    let known = |known: &&ServiceDeployment| {
        Some(&known.service_deployment_arn) == target.service_deployment.as_ref()
    };
    let Some(arn) = list.iter().find(known).and_then(ServiceDeployment::target) else { return String::new() };
    let found = aws.service_revisions(&[arn.to_owned()]).await.unwrap_or_default();
    found.into_iter().next().map(|revision| revision.task_definition).unwrap_or_default()
}

/// Returns which deployment to follow.
///
/// The newest service deployment comes before the PRIMARY deployment: after a rollback PRIMARY is the old one, and
/// completed.
fn target(named: Option<&str>, service: &Service, list: &[ServiceDeployment]) -> Option<Followed> {
    let id_of = |known: &ServiceDeployment| {
        Some(format!("ecs-svc/{}", known.target()?.rsplit('/').next().unwrap_or_default()))
    };
    let newest = list.iter().find(|known| named.is_none_or(|id| id_of(known).as_deref() == Some(id)));
    let newest_id = newest.and_then(id_of);
    let known = |id: &str| service.deployments.iter().find(|deployment| deployment.id == id);
    let listed = match (named, &newest_id) {
        (Some(id), _) => known(id),
        (None, Some(id)) => known(id),
        (None, None) => service.primary(),
    };
    let id = named.map(str::to_owned).or(newest_id).or(listed.map(|listed| listed.id.clone()))?;
    if listed.is_none() && newest.is_none() {
        return None;
    }
    let created = newest.map(|known| known.created_at.0).or(listed.map(|listed| listed.created_at.0));
    let before = |deployment: &&Deployment| {
        deployment.id != id && deployment.created_at.0 < created.unwrap_or_default()
    };
    let before = service.deployments.iter().find(before);
    Some(Followed {
        deployment: Some(id.clone()),
        service_deployment: newest.map(|known| known.service_deployment_arn.clone()),
        created_at: listed.map_or(created.unwrap_or_default(), |listed| listed.created_at.0),
        revision: listed.map_or_else(String::new, |listed| listed.task_definition.clone()),
        previous: before.map_or_else(String::new, |before| before.task_definition.clone()),
        deployment_before: before.map(|before| before.id.clone()),
        ..Followed::default()
    })
}
