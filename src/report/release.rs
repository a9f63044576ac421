//! Formats the end of a release: the outcome of each of its targets.

use super::PageLine;
use super::markdown;
use super::page::Page;
use super::screen::Paint;
use super::table::{Column, TableRow, table};
use crate::outcome::Outcome;
use crate::release::{Release, ReleaseTarget, TargetKind};

const COLUMNS: &[Column] =
    &[Column::whole("TARGET"), Column::name("NAME"), Column::whole("OUTCOME"), Column::text("DETAIL")];

/// Returns the page with the outcome of each target.
pub fn page(release: &Release) -> Page {
    let row = |target: &ReleaseTarget| TableRow {
        cells: vec![
            target_noun(target.kind).to_owned(),
            target.key.clone(),
            target.state.outcome().words().to_owned(),
            target.detail.clone().unwrap_or_default(),
        ],
        paint: state_paint(target.state.outcome()),
        ..TableRow::default()
    };
    let page = table(COLUMNS, release.targets.iter().map(row).collect());
    let tag = release.tag.as_ref().map(|tag| format!(" of {tag}")).unwrap_or_default();
    let outcome = release.outcome();
    let last = format!("release {}{tag}: {}", release.id, outcome.words());
    let last = PageLine::painted(last, state_paint(outcome));
    Page { foot: vec![last], ..page }
}

/// Returns the end of a release as Markdown, for a step summary.
pub fn markdown(release: &Release) -> String {
    let row = |target: &ReleaseTarget| {
        let detail = markdown::escape(target.detail.as_deref().unwrap_or_default());
        format!(
            "| {} | {} | {} | {detail} |",
            target_noun(target.kind),
            markdown::code(&target.key),
            target.state.outcome().words()
        )
    };
    let rows: Vec<String> = release.targets.iter().map(row).collect();
    let head = "| target | name | outcome | detail |\n| --- | --- | --- | --- |";
    let id = markdown::escape(&release.id);
    let destination = release.destination.known_line();
    let destination = destination.map(|line| format!("{}: ", markdown::escape(&line))).unwrap_or_default();
    format!("{destination}**release {id}**: {}\n\n{head}\n{}\n", release.outcome().words(), rows.join("\n"))
}

/// Returns a line for each unchanged schedule.
pub fn unchanged_schedules(release: &Release) -> Vec<String> {
    let schedules = release.targets.iter().filter(|target| target.kind == TargetKind::Schedule);
    schedules.map(|schedule| format!("{}: unchanged", schedule.key)).collect()
}

fn target_noun(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Before | TargetKind::After => "task",
        TargetKind::Service => "service",
        TargetKind::Autoscaling => "autoscaling",
        TargetKind::Schedule => "schedule",
    }
}

fn state_paint(outcome: Outcome) -> Option<Paint> {
    match outcome {
        Outcome::Failed | Outcome::RolledBack | Outcome::Superseded => Some(Paint::Bad),
        Outcome::Skipped | Outcome::InProgress | Outcome::TimedOut | Outcome::Interrupted => {
            Some(Paint::Warn)
        }
        Outcome::Succeeded => Some(Paint::Good),
        Outcome::Unchanged => None,
    }
}
