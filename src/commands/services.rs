//! Finds the services that an operator's verb is about: in the manifest first, then in the cluster.
//! Never renders and never needs a tag: an operator may have neither the files nor the permissions for it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::Value;

use crate::aws::Aws;
use crate::aws::error::{cluster_failure, failure};
use crate::aws::lookup::in_time;
use crate::aws::types::{Service, ServiceStatus, parse_view};
use crate::commands::lookups;
use crate::completion::services;
use crate::context::CommandContext;
use crate::destination::Destination;
use crate::document::problem::did_you_mean;
use crate::error::{ErrorKind, Failure, Result};
use crate::manifest::{self, Manifest, Request};
use crate::names_cache::NamesCache;
use crate::plan::blockers;
use crate::service_arn::ServiceArn;

/// The arguments that name services.
#[derive(Clone, Debug, Default, Args)]
pub struct ServicesArgs {
    /// Services: keys in the manifest, or names or ARNs in ECS [default: all of the manifest, else all of the cluster]
    #[arg(value_name = "NAME", add = services())]
    names: Vec<String>,
    /// Services, by a flag instead of an argument; repeatable
    #[arg(long = "service", value_name = "NAME", hide_short_help = true, add = services())]
    services: Vec<String>,
}

/// The argument that names one service.
#[derive(Clone, Debug, Default, Args)]
pub struct ServiceArgs {
    /// Service: a key in the manifest, or a name or ARN in ECS [default: the only one of the manifest]
    #[arg(value_name = "NAME", add = services())]
    name: Option<String>,
    /// Service, by a flag instead of an argument
    #[arg(long = "service", value_name = "NAME", hide_short_help = true, conflicts_with = "name", add = services())]
    service: Option<String>,
}

/// Identifies a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceIdentity {
    pub cluster: String,
    /// The name in ECS.
    pub name: String,
    /// The key in the manifest, or the name in ECS for a service that is not in it.
    pub key: String,
}

/// A service that exists, as described by ECS.
#[derive(Clone, Debug)]
pub struct FoundService {
    pub identity: ServiceIdentity,
    pub service: Service,
    /// The same as `DescribeServices` returns it.
    pub document: Value,
}

/// The selected services, the client, and the manifest if there is one.
pub struct SelectedServices {
    pub aws: Aws,
    /// Without a manifest, empty except for the cluster.
    pub manifest: Manifest,
    pub identities: Vec<ServiceIdentity>,
    /// The cache of names for completion, and whether `places` are all services of their cluster.
    cache: NamesCache,
    is_whole_cluster: bool,
    /// The account of the services that are named by their ARN.
    named_account: Option<String>,
    /// The services that ECS shows as INACTIVE.
    deleted: RefCell<BTreeSet<ServiceIdentity>>,
}

impl ServicesArgs {
    /// Returns the arguments that name these services.
    pub fn from_names(names: Vec<String>) -> ServicesArgs {
        ServicesArgs { names, services: Vec::new() }
    }

    /// Returns whether no service is named.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.services.is_empty()
    }

    /// Returns the selected services.
    ///
    /// # Errors
    /// There is neither a manifest nor a cluster, or the manifest cannot be read.
    pub async fn select(&self, context: &CommandContext) -> Result<SelectedServices> {
        let names: Vec<String> = self.names.iter().chain(&self.services).cloned().collect();
        select(names, false, context).await
    }

    /// Returns the selected services; without names and with `--cluster` all services of that cluster, also beside a manifest.
    ///
    /// # Errors
    /// As of [`ServicesArgs::select`].
    pub async fn select_or_cluster(&self, context: &CommandContext) -> Result<SelectedServices> {
        let names: Vec<String> = self.names.iter().chain(&self.services).cloned().collect();
        let is_whole_cluster = names.is_empty() && context.settings.cluster.is_some();
        select(names, is_whole_cluster, context).await
    }
}

impl ServiceArgs {
    /// Returns the arguments that name this service.
    pub fn from_name(name: &str) -> ServiceArgs {
        ServiceArgs { name: Some(name.to_owned()), service: None }
    }

