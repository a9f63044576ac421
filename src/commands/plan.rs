//! `ecsail plan`: shows what a deploy would change. Never changes anything.

use clap::Args;

use super::Selection;
use super::planning::{PlanningOptions, plan_deploy};
use crate::context::Context;
use crate::error::Result;
use crate::manifest::Request;
use crate::report::{Event, Outcome, PlanFormat};

/// Show what a deploy would change, without changing anything
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail plan --tag 1.4.2
  ecsail plan service web --tag 1.4.2 --output markdown >> \"$GITHUB_STEP_SUMMARY\"
  ecsail plan --tag 1.4.2 --exit-code      # 6 if there are changes")]
pub struct Plan {
    #[command(flatten)]
    selection: Selection,
    /// Exit with 6 if there are changes
    #[arg(long, global = true)]
    exit_code: bool,
}

/// Runs the verb.
///
/// # Errors
/// The plan is refused.
pub async fn run(args: &Plan, markdown: bool, context: &Context) -> Result<Outcome> {
    let format = if markdown { PlanFormat::Markdown } else { PlanFormat::Text };
    show(&args.selection.request()?, args.exit_code, format, context).await
}

/// Shows what a deploy of the request would change.
///
/// # Errors
/// The plan is refused.
pub async fn show(
    request: &Request,
    exit_code: bool,
    format: PlanFormat,
    context: &Context,
) -> Result<Outcome> {
    let planned = plan_deploy(request, PlanningOptions::default(), context).await?;
    let plan = planned.with_blockers_noted();
    context.report.tell(&Event::Plan { plan: &plan, answer: Some(format) });
    Ok(if exit_code && !plan.is_empty() { Outcome::Changes } else { Outcome::Done })
}
