//! The answer of the verbs about locks: lines for people, and one event.

use crate::commands::stage_lock::time_text;
use crate::events::JsonEvent;
use crate::events::lock::{Lock, LockState};
use crate::lock::{LockKind, LockRecord};
use crate::report::{Event, Page, PageItem, PageLine};

/// Reports a lock; `record` is `None` for one that was never taken.
pub(super) fn report(
    key: &str,
    table: &str,
    record: Option<&LockRecord>,
    context: &crate::context::CommandContext,
) {
    let event = JsonEvent::Lock(event(key, table, record));
    let lines = lines(key, record).into_iter().map(PageLine::plain).collect();
    let page = Page { items: vec![PageItem { lines, event: Some(event) }], ..Page::default() };
    context.reporter.report(&Event::Page(&page));
}

fn lines(key: &str, record: Option<&LockRecord>) -> Vec<String> {
    let Some(record) = record else { return vec![format!("{key}: free")] };
    let mut lines = Vec::new();
    if record.is_held {
        let state = if record.kind == LockKind::Hold { "on hold" } else { "locked" };
        lines.push(format!("{key}: {state} by {}", record.holder.in_words()));
        lines.push(format!("  since {}", record.since));
        if let Some(until) = record.until.and_then(time_text) {
            lines.push(format!("  until {until}"));
        }
    } else {
        lines.push(format!("{key}: free; last held by {}", record.holder.in_words()));
    }
    lines.extend(record.note.as_ref().map(|note| format!("  {note}")));
    lines
}

fn event(key: &str, table: &str, record: Option<&LockRecord>) -> Lock {
    let state = match record {
        Some(record) if record.is_held && record.kind == LockKind::Hold => LockState::OnHold,
        Some(record) if record.is_held => LockState::Locked,
        _ => LockState::Free,
    };
    let of = |text: fn(&LockRecord) -> Option<String>| record.and_then(text);
    Lock {
        key: key.to_owned(),
        table: table.to_owned(),
        state,
        who: of(|record| record.holder.who.clone()),
        principal: of(|record| record.holder.principal.clone()),
        host: of(|record| record.holder.host.clone()),
        run_url: of(|record| record.holder.run_url.clone()),
        command: of(|record| Some(record.holder.command.clone())),
        release: of(|record| record.holder.release.clone()),
        reason: of(|record| record.holder.reason.clone()),
        since: of(|record| Some(record.since.clone())),
        until: of(|record| record.until.and_then(time_text)),
        lease_seconds: record
            .filter(|record| record.kind == LockKind::Run)
            .map(|record| record.lease.as_secs_f64()),
        note: of(|record| record.note.clone()),
    }
}
