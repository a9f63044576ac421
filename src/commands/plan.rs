//! `ecsail plan`: shows what a deploy would change. Never changes anything.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::deploy::new_release_id;
use super::edit_args::EditArgs;
use super::github::{commits::add_commits, plan_comment};
use super::planning::{Planned, PlanningOptions, plan_deploy};
use super::{ImageArgs, SelectionArgs, save_plan};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::manifest::Request;
use crate::report::{CommandOutcome, Event, PlanFormat, plan_comment as comment_text};

/// Show what a deploy would change, without changing anything
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("plan", "Examples:
  ecsail plan --tag 1.4.2
  ecsail plan web --tag 1.4.2 --output markdown >> \"$GITHUB_STEP_SUMMARY\"
  ecsail plan --tag 1.4.2 --exit-code
  ecsail plan --tag 1.4.2 --comment               # on the pull request, in GitHub Actions
  ecsail plan --tag 1.4.2 --out web.plan          # apply it with `ecsail apply web.plan`"))]
pub struct PlanArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    edits: EditArgs,
    /// Plan to create services that do not exist, even if the cluster has one of a similar name
    #[arg(long, global = true)]
    create: bool,
    /// Save the plan to a file, for `ecsail apply`
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Write the plan as a comment for a pull request: Markdown, with a hidden mark by which it is found again
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    comment_file: Option<PathBuf>,
    /// Write the plan as a comment on the pull request of the GitHub Actions run, in the place of an earlier one, and label it
    #[arg(long, global = true)]
    comment: bool,
    /// Exit with 6 if there are changes
    #[arg(long, global = true)]
    exit_code: bool,
}

/// Runs the verb.
///
/// # Errors
/// The plan is refused.
pub async fn run(args: &PlanArgs, markdown: bool, context: &CommandContext) -> Result<CommandOutcome> {
    let format = if markdown { PlanFormat::Markdown } else { PlanFormat::Text };
    let how = PlanningOptions {
        create: args.create,
        edits: args.edits.edits()?,
        images: args.images.clone(),
        uses_running_tags: true,
        release: args.out.as_ref().map(|_| new_release_id()),
        ..PlanningOptions::default()
    };
    let request = args.selection.request()?;
    let mut planned = match plan_deploy(&request, how.clone(), context).await {
        Ok(planned) => planned,
        Err(failure) => {
            if args.comment {
                plan_comment::comment_failure(&failure, &request, context).await;
            }
            return Err(failure);
        }
    };
    add_commits(&mut planned, context).await;
    let outcome = report_plan(&planned, args.exit_code, format, context);
    if let Some(path) = &args.comment_file {
        write_comment(path, &planned)?;
    }
    if let Some(path) = &args.out {
        save_plan::save(path, &planned, &how, context).await?;
    }
    if args.comment {
        plan_comment::comment_plan(&planned.with_blockers_noted(), context).await;
    }
    Ok(outcome)
}

/// Writes the plan as a comment for a pull request.
fn write_comment(path: &Path, planned: &Planned) -> Result<()> {
    let unwritable =
        |error| Failure::error(format!("failed to write comment `{}`", path.display())).with_cause(error);
    std::fs::write(path, comment_text::comment(&planned.with_blockers_noted())).map_err(unwritable)
}

/// Shows what a deploy of the request would change.
///
/// # Errors
/// The plan is refused.
pub async fn show_plan(
    request: &Request,
    how: PlanningOptions,
    exit_code: bool,
    format: PlanFormat,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    let planned = plan_deploy(request, how, context).await?;
    Ok(report_plan(&planned, exit_code, format, context))
}

fn report_plan(
    planned: &Planned,
    exit_code: bool,
    format: PlanFormat,
    context: &CommandContext,
) -> CommandOutcome {
    let plan = planned.with_blockers_noted();
    context.reporter.report(&Event::Plan { plan: &plan, answer: Some(format) });
    if exit_code && plan.has_changes() { CommandOutcome::HasChanges } else { CommandOutcome::Succeeded }
}
