//! What a run asks of the manifest: the tags, the services, and which part of it the run is about.

use crate::settings::Tags;

/// Says what a verb needs of the manifest.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub tags: Tags,
    /// The services to load; all where it is empty.
    pub services: Vec<String>,
    /// What of the manifest the run is about.
    pub scope: Scope,
    /// Whether the verb renders nothing: then no definition is read.
    pub names_only: bool,
    /// Whether a service that the manifest does not have is looked for in its cluster.
    pub or_in_cluster: bool,
}

impl Request {
    /// Returns whether names that nothing defines are no problem but where they are used.
    pub(super) fn is_lenient(&self) -> bool {
        let as_it_runs = matches!(self.scope, Scope::Task { .. }) && self.tags.is_empty();
        self.names_only || as_it_runs
    }
}

/// Says what of the manifest a run is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The services that are named, or all, with the tasks that go before and after them.
    #[default]
    Services,
    /// Everything.
    Release,
    /// The schedules that are named, or all.
    Schedules(Vec<String>),
    /// One task, and a service that it is like where no task is named.
    Task { name: Option<String>, like: Option<String> },
}
