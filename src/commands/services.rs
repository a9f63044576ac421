//! Finds the services that an operator's verb is about: in the manifest first, then in the cluster.
//! Never renders and never needs a tag: an operator may have neither the files nor the permissions for it.

use std::collections::BTreeMap;

use clap::Args;

use crate::aws::Aws;
use crate::aws::error::{cluster_failure, failure};
use crate::aws::types::{Service, ServiceStatus, view};
use crate::completing::services;
use crate::context::Context;
use crate::document::problem::{Invalid, did_you_mean};
use crate::error::{Failure, Result};
use crate::manifest::{self, Manifest, Request};
use crate::names_cache::NamesCache;

/// The arguments that name services.
#[derive(Clone, Debug, Default, Args)]
pub struct Named {
    /// Services: keys in the manifest or names in ECS [default: all of the manifest, else all of the cluster]
    #[arg(value_name = "NAME", add = services())]
    names: Vec<String>,
    /// Services, by a flag instead of an argument; repeatable
    #[arg(long = "service", value_name = "NAME", hide_short_help = true, add = services())]
    services: Vec<String>,
}

/// The argument that names one service.
#[derive(Clone, Debug, Default, Args)]
pub struct One {
    /// Service: a key in the manifest or a name in ECS [default: the only one of the manifest]
    #[arg(value_name = "NAME", add = services())]
    name: Option<String>,
    /// Service, by a flag instead of an argument
    #[arg(long = "service", value_name = "NAME", hide_short_help = true, conflicts_with = "name", add = services())]
    service: Option<String>,
}

/// Identifies a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub cluster: String,
    /// The name in ECS.
    pub name: String,
    /// The key in the manifest, or the name in ECS for a service that is not in it.
    pub key: String,
}

/// A service that exists, as described by ECS.
#[derive(Clone, Debug)]
pub struct Found {
    pub place: Place,
    pub service: Service,
}

/// The selected services, the client, and the manifest if there is one.
pub struct Chosen {
    pub aws: Aws,
    /// Without a manifest, empty except for the cluster.
    pub manifest: Manifest,
    pub places: Vec<Place>,
    /// The cache of names for completion, and whether `places` are all services of their cluster.
    cache: NamesCache,
    are_all: bool,
}

impl Named {
    /// Returns whether no service is named.
    pub fn is_all(&self) -> bool {
        self.names.is_empty() && self.services.is_empty()
    }

    /// Returns the selected services.
    ///
    /// # Errors
    /// There is neither a manifest nor a cluster, or the manifest cannot be read.
    pub async fn choose(&self, context: &Context) -> Result<Chosen> {
        let names: Vec<String> = self.names.iter().chain(&self.services).cloned().collect();
        choose(names, context).await
    }
}

impl One {
    /// Returns the arguments that name this service.
    pub fn named(name: &str) -> One {
        One { name: Some(name.to_owned()), service: None }
    }

    /// Returns the selected service.
    ///
    /// # Errors
    /// As of [`Named::choose`]; or more than one service is selected.
    pub async fn choose(&self, context: &Context) -> Result<Chosen> {
        let names: Vec<String> = self.name.iter().chain(&self.service).cloned().collect();
        let chosen = choose(names, context).await?;
        if chosen.places.len() != 1 {
            let keys: Vec<&str> = chosen.places.iter().map(|place| place.key.as_str()).collect();
            let hint = if keys.is_empty() {
                "there are no services to choose from".to_owned()
            } else {
                format!("name one of {}", keys.join(", "))
            };
            return Err(Failure::usage("name one service").hint(hint));
        }
        Ok(chosen)
    }
}

async fn choose(names: Vec<String>, context: &Context) -> Result<Chosen> {
    let manifest = load(&names, context)?;
    let aws = context.connect_only(&manifest).await?;
    let mut places = Vec::new();
    for service in &manifest.services {
        let cluster = manifest.cluster_of(service).ok_or_else(|| no_cluster(&service.key))?;
        places.push(Place { cluster, name: service.name.clone(), key: service.key.clone() });
    }
    // Without names and without services in the manifest, all services of the cluster are selected.
    let are_all = places.is_empty() && names.is_empty();
    if are_all {
        let cluster = manifest.cluster.clone().ok_or_else(|| no_cluster("?"))?;
        let listed = aws.service_names(&cluster).await.map_err(|error| cluster_failure(&cluster, error))?;
        let place = |name: String| Place { cluster: cluster.clone(), key: name.clone(), name };
        places = listed.into_iter().map(place).collect();
    }
    // Services of the sandbox do not exist in AWS, so their names are not cached.
    let cache = match context.settings.sandbox {
        Some(_) => NamesCache::nowhere(),
        None => NamesCache::of(&context.settings.environment),
    };
    Ok(Chosen { aws, manifest, places, cache, are_all })
}

