//! Finds the task definition family that a verb is about: that of a service, or a named one.

use clap::Args;

use super::services::One;
use crate::aws::Aws;
use crate::context::Context;
use crate::document::problem::Invalid;
use crate::error::{Failure, Result};
use crate::manifest::{self, Manifest, Request};
use crate::plan::references::family_and_revision;

/// The arguments that select a family.
#[derive(Clone, Debug, Args)]
pub struct OfFamily {
    #[command(flatten)]
    service: One,
    /// Family of task definitions, instead of the family of a service
    #[arg(long, value_name = "FAMILY", conflicts_with_all = ["name", "service"])]
    family: Option<String>,
}

/// A family, and the clusters whose services may use it.
pub struct Family {
    pub aws: Aws,
    pub name: String,
    pub clusters: Vec<String>,
}

impl OfFamily {
    /// Returns the selected family.
    ///
    /// # Errors
    /// The service does not exist, the manifest cannot be read, or an API call failed.
    pub async fn choose(&self, context: &Context) -> Result<Family> {
        let Some(name) = self.family.clone().filter(|name| !name.is_empty()) else {
            return self.of_service(context).await;
        };
        let manifest = whole_manifest(context)?;
        let aws = context.connect_only(&manifest).await?;
        Ok(Family { aws, name, clusters: clusters(&manifest) })
    }

    async fn of_service(&self, context: &Context) -> Result<Family> {
        let chosen = self.service.choose(context).await?;
        let found = chosen.one().await?;
        let service = &found.service;
        let sets = service.task_sets.iter().map(|set| set.task_definition.as_str());
        let mut named = std::iter::once(service.task_definition.as_str()).chain(sets);
        let Some(definition) = named.find(|definition| !definition.is_empty()) else {
            let message = format!("service `{}` has no task definition", service.service_name);
            return Err(Failure::usage(message).hint("name the family: `--family NAME`".to_owned()));
        };
        let name = family_and_revision(definition).0.to_owned();
        // Services that were not named count too: they may run the same family.
        let mut clusters = whole_manifest(context).map(|manifest| clusters(&manifest)).unwrap_or_default();
        clusters.push(found.place.cluster);
        Ok(Family { aws: chosen.aws, name, clusters })
    }
}

impl Family {
    /// Returns the failure that the family does not exist.
    pub fn absent(&self) -> Failure {
        let hint = "list the families with `aws ecs list-task-definition-families`".to_owned();
        Failure::error(format!("no task definition family named `{}`", self.name)).hint(hint)
    }
}

/// Returns the manifest with all its services, or an empty one with the cluster if there is no manifest.
fn whole_manifest(context: &Context) -> Result<Manifest> {
    let settings = &context.settings;
    if manifest::load::locate(settings)?.is_none() {
        return Ok(Manifest { cluster: settings.cluster.clone(), ..Manifest::default() });
    }
    let manifest = manifest::load(settings, &Request { names_only: true, ..Request::default() })?;
    if manifest.problems.any_error() {
        return Err(Invalid { problems: manifest.problems, sources: manifest.sources }.into());
    }
    Ok(manifest)
}

fn clusters(manifest: &Manifest) -> Vec<String> {
    let of_services = manifest.services.iter().filter_map(|service| manifest.cluster_of(service));
    of_services.chain(manifest.cluster.clone()).collect()
}
