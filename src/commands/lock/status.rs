//! `ecsail lock status`: shows who holds the lock of a stage. Changes nothing.

use clap::Args;

use super::{ChosenLock, ReadLock, answer};
use crate::context::CommandContext;
use crate::error::Result;
use crate::exit_codes;
use crate::report::CommandOutcome;

/// Show who holds the lock of the stage
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("lock status", "Examples:
  ecsail lock status --stage production
  ecsail lock status --stage production --output json"))]
pub struct LockStatusArgs {}

/// Runs the verb.
///
/// # Errors
/// The manifest has no lock, or the table cannot be read.
pub async fn run(_: &LockStatusArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = ChosenLock::connect(context).await?;
    let ReadLock { record, store_seconds } = chosen.read().await?;
    // A hold that is over is free for the next command.
    let record = record.map(|mut record| {
        record.is_held &= record.until.is_none_or(|until| store_seconds < until);
        record
    });
    answer::report(&chosen.key, &chosen.table.name, record.as_ref(), context);
    Ok(CommandOutcome::Succeeded)
}
