//! `ecsail init`: writes the files of an app: of what runs in a cluster, or of a new one. Never changes anything in AWS.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::aws::Aws;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::manifest::Manifest;
use crate::report::CommandOutcome;
use crate::settings::Settings;

mod check;
pub(in crate::commands) mod file_set;
mod new;
mod running;
mod stages;
pub(in crate::commands) mod write;

/// The name of the manifest where none is given.
const MANIFEST: &str = "ecsail.yml";

/// Write the files of an app: of what runs in a cluster, or of a new app
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("init", "Examples:
  ecsail init --cluster main
  ecsail init --cluster main --service web --service worker --dry-run
  ecsail init --stage staging=shop-staging --stage production=shop-production
  ecsail init --new --name api --image 123456789012.dkr.ecr.us-east-1.amazonaws.com/api --port 8080
  ecsail init --new --express --name api --image 123456789012.dkr.ecr.us-east-1.amazonaws.com/api

Nothing in AWS is changed. A plan of the written files, with the tags that run, is made at once."))]
pub struct InitArgs {
    /// Service of the cluster to write; repeatable [default: all services, and all schedules that run tasks there]
    #[arg(long = "service", value_name = "NAME", add = crate::completion::services())]
    services: Vec<String>,
    /// Stage of the app and the cluster that it runs in; repeatable
    #[arg(long, value_name = "NAME=CLUSTER")]
    stage: Vec<String>,
    /// Name of the app [default: that of the cluster, of a new app that of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Write also what another tool, such as Terraform, seems to own
    #[arg(long)]
    own: bool,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
    /// Print the files instead of writing them
    #[arg(long)]
    dry_run: bool,
    /// Write the files of a new app, without calling AWS; asks for what is not given
    #[arg(long, conflicts_with_all = ["services", "stage", "own"])]
    new: bool,
    /// Repository of the new app's image
    #[arg(long, value_name = "REPOSITORY", requires = "new")]
    image: Option<String>,
    /// Port on which the new app's container listens [default: none]
    #[arg(long, value_name = "PORT", requires = "new", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Describe the new app's service for Express Mode, in which ECS makes its load balancer, its scaling and its URL
    #[arg(long, requires = "new")]
    express: bool,
}

/// Runs the verb.
///
/// # Errors
/// Files exist already, a cluster or service does not exist, or the written files cannot be planned.
pub async fn run(args: &InitArgs, context: &CommandContext) -> Result<CommandOutcome> {
    if args.new { new::run(args, context) } else { running::run(args, context).await }
}

/// The folder in which the files are written, and the name of the manifest in it.
#[derive(Clone, Debug)]
struct InitFolder {
    folder: PathBuf,
    manifest: String,
}

impl InitFolder {
    fn of(settings: &Settings) -> InitFolder {
        let path = settings.manifest.clone().unwrap_or_else(|| PathBuf::from(MANIFEST));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        InitFolder {
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            manifest: name.unwrap_or_else(|| MANIFEST.to_owned()),
        }
    }

    fn manifest_path(&self) -> PathBuf {
        self.folder.join(&self.manifest)
    }

    /// Returns the name of the folder, for an app without a name.
    fn folder_name(&self) -> String {
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        let resolved = folder.canonicalize().ok();
        let name = resolved.as_deref().and_then(Path::file_name);
        name.map_or_else(|| "app".to_owned(), |name| name.to_string_lossy().into_owned())
    }
}

/// Connects to the region of the settings, or to another one.
async fn connect(region: Option<&str>, context: &CommandContext) -> Result<Aws> {
    let manifest = Manifest { region: region.map(str::to_owned), ..Manifest::default() };
    context.connect_without_definitions(&manifest).await
}

/// Returns the failure of a manifest that exists beside the one to write.
fn other_manifest(destination: &InitFolder, settings: &Settings) -> Option<Failure> {
    let other = destination.folder.join("ecsail.yaml");
    let is_there = settings.manifest.is_none() && other.exists();
    is_there.then(|| {
        Failure::refused(format!("`{}` exists already, and is a manifest too", other.display()))
            .with_hint("name the manifest to write with `--manifest FILE`, or remove it".to_owned())
    })
}

/// Refuses before anything is read, where the manifest exists already.
fn refuse_existing_manifest(destination: &InitFolder, context: &CommandContext) -> Result<()> {
    let path = destination.manifest_path();
    let taken: Vec<String> = path.exists().then(|| format!("`{}`", path.display())).into_iter().collect();
    match write::refusal(&taken).or_else(|| other_manifest(destination, &context.settings)) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}
