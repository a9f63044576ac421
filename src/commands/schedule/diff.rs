//! `ecsail schedule diff`: shows what `ecsail deploy schedule` would change. The same as `ecsail plan schedule`.

use clap::Args;

use crate::commands::ImageArgs;
use crate::commands::plan::show_plan;
use crate::commands::planning::PlanningOptions;
use crate::context::CommandContext;
use crate::error::Result;
use crate::exit_codes;
use crate::manifest::Request;
use crate::manifest::Scope;
use crate::report::{CommandOutcome, PlanFormat};
use crate::settings::ImageTags;

/// Show what a deploy of schedules would change, without changing anything
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("schedule diff", "Examples:
  ecsail schedule diff --tag 1.4.2
  ecsail schedule diff nightly-report --tag 1.4.2 --exit-code

The same as `ecsail plan schedule`."))]
pub struct ScheduleDiffArgs {
    /// Keys of schedules in the manifest [default: all]
    #[arg(value_name = "NAME", add = crate::completion::schedules())]
    names: Vec<String>,
    /// Image tag to deploy: `1.4.2` for all images without a tag, `app=1.4.2` for one, `1.4.2@sha256:…` with its digest; repeatable
    #[arg(long, value_name = "[IMAGE=]TAG")]
    tag: Vec<String>,
    #[command(flatten)]
    images: ImageArgs,
    /// Exit with 6 if there are changes
    #[arg(long)]
    exit_code: bool,
}

/// Runs the verb.
///
/// # Errors
/// The plan is refused.
pub async fn run(args: &ScheduleDiffArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let scope = Scope::Schedules(args.names.clone());
    let request = Request { tags: ImageTags::parse(&args.tag)?, scope, ..Request::default() };
    let how = PlanningOptions { images: args.images.clone(), ..PlanningOptions::default() };
    show_plan(&request, how, args.exit_code, PlanFormat::Text, context).await
}
