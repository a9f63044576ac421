//! The verbs: one file each, with its arguments and its `run`. A verb calls the stages (load, render, observe, plan,
//! apply, watch) in order.

use clap::{Args, Subcommand};

use crate::manifest::Request;
use crate::manifest::Scope;
use crate::manifest::template_names::images_without_tag;
use crate::plan::image_checks::ImageChecks;
use crate::plan::{DeployRecord, Options};
use crate::render::DesiredState;
use crate::settings::ImageTags;

pub mod apply_plan;
pub mod approvals;
pub mod approve;
pub mod attach;
pub mod cancel;
pub mod change_guards;
pub mod check;
pub mod completions;
pub mod confirmation;
pub mod continue_verb;
pub mod count_ends;
pub mod delete;
pub mod deploy;
pub mod docs;
pub mod edit_args;
pub mod exec;
pub mod explain;
pub mod family;
pub mod first_look;
pub mod github;
pub mod help;
pub mod history;
pub mod images;
pub mod import;
pub mod init;
pub mod interrupts;
pub mod lock;
pub mod logs;
pub mod lookups;
pub mod man;
pub mod notify;
pub mod one_off;
pub mod plan;
pub mod planning;
pub mod promote;
pub mod prune;
mod prune_end;
#[cfg(all(test, feature = "sandbox"))]
mod races;
pub mod recording;
pub mod release;
pub mod release_services;
pub mod render;
pub mod restart;
pub mod revisions;
pub mod rollback;
pub mod rollouts;
pub mod run;
mod running_tags;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod save_plan;
pub mod scale;
pub mod schedule;
pub mod schedule_rollback;
pub mod schema;
pub mod service_ends;
pub mod service_rollbacks;
pub mod services;
pub mod stage_lock;
pub mod status;
pub mod stop_task;
pub mod task_lookup;
pub mod tasks;
pub mod unfinished;
pub mod wait;
pub mod watch_args;
pub mod waves;
pub mod why;

/// What a verb applies to. Without it, everything in the manifest.
#[derive(Clone, Debug, Subcommand)]
pub enum TargetArgs {
    /// Only services [default: all services of the manifest]
    Service {
        /// Keys of services in the manifest, or their ARNs; with `--cluster`, names in ECS
        #[arg(value_name = "NAME", add = crate::completion::services())]
        names: Vec<String>,
    },
    /// Only schedules [default: all schedules of the manifest]
    Schedule {
        /// Keys of schedules in the manifest
        #[arg(value_name = "NAME", add = crate::completion::schedules())]
        names: Vec<String>,
    },
}

/// The arguments that select targets and a tag.
#[derive(Clone, Debug, Args)]
pub struct SelectionArgs {
    /// Services or schedules, by their keys in the manifest; services also by their ARNs, or with `--cluster` by their
    /// names in ECS [default: all of the manifest]
    #[arg(value_name = "NAME", add = crate::completion::targets())]
    names: Vec<String>,
    #[command(subcommand)]
    target: Option<TargetArgs>,
    /// Only this service; repeatable
    #[arg(
        long = "service",
        value_name = "NAME",
        global = true,
        hide_short_help = true,
        add = crate::completion::services()
    )]
    services: Vec<String>,
    /// Image tag to deploy: `1.4.2` for all images without a tag, `app=1.4.2` for one, `1.4.2@sha256:…` with its digest; repeatable
    #[arg(long, value_name = "[IMAGE=]TAG", global = true, add = crate::completion::tags())]
    tag: Vec<String>,
}

impl SelectionArgs {
    /// Returns the request for the manifest.
    ///
    /// # Errors
    /// A tag is not a valid image tag, or services and schedules are named in a way that contradicts itself.
    pub fn request(&self) -> Result<Request, crate::error::Failure> {
        let tags = ImageTags::parse(&self.tag)?;
        let (scope, services) = match &self.target {
            Some(TargetArgs::Service { names }) => (Scope::Services, [&self.services[..], names].concat()),
            Some(TargetArgs::Schedule { names }) => (Scope::Schedules(names.clone()), Vec::new()),
            None if self.names.is_empty() && self.services.is_empty() => (Scope::Release, Vec::new()),
            None if self.names.is_empty() => (Scope::Services, self.services.clone()),
            None => (Scope::Named([&self.names[..], &self.services].concat()), Vec::new()),
        };
        if matches!(scope, Scope::Schedules(_)) && !self.services.is_empty() {
            let hint = "name both without `schedule`: NAME…";
            return Err(crate::error::Failure::usage("`schedule` and `--service` exclude each other")
                .with_hint(hint.to_owned()));
        }
        Ok(Request { tags, services, scope, ..Request::default() })
    }
}