    /// Returns the selected service.
    ///
    /// # Errors
    /// As of [`Named::choose`]; or more than one service is selected.
    pub async fn select(&self, context: &CommandContext) -> Result<SelectedServices> {
        let names: Vec<String> = self.name.iter().chain(&self.service).cloned().collect();
        let chosen = select(names, false, context).await?;
        if chosen.identities.len() != 1 {
            let keys: Vec<&str> = chosen.identities.iter().map(|place| place.key.as_str()).collect();
            let hint = if keys.is_empty() {
                "there are no services to choose from".to_owned()
            } else {
                format!("name one of {}", keys.join(", "))
            };
            return Err(Failure::usage(if keys.is_empty() {
                "no service is selected"
            } else {
                "more than one service is selected"
            })
            .with_hint(hint));
        }
        Ok(chosen)
    }
}

async fn select(
    names: Vec<String>,
    is_whole_cluster: bool,
    context: &CommandContext,
) -> Result<SelectedServices> {
    let manifest = load_manifest(&names, context).await?;
    let aws = context.connect_without_definitions(&manifest).await?;
    let mut places = Vec::new();
    for service in &manifest.services {
        let cluster = manifest.cluster_of(service).ok_or_else(|| no_cluster_failure(&service.key))?;
        places.push(ServiceIdentity { cluster, name: service.name.clone(), key: service.key.clone() });
    }
    // Without names and without services in the manifest, all services of the cluster are selected.
    let are_all = is_whole_cluster || (places.is_empty() && names.is_empty());
    if are_all {
        let cluster = manifest.cluster.clone().ok_or_else(|| no_cluster_failure("?"))?;
        let listed = aws.service_names(&cluster).await.map_err(|error| cluster_failure(&cluster, error))?;
        places = listed.into_iter().map(|name| place_in(&cluster, name, &places)).collect();
    }
    // Services of the sandbox do not exist in AWS, so their names are not cached.
    let cache = match context.settings.sandbox {
        Some(_) => NamesCache::disabled(),
        None => NamesCache::from_environment(&context.settings.environment),
    };
    Ok(SelectedServices {
        aws,
        manifest,
        identities: places,
        cache,
        is_whole_cluster: are_all,
        named_account: names.iter().find_map(|name| Some(ServiceArn::parse(name)?.account)),
        deleted: RefCell::default(),
    })
}

/// Returns a service of a cluster, with its key if the manifest has it.
fn place_in(cluster: &str, name: String, of_manifest: &[ServiceIdentity]) -> ServiceIdentity {
    let known = of_manifest.iter().find(|known| known.cluster == cluster && known.name == name);
    known.cloned().unwrap_or_else(|| ServiceIdentity { cluster: cluster.to_owned(), key: name.clone(), name })
}

/// Returns the manifest with the named services. A name that is not in the manifest is taken as a service of its
/// cluster.
async fn load_manifest(names: &[String], context: &CommandContext) -> Result<Manifest> {
    let settings = &context.settings;
    if manifest::load::manifest_path(settings)?.is_none() && names.is_empty() && settings.cluster.is_some() {
        return Ok(Manifest { cluster: settings.cluster.clone(), ..Manifest::default() });
    }
    let request =
        Request { names_only: true, or_in_cluster: true, services: names.to_vec(), ..Request::default() };
    lookups::load(&request, context).await
}

fn no_cluster_failure(key: &str) -> Failure {
    let hint = "set `cluster:` in the manifest, or add `--cluster NAME`".to_owned();
    Failure::usage(format!("service `{key}` has no cluster")).with_hint(hint)
}

impl FoundService {
    /// Returns where the service is.
    pub fn destination(&self, manifest: &Manifest, context: &CommandContext) -> Destination {
        destination_of(std::slice::from_ref(self), manifest, context)
    }
}

/// Returns where services are.
pub fn destination_of(found: &[FoundService], manifest: &Manifest, context: &CommandContext) -> Destination {
    let arn = found.iter().find_map(|found| found.document["serviceArn"].as_str());
    let clusters = found.iter().map(|found| found.identity.cluster.as_str());
    Destination::new(&context.settings, manifest.stage.as_deref(), arn, clusters)
}

