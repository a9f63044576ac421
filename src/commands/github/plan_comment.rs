//! Writes a plan as a comment on the pull request of the workflow run, and labels the pull request.

use super::{client, pull_request_of_run};
use crate::commands::stage_lock::runner;
use crate::context::CommandContext;
use crate::error::Failure;
use crate::github::comment::with_origin;
use crate::manifest::{self, Request};
use crate::plan::Plan;
use crate::report::{Event, plan_comment as comment_text};

/// Writes a plan as a comment, in the place of the earlier one of the same app and stage, and sets the label. What fails is a note.
pub async fn comment_plan(plan: &Plan, context: &CommandContext) {
    let text = comment_text::comment(plan);
    report(write(&text, CommentLabel::Set, context).await, context);
}

/// Writes that there is no plan, in the place of one that no longer holds. What fails is a note.
pub async fn comment_failure(failure: &Failure, request: &Request, context: &CommandContext) {
    let settings = &context.settings;
    // Problems in the files are no reason not to know the name of the app.
    let app = manifest::load(settings, request).ok().and_then(|manifest| manifest.app);
    let text = comment_text::failed_comment(app.as_deref(), failure, settings);
    report(write(&text, CommentLabel::Leave, context).await, context);
}

fn report(result: Result<String, String>, context: &CommandContext) {
    let failed = |why| format!("failed to write the plan on the pull request: {why}");
    context.reporter.report(&Event::Note(&result.unwrap_or_else(failed)));
}

/// What becomes of the labels of the pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommentLabel {
    Set,
    Leave,
}

/// Returns the note of what was written.
async fn write(text: &str, label: CommentLabel, context: &CommandContext) -> Result<String, String> {
    let settings = &context.settings;
    let pull = pull_request_of_run(settings)?;
    let client = client(settings)?;
    let text = with_origin(text, pull.head.as_deref(), runner(settings).run_url.as_deref());
    let written = client.put_plan_comment(pull.number, &text).await;
    let has_changes = written.map_err(|error| error.to_string())?;
    let done = format!("the plan is on pull request #{}", pull.number);
    if label == CommentLabel::Leave {
        return Ok(done);
    }
    match client.label_plan(pull.number, has_changes).await {
        Ok(()) => Ok(done),
        Err(error) => Ok(format!("{done}; failed to label it: {error}")),
    }
}
