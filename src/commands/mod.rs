//! The verbs: one file each, with its arguments and its `run`. A verb calls the stages (load, render, observe, plan,
//! apply, watch) in order.

use clap::{Args, Subcommand};

use crate::manifest::Request;
use crate::manifest::Scope;
use crate::plan::{Options, Record};
use crate::settings::Tags;

pub mod attach;
pub mod cancel;
pub mod change;
pub mod check;
pub mod completions;
pub mod deploy;
pub mod exec;
pub mod explain;
pub mod family;
pub mod following;
pub mod history;
pub mod images;
pub mod interrupts;
pub mod logs;
pub mod man;
pub mod one_off;
pub mod plan;
pub mod planning;
pub mod prune;
mod prune_end;
pub mod recording;
pub mod release;
pub mod release_services;
pub mod render;
pub mod restart;
pub mod resume;
pub mod revisions;
pub mod rollback;
pub mod rollouts;
pub mod run;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod scale;
pub mod schedule;
pub mod schedules_back;
pub mod schema;
pub mod service_ends;
pub mod services;
pub mod status;
pub mod stop_task;
pub mod tasks;
pub mod wait;
pub mod ways_back;

/// The help heading of the global flags.
pub const GLOBAL_OPTIONS: &str = "Global options";

/// What a verb applies to. Without it, everything in the manifest.
#[derive(Clone, Debug, Subcommand)]
pub enum Target {
    /// Only these services [default: all services of the manifest]
    Service {
        /// Keys of services in the manifest; with `--cluster`, names in ECS
        #[arg(value_name = "NAME", add = crate::completing::services())]
        names: Vec<String>,
    },
    /// Only these schedules [default: all schedules of the manifest]
    Schedule {
        /// Keys of schedules in the manifest
        #[arg(value_name = "NAME", add = crate::completing::schedules())]
        names: Vec<String>,
    },
}

/// The arguments that select targets and a tag.
#[derive(Clone, Debug, Args)]
pub struct Selection {
    #[command(subcommand)]
    target: Option<Target>,
    /// Image tag to deploy: `1.4.2` for all images without a tag, `app=1.4.2` for one; repeatable
    #[arg(long, value_name = "[IMAGE=]TAG", global = true)]
    tag: Vec<String>,
}

impl Selection {
    /// Returns the request for the manifest.
    ///
    /// # Errors
    /// A tag is not a valid image tag.
    pub fn request(&self) -> Result<Request, crate::error::Failure> {
        let (scope, services) = match &self.target {
            Some(Target::Service { names }) => (Scope::Services, names.clone()),
            Some(Target::Schedule { names }) => (Scope::Schedules(names.clone()), Vec::new()),
            None => (Scope::Release, Vec::new()),
        };
        Ok(Request { tags: Tags::parse(&self.tag)?, services, scope, ..Request::default() })
    }
}

/// Refuses a manifest without services and schedules, since a deploy of nothing would look like a success.
fn some_services(manifest: &crate::manifest::Manifest) -> Result<(), crate::error::Failure> {
    let nothing = manifest.services.is_empty() && manifest.schedules.is_empty();
    match nothing {
        true => Err(crate::error::Failure::usage("the manifest has no services or schedules to deploy")
            .hint("add one under `services:` or `schedules:`".to_owned())),
        false => Ok(()),
    }
}

/// Returns the user who started the CI job, if the environment names one.
fn performer(settings: &crate::settings::Settings) -> Option<String> {
    let names = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME"];
    names.iter().find_map(|name| settings.environment.get(*name).cloned())
}

/// Returns the plan options for a manifest.
fn options(
    manifest: &crate::manifest::Manifest,
    request: &Request,
    settings: &crate::settings::Settings,
) -> Options {
    let directory = manifest.path.as_deref().and_then(std::path::Path::parent);
    let directory =
        directory.filter(|path| !path.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    Options {
        account: manifest.account.as_ref().map(|account| account.value.clone()),
        now: jiff::Timestamp::now().as_second(),
        record: Record {
            app: manifest.app.clone(),
            stage: manifest.stage.clone(),
            tag: request.tags.label(),
            git_sha: crate::manifest::git::sha(directory, &settings.environment),
            performer: performer(settings),
            release: None,
        },
        ..Options::default()
    }
}
