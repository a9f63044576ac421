//! `ecsail status`: what a service runs, and whether a deployment is under way. Renders nothing.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::aws::observe::cluster_failure;
use crate::aws::types::{Deployment, Service, revision_of, view};
use crate::context::Context;
use crate::document::problem::Invalid;
use crate::error::Failure;
use crate::manifest::{self, load::Request};
use crate::report::{Event, Outcome};

/// Shows what services run, and the deployments under way
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail status
  ecsail status web --stage production
  ecsail status web --cluster main --output json")]
pub struct Status {
    /// The services; all of the manifest's without names
    names: Vec<String>,
}

/// Runs the verb.
///
/// # Errors
/// A service that is not there, or the API's.
pub async fn run(args: &Status, context: &Context) -> Result<Outcome> {
    let request = Request { services: args.names.clone(), names_only: true, ..Request::default() };
    let manifest = manifest::load(&context.settings, &request)?;
    if manifest.problems.any_error() {
        return Err(Invalid { problems: manifest.problems, sources: manifest.sources }.into());
    }
    let aws = context.connect_only(&manifest).await?;
    let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for service in &manifest.services {
        let Some(cluster) = manifest.cluster_of(service) else {
            let hint = "name one with `cluster:` in the manifest, or `--cluster`".to_owned();
            return Err(Failure::usage(format!("service `{}` has no cluster", service.key))
                .hint(hint)
                .into());
        };
        clusters.entry(cluster).or_default().push(service.name.clone());
    }
    let mut missing = false;
    for (cluster, names) in clusters {
        let found = aws.services(&cluster, &names).await.map_err(|error| cluster_failure(&cluster, error))?;
        for name in names {
            let service = found.get(&name).map(view::<Service>).transpose()?;
            match service.filter(|service| service.status != "INACTIVE") {
                Some(service) => tell(&service, &cluster, context),
                None => {
                    missing = true;
                    let value = json!({"service": name, "cluster": cluster, "status": "MISSING"});
                    let text = format!("{name}: not there in cluster `{cluster}`");
                    context.report.tell(&Event::Answer { event: "status", text: &text, value });
                }
            }
        }
    }
    Ok(if missing { Outcome::Error } else { Outcome::Done })
}

fn tell(service: &Service, cluster: &str, context: &Context) {
    let line = |deployment: &Deployment| {
        let state = deployment.rollout_state.as_deref().unwrap_or(&deployment.status);
        format!(
            "  {} {}: {}/{} running, {} pending, {} failed  {} ({})",
            deployment.status,
            revision_of(&deployment.task_definition),
            deployment.running_count,
            deployment.desired_count,
            deployment.pending_count,
            deployment.failed_tasks,
            state,
            deployment.id
        )
    };
    let under_way = match service.status.as_str() {
        "DRAINING" => ", it is being deleted",
        _ if service.under_way().is_some() => ", a deployment is under way",
        _ => "",
    };
    let (name, revision) = (&service.service_name, revision_of(&service.task_definition));
    let mut lines = vec![format!(
        "{name}: {revision}, {}/{} running{under_way}",
        service.running_count, service.desired_count
    )];
    lines.extend(service.deployments.iter().map(line));
    let deployment = |deployment: &Deployment| {
        json!({"id": deployment.id, "status": deployment.status, "revision": revision_of(&deployment.task_definition),
            "desired": deployment.desired_count, "running": deployment.running_count, "pending": deployment.pending_count,
            "failed": deployment.failed_tasks, "rollout_state": deployment.rollout_state})
    };
    let value = json!({"service": name, "cluster": cluster, "status": service.status, "revision": revision,
        "desired": service.desired_count, "running": service.running_count, "under_way": service.under_way().is_some(),
        "deployments": service.deployments.iter().map(deployment).collect::<Vec<_>>()});
    context.report.tell(&Event::Answer { event: "status", text: &lines.join("\n"), value });
}
