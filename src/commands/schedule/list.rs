//! `ecsail schedule list`: shows the state of schedules, their next runs, what they run, and how they differ from the
//! manifest.

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use super::next_runs::{self, ScheduleTimes};
use super::observed::{OnceNotes, Runs, ScheduleState, SelectedSchedules, select};
use crate::aws::error::failure;
use crate::context::CommandContext;
use crate::error::Result;
use crate::events::{JsonEvent, schedule as events};
use crate::manifest::schedules::schedule_noun;
use crate::plan::Change;
use crate::report::plan::via_event;
use crate::report::{Column, CommandOutcome, Event, Page, PageLine, Paint, TableRow, table};
use crate::shell;

const COLUMNS: &[Column] = &[
    Column::name("SCHEDULE"),
    Column::whole("STATE"),
    Column::spare("EXPRESSION"),
    Column::whole("NEXT RUN"),
    Column::name("RUNS"),
    Column::name("TAG"),
];

/// The index of the column with the expression.
const EXPRESSION_COLUMN: usize = 2;

/// Show schedules: their state, their next runs, and what they run
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schedule list
  ecsail schedule list nightly-report --stage production
  ecsail schedule list --output json

Drift is what differs from the manifest, and a tag other than that of the service that the
schedule is like. Commands and environment variables are compared by `ecsail schedule diff`, which
needs a tag.")]
pub struct ScheduleListArgs {
    /// Keys of schedules in the manifest [default: all, and those that the manifest no longer has]
    #[arg(value_name = "NAME", add = crate::completion::schedules())]
    names: Vec<String>,
}

/// Runs the verb.
///
/// # Errors
/// There is no manifest, or an API call failed.
pub async fn run(args: &ScheduleListArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = select(&args.names, context).await?;
    let aws = context.connect_without_definitions(&chosen.manifest).await?;
    let notes = OnceNotes::new(context);
    let mut seen = chosen.read(&aws, &notes).await.map_err(failure)?;
    if args.names.is_empty() {
        let lost = "schedules that the manifest no longer has are unknown";
        let left = notes.value_or_note(chosen.read_removed(&aws).await, lost).unwrap_or_default();
        let mut left: Vec<ScheduleState> =
            left.schedules.into_iter().map(ScheduleState::from_removed).collect();
        chosen.read_revisions(&mut left, &aws, &notes).await;
        seen.extend(left);
    }
    context.reporter.report(&Event::Page(&page(&seen, &chosen, Timestamp::now())));
    Ok(CommandOutcome::Succeeded)
}

/// Returns schedules as a table, each with notes and drift below it.
pub fn page(seen: &[ScheduleState], chosen: &SelectedSchedules, now: Timestamp) -> Page {
    let mut page = table(COLUMNS, seen.iter().map(|seen| row(seen, now)).collect());
    if page.items.is_empty() {
        let whose = if chosen.manifest.app.is_some() { "the app owns none" } else { "it has no `app`" };
        page.foot.push(PageLine::plain(format!("the manifest has no schedules, and {whose}")));
    }
    page
}

/// Returns schedules as a table of one line each, with their drift.
pub fn short_page(seen: &[ScheduleState], now: Timestamp) -> Page {
    const COLUMNS: &[Column] = &[
        Column::name("SCHEDULE"),
        Column::whole("STATE"),
        Column::whole("NEXT RUN"),
        Column::name("RUNS"),
        Column::name("TAG"),
        Column::text("DRIFT"),
    ];
    let row = |seen: &ScheduleState| {
        let whole = row(seen, now);
        let drift = match describe_drift(seen).as_slice() {
            [] => String::new(),
            [only] => only.clone(),
            [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
        };
        let mut cells = whole.cells;
        // The next run says more than the expression.
        cells.remove(EXPRESSION_COLUMN);
        cells.push(drift);
        TableRow { cells, lines_below: Vec::new(), ..whole }
    };
    table(COLUMNS, seen.iter().map(row).collect())
}

/// Returns the state of a schedule: `missing`, `enabled` or `disabled`.
fn state_name(seen: &ScheduleState) -> &'static str {
    match &seen.observed {
        None => "missing",
        Some(observed) if observed.is_enabled() => "enabled",
        Some(_) => "disabled",
    }
}

