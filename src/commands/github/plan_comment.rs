//! Writes a plan as a comment on the pull request of the workflow run, and labels the pull request.

use super::{client, pull_request_of_run};
use crate::commands::stage_lock::runner;
use crate::context::CommandContext;
use crate::github::comment::fitted;
use crate::plan::Plan;
use crate::report::{Event, plan as plan_report};

/// Writes a plan as a comment, in the place of the earlier one of the same app and stage, and sets the label. What fails is a note.
pub async fn comment_plan(plan: &Plan, context: &CommandContext) {
    let note = match write(plan, context).await {
        Ok(note) => note,
        Err(why) => format!("failed to write the plan on the pull request: {why}"),
    };
    context.reporter.report(&Event::Note(&note));
}

/// Returns the note of what was written.
async fn write(plan: &Plan, context: &CommandContext) -> Result<String, String> {
    let settings = &context.settings;
    let pull = pull_request_of_run(settings)?.number;
    let client = client(settings)?;
    let run_url = runner(settings).run_url;
    let text = fitted(&plan_report::comment(plan), run_url.as_deref());
    let has_changes = client.put_plan_comment(pull, &text).await.map_err(|error| error.to_string())?;
    match client.label_plan(pull, has_changes).await {
        Ok(()) => Ok(format!("the plan is on pull request #{pull}")),
        Err(error) => Ok(format!("the plan is on pull request #{pull}; failed to label it: {error}")),
    }
}
