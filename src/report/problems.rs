//! Formats problems in files: the message, the place, the line with a caret, the hint.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::printable::{one_line, with_own_styles};
use crate::document::problem::{InvalidFiles, Problem, Severity};
use crate::document::source::Sources;
use crate::events::answer as events;
use crate::secrets::holds_secret;

/// The longest line that is shown, in bytes; of a longer one only the place is named.
const MAX_LINE_BYTES: usize = 4096;

/// Returns the problems as text, one after the other.
pub fn text(invalid: &InvalidFiles, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let shown = invalid.shown();
    let blocks: Vec<String> =
        shown.iter().map(|problem| problem_text(problem, &invalid.sources, &renderer)).collect();
    with_own_styles(&blocks.join("\n\n"))
}

fn problem_text(problem: &Problem, sources: &Sources, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(one_line(&problem.message));
    if let Some(rule) = problem.check_id {
        title = title.id(rule);
    }
    let mut report = Group::with_title(title);
    if let Some(span) = problem.span {
        let source = sources.get(span.source);
        let name = one_line(&source.name);
        let position = sources.position(span);
        let marked = first_line(&source.text, span.start, span.end);
        let line = whole_line(&source.text, marked.start);
        let shows_secret = holds_secret(&source.text[with_line_before(&source.text, &line)]);
        report = if problem.hide_source_line || shows_secret || line.len() > MAX_LINE_BYTES {
            let origin = Origin::path(name).line(position.line);
            report.element(origin.char_column(position.column))
        } else {
            // The line alone: to render the whole text would cost as much again for each problem.
            let within = marked.start - line.start..marked.end - line.start;
            let annotation =
                AnnotationKind::Primary.span(within).label(problem.label.as_deref().map(one_line));
            let snippet = Snippet::source(&source.text[line]).line_start(position.line).path(name);
            report.element(snippet.annotation(annotation))
        };
    }
    if let Some(path) = &problem.path {
        report = report.element(Level::NOTE.message(format!("at `{}`", one_line(path))));
    }
    if !problem.stages.is_empty() {
        let stages: Vec<String> = problem.stages.iter().map(|stage| one_line(stage)).collect();
        report = report.element(Level::NOTE.message(format!("in {}", stages.join(", "))));
    }
    if let Some(hint) = &problem.hint {
        report = report.element(Level::HELP.message(one_line(hint)));
    }
    let text = renderer.render(&[report]);
    if problem.span.is_some() { text } else { without_empty_margin(&text) }
}

/// Returns a report without the line that leads to a snippet, where there is none.
fn without_empty_margin(text: &str) -> String {
    let kept = text.lines().filter(|line| console::strip_ansi_codes(line).trim() != "|");
    kept.collect::<Vec<_>>().join("\n")
}

/// Returns the part of a span on its first line: a caret under a whole mapping would not show the place.
fn first_line(text: &str, start: usize, end: usize) -> std::ops::Range<usize> {
    // A template error may point into the middle of a character.
    let start = (0..=start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = (end.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..end.clamp(start, line_end)
}

/// Returns the range of the line that contains a position, without its line break.
fn whole_line(text: &str, at: usize) -> std::ops::Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    start..end
}

/// Returns a line with the line before it: in a list of pairs the name of a value stands there.
fn with_line_before(text: &str, line: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    let before = text[..line.start].trim_end_matches('\n');
    before.rfind('\n').map_or(0, |end| end + 1)..line.end
}

/// The event of one problem, without the name of the event.
pub fn event(problem: &Problem, sources: &Sources) -> events::Problem {
    let place = problem.span.map(|span| {
        let position = sources.position(span);
        let file = sources.get(span.source).name.clone();
        events::Place { file, line: position.line, column: position.column }
    });
    events::Problem {
        severity: severity_event(problem.severity),
        message: problem.message.clone(),
        rule: problem.check_id.map(str::to_owned),
        place,
        path: problem.path.clone(),
        label: problem.label.clone(),
        hint: problem.hint.clone(),
        stages: problem.stages.clone(),
    }
}

/// The severity in an event.
pub fn severity_event(severity: Severity) -> events::Severity {
    match severity {
        Severity::Error => events::Severity::Error,
        Severity::Warning => events::Severity::Warning,
        Severity::Note => events::Severity::Note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::source::SourceSpan;

    #[test]
    fn a_problem_without_a_place_has_no_empty_line() {
        let mut invalid = InvalidFiles::default();
        invalid.problems.push(Problem::warning(None, "odd").hint("look".to_owned()));
        for color in [false, true] {
            let shown = super::text(&invalid, color);
            let plain = console::strip_ansi_codes(&shown);
            assert!(plain.contains("odd") && plain.contains("look"), "{color}: {plain}");
            assert!(plain.lines().all(|line| line.trim() != "|"), "{color}: {plain}");
        }
    }

    #[test]
    fn place_of_a_long_line_is_named() {
        let text = format!("a: 1\nb: [{}!]\nc: 2\n", "x, ".repeat(100_000));
        let mut invalid = InvalidFiles::default();
        let id = invalid.sources.add("a.yml", &text);
        for character in ['!', 'c'] {
            let at = text.find(character).expect("there");
            invalid.problems.push(Problem::error(SourceSpan::new(id, at..at + 1), "odd"));
        }
        let shown = super::text(&invalid, false);
        assert_eq!(
            shown,
            "error: odd\n--> a.yml:2:300005\n\nerror: odd\n --> a.yml:3:1\n  |\n3 | c: 2\n  | ^"
        );
    }
}
