//! Turns what runs in a cluster into the files that describe it: a manifest, definitions and services. A plan of them with
//! the tags that run has no changes. Pure: everything was observed before; nothing is written here.
//!
//! What equals ECS's default is left out, what documents share is written once, and what looks secret is in no file but an
//! env file that is never committed.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::autoscaling::ObservedAutoscaling;
use crate::aws::types::{ObservedSchedule, ObservedService, TaskDefinition};

mod autoscaling;
mod commands;
mod documents;
mod files;
mod images;
pub(crate) mod layers;
mod manifest;
pub(crate) mod names;
pub mod new_app;
mod owner;
mod parts;
mod schedules;
mod secret_values;
mod split_documents;

pub use files::adopt;

/// The folder of the JSON Schemas, relative to the manifest.
pub const SCHEMA_FOLDER: &str = ".schemas";
/// The folder of what is never committed, relative to the manifest.
pub const PRIVATE_FOLDER: &str = ".ecsail";

/// What was observed in one cluster.
#[derive(Clone, Debug, Default)]
pub struct ObservedCluster {
    /// The stage that the cluster is for; none for an app without stages.
    pub stage: Option<String>,
    /// The cluster's name.
    pub name: String,
    pub region: String,
    /// With the tags of each service.
    pub services: Vec<ObservedService>,
    /// All schedules and rules that run tasks in the cluster.
    pub schedules: Vec<ObservedSchedule>,
    /// The definitions that these run, by the name in their targets.
    pub definitions: BTreeMap<String, TaskDefinition>,
    /// The autoscaling of the services that have some, by their names.
    pub autoscaling: BTreeMap<String, ObservedAutoscaling>,
}

/// How an app is adopted.
#[derive(Clone, Debug, Default)]
pub struct AdoptOptions {
    /// The name of the app, if one was given.
    pub app: Option<String>,
    /// The name of the app where the clusters give none.
    pub default_app: String,
    /// Whether what other tools own is adopted too.
    pub own: bool,
    /// Whether only some services of the clusters are adopted, and schedules of their families only.
    pub only_families: bool,
    /// The path of the manifest.
    pub manifest: String,
    /// Whether secrets in command lines are hidden, in files that are only printed.
    pub hides_commands: bool,
    /// The checks that what runs does not pass.
    pub ignore: IgnoredChecks,
}

/// The ids of checks that are left out, since AWS accepted what they refuse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredChecks {
    /// Of the whole manifest.
    pub everywhere: BTreeSet<String>,
    /// By the key of a service.
    pub services: BTreeMap<String, BTreeSet<String>>,
}

impl IgnoredChecks {
    /// Returns whether no check is left out.
    pub fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.services.is_empty()
    }
}

/// The files of an adopted app, and what is to be said about them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdoptedApp {
    /// The manifest first.
    pub files: Vec<AdoptedFile>,
    pub stages: Vec<AdoptedStage>,
    pub notes: Vec<String>,
    /// The number of services and of schedules.
    pub services: usize,
    pub schedules: usize,
}

/// A file to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdoptedFile {
    /// Relative to the folder of the manifest, with `/`.
    pub path: String,
    pub text: String,
}

/// A stage of an adopted app: how it is planned without changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdoptedStage {
    pub stage: Option<String>,
    /// The arguments of `--tag` with the tags that run.
    pub tags: Vec<String>,
    /// The values that look secret, by the variable that stands in their place.
    pub secrets: BTreeMap<String, String>,
}

impl AdoptedStage {
    /// Returns the path of the env file of its secrets, relative to the manifest; none without secrets.
    pub fn secrets_path(&self) -> Option<String> {
        let stage = self.stage.as_ref().map(|stage| format!(".{stage}")).unwrap_or_default();
        (!self.secrets.is_empty()).then(|| format!("{PRIVATE_FOLDER}/init{stage}.env"))
    }

    /// Returns its secrets as an env file.
    pub fn secrets_text(&self) -> String {
        let head = "# Values that look secret, as they run. Move them to Secrets Manager or Parameter Store, reference them under\n\
             # `secrets:`, and delete this file. It is not to be committed.\n";
        let line = |(name, value): (&String, &String)| {
            let escaped =
                value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
            format!("{name}=\"{escaped}\"\n")
        };
        format!("{head}{}", self.secrets.iter().map(line).collect::<String>())
    }
}
