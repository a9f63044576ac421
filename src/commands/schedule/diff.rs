//! `ecsail schedule diff`: shows what `ecsail deploy schedule` would change. The same as `ecsail plan schedule`.

use clap::Args;

use crate::commands::plan::show;
use crate::context::Context;
use crate::error::Result;
use crate::manifest::Request;
use crate::manifest::Scope;
use crate::report::{Outcome, PlanFormat};
use crate::settings::Tags;

/// Show what a deploy of schedules would change, without changing anything
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule diff --tag 1.4.2
  ecsail schedule diff nightly-report --tag 1.4.2 --exit-code    # 6 if there are changes

The same as `ecsail plan schedule`.")]
pub struct Diff {
    /// Keys of schedules in the manifest [default: all]
    #[arg(value_name = "NAME", add = crate::completing::schedules())]
    names: Vec<String>,
    /// Image tag to deploy: `1.4.2` for all images without a tag, `app=1.4.2` for one; repeatable
    #[arg(long, value_name = "[IMAGE=]TAG")]
    tag: Vec<String>,
    /// Exit with 6 if there are changes
    #[arg(long)]
    exit_code: bool,
}

/// Runs the verb.
///
/// # Errors
/// The plan is refused.
pub async fn run(args: &Diff, context: &Context) -> Result<Outcome> {
    let scope = Scope::Schedules(args.names.clone());
    let request = Request { tags: Tags::parse(&args.tag)?, scope, ..Request::default() };
    show(&request, args.exit_code, PlanFormat::Text, context).await
}
