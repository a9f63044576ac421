//! `ecsail wait`: watches the deployments in progress, with the display and the exit codes of a deploy.

use clap::Args;

use super::following::Following;
use super::interrupts::Interrupts;
use super::rollouts::{settle, tell_ends};
use super::services::{Chosen, Found, Named, Place};
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::{ControllerType, Service, ServiceDeployment};
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::manifest::OnFailure;
use crate::plan::WayBack;
use crate::report::{Event, Outcome};
use crate::watch::snapshot::{Followed, Policy};
use crate::watch::{Aftermath, Ending, Settled};
use newest::{Newest, named, newest};

mod newest;

/// The number of a service's newest deployments among which the one to watch is searched.
const WAITED_FOR: usize = 100;

/// Watch the deployments in progress to their end, without changing anything by default
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail wait web
  ecsail wait web --cluster main --timeout 30m
  ecsail wait web --cluster main --deployment ecs-svc/1234567890123456789

If no deployment is in progress, the last one decides the exit code: 3 if it was rolled back.
Exit codes: as of `deploy`.")]
pub struct Wait {
    #[command(flatten)]
    named: Named,
    /// Deployment to watch, of one service [default: the newest]
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
    #[command(flatten)]
    following: Following,
}

/// Runs the verb.
///
/// # Errors
/// A service does not exist, or an API call failed.
pub async fn run(args: &Wait, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = chosen.all().await?;
    if args.deployment.is_some() && found.len() != 1 {
        let hint = "name one service: `ecsail wait NAME --deployment ID`".to_owned();
        return Err(Failure::usage("`--deployment` is for one service").hint(hint));
    }
    if let (true, Some(cluster)) = (found.is_empty(), &chosen.manifest.cluster) {
        let note = format!("no services in cluster `{cluster}` to wait for");
        context.report.tell(&Event::Note(&note));
    }
    let mut followed = Vec::new();
    for service in &found {
        let (found, note) = attach_noted(service, &chosen, args.deployment.as_deref()).await?;
        note.iter().for_each(|note| context.report.tell(&Event::Note(note)));
        followed.push(found);
    }
    let mut interrupts = Interrupts::listen()?;
    let mut settled = settle(followed, &args.following, &chosen.aws, context, &mut interrupts).await;
    if args.following.on_failure.is_none() {
        settled.iter_mut().for_each(only_watched);
    }
    Ok(tell_ends(&settled, context))
}

/// Sets the reason why a failed rollout was not rolled back: this verb rolls back only with `--on-failure`.
fn only_watched(settled: &mut Settled) {
    let asked = matches!(settled.ending, Ending::Settled(_));
    if let Some(Aftermath::Left { why }) = settled.aftermath.as_mut().filter(|_| asked) {
        "`ecsail wait` only watches; roll back failures with `--on-failure rollback`".clone_into(why);
    }
}

/// Returns the newest deployment of a service, to watch it.
pub(super) async fn attach(found: &Found, chosen: &Chosen) -> Result<Followed, Failure> {
    attach_noted(found, chosen, None).await.map(|(followed, _)| followed)
}

/// Returns the named or the newest deployment of a service, and a note on what is unknown of it.
async fn attach_noted(
    found: &Found,
    chosen: &Chosen,
    id: Option<&str>,
) -> Result<(Followed, Option<String>), Failure> {
    let (aws, Place { cluster, name, key }) = (&chosen.aws, &found.place);
    let seen = &found.service;
    let mover = &seen.deployment_controller.kind;
    if matches!(mover, ControllerType::CodeDeploy | ControllerType::External) {
        let message =
            format!("the deployments of service `{name}` are made by {mover}, which ecsail cannot watch");
        return Err(Failure::refused(message));
    }
    let list = match aws.newest_service_deployments(cluster, name, WAITED_FOR).await {
        Ok(list) => list,
        // Without service deployments, the `deployments` of the service and its events are used.
        Err(error) if error.may_pass() => return Err(failure(error)),
        Err(_) => Vec::new(),
    };
    let (target, note) = target(id, name, seen, &list)?;
    let revision = match target.revision.as_str() {
        "" => revision_of_target(&target, &list, aws).await,
        known => known.to_owned(),
    };
    let own = chosen.manifest.services.iter().find(|service| &service.key == key);
    let timeout = own.and_then(|service| service.timeout).or(chosen.manifest.timeout);
    let followed = Followed {
        revision,
        key: key.clone(),
        name: name.clone(),
        cluster: cluster.clone(),
        way_back: WayBack::of(seen).filter(|way| Some(&way.deployment) != target.deployment.as_ref()),
        policy: Policy {
            timeout: timeout.unwrap_or(Policy::default().timeout),
            // `wait` rolls nothing back unless an argument asks for it.
            on_failure: Some(OnFailure::Leave),
            on_timeout: OnFailure::Leave,
        },
        ..target
    };
    Ok((followed, note))
}

/// Returns the deployment to watch, and a note on what is unknown of it.
///
/// # Errors
/// The service has no such deployment, or ECS no longer shows which one was the newest.
fn target(
    id: Option<&str>,
    name: &str,
    service: &Service,
    list: &[ServiceDeployment],
) -> Result<(Followed, Option<String>), Failure> {
    if let Some(id) = id {
        let none = || Failure::error(format!("no deployment `{id}` in service `{name}`"));
        return named(id, service, list).map(|found| (found, None)).ok_or_else(none);
    }
    match newest(service, list) {
        Some(Newest::Known(found)) => Ok((found, None)),
        Some(Newest::Perhaps(found)) => {
            let unknown = "it is unknown whether the last deployment was rolled back; allow";
            let note = format!("`{name}`: {unknown} `ecs:ListServiceDeployments`");
            Ok((found, list.is_empty().then_some(note)))
        }
        Some(Newest::RolledBackTo(revision)) => {
            let message = format!(
                "the last deployment of service `{name}` was rolled back to {revision}; ECS no longer shows which one it was"
            );
            Err(Failure::error(message))
        }
        None => Err(Failure::error(format!("service `{name}` has no deployment"))),
    }
}

/// Returns the revision of a deployment that is no longer among the service's `deployments`, from its service revision.
async fn revision_of_target(target: &Followed, list: &[ServiceDeployment], aws: &Aws) -> String {
    let known = |known: &&ServiceDeployment| {
        Some(&known.service_deployment_arn) == target.service_deployment.as_ref()
    };
    let Some(arn) = list.iter().find(known).and_then(ServiceDeployment::target) else { return String::new() };
    let found = aws.service_revisions(&[arn.to_owned()]).await.unwrap_or_default();
    found.into_iter().next().map(|revision| revision.task_definition).unwrap_or_default()
}
