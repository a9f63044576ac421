//! `ecsail why`: explains what is or was wrong with the last deployment, as `deploy` does at its end. Never changes anything.

use std::time::Duration;

use clap::Args;

use super::attach::{attach, failed_before_newest};
use super::services::{FoundService, SelectedServices, ServicesArgs};
use crate::aws::types::{ServiceEvent, revision_name};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::exit_codes;
use crate::report::given_flags::GivenFlags;
use crate::report::rollout_result::{next_steps, running_text, verdict_line};
use crate::report::{CommandOutcome, Event, Page, PageItem, PageLine, Reporter, explanation, rollout, times};
use crate::watch::reporter::WatchReporter;
use crate::watch::snapshot::WatchedRollout;
use crate::watch::{Progress, RolloutWatch, WatchResult};

/// Explain what is wrong with a service: the first task that failed, its log, the cause and the remedy
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("why", "Examples:
  ecsail why web
  ecsail why web --cluster main
  ecsail why web --deployment ecs-svc/1234567890123456789

The last deployment is explained, or where it succeeded the one before it that did not. ECS shows
stopped tasks for about an hour."))]
pub struct WhyArgs {
    #[command(flatten)]
    services: ServicesArgs,
    /// Deployment to explain, of one service [default: the last one]
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// A service or the deployment does not exist, or an API call failed.
pub async fn run(args: &WhyArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select(context).await?;
    let found = chosen.read_all().await?;
    if args.deployment.is_some() && found.len() != 1 {
        let hint = "name the service that the deployment is of: `ecsail why NAME --deployment ID`".to_owned();
        return Err(Failure::usage("`--deployment` needs exactly one service").with_hint(hint));
    }
    for service in &found {
        explain(service, args.deployment.as_deref(), &chosen, context).await?;
    }
    Ok(CommandOutcome::Succeeded)
}

/// Explains one service.
async fn explain(
    service: &FoundService,
    id: Option<&str>,
    chosen: &SelectedServices,
    context: &CommandContext,
) -> Result<()> {
    let attached = attach(service, chosen, id).await?;
    for note in [attached.doubt, attached.unread].into_iter().flatten() {
        context.reporter.report(&Event::Note(&note));
    }
    let newest = look(attached.rollout, chosen, context).await;
    let earlier = if newest.has_succeeded() && newest.diagnosis.is_none() && id.is_none() {
        failed_before_newest(service, chosen).await
    } else {
        None
    };
    let Some(earlier) = earlier else {
        context.reporter.report(&Event::Page(&page(&newest, None, context)));
        return Ok(());
    };
    let attached = attach(service, chosen, Some(&earlier)).await?;
    let failed = look(attached.rollout, chosen, context).await;
    context.reporter.report(&Event::Page(&page(&failed, Some(&newest), context)));
    Ok(())
}

/// Looks at a deployment once, and reads what explains it.
async fn look(followed: WatchedRollout, chosen: &SelectedServices, context: &CommandContext) -> WatchResult {
    let reporter = NotesOnly(context.reporter.as_ref());
    let mut watch = RolloutWatch::new(Vec::new(), &chosen.aws, &reporter, None);
    watch.explain_once(followed).await
}

/// Returns what is known of a deployment; `newest` is the last one, where that is another.
fn page(explained: &WatchResult, newest: Option<&WatchResult>, context: &CommandContext) -> Page {
    let key = &explained.rollout.key;
    let flags = GivenFlags::from_settings(&context.settings);
    let mut lines = Vec::new();
    if let Some(diagnosis) = &explained.diagnosis {
        lines.extend(explanation::text(key, diagnosis, Some(&flags), false).lines().map(PageLine::plain));
    }
    let begun = times::format_utc(explained.rollout.created_at);
    let begun = begun.map(|begun| format!(" (begun {begun})")).unwrap_or_default();
    let (paint, text) = verdict_line(explained);
    lines.push(PageLine::painted(format!("{key}: {text}{begun}"), paint));
    let next = match newest {
        Some(newest) => vec![format!("{} runs since", revision_name(&newest.rollout.revision))],
        // It has succeeded, and lacks tasks since.
        None if explained.has_succeeded() && explained.diagnosis.is_some() => {
            running_text(explained).into_iter().collect()
        }
        None => next_steps(explained, flags.without_cluster()),
    };
    lines.extend(next.into_iter().map(|line| PageLine::plain(format!("  {line}"))));
    let event = JsonEvent::RolloutSettled(rollout::settled(explained));
    Page { items: vec![PageItem { lines, event: Some(event) }], ..Page::default() }
}

/// Reports the notes of a watch, and nothing of its progress.
struct NotesOnly<'a>(&'a dyn Reporter);

impl WatchReporter for NotesOnly<'_> {
    fn note(&self, text: &str) {
        self.0.report(&Event::Note(text));
    }

    fn service_event(&self, _: &str, _: &ServiceEvent) {}

    fn progress(&self, _: &Progress) {}

    fn unchanged(&self, _: &Progress, _: Duration) {}
}