fn row(seen: &ScheduleState, now: Timestamp) -> TableRow {
    let times = match (&seen.observed, &seen.desired) {
        (Some(observed), _) => ScheduleTimes::from_observed(observed),
        (None, desired) => desired.as_ref().map(ScheduleTimes::from_desired).unwrap_or_default(),
    };
    let runs_at_all = seen.observed.as_ref().is_some_and(|observed| observed.is_enabled());
    let next = runs_at_all.then(|| times.next_runs(now));
    let (first, others) =
        next.as_ref().map(|next| next_runs::format_next(next, times.zone_name())).unwrap_or_default();
    let zone = times.timezone.as_deref().filter(|zone| *zone != "UTC");
    let zone = zone.map(|zone| format!(" {zone}")).unwrap_or_default();
    let drift = describe_drift(seen);
    let mut below = Vec::new();
    if !others.is_empty() {
        below.push(PageLine::painted(format!("    then {}", others.join(", ")), Paint::Dim));
    }
    below.extend(notes(seen).into_iter().map(|text| PageLine::plain(format!("    {text}"))));
    below.extend(drift.iter().map(|text| PageLine::painted(format!("    drift: {text}"), Paint::Warn)));
    let cells = vec![
        seen.key().to_owned(),
        state_name(seen).to_owned(),
        format!("{}{zone}", times.expression),
        first,
        join_distinct(seen.runs.iter().filter_map(|runs| runs.revision.clone())),
        join_distinct(seen.runs.iter().filter_map(|runs| runs.tag.clone())),
    ];
    let paint = match state_name(seen) {
        "missing" => Some(Paint::Bad),
        "disabled" => Some(Paint::Dim),
        _ => None,
    };
    let event = JsonEvent::Schedule(event(seen, &times, next.as_ref(), drift));
    TableRow { cells, lines_below: below, paint, event: Some(event) }
}

/// Joins texts without duplicates.
fn join_distinct(texts: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all.join(", ")
}

/// Returns notes on a schedule that are not drift.
fn notes(seen: &ScheduleState) -> Vec<String> {
    let mut said = Vec::new();
    match (&seen.desired, &seen.observed) {
        (None, Some(observed)) => {
            let what = schedule_noun(observed.via);
            said.push(format!("this {what} is not in the manifest: remove it with `ecsail schedule prune`"));
        }
        (Some(desired), None) => {
            said.push(format!(
                "it does not exist: create it with `ecsail deploy schedule {} --tag TAG`",
                shell::quote(&desired.key)
            ));
        }
        _ => {}
    }
    if !seen.foreign_targets.is_empty() {
        let ids: Vec<String> = seen.foreign_targets.iter().map(|id| format!("`{id}`")).collect();
        said.push(format!("the rule also has targets that are not in the manifest: {}", ids.join(", ")));
    }
    said
}

/// Describes how a schedule differs from the manifest, and from the services that it is like.
pub fn describe_drift(seen: &ScheduleState) -> Vec<String> {
    let mut drift: Vec<String> = seen.changes.iter().map(describe_change).collect();
    drift.extend(seen.missing_targets.iter().map(|id| format!("the rule has no target `{id}`")));
    drift.extend(seen.runs.iter().filter_map(describe_revision_drift));
    drift
}

fn describe_change(change: &Change) -> String {
    let shown = |value: &Option<Value>| match value {
        Some(Value::String(text)) => format!("`{text}`"),
        Some(other) => format!("`{other}`"),
        None => "nothing".to_owned(),
    };
    format!("{} is {}, {} in the manifest", change.path, shown(&change.before), shown(&change.after))
}

/// Describes how a target's revision differs from that of the service that it is like.
fn describe_revision_drift(runs: &Runs) -> Option<String> {
    let (like, revision) = (runs.like.as_ref()?, runs.revision.as_ref());
    let Some(revision) = revision else { return Some("its target does not run a task".to_owned()) };
    let service = &like.service;
    match (&runs.tag, &like.tag) {
        (Some(own), Some(tag)) if own != tag => {
            Some(format!("it runs tag `{own}` ({revision}), `{service}` runs `{tag}` ({})", like.revision))
        }
        // An older revision of the same tag may have other settings.
        _ if like.whole && *revision != like.revision => {
            Some(format!("it runs {revision}, `{service}` runs {}", like.revision))
        }
        _ => None,
    }
}

/// The event of a schedule.
fn event(
    seen: &ScheduleState,
    times: &ScheduleTimes,
    next: Option<&Result<crate::expression::NextRuns, String>>,
    drift: Vec<String>,
) -> events::Schedule {
    let observed = seen.observed.as_ref();
    let desired = seen.desired.as_ref();
    let name = observed.map(|observed| observed.name()).or(desired.map(|desired| desired.name.as_str()));
    let group = observed.and_then(|observed| observed.group());
    let group = group.or(desired.and_then(|desired| desired.group.as_deref()));
    let state = match observed {
        None => events::ScheduleState::Missing,
        Some(observed) if observed.is_enabled() => events::ScheduleState::Enabled,
        Some(_) => events::ScheduleState::Disabled,
    };
    events::Schedule {
        schedule: seen.key().to_owned(),
        name: name.map(str::to_owned),
        via: via_event(times.via),
        group: group.map(str::to_owned),
        state,
        in_manifest: desired.is_some(),
        expression: times.expression.clone(),
        timezone: times.timezone.clone(),
        runs: seen.runs.iter().map(runs_event).collect(),
        foreign: seen.foreign_targets.clone(),
        drift,
        next: next.map(next_runs::event).unwrap_or_default(),
    }
}

fn runs_event(runs: &Runs) -> events::ScheduledRevision {
    let like = runs.like.as_ref().map(|like| events::LikeService {
        service: like.service.clone(),
        revision: like.revision.clone(),
        tag: like.tag.clone(),
    });
    events::ScheduledRevision {
        target: (!runs.target.is_empty()).then(|| runs.target.clone()),
        revision: runs.revision.clone(),
        tag: runs.tag.clone(),
        like,
    }
}
