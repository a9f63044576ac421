//! Finds the task definition family that a verb is about: that of a service, or a named one.

use clap::Args;

use super::services::ServiceArgs;
use crate::aws::Aws;
use crate::commands::lookups;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::manifest::{self, Manifest, Request};
use crate::plan::references::family_and_revision;

/// The arguments that select a family.
#[derive(Clone, Debug, Args)]
pub struct FamilyArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Family of task definitions, instead of the family of a service
    #[arg(long, value_name = "FAMILY", conflicts_with_all = ["name", "service"])]
    family: Option<String>,
}

/// A family, and the clusters whose services may use it.
pub struct Family {
    pub aws: Aws,
    pub name: String,
    pub clusters: Vec<String>,
    /// `None` where it could not be read and is not needed.
    pub manifest: Option<Manifest>,
}

impl FamilyArgs {
    /// Returns the selected family.
    ///
    /// # Errors
    /// The service does not exist, the manifest cannot be read, or an API call failed.
    pub async fn resolve(&self, context: &CommandContext) -> Result<Family> {
        let Some(name) = self.family.clone().filter(|name| !name.is_empty()) else {
            return self.resolve_by_service(context).await;
        };
        let manifest = load_manifest(context).await?;
        let aws = context.connect_without_definitions(&manifest).await?;
        Ok(Family { aws, name, clusters: clusters_of(&manifest), manifest: Some(manifest) })
    }

    async fn resolve_by_service(&self, context: &CommandContext) -> Result<Family> {
        let chosen = self.service.select(context).await?;
        let found = chosen.read_one().await?;
        let service = &found.service;
        let sets = service.task_sets.iter().map(|set| set.task_definition.as_str());
        let mut named = std::iter::once(service.task_definition.as_str()).chain(sets);
        let Some(definition) = named.find(|definition| !definition.is_empty()) else {
            let message = format!("service `{}` has no task definition", service.service_name);
            return Err(Failure::usage(message).with_hint("name the family with `--family NAME`".to_owned()));
        };
        let name = family_and_revision(definition).0.to_owned();
        // Services that were not named count too: they may run the same family.
        let manifest = load_manifest(context).await.ok();
        let mut clusters = manifest.as_ref().map(clusters_of).unwrap_or_default();
        clusters.push(found.identity.cluster);
        // A stage is protected, and has its lock, also where the rest of its manifest cannot be used.
        let manifest = manifest.or(Some(chosen.manifest));
        Ok(Family { aws: chosen.aws, name, clusters, manifest })
    }
}

impl Family {
    /// Returns the failure that the family does not exist.
    pub fn not_found(&self) -> Failure {
        let hint = "list the families with `aws ecs list-task-definition-families`".to_owned();
        Failure::error(format!("no task definition family named `{}`", self.name)).with_hint(hint)
    }
}

/// Returns the manifest with all its services, or an empty one with the cluster if there is no manifest.
pub(super) async fn load_manifest(context: &CommandContext) -> Result<Manifest> {
    let settings = &context.settings;
    if manifest::load::manifest_path(settings)?.is_none() {
        return Ok(Manifest { cluster: settings.cluster.clone(), ..Manifest::default() });
    }
    lookups::load(&Request { names_only: true, ..Request::default() }, context).await
}

fn clusters_of(manifest: &Manifest) -> Vec<String> {
    let of_services = manifest.services.iter().filter_map(|service| manifest.cluster_of(service));
    of_services.chain(manifest.cluster.clone()).collect()
}
