//! `ecsail schedule enable` and `disable`: enable and disable schedules. Nothing else of them changes.

use clap::Args;

use super::look::{Chosen, choose};
use crate::apply::schedules::set_enabled;
use crate::aws::types::{ObservedSchedule, Via};
use crate::commands::change::{raised, right_account};
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::schedule::ScheduleSwitched;
use crate::manifest::schedules::noun;
use crate::plan::schedules::owner;
use crate::render::schedules::DesiredSchedule;
use crate::report::{Event, Outcome};

/// Enable schedules
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule enable nightly-report
  ecsail schedule enable nightly-report hourly --stage production

If the manifest has `enabled: false`, the next deploy disables the schedule again.")]
pub struct Enable {
    #[command(flatten)]
    which: Which,
}

/// Disable schedules until they are enabled again
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule disable nightly-report
  ecsail schedule disable nightly-report hourly --stage production

A deploy leaves the schedule disabled, unless the manifest has `enabled: true`.")]
pub struct Disable {
    #[command(flatten)]
    which: Which,
}

#[derive(Clone, Debug, Args)]
struct Which {
    /// Keys of schedules in the manifest
    #[arg(value_name = "NAME", required = true, add = crate::completing::schedules())]
    names: Vec<String>,
}

/// Runs `enable`.
///
/// # Errors
/// A schedule does not exist or has another owner (then none is changed), or an API call failed.
pub async fn enable(args: &Enable, context: &Context) -> Result<Outcome> {
    switch(&args.which, true, context).await
}

/// Runs `disable`.
///
/// # Errors
/// As of [`enable`].
pub async fn disable(args: &Disable, context: &Context) -> Result<Outcome> {
    switch(&args.which, false, context).await
}

async fn switch(which: &Which, enabled: bool, context: &Context) -> Result<Outcome> {
    let chosen = choose(&which.names, context)?;
    let aws = context.connect_only(&chosen.manifest).await?;
    right_account(&chosen.manifest, &aws).await?;
    let found = chosen.all(&aws).await?;
    refuse(&found, &chosen)?;
    let mut failures = Vec::new();
    for (desired, observed) in &found {
        let key = desired.key.as_str();
        match set_enabled(key, observed, enabled, &aws, context.report.as_ref()).await {
            Ok(changed) => tell(desired, observed, enabled, changed, context),
            Err(failure) => failures.push(failure),
        }
    }
    raised(failures)?;
    Ok(Outcome::Done)
}

/// Refuses schedules whose tags name another owner.
fn refuse(found: &[(&DesiredSchedule, ObservedSchedule)], chosen: &Chosen) -> Result<()> {
    let ground = chosen.ground();
    let refusal = |(_, observed): &(&DesiredSchedule, ObservedSchedule)| {
        let other = owner::other(&observed.tags).filter(|_| !owner::is_own(&observed.tags, &ground))?;
        let message = format!("{} `{}` is owned by {other}", noun(observed.via), observed.name());
        Some(Failure::refused(message).hint("nothing was changed".to_owned()))
    };
    raised(found.iter().filter_map(refusal).collect())
}

/// Reports the state of a schedule, the other targets that it affects, and what the next deploy does to it.
fn tell(
    desired: &DesiredSchedule,
    observed: &ObservedSchedule,
    enabled: bool,
    changed: bool,
    context: &Context,
) {
    let (key, word) = (&desired.key, if enabled { "enabled" } else { "disabled" });
    let text = if changed { format!("{key}: {word}") } else { format!("{key}: unchanged, already {word}") };
    let event = JsonEvent::ScheduleSwitched(ScheduleSwitched {
        schedule: key.clone(),
        name: observed.name().to_owned(),
        enabled,
        changed,
    });
    context.report.tell(&Event::Answer { text: &text, event });
    if desired.enabled == Some(!enabled) {
        let back = if enabled { "disables" } else { "enables" };
        let note = format!(
            "schedule `{key}`: the manifest has `enabled: {}`, so the next deploy {back} it again",
            !enabled
        );
        context.report.tell(&Event::Note(&note));
    }
    let targets = observed.targets.len();
    if changed && desired.via == Via::Rule && targets > 1 {
        let note = format!(
            "schedule `{key}`: rule `{}` has {targets} targets, and all of them are affected",
            observed.name()
        );
        context.report.tell(&Event::Note(&note));
    }
}