impl SelectedServices {
    /// Reads the services in batches. Services that do not exist or are INACTIVE are left out.
    ///
    /// # Errors
    /// An API call failed.
    pub async fn read_existing(&self) -> Result<Vec<FoundService>, Failure> {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for place in &self.identities {
            clusters.entry(&place.cluster).or_default().push(place.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| async move {
            let found = self.aws.services(cluster, names).await;
            found.map(|found| (*cluster, found)).map_err(|error| cluster_failure(cluster, error))
        });
        let answers: BTreeMap<_, _> = futures_util::future::try_join_all(calls).await?.into_iter().collect();
        let mut found = Vec::new();
        for place in &self.identities {
            let document = answers.get(place.cluster.as_str()).and_then(|services| services.get(&place.name));
            let Some(document) = document else { continue };
            self.ensure_named_account(document)?;
            let service: Service = parse_view(document)
                .map_err(|_| failure(crate::aws::ApiError::unreadable("ecs:DescribeServices")))?;
            if service.status == ServiceStatus::Inactive {
                self.deleted.borrow_mut().insert(place.clone());
            } else {
                found.push(FoundService { identity: place.clone(), service, document: document.clone() });
            }
        }
        self.cache_names(&found);
        Ok(found)
    }

    /// Refuses a service of the credentials' account that has the name of the one in another account that an ARN names.
    fn ensure_named_account(&self, document: &Value) -> Result<(), Failure> {
        let found = document["serviceArn"].as_str().and_then(ServiceArn::parse).map(|arn| arn.account);
        match (&self.named_account, found) {
            (Some(named), Some(found)) if *named != found => Err(Failure::refused(format!(
                "this is for account `{named}`, but the credentials belong to account `{found}`"
            ))
            .with_hint("use credentials of that account, such as with `--profile`".to_owned())),
            _ => Ok(()),
        }
    }

    /// Caches the names of the services for completion.
    fn cache_names(&self, found: &[FoundService]) {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for FoundService { identity: place, .. } in found {
            clusters.entry(&place.cluster).or_default().push(place.name.clone());
        }
        for (cluster, names) in clusters {
            if self.is_whole_cluster {
                self.cache.replace(cluster, &names);
            } else {
                self.cache.add(cluster, &names);
            }
        }
    }

    /// Returns the services.
    ///
    /// # Errors
    /// One for each service that does not exist, with similar names; or an API call failed.
    pub async fn read_all(&self) -> Result<Vec<FoundService>> {
        let found = self.read_existing().await?;
        let there = |place: &&ServiceIdentity| found.iter().any(|found| &found.identity == *place);
        let missing: Vec<&ServiceIdentity> = self.identities.iter().filter(|place| !there(place)).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let mut failures = Vec::new();
        for place in missing {
            failures.push(self.not_found(place).await);
        }
        Err(Failure::combined(failures))
    }

    /// Returns the only service.
    ///
    /// # Errors
    /// The service does not exist, or an API call failed.
    pub async fn read_one(&self) -> Result<FoundService> {
        let none = || Failure::usage("name one service");
        self.read_all().await?.into_iter().next().ok_or_else(none)
    }

    /// Caches image tags for completion.
    pub fn cache_tags(&self, tags: &[String]) {
        self.cache.add_tags(tags);
    }

    /// Returns whether the service was deleted, as of the last read.
    pub fn is_deleted(&self, place: &ServiceIdentity) -> bool {
        self.deleted.borrow().contains(place)
    }

    /// Returns the failure that a service does not exist: it was deleted, or there is none of its name, with the most similar
    /// name in the cluster.
    pub async fn not_found(&self, place: &ServiceIdentity) -> Failure {
        if self.is_deleted(place) {
            return blockers::deleted_failure(&place.name, &place.cluster);
        }
        let message = format!("no service named `{}` in cluster `{}`", place.name, place.cluster);
        // A service of the manifest may not be created yet; any other name was given on the command line.
        let kind = if self.manifest.service_names.contains(&place.name) {
            ErrorKind::Error
        } else {
            ErrorKind::Usage
        };
        let listed = match in_time("ecs:ListServices", self.aws.service_names(&place.cluster)).await {
            Ok(listed) => listed,
            Err(error) => {
                let hint = format!("check the name; similar names are not known: {error}");
                return Failure::new(kind, message).with_hint(hint);
            }
        };
        let kind_hint = self.manifest.keys.kind_hint(&place.name);
        let near = kind_hint.or_else(|| did_you_mean(&place.name, listed.iter().map(String::as_str)));
        let some = || {
            (!listed.is_empty())
                .then(|| format!("services in the cluster: {}", listed[..listed.len().min(10)].join(", ")))
        };
        Failure::new(kind, message).with_hint(near.or_else(some))
    }
}
