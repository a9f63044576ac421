//! `ecsail schedule enable` and `disable`: enable and disable schedules. Nothing else of them changes.

use clap::Args;

use super::observed::{SelectedSchedules, select};
use crate::apply::schedules::set_enabled;
use crate::aws::types::{ObservedSchedule, Via};
use crate::commands::change_guards::{ensure_account, ensure_no_failures};
use crate::commands::stage_lock::{LockPurpose, lock_stage};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::schedule::ScheduleSwitched;
use crate::exit_codes;
use crate::manifest::schedules::schedule_noun;
use crate::plan::schedules::owner;
use crate::render::schedules::DesiredSchedule;
use crate::report::{CommandOutcome, Event};

/// Enable schedules
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("schedule enable", "Examples:
  ecsail schedule enable nightly-report
  ecsail schedule enable nightly-report hourly --stage production

If the manifest has `enabled: false`, the next deploy disables the schedule again."))]
pub struct ScheduleEnableArgs {
    #[command(flatten)]
    schedules: ScheduleNamesArgs,
}

/// Disable schedules until they are enabled again
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("schedule disable", "Examples:
  ecsail schedule disable nightly-report
  ecsail schedule disable nightly-report hourly --stage production

A deploy leaves the schedule disabled, unless the manifest has `enabled: true`."))]
pub struct ScheduleDisableArgs {
    #[command(flatten)]
    schedules: ScheduleNamesArgs,
}

#[derive(Clone, Debug, Args)]
struct ScheduleNamesArgs {
    /// Keys of schedules in the manifest
    #[arg(value_name = "NAME", required = true, add = crate::completion::schedules())]
    names: Vec<String>,
}

/// Runs `enable`.
///
/// # Errors
/// A schedule does not exist or has another owner (then none is changed), or an API call failed.
pub async fn enable(args: &ScheduleEnableArgs, context: &CommandContext) -> Result<CommandOutcome> {
    set_enabled_state(&args.schedules, true, context).await
}

/// Runs `disable`.
///
/// # Errors
/// As of [`enable`].
pub async fn disable(args: &ScheduleDisableArgs, context: &CommandContext) -> Result<CommandOutcome> {
    set_enabled_state(&args.schedules, false, context).await
}

async fn set_enabled_state(
    which: &ScheduleNamesArgs,
    enabled: bool,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    let chosen = select(&which.names, context).await?;
    let aws = context.connect_without_definitions(&chosen.manifest).await?;
    ensure_account(&chosen.manifest, &aws).await?;
    let command = if enabled { "schedule enable" } else { "schedule disable" };
    lock_stage(&chosen.manifest, &aws, LockPurpose::of(command), context).await?;
    let found = chosen.read_existing(&aws).await?;
    ensure_owned(&found, &chosen)?;
    let mut failures = Vec::new();
    for (desired, observed) in &found {
        let key = desired.key.as_str();
        match set_enabled(key, observed, enabled, &aws, context.reporter.as_ref()).await {
            Ok(changed) => report_state(desired, observed, enabled, changed, context),
            Err(failure) => failures.push(failure),
        }
    }
    ensure_no_failures(failures)?;
    Ok(CommandOutcome::Succeeded)
}

/// Refuses schedules whose tags name another owner.
fn ensure_owned(found: &[(&DesiredSchedule, ObservedSchedule)], chosen: &SelectedSchedules) -> Result<()> {
    let ground = chosen.context();
    let refusal = |(_, observed): &(&DesiredSchedule, ObservedSchedule)| {
        let other =
            owner::describe_owner(&observed.tags).filter(|_| !owner::is_own(&observed.tags, &ground))?;
        let message = format!("{} `{}` is owned by {other}", schedule_noun(observed.via), observed.name());
        Some(Failure::refused(message).with_hint("nothing was changed".to_owned()))
    };
    ensure_no_failures(found.iter().filter_map(refusal).collect())
}

/// Reports the state of a schedule, the other targets that it affects, and what the next deploy does to it.
fn report_state(
    desired: &DesiredSchedule,
    observed: &ObservedSchedule,
    enabled: bool,
    changed: bool,
    context: &CommandContext,
) {
    let (key, word) = (&desired.key, if enabled { "enabled" } else { "disabled" });
    let text = if changed { format!("{key}: {word}") } else { format!("{key}: unchanged, already {word}") };
    let event = JsonEvent::ScheduleSwitched(ScheduleSwitched {
        schedule: key.clone(),
        name: observed.name().to_owned(),
        enabled,
        changed,
    });
    context.reporter.report(&Event::Answer { text: &text, event });
    if desired.enabled == Some(!enabled) {
        let back = if enabled { "disables" } else { "enables" };
        let note = format!(
            "schedule `{key}`: the manifest has `enabled: {}`, so the next deploy {back} it again",
            !enabled
        );
        context.reporter.report(&Event::Note(&note));
    }
    let targets = observed.targets.len();
    if changed && desired.kind == Via::Rule && targets > 1 {
        let note = format!(
            "schedule `{key}`: rule `{}` has {targets} targets, and all of them are affected",
            observed.name()
        );
        context.reporter.report(&Event::Note(&note));
    }
}
