//! Asks before a change is made. Never changes anything.

use crate::apply::guard::ensure_unchanged;
use crate::aws::Aws;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::plan::ServicePlan;
use crate::report::Event;

/// Whether a change may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Confirmation {
    /// The question was not asked: because of `--yes`, in CI, or in the sandbox without a terminal.
    Assumed,
    /// The user has agreed, some time after the plan was made.
    Given,
    Declined,
}

/// Asks whether a change may be made, where there is a terminal to ask on.
///
/// # Errors
/// The question cannot be asked, and neither `--yes` nor `CI=true` was given.
fn confirm(question: &str, yes: bool, context: &CommandContext) -> Result<Confirmation> {
    confirm_by(|| context.reporter.confirm(question), yes, context)
}

/// Asks in a way of its own whether a change may be made; see [`confirm`].
fn confirm_by(
    ask: impl FnOnce() -> Option<bool>,
    yes: bool,
    context: &CommandContext,
) -> Result<Confirmation> {
    if yes || context.settings.assumes_yes() {
        return Ok(Confirmation::Assumed);
    }
    match ask() {
        Some(true) => Ok(Confirmation::Given),
        Some(false) => {
            context.reporter.report(&Event::Note("nothing was changed"));
            Ok(Confirmation::Declined)
        }
        None if context.settings.sandbox.is_some() => Ok(Confirmation::Assumed),
        None => {
            let hint = "add `--yes`; `CI=true` implies it".to_owned();
            let reason = context.reporter.unasked_reason();
            let message = format!("the change needs confirmation, and {reason}");
            Err(Failure::usage(message).with_hint(hint))
        }
    }
}

/// Returns whether services may be changed; after an answer it reads them again, as time has passed since the plan.
///
/// # Errors
/// As of [`confirm`]; or a service has changed since the plan.
pub async fn is_change_confirmed(
    question: &str,
    yes: bool,
    services: &[&ServicePlan],
    aws: &Aws,
    context: &CommandContext,
) -> Result<bool> {
    let confirmation = confirm(question, yes, context)?;
    if confirmation == Confirmation::Given {
        ensure_unchanged(services, aws).await?;
    }
    Ok(confirmation != Confirmation::Declined)
}

/// Returns whether a change may be made; see [`confirm`].
///
/// # Errors
/// As of [`confirm`].
pub fn is_confirmed(question: &str, yes: bool, context: &CommandContext) -> Result<bool> {
    Ok(confirm(question, yes, context)? != Confirmation::Declined)
}

/// Returns whether something may be deleted: on a terminal, its name has to be typed.
///
/// # Errors
/// As of [`confirm`].
pub fn is_confirmed_by_name(question: &str, name: &str, yes: bool, context: &CommandContext) -> Result<bool> {
    let ask = || context.reporter.ask_text(question).map(|answer| answer == name);
    Ok(confirm_by(ask, yes, context)? != Confirmation::Declined)
}
