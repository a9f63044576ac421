//! `ecsail lock release`: ends a hold, or frees the lock of a command that is gone. Of others only with `--force`, which is
//! recorded.

use clap::Args;

use super::{ChosenLock, ReadLock, answer};
use crate::apply::stage_lock::{replace_own, unique_id};
use crate::commands::stage_lock::{person, table_failure};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::lock::LockRecord;
use crate::report::CommandOutcome;

/// Release the lock of the stage
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("lock release", "Examples:
  ecsail lock release --stage production
  ecsail lock release --stage production --force     # of another person

A command that has the lock stops before its next change."))]
pub struct LockReleaseArgs {
    /// Release the lock of another person or CI job too
    #[arg(long)]
    force: bool,
}

/// Runs the verb.
///
/// # Errors
/// The lock is another's, or a call failed.
pub async fn run(args: &LockReleaseArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = ChosenLock::connect(context).await?;
    let ReadLock { record, .. } = chosen.read().await?;
    let Some(record) = record.filter(|record| record.is_held) else {
        answer::report(&chosen.key, &chosen.table.name, None, context);
        return Ok(CommandOutcome::Succeeded);
    };
    let own = person(&chosen.aws, "lock release", None, context).await;
    let is_own = own.is_same_person(&record.holder);
    if !is_own && !args.force {
        let message = format!("the lock of `{}` is held by {}", chosen.key, record.holder.in_words());
        let hint = "agree with its holder, then release it with `ecsail lock release --force`".to_owned();
        return Err(Failure::refused(message).with_hint(hint));
    }
    let by = if is_own { "released" } else { "released by force" };
    let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let note = format!("{by} by {} at {at}", own.name());
    let released = LockRecord { is_held: false, version: unique_id(), note: Some(note), ..record.clone() };
    // Of this holder only, however often it renews its lease meanwhile.
    let replaced = replace_own(&chosen.table, &released).await;
    if replaced.map_err(|error| table_failure(&chosen.table.name, error))?.is_err() {
        let failure = Failure::error(format!("the lock of `{}` has changed hands meanwhile", chosen.key));
        return Err(failure.with_hint("run the command again".to_owned()));
    }
    answer::report(&chosen.key, &chosen.table.name, Some(&released), context);
    Ok(CommandOutcome::Succeeded)
}