/// The argument that says which images are refused.
#[derive(Clone, Debug, Default, Args)]
pub struct ImageArgs {
    /// Refuse images in ECR that cannot be checked or are not cached yet; with `=false`, refuse no image [default: the
    /// manifest's `strict_images`, else refuse those that ECR does not have]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_short_help = true,
        global = true
    )]
    strict_images: Option<bool>,
    /// Refuse no image, such as one that is pushed only later
    #[arg(long, conflicts_with = "strict_images", global = true)]
    no_image_check: bool,
}

impl ImageArgs {
    /// Returns the argument of a value of `strict_images`.
    fn from_setting(strict_images: Option<bool>) -> ImageArgs {
        ImageArgs { strict_images, no_image_check: false }
    }

    /// Returns the checks of the argument, else of the manifest.
    fn checks(&self, manifest: &crate::manifest::Manifest) -> ImageChecks {
        ImageChecks::from_setting(self.setting().or(manifest.strict_images))
    }

    /// Returns the value of `strict_images` that the arguments ask for.
    fn setting(&self) -> Option<bool> {
        if self.no_image_check { Some(false) } else { self.strict_images }
    }
}

/// Refuses a manifest without services and schedules, since a deploy of nothing would look like a success.
fn ensure_not_empty(manifest: &crate::manifest::Manifest) -> Result<(), crate::error::Failure> {
    let nothing = manifest.services.is_empty() && manifest.schedules.is_empty();
    if nothing {
        Err(crate::error::Failure::usage("the manifest has no services or schedules to deploy")
            .with_hint("add one under `services:` or `schedules:`".to_owned()))
    } else {
        Ok(())
    }
}

/// Renders the manifest of a command that deploys or runs something.
///
/// # Errors
/// Images have no tag, or every problem of the files.
fn render_manifest(manifest: &crate::manifest::Manifest) -> Result<DesiredState, crate::error::Failure> {
    crate::render::render_desired(manifest).map_err(|invalid| {
        match images_without_tag(&invalid.problems, &manifest.images) {
            Some(images) => no_tag_failure(&images),
            None => invalid.into(),
        }
    })
}

fn no_tag_failure(images: &[&str]) -> crate::error::Failure {
    let named = images.iter().map(|image| format!("`{image}`")).collect::<Vec<_>>().join(", ");
    let (of, each) = match images {
        [] => (String::new(), String::new()),
        [_] => (format!(" for image {named}"), String::new()),
        [one, ..] => {
            (format!(" for images {named}"), format!(", or one of an image with `--tag {one}=1.4.2`"))
        }
    };
    let hint = format!("add the tag to deploy, such as `--tag 1.4.2`{each}");
    crate::error::Failure::usage(format!("no tag was given{of}")).with_hint(hint)
}

/// Returns the user who started the CI job, if the environment names one.
fn ci_user(settings: &crate::settings::Settings) -> Option<String> {
    let names = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME"];
    let user = |name: &&str| settings.environment.get(*name).filter(|user| !user.is_empty());
    names.iter().find_map(user).cloned()
}

/// Returns the plan options for a manifest.
fn plan_options(
    manifest: &crate::manifest::Manifest,
    request: &Request,
    settings: &crate::settings::Settings,
    images: &ImageArgs,
) -> Options {
    Options {
        account: manifest.account.as_ref().map(|account| account.value.clone()),
        images: images.checks(manifest),
        manifest_services: manifest.service_names.clone(),
        now: jiff::Timestamp::now().as_second(),
        ignore: manifest.ignore.clone(),
        deploy_command: unfinished::deploy_command(&settings.arguments),
        record: DeployRecord {
            app: manifest.app.clone(),
            stage: manifest.stage.clone(),
            image_tag: request.tags.summary(),
            git_sha: crate::manifest::commit::commit_sha(manifest.folder(), &settings.environment),
            performer: ci_user(settings),
            release_id: None,
            emergency: settings.emergency.clone(),
        },
        ..Options::default()
    }
}
