//! Formats the end of a release: the outcome of each of its targets.

use super::Line;
use super::page::{Page, Row, table};
use super::screen::Paint;
use crate::outcome::Outcome;
use crate::release::{Kind, Release, Target};

/// Returns the page with the outcome of each target.
pub fn page(release: &Release) -> Page {
    let row = |target: &Target| Row {
        cells: vec![
            noun(target.kind).to_owned(),
            target.key.clone(),
            target.state.outcome().words().to_owned(),
            target.detail.clone().unwrap_or_default(),
        ],
        paint: paint(target.state.outcome()),
        ..Row::default()
    };
    let page = table(&["TARGET", "NAME", "OUTCOME", "DETAIL"], release.targets.iter().map(row).collect());
    let tag = release.tag.as_ref().map(|tag| format!(" of {tag}")).unwrap_or_default();
    let outcome = release.outcome();
    let last = format!("release {}{tag}: {}", release.id, outcome.words());
    let last = Line::painted(last, paint(outcome));
    Page { foot: vec![last], ..page }
}

/// Returns the end of a release as Markdown, for a step summary.
pub fn markdown(release: &Release) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let row = |target: &Target| {
        let detail = cell(target.detail.as_deref().unwrap_or_default());
        format!(
            "| {} | `{}` | {} | {detail} |",
            noun(target.kind),
            target.key,
            target.state.outcome().words()
        )
    };
    let rows: Vec<String> = release.targets.iter().map(row).collect();
    let head = "| target | name | outcome | detail |\n| --- | --- | --- | --- |";
    format!("**release {}**: {}\n\n{head}\n{}\n", release.id, release.outcome().words(), rows.join("\n"))
}

/// Returns a line for each unchanged schedule.
pub fn unchanged(release: &Release) -> Vec<String> {
    let schedules = release.targets.iter().filter(|target| target.kind == Kind::Schedule);
    schedules.map(|schedule| format!("{}: unchanged", schedule.key)).collect()
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Before | Kind::After => "task",
        Kind::Service => "service",
        Kind::Schedule => "schedule",
    }
}

fn paint(outcome: Outcome) -> Option<Paint> {
    match outcome {
        Outcome::Failed | Outcome::RolledBack | Outcome::Superseded => Some(Paint::Bad),
        Outcome::Skipped | Outcome::InProgress | Outcome::TimedOut | Outcome::Interrupted => {
            Some(Paint::Warn)
        }
        Outcome::Succeeded => Some(Paint::Good),
        Outcome::Unchanged => None,
    }
}
