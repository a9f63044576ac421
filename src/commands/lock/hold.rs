//! `ecsail lock hold`: keeps all commands from changing a stage, until a time or until it is released.

use std::time::Duration;

use clap::Args;

use super::{ChosenLock, answer};
use crate::commands::stage_lock::{new_record, person, take};
use crate::context::CommandContext;
use crate::error::Result;
use crate::lock::{LockKind, LockRecord};
use crate::report::CommandOutcome;
use crate::{duration, exit_codes};

/// Hold the lock of the stage, so that no command changes it
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("lock hold", "Examples:
  ecsail lock hold --stage production --reason \"database migration\" --for 2h
  ecsail lock release --stage production

A deploy in progress is waited for. Commands that would change the stage are refused."))]
pub struct LockHoldArgs {
    /// Why the stage must not be changed, for those who are refused
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Time after which the hold ends [default: until `ecsail lock release`]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::argument)]
    length: Option<Duration>,
}

/// Runs the verb.
///
/// # Errors
/// Another person holds the lock, a command has it for too long, or a call failed.
pub async fn run(args: &LockHoldArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = ChosenLock::connect(context).await?;
    let holder = person(&chosen.aws, "lock hold", Some(&args.reason), context).await;
    let store_seconds = chosen.read().await?.store_seconds;
    let length = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    let until = args.length.map(|given| store_seconds.saturating_add(length(given)));
    let record = LockRecord { kind: LockKind::Hold, holder, until, ..new_record(&chosen.manifest, None) };
    let taken = take(&chosen.table, record, None, &chosen.aws, context).await?;
    answer::report(&chosen.key, &chosen.table.name, Some(&taken.record), context);
    Ok(CommandOutcome::Succeeded)
}
