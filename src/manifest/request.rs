//! What a run asks of the manifest: the tags, the services, and which part of it the run is about.

use crate::lookup::LookupTable;
use crate::settings::ImageTags;

/// What a command needs of the manifest.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub tags: ImageTags,
    /// The services to load; empty for all.
    pub services: Vec<String>,
    /// The part of the manifest to load.
    pub scope: Scope,
    /// Whether the command renders nothing, so that no definition is read.
    pub names_only: bool,
    /// Whether a service that is not in the manifest is taken to be in the manifest's cluster.
    pub or_in_cluster: bool,
    /// Whether ciphertexts in `environment` stay as they are, for a command that registers nothing.
    pub keeps_ciphertexts: bool,
    /// What templates look up: the answers so far, and what was asked for.
    pub lookups: LookupTable,
}

impl Request {
    /// Returns the names of services that the command line has.
    pub(super) fn service_names(&self) -> Vec<String> {
        let more = match &self.scope {
            Scope::Task { like, .. } => like.iter().cloned().collect(),
            Scope::Named(names) => names.clone(),
            _ => Vec::new(),
        };
        self.services.iter().cloned().chain(more).collect()
    }

    /// Returns whether undefined names are errors only in values that this run uses.
    pub(super) fn is_lenient(&self) -> bool {
        let as_it_runs = matches!(self.scope, Scope::Task { .. }) && self.tags.is_empty();
        self.names_only || as_it_runs
    }
}

/// The part of the manifest that a run uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The requested services, or all, with their `before` and `after` tasks.
    #[default]
    Services,
    /// Everything.
    Release,
    /// What these names are in the manifest: services or schedules.
    Named(Vec<String>),
    /// The named schedules, or all if no names are given.
    Schedules(Vec<String>),
    /// A task of the manifest, or a task like a service.
    Task { name: Option<String>, like: Option<String> },
}
