//! Formats the comment of a plan for a pull request: Markdown, with a hidden mark by which the comment of the same app and stage is
//! found again.

use super::given_flags::GivenFlags;
use super::{plan, step_summary};
use crate::error::Failure;
use crate::plan::Plan;
use crate::settings::Settings;

/// Returns a plan as a comment.
pub fn comment(plan: &Plan) -> String {
    let mark = mark(plan.record.app.as_deref(), plan.destination.stage.as_deref());
    let changes = if plan.has_changes() { "" } else { "No changes.\n\n" };
    format!("{mark}\n\n{changes}{}\n", plan::markdown(plan).trim_end())
}

/// Returns the comment of a run that has no plan, with the errors.
pub fn failed_comment(app: Option<&str>, failure: &Failure, settings: &Settings) -> String {
    let mark = mark(app, settings.stage.as_deref());
    let errors = step_summary::failure(failure, &GivenFlags::from_settings(settings));
    format!("{mark}\n\n**There is no plan.**\n\n{}\n", errors.trim_end())
}

fn mark(app: Option<&str>, stage: Option<&str>) -> String {
    let of: Vec<String> = [app, stage].into_iter().flatten().map(without_dashes).collect();
    format!("<!-- ecsail plan {} -->", of.join("/"))
}

/// Returns a name without what would end a comment of HTML.
fn without_dashes(name: &str) -> String {
    name.replace("--", "-").replace('>', "")
}
