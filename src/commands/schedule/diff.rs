//! `ecsail schedule diff`: what `ecsail deploy schedule` would change; `ecsail plan schedule` by another name.

use clap::Args;

use crate::commands::plan::show;
use crate::context::Context;
use crate::error::Result;
use crate::manifest::Scope;
use crate::manifest::load::Request;
use crate::report::{Outcome, PlanFormat};
use crate::settings::Tags;

/// Shows what a deploy of schedules would change, and changes nothing
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule diff --tag 1.4.2
  ecsail schedule diff nightly-report --tag 1.4.2 --exit-code    # 6 when there are changes, 0 when there are none

It is `ecsail plan schedule` by another name.")]
pub struct Diff {
    /// The schedules' keys in the manifest; all of them without names
    #[arg(value_name = "NAME", add = crate::completing::schedules())]
    names: Vec<String>,
    /// The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one
    #[arg(long, value_name = "[IMAGE=]TAG")]
    tag: Vec<String>,
    /// Exit with 6 when there are changes
    #[arg(long)]
    exit_code: bool,
}

/// Runs the verb.
///
/// # Errors
/// What stands against the deploy.
pub async fn run(args: &Diff, context: &Context) -> Result<Outcome> {
    let scope = Scope::Schedules(args.names.clone());
    let request = Request { tags: Tags::parse(&args.tag)?, scope, ..Request::default() };
    show(&request, args.exit_code, PlanFormat::Text, context).await
}
