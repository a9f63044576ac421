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
    let previews = manifest.notify.iter().enumerate();
    let items = previews.flat_map(|(index, entry)| {
        let of_kind = |kind: &NotificationKind| preview(index, entry, *kind, &example(*kind, &manifest));
        entry.on.iter().map(of_kind).collect::<Vec<_>>()
    });
    let page = Page { items: items.collect(), ..Page::default() };
    context.reporter.report(&Event::Page(&page));
    for (index, entry) in manifest.notify.iter().enumerate() {
        if let Some(why) = sender::setting_problem(entry, &context.settings) {
            let note = format!("no message of `notify[{index}]` can be sent: {why}");
            context.reporter.report(&Event::Note(&note));
        }
    }
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

/// Returns the notice of an event of a release that is made up, with the names of the manifest.
fn example(kind: NotificationKind, manifest: &Manifest) -> ReleaseNotice {
    let (outcome, detail, reason) = match kind {
        NotificationKind::Started => (None, None, None),
        NotificationKind::Waiting => (None, None, Some("the lock of the stage is held by bob on build-7")),
        NotificationKind::Succeeded => (Some("succeeded"), Some(":12"), None),
        NotificationKind::RolledBack => (Some("rolled_back"), Some(":11"), None),
        NotificationKind::Failed => (Some("failed"), None, Some("a service is not up")),
    };
    let target = |service: &crate::manifest::ManifestService| TargetNotice {
        kind: "service".to_owned(),
        name: service.key.clone(),
        outcome: outcome.map(str::to_owned),
        detail: detail.map(|revision| format!("{}{revision}", service.name)),
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
        emergency: None,
        reason: reason.map(str::to_owned),
        targets: manifest.services.iter().map(target).collect(),
    }
}
