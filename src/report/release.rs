//! Formats the end of a release: the outcome of each of its targets.

use super::Line;
use super::page::{Page, Row, table};
use super::screen::Paint;
use crate::release::{Kind, Release, State, Target, Verdict};

/// Returns the page with the outcome of each target.
pub fn page(release: &Release) -> Page {
    let row = |target: &Target| Row {
        cells: vec![
            noun(target.kind).to_owned(),
            target.key.clone(),
            words(target).to_owned(),
            target.detail.clone().unwrap_or_default(),
        ],
        paint: paint(target.state),
        ..Row::default()
    };
    let page = table(&["TARGET", "NAME", "STATE", "DETAIL"], release.targets.iter().map(row).collect());
    let tag = release.tag.as_ref().map(|tag| format!(" of {tag}")).unwrap_or_default();
    let (paint, verdict) = verdict(release);
    let last = Line::painted(format!("release {}{tag}: {verdict}", release.id), paint);
    Page { foot: vec![last], ..page }
}

/// Returns the end of a release as Markdown, for a step summary.
pub fn markdown(release: &Release) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let row = |target: &Target| {
        let detail = cell(target.detail.as_deref().unwrap_or_default());
        format!("| {} | `{}` | {} | {detail} |", noun(target.kind), target.key, words(target))
    };
    let rows: Vec<String> = release.targets.iter().map(row).collect();
    let head = "| target | name | state | detail |\n| --- | --- | --- | --- |";
    format!("**release {}**: {}\n\n{head}\n{}\n", release.id, verdict(release).1, rows.join("\n"))
}

/// Returns the outcome of a release in words, and its colour.
fn verdict(release: &Release) -> (Paint, &'static str) {
    match release.verdict() {
        Verdict::Succeeded => (Paint::Good, "succeeded"),
        Verdict::Unchanged => (Paint::Good, "unchanged"),
        Verdict::Failed => (Paint::Bad, "failed"),
        Verdict::RolledBack => (Paint::Bad, "rolled back"),
        Verdict::UnderWay => (Paint::Warn, "still in progress"),
    }
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

/// Returns the outcome of a target in words; a task has succeeded, since it changes nothing itself.
fn words(target: &Target) -> &'static str {
    match (target.kind, target.state) {
        (Kind::Before | Kind::After, State::Changed) => "succeeded",
        (_, state) => state.words(),
    }
}

fn paint(state: State) -> Option<Paint> {
    match state {
        State::Failed | State::RolledBack => Some(Paint::Bad),
        State::NotReached | State::UnderWay | State::Waiting => Some(Paint::Warn),
        State::Changed => Some(Paint::Good),
        State::Unchanged | State::NotNeeded => None,
    }
}
