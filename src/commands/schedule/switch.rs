//! `ecsail schedule enable` and `disable`: switch schedules on and off. All else about them stays.

use anyhow::Result;
use clap::Args;

use super::look::{Chosen, choose};
use crate::apply::schedules::set_enabled;
use crate::aws::scheduled::ObservedSchedule;
use crate::commands::change::{raised, right_account};
use crate::context::Context;
use crate::error::Failure;
use crate::events::JsonEvent;
use crate::events::schedule::ScheduleSwitched;
use crate::manifest::schedules::{Via, noun};
use crate::plan::schedules::owner;
use crate::render::schedules::DesiredSchedule;
use crate::report::{Event, Outcome};

/// Switches schedules on
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule enable nightly-report
  ecsail schedule enable nightly-report hourly --stage production

Where the manifest says `enabled: false`, the next deploy switches it off again.")]
pub struct Enable {
    #[command(flatten)]
    which: Which,
}

/// Switches schedules off, until they are switched on again
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule disable nightly-report
  ecsail schedule disable nightly-report hourly --stage production

A deploy leaves it switched off, unless the manifest says `enabled: true`.")]
pub struct Disable {
    #[command(flatten)]
    which: Which,
}

#[derive(Clone, Debug, Args)]
struct Which {
    /// The schedules' keys in the manifest
    #[arg(value_name = "NAME", required = true, add = crate::completing::schedules())]
    names: Vec<String>,
}

/// Runs `enable`.
///
/// # Errors
/// A schedule that is not there or somebody else's: then none is changed. And the API's.
pub async fn enable(args: &Enable, context: &Context) -> Result<Outcome> {
    switch(&args.which, true, context).await
}

/// Runs `disable`.
///
/// # Errors
/// As [`enable`].
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

/// Refuses schedules that tags name as somebody else's.
fn refuse(found: &[(&DesiredSchedule, ObservedSchedule)], chosen: &Chosen) -> Result<()> {
    let ground = chosen.ground();
    let refusal = |(_, observed): &(&DesiredSchedule, ObservedSchedule)| {
        let other = owner::other(&observed.tags).filter(|_| !owner::is_own(&observed.tags, &ground))?;
        let message = format!("{} `{}` is of {other}", noun(observed.via), observed.name());
        Some(Failure::refused(message).hint("nothing was changed".to_owned()))
    };
    raised(found.iter().filter_map(refusal).collect())
}

/// Tells how a schedule stands now, whom else that concerns, and what the next deploy does to it.
fn tell(
    desired: &DesiredSchedule,
    observed: &ObservedSchedule,
    enabled: bool,
    changed: bool,
    context: &Context,
) {
    let (key, word) = (&desired.key, if enabled { "enabled" } else { "disabled" });
    let text = if changed { format!("{key}: {word}") } else { format!("{key}: unchanged, {word} already") };
    let event = JsonEvent::ScheduleSwitched(ScheduleSwitched {
        schedule: key.clone(),
        name: observed.name().to_owned(),
        enabled,
        changed,
    });
    context.report.tell(&Event::Answer { text: &text, event });
    if desired.enabled == Some(!enabled) {
        let back = if enabled { "off" } else { "on" };
        let note = format!(
            "`{key}`: the manifest says `enabled: {}`, and the next deploy switches it {back}",
            !enabled
        );
        context.report.tell(&Event::Note(&note));
    }
    let targets = observed.targets.len();
    if changed && desired.via == Via::Rule && targets > 1 {
        let note =
            format!("`{key}`: rule `{}` has {targets} targets, and this is for all of them", observed.name());
        context.report.tell(&Event::Note(&note));
    }
}