/// Returns the manifest with the named services. A name that is not in the manifest is taken as a service of its
/// cluster.
fn load(names: &[String], context: &Context) -> Result<Manifest> {
    let settings = &context.settings;
    if manifest::load::locate(settings)?.is_none() && names.is_empty() && settings.cluster.is_some() {
        return Ok(Manifest { cluster: settings.cluster.clone(), ..Manifest::default() });
    }
    let request =
        Request { names_only: true, or_in_cluster: true, services: names.to_vec(), ..Request::default() };
    let manifest = manifest::load(settings, &request)?;
    if manifest.problems.any_error() {
        return Err(Invalid { problems: manifest.problems, sources: manifest.sources }.into());
    }
    Ok(manifest)
}

fn no_cluster(key: &str) -> Failure {
    let hint = "set `cluster:` in the manifest, or add `--cluster NAME`".to_owned();
    Failure::usage(format!("service `{key}` has no cluster")).hint(hint)
}

impl Chosen {
    /// Reads the services in batches. Services that do not exist or are INACTIVE are left out.
    ///
    /// # Errors
    /// An API call failed.
    pub async fn look(&self) -> Result<Vec<Found>, Failure> {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for place in &self.places {
            clusters.entry(&place.cluster).or_default().push(place.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| async move {
            let found = self.aws.services(cluster, names).await;
            found.map(|found| (*cluster, found)).map_err(|error| cluster_failure(cluster, error))
        });
        let answers: BTreeMap<_, _> = futures_util::future::try_join_all(calls).await?.into_iter().collect();
        let mut found = Vec::new();
        for place in &self.places {
            let document = answers.get(place.cluster.as_str()).and_then(|services| services.get(&place.name));
            let Some(document) = document else { continue };
            let service: Service = view(document)
                .map_err(|_| failure(crate::aws::ApiError::unreadable("ecs:DescribeServices")))?;
            if service.status != ServiceStatus::Inactive {
                found.push(Found { place: place.clone(), service });
            }
        }
        self.remember(&found);
        Ok(found)
    }

    /// Caches the names of the services for completion.
    fn remember(&self, found: &[Found]) {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Found { place, .. } in found {
            clusters.entry(&place.cluster).or_default().push(place.name.clone());
        }
        for (cluster, names) in clusters {
            match self.are_all {
                true => self.cache.replace(cluster, &names),
                false => self.cache.remember(cluster, &names),
            }
        }
    }

    /// Returns the services.
    ///
    /// # Errors
    /// One for each service that does not exist, with similar names; or an API call failed.
    pub async fn all(&self) -> Result<Vec<Found>> {
        let found = self.look().await?;
        let there = |place: &&Place| found.iter().any(|found| &found.place == *place);
        let missing: Vec<&Place> = self.places.iter().filter(|place| !there(place)).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let mut failures = Vec::new();
        for place in missing {
            failures.push(self.missing(place).await);
        }
        Err(Failure::combined(failures))
    }

    /// Returns the only service.
    ///
    /// # Errors
    /// The service does not exist, or an API call failed.
    pub async fn one(&self) -> Result<Found> {
        let none = || Failure::usage("name one service");
        self.all().await?.into_iter().next().ok_or_else(none)
    }

    /// Returns the failure that a service does not exist, with the most similar name in the cluster.
    pub async fn missing(&self, place: &Place) -> Failure {
        let message = format!("no service named `{}` in cluster `{}`", place.name, place.cluster);
        // Without the permission to list services, there is nothing to suggest.
        let listed = self.aws.service_names(&place.cluster).await.unwrap_or_default();
        let near = did_you_mean(&place.name, listed.iter().map(String::as_str));
        let some = || {
            (!listed.is_empty())
                .then(|| format!("services in the cluster: {}", listed[..listed.len().min(10)].join(", ")))
        };
        Failure::error(message).hint(near.or_else(some))
    }
}

/// Returns whether the user agrees: by `--yes`, or at a prompt on the terminal.
///
/// # Errors
/// There is no terminal, and `--yes` was not given.
pub fn confirmed(question: &str, yes: bool, context: &Context) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    context.report.confirm(question).ok_or_else(|| {
        let hint = "add `--yes` where nobody can be asked".to_owned();
        Failure::usage("this has to be confirmed").hint(hint)
    })
}
