//! `ecsail status`: shows what services run, deployments in progress, and what is wrong.

use std::time::Duration;

use clap::Args;

use super::interrupts::Interrupts;
use super::services::{Named, Place};
use crate::context::Context;
use crate::error::Result;
use crate::report::{Event, Outcome, Page, times};
use look::{Looks, Seen};
use schedules::Schedules;

mod drift;
mod event;
mod happened;
mod look;
mod page;
mod schedules;
mod standing;

/// The number of services up to which each is shown in full. More are shown as a table.
const FEW: usize = 10;
/// The number of missing services up to which similar names are suggested.
const SUGGESTED: usize = 3;
/// The time between two refreshes.
const INTERVAL: Duration = Duration::from_secs(3);
/// The time that each service adds to it, since the rate of API calls is limited.
const A_SERVICE: Duration = Duration::from_millis(20);

/// Show what services run, deployments in progress, and what is wrong
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail status
  ecsail status web --stage production --watch
  ecsail status --cluster main                  # all services of a cluster, without a manifest
  ecsail status web --cluster main --output json

Up to ten services are shown in full: images, the last deploy, targets, events, and how the
running definition differs from the manifest. More are shown as a table. Without names, the
manifest's schedules are shown too.

Exit codes: 0 all services exist, 1 a service does not exist or another error, 2 usage.")]
pub struct Status {
    #[command(flatten)]
    named: Named,
    /// Refresh every few seconds, until Ctrl-C
    #[arg(long, short)]
    watch: bool,
    /// Number of service events to show, failures first
    #[arg(long, value_name = "N", default_value_t = 3)]
    events: usize,
}

/// Runs the verb; `program` is the whole command line, of which the pages are made.
///
/// # Errors
/// There is neither a manifest nor a cluster, or an API call failed.
pub async fn run(args: &Status, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let mut looks = Looks::new(&chosen, context);
    let schedules = if args.named.is_all() { Schedules::of(&chosen, context)? } else { None };
    if args.watch {
        return watch(args, &mut looks, schedules.as_ref(), context).await;
    }
    let (page, missing) = look(args, &mut looks, schedules.as_ref()).await?;
    context.report.tell(&Event::Page(&page));
    Ok(if missing { Outcome::Error } else { Outcome::Done })
}

/// Reads the services once. Returns the page to show, and whether a service does not exist.
async fn look(
    args: &Status,
    looks: &mut Looks<'_>,
    schedules: Option<&Schedules<'_>>,
) -> Result<(Page, bool)> {
    let chosen = looks.chosen;
    let found = chosen.look().await?;
    let there = |place: &&Place| found.iter().any(|found| &found.place == *place);
    let missing: Vec<&Place> = chosen.places.iter().filter(|place| !there(place)).collect();
    let mut hints = Vec::new();
    for place in &missing {
        let failure = if missing.len() <= SUGGESTED { Some(chosen.missing(place).await) } else { None };
        hints.push((*place, failure.and_then(|failure| failure.hints.into_iter().next())));
    }
    let mut page = if chosen.places.is_empty() {
        page::none(chosen.manifest.cluster.as_deref())
    } else if found.len() <= FEW {
        let seen: Vec<Seen> = looks.closely(found).await;
        page::whole(&seen, &hints, args.events, times::now())
    } else {
        page::short(&looks.briefly(found).await, &hints, args.events, args.watch, times::now())
    };
    if let Some(schedules) = schedules {
        page.items.extend(schedules.items().await);
    }
    Ok((page, !missing.is_empty()))
}

/// Refreshes until an interrupt.
async fn watch(
    args: &Status,
    looks: &mut Looks<'_>,
    schedules: Option<&Schedules<'_>>,
    context: &Context,
) -> Result<Outcome> {
    let mut interrupts = Interrupts::listen()?;
    let services = u32::try_from(looks.chosen.places.len()).unwrap_or(u32::MAX);
    let pause = context.poll_interval().unwrap_or(INTERVAL + A_SERVICE.saturating_mul(services));
    let mut before: Option<Page> = None;
    let mut failing = false;
    loop {
        let looked = tokio::select! {
            looked = look(args, looks, schedules) => looked,
            () = interrupts.next() => break,
        };
        match looked {
            Ok((page, _)) => {
                let changed =
                    before.as_ref().map_or_else(|| page.clone(), |before| page.changed_since(before));
                context.report.tell(&Event::Refreshed { page: &page, changed: &changed });
                (before, failing) = (Some(page), false);
            }
            // The last page stays on the screen. A transient error is reported once, and the next refresh tries again.
            Err(error) if before.is_some() && error.is_temporary() => {
                if !failing {
                    context
                        .report
                        .tell(&Event::Note(&format!("the watch goes on after: {}", error.one_line())));
                }
                failing = true;
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = interrupts.next() => break,
        }
    }
    Ok(Outcome::Done)
}
