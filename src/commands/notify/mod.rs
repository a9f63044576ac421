//! `ecsail notify`: previews what a release tells, and to whom. Never sends anything.

use clap::Args;
use serde_json::Value;

use crate::commands::family::load_manifest;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::notify::NotificationPreview;
use crate::exit_codes;
use crate::manifest::Manifest;
use crate::manifest::notify::{ManifestNotification, NotificationChannel};
use crate::notify::{NotificationKind, ReleaseNotice, TargetNotice, slack, webhook};
use crate::report::{CommandOutcome, Event, Page, PageItem, PageLine};

pub mod sender;

/// Preview the messages of a release
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("notify", "Examples:
  ecsail notify --dry-run --stage production
  ecsail notify --dry-run --stage production --output json

The messages are those of `notify:` in the manifest, for a release that is made up."))]
pub struct NotifyArgs {
    /// Show the messages and send none
    #[arg(long, required = true)]
    dry_run: bool,
}

/// Runs the verb.
///
/// # Errors
/// The manifest cannot be read, or has no `notify`.
pub async fn run(_: &NotifyArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let manifest = load_manifest(context).await?;
    if manifest.notify.is_empty() {
        let hint = "add `notify:` to the manifest or to the stage".to_owned();
        return Err(Failure::usage("the manifest tells nobody of a release").with_hint(hint));
    }
    let notice = example(&manifest);
    let previews = manifest.notify.iter().enumerate();
    let items = previews.flat_map(|(index, entry)| {
        entry.on.iter().map(|kind| preview(index, entry, *kind, &notice)).collect::<Vec<_>>()
    });
    let page = Page { items: items.collect(), ..Page::default() };
    context.reporter.report(&Event::Page(&page));
    Ok(CommandOutcome::Succeeded)
}

fn preview(
    index: usize,
    entry: &ManifestNotification,
    kind: NotificationKind,
    notice: &ReleaseNotice,
) -> PageItem {
    let (channel, body) = match entry.channel {
        NotificationChannel::Slack => ("slack", slack::payload(kind, notice)),
        NotificationChannel::Webhook { .. } => {
            ("webhook", webhook::payload(kind, notice, "2026-01-01T00:00:00Z"))
        }
    };
    let head = format!("notify[{index}] {channel} ({}): {}", entry.address.in_words(), kind.name());
    let pretty = serde_json::to_string_pretty(&body).unwrap_or_default();
    let body_lines = pretty.lines().map(|line| PageLine::plain(format!("  {line}")));
    let lines = std::iter::once(PageLine::plain(head)).chain(body_lines).collect();
    let body = match body {
        Value::Object(body) => body,
        _ => Default::default(),
    };
    let event = NotificationPreview { index, channel: channel.to_owned(), on: kind.name().to_owned(), body };
    PageItem { lines, event: Some(JsonEvent::NotificationPreview(event)) }
}

/// Returns the notice of a release that is made up, with the names of the manifest.
fn example(manifest: &Manifest) -> ReleaseNotice {
    let target = |service: &crate::manifest::ManifestService| TargetNotice {
        kind: "service".to_owned(),
        name: service.key.clone(),
        outcome: None,
        detail: None,
    };
    ReleaseNotice {
        app: manifest.app.clone(),
        stage: manifest.stage.clone(),
        account: manifest.account.as_ref().map(|account| account.value.clone()),
        region: manifest.region.clone(),
        tag: Some("1.4.2".to_owned()),
        release: Some("20260101T000000Z-0a1b2c".to_owned()),
        who: Some("alice".to_owned()),
        run_url: Some("https://ci.example.com/runs/1".to_owned()),
        reason: None,
        targets: manifest.services.iter().map(target).collect(),
    }
}
