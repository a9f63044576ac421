//! Owns how the end of a release looks: what became of each of its targets.

use super::Line;
use super::page::{Page, Row, table};
use super::screen::Paint;
use crate::release::{Kind, Release, State, Target, Verdict};

/// Returns the page that says what became of each target.
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
    let (paint, verdict) = match release.verdict() {
        Verdict::Succeeded => (Paint::Good, "done"),
        Verdict::Unchanged => (Paint::Good, "nothing to do"),
        Verdict::Failed => (Paint::Bad, "failed"),
        Verdict::RolledBack => (Paint::Bad, "rolled back"),
        Verdict::UnderWay => (Paint::Warn, "still under way"),
    };
    let last = Line::painted(format!("release {}{tag}: {verdict}", release.id), paint);
    Page { foot: vec![last], ..page }
}

/// Returns what is said of schedules that stay as they are.
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

/// Returns the words for what became of a target: a task changes nothing by itself, it is done.
fn words(target: &Target) -> &'static str {
    match (target.kind, target.state) {
        (Kind::Before | Kind::After, State::Changed) => "done",
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
