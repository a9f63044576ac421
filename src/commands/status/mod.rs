//! `ecsail status`: shows what services run, deployments in progress, and what is wrong.

use std::time::Duration;

use clap::Args;

use super::interrupts::Interrupts;
use super::services::{ServiceIdentity, ServicesArgs};
use crate::context::CommandContext;
use crate::error::Result;
use crate::exit_codes;
use crate::report::{CommandOutcome, Event, Page, Reporter, times};
use look::{ServiceState, StatusReader};
use schedules::StatusSchedules;

mod condition;
mod drift;
mod event;
mod happened;
mod look;
mod page;
mod schedules;

/// The number of services up to which each is shown in full. More are shown as a table.
const MAX_IN_FULL: usize = 10;
/// The number of missing services up to which similar names are suggested.
const MAX_SUGGESTED: usize = 3;
/// The time between two refreshes.
const REFRESH_INTERVAL: Duration = Duration::from_secs(3);
/// The time that each service adds to it, since the rate of API calls is limited.
const INTERVAL_PER_SERVICE: Duration = Duration::from_millis(20);

/// Show what services run, deployments in progress, and what is wrong
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("status", "Examples:
  ecsail status
  ecsail status web --stage production --watch
  ecsail status --cluster main                  # all services of a cluster, without a manifest
  ecsail status web --cluster main --output json

Up to ten services are shown in full: images, the last deploy, targets, events, and how the
running definition differs from the manifest. More are shown as a table. Without names, the
manifest's schedules are shown too."))]
pub struct StatusArgs {
    #[command(flatten)]
    services: ServicesArgs,
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
pub async fn run(args: &StatusArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select(context).await?;
    let mut looks = StatusReader::new(&chosen, context);
    let schedules =
        if args.services.is_empty() { StatusSchedules::from_manifest(&chosen, context)? } else { None };
    if args.watch {
        return refresh_until_interrupted(args, &mut looks, schedules.as_ref(), context).await;
    }
    let (page, missing) = read_page(args, &mut looks, schedules.as_ref()).await?;
    context.reporter.report(&Event::Page(&page));
    Ok(if missing { CommandOutcome::Error } else { CommandOutcome::Succeeded })
}

/// Reads the services once. Returns the page to show, and whether a service does not exist.
async fn read_page(
    args: &StatusArgs,
    looks: &mut StatusReader<'_>,
    schedules: Option<&StatusSchedules<'_>>,
) -> Result<(Page, bool)> {
    let chosen = looks.chosen;
    let found = chosen.read_existing().await?;
    let there = |place: &&ServiceIdentity| found.iter().any(|found| &found.identity == *place);
    let missing: Vec<&ServiceIdentity> = chosen.identities.iter().filter(|place| !there(place)).collect();
    let mut hints = Vec::new();
    for place in &missing {
        let failure = if missing.len() <= MAX_SUGGESTED { Some(chosen.not_found(place).await) } else { None };
        let hint = failure.and_then(|failure| failure.hints.into_iter().next());
        hints.push(page::MissingService { place, is_deleted: chosen.is_deleted(place), hint });
    }
    let mut page = if chosen.identities.is_empty() {
        page::empty_page(chosen.manifest.cluster.as_deref())
    } else if found.len() <= MAX_IN_FULL {
        let seen: Vec<ServiceState> = looks.read_full(found).await;
        page::full_page(&seen, &hints, args.events, times::unix_now())
    } else {
        page::short_page(&looks.read_brief(found).await, &hints, args.events, args.watch, times::unix_now())
    };
    if let Some(schedules) = schedules {
        page.items.extend(schedules.items().await);
    }
    Ok((page, !missing.is_empty()))
}

/// Refreshes until an interrupt.
async fn refresh_until_interrupted(
    args: &StatusArgs,
    looks: &mut StatusReader<'_>,
    schedules: Option<&StatusSchedules<'_>>,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    let mut interrupts = Interrupts::listen()?;
    let services = u32::try_from(looks.chosen.identities.len()).unwrap_or(u32::MAX);
    let pause =
        context.poll_interval().unwrap_or(REFRESH_INTERVAL + INTERVAL_PER_SERVICE.saturating_mul(services));
    let mut before: Option<Page> = None;
    let mut failing = false;
    loop {
        let looked = tokio::select! {
            looked = read_page(args, looks, schedules) => looked,
            () = interrupts.next() => break,
        };
        match looked {
            Ok((page, _)) => {
                let changed =
                    before.as_ref().map_or_else(|| page.clone(), |before| page.changed_since(before));
                context.reporter.report(&Event::Refreshed { page: &page, changed: &changed });
                (before, failing) = (Some(page), false);
                if Reporter::is_output_closed(context.reporter.as_ref()) {
                    break;
                }
            }
            // The last page stays on the screen. A transient error is reported once, and the next refresh tries again.
            Err(error) if before.is_some() && error.is_temporary() => {
                if !failing {
                    context
                        .reporter
                        .report(&Event::Note(&format!("refresh failed, trying again: {}", error.one_line())));
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
    Ok(CommandOutcome::Succeeded)
}
