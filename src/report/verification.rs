//! Shows what `verify` has found: as a table, as Markdown, and as events.

use super::markdown::{code, escape};
use super::page::{Page, PageItem, PageLine};
use super::screen::Paint;
use super::table::{Column, TableRow, table};
use crate::document::problem::{Problem, Severity};
use crate::document::source::Sources;
use crate::events::JsonEvent;
use crate::events::answer::Place;
use crate::events::verification::{Verified, VerifiedResult, VerifiedTarget};
use crate::verification::{Finding, Target, Verdict, VerifiedReferences};

const COLUMNS: &[Column] =
    &[Column::whole("RESULT"), Column::whole("KIND"), Column::name("NAME"), Column::spare("PLACE")];

/// Returns the table of all targets.
pub fn page(verified: &VerifiedReferences, sources: &Sources) -> Page {
    let rows = verified.by_target().into_iter().map(|(target, findings)| {
        let event = target_event(target, &findings, sources);
        let places: Vec<String> = event.places.iter().map(place_text).collect();
        let cells = vec![
            result_word(event.result).to_owned(),
            event.kind.clone(),
            event.name.clone(),
            places.first().cloned().unwrap_or_default(),
        ];
        let paint = match event.result {
            VerifiedResult::Ok => None,
            VerifiedResult::Broken => Some(Paint::Bad),
            VerifiedResult::Unknown => Some(Paint::Warn),
        };
        TableRow { cells, lines_below: Vec::new(), paint, event: Some(JsonEvent::VerifiedTarget(event)) }
    });
    let rows: Vec<TableRow> = rows.collect();
    if rows.is_empty() { Page::default() } else { table(COLUMNS, rows) }
}

/// Returns the answer in one line.
pub fn summary(verified: &VerifiedReferences) -> String {
    let Verified { ok, broken, unknown, actions } = verified_event(verified);
    let total = ok + broken + unknown;
    let noun = if total == 1 { "reference" } else { "references" };
    let mut text = format!("{total} {noun} verified: {ok} ok, {broken} broken, {unknown} unknown");
    if !actions.is_empty() {
        text += &format!("; not permitted: {}", actions.join(", "));
    }
    text
}

/// Returns the answer as Markdown, with a list of what is not sound.
pub fn markdown(verified: &VerifiedReferences, sources: &Sources, problems: &[Problem]) -> Page {
    let mut page = Page::default();
    page.head.push(PageLine::plain(format!("### {}", escape(&summary(verified)))));
    if !verified.findings.is_empty() {
        page.head.push(PageLine::plain("| result | kind | name | place |"));
        page.head.push(PageLine::plain("|---|---|---|---|"));
    }
    for (target, findings) in verified.by_target() {
        let event = target_event(target, &findings, sources);
        let place = event.places.first().map(place_text).unwrap_or_default();
        let word = result_word(event.result);
        let row = format!("| {word} | {} | {} | {} |", event.kind, code(&event.name), escape(&place));
        let event = Some(JsonEvent::VerifiedTarget(event));
        page.items.push(PageItem { lines: vec![PageLine::plain(row)], event });
    }
    let event = Some(JsonEvent::Verified(verified_event(verified)));
    page.items.push(PageItem { lines: Vec::new(), event });
    for problem in problems {
        let place = problem.span.map(|span| place_text(&place_of(span, sources))).unwrap_or_default();
        let weight = if problem.severity == Severity::Error { "error" } else { "warning" };
        let hint = problem.hint.as_ref().map(|hint| format!(" ({})", escape(hint))).unwrap_or_default();
        let line = format!("- {weight}: {}: {}{hint}", escape(&place), escape(&problem.message));
        page.foot.push(PageLine::plain(line));
    }
    page
}

/// Returns the event at the end.
pub fn verified_event(verified: &VerifiedReferences) -> Verified {
    let mut counts = [0; 3];
    for (_, findings) in verified.by_target() {
        counts[usize::from(worst(&findings).weight().min(2))] += 1;
    }
    let [ok, unknown, broken] = counts;
    let actions = verified.missing_actions().into_iter().map(str::to_owned).collect();
    Verified { ok, broken, unknown, actions }
}

fn target_event(target: &Target, findings: &[&Finding], sources: &Sources) -> VerifiedTarget {
    let verdict = worst(findings);
    let (result, message, action) = match verdict {
        Verdict::Sound => (VerifiedResult::Ok, None, None),
        Verdict::Broken { message, .. } => (VerifiedResult::Broken, Some(message.clone()), None),
        Verdict::Unknown { message, action } => {
            (VerifiedResult::Unknown, Some(message.clone()), action.clone())
        }
    };
    let mut places: Vec<Place> = Vec::new();
    // The place of the verdict is the first.
    let mut sorted = findings.to_vec();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.verdict.weight()));
    for finding in sorted {
        let place = place_of(finding.reference.span, sources);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    VerifiedTarget { kind: target.kind().to_owned(), name: target.name(), result, message, action, places }
}

fn worst<'a>(findings: &[&'a Finding]) -> &'a Verdict {
    let verdicts = findings.iter().map(|finding| &finding.verdict);
    verdicts.max_by_key(|verdict| verdict.weight()).unwrap_or(&Verdict::Sound)
}

fn result_word(result: VerifiedResult) -> &'static str {
    match result {
        VerifiedResult::Ok => "ok",
        VerifiedResult::Broken => "broken",
        VerifiedResult::Unknown => "unknown",
    }
}

fn place_of(span: crate::document::source::SourceSpan, sources: &Sources) -> Place {
    let position = sources.position(span);
    let file = sources.get(span.source).name.clone();
    Place { file, line: position.line, column: position.column }
}

fn place_text(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}
