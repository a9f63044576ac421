//! `ecsail status`: shows what services run, deployments in progress, and what is wrong.

use std::time::Duration;

use clap::Args;

use super::interrupts::Interrupts;
use super::services::{FoundService, SelectedServices, ServiceIdentity, ServicesArgs};
use crate::context::CommandContext;
use crate::duration;
use crate::error::Result;
use crate::exit_codes;
use crate::report::given_flags::GivenFlags;
use crate::report::{CommandOutcome, Event, Page, PageLine, Paint, Reporter, times};
use condition::condition;
use look::StatusReader;
use page::{MissingService, PageStyle};
use schedules::StatusSchedules;

mod condition;
mod drift;
mod ended;
mod event;
mod failures;
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
  ecsail status --cluster main                  # all services of a cluster, also beside a manifest
  ecsail status --stage production --exit-code  # for scripts: 3 where a service is failing or short of tasks
  ecsail status web --cluster main --output json

What is wrong comes first in a service, and services in trouble last in the list, under `--watch`
first. Up to ten services are shown in full: images, the last deploy, targets, and how the running
definition differs from the manifest. More are shown as a table. Without names, the manifest's
schedules are shown too."))]
pub struct StatusArgs {
    #[command(flatten)]
    services: ServicesArgs,
    /// Refresh every few seconds, until Ctrl-C
    #[arg(long, short)]
    watch: bool,
    /// Number of service events to show, failures first [default: one of a deployment in progress]
    #[arg(long, value_name = "N")]
    events: Option<usize>,
    /// Exit with 3 if a service is failing or short of tasks, with 4 if one is being deployed or deleted
    #[arg(long, conflicts_with = "watch")]
    exit_code: bool,
}

/// Runs the verb; `program` is the whole command line, of which the pages are made.
///
/// # Errors
/// There is neither a manifest nor a cluster, or an API call failed.
pub async fn run(args: &StatusArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select_or_cluster(context).await?;
    let mut looks = StatusReader::new(&chosen, context);
    let schedules =
        if args.services.is_empty() { StatusSchedules::from_manifest(&chosen, context).await? } else { None };
    if args.watch {
        return refresh_until_interrupted(args, &mut looks, schedules.as_ref(), context).await;
    }
    let status = read_status(args, &mut looks, schedules.as_ref(), context).await?;
    context.reporter.report(&Event::Page(&status.page));
    Ok(status.outcome)
}

/// What one look at the services gave.
struct StatusLook {
    page: Page,
    outcome: CommandOutcome,
}

/// Reads the services once.
async fn read_status(
    args: &StatusArgs,
    looks: &mut StatusReader<'_>,
    schedules: Option<&StatusSchedules<'_>>,
    context: &CommandContext,
) -> Result<StatusLook> {
    let chosen = looks.chosen;
    let found = chosen.read_existing().await?;
    let missing = missing_services(chosen, &found).await;
    let flags = GivenFlags::from_settings(&context.settings);
    let is_short = found.len() > MAX_IN_FULL;
    let seen = if is_short { looks.read_brief(found).await } else { looks.read_full(found).await };
    let style =
        PageStyle { events: args.events, in_place: args.watch, now: times::unix_now(), flags: &flags };
    let mut page = match () {
        () if chosen.identities.is_empty() => page::empty_page(chosen.manifest.cluster.as_deref()),
        () if is_short => page::short_page(&seen, &missing, &style),
        () => page::full_page(&seen, &missing, &style),
    };
    if let Some(schedules) = schedules {
        page.items.extend(schedules.items().await);
    }
    let conditions = seen.iter().map(|one| condition(one).outcome()).filter(|_| args.exit_code);
    let missing = (!missing.is_empty()).then_some(CommandOutcome::Error);
    let outcome = conditions.chain(missing).fold(CommandOutcome::Succeeded, CommandOutcome::worse);
    Ok(StatusLook { page, outcome })
}

/// Returns the services that do not exist; if they are few, with names that are similar.
async fn missing_services<'a>(
    chosen: &'a SelectedServices,
    found: &[FoundService],
) -> Vec<MissingService<'a>> {
    let is_found = |place: &&ServiceIdentity| found.iter().any(|found| &found.identity == *place);
    let missing: Vec<&ServiceIdentity> = chosen.identities.iter().filter(|place| !is_found(place)).collect();
    let are_few = missing.len() <= MAX_SUGGESTED;
    let mut services = Vec::new();
    for place in missing {
        let failure = if are_few { Some(chosen.not_found(place).await) } else { None };
        let hint = failure.and_then(|failure| failure.hints.into_iter().next());
        services.push(MissingService { place, is_deleted: chosen.is_deleted(place), hint });
    }
    services
}

/// Returns when the services were read, and how the watch ends.
fn watch_line(pause: Duration) -> PageLine {
    let now = (times::unix_now() * 1000.0) as i64;
    let time = times::format_in_zone(now, &times::local_zone());
    let every = duration::text(pause.max(Duration::from_secs(1)));
    PageLine::painted(format!("as of {time}, read every {every}; Ctrl-C ends it"), Paint::Dim)
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
            looked = read_status(args, looks, schedules, context) => looked,
            () = interrupts.next() => break,
        };
        match looked {
            Ok(StatusLook { mut page, .. }) => {
                page.head.insert(0, watch_line(pause));
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
