//! Owns how problems in the files look: the message, the place, the line with a caret, the hint.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use crate::document::problem::{Invalid, Problem, Severity};
use crate::document::source::Sources;

/// Returns the problems as text, one after the other.
pub fn text(invalid: &Invalid, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let shown = invalid.problems.sorted();
    let blocks: Vec<String> =
        shown.iter().map(|problem| block(problem, &invalid.sources, &renderer)).collect();
    blocks.join("\n\n")
}

fn block(problem: &Problem, sources: &Sources, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(problem.message.as_str());
    if let Some(rule) = problem.rule {
        title = title.id(rule);
    }
    let mut report = Group::with_title(title);
    if let Some(span) = problem.span {
        let source = sources.get(span.source);
        report = if problem.private {
            let position = sources.position(span);
            let origin = Origin::path(source.name.as_str()).line(position.line);
            report.element(origin.char_column(position.column))
        } else {
            let range = first_line(&source.text, span.start, span.end);
            let annotation = AnnotationKind::Primary.span(range).label(problem.label.as_deref());
            report.element(Snippet::source(&source.text).path(&source.name).annotation(annotation))
        };
    }
    if let Some(path) = &problem.path {
        report = report.element(Level::NOTE.message(format!("at `{path}`")));
    }
    if let Some(hint) = &problem.hint {
        report = report.element(Level::HELP.message(hint.as_str()));
    }
    renderer.render(&[report])
}

/// Returns the part of a span on its first line: a caret under a whole mapping would hide the point.
fn first_line(text: &str, start: usize, end: usize) -> std::ops::Range<usize> {
    // A template error may point into the middle of a character.
    let start = (0..=start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = (end.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..end.clamp(start, line_end)
}

/// Returns one problem as JSON: what, where, what helps.
pub fn json(problem: &Problem, sources: &Sources) -> Value {
    let place = problem.span.map(|span| {
        let position = sources.position(span);
        (sources.get(span.source).name.clone(), position.line, position.column)
    });
    let mut value = json!({"severity": problem.severity, "message": problem.message});
    if let Some(rule) = problem.rule {
        value["rule"] = json!(rule);
    }
    if let Some((file, line, column)) = place {
        value["file"] = json!(file);
        value["line"] = json!(line);
        value["column"] = json!(column);
    }
    for (name, text) in [("path", &problem.path), ("label", &problem.label), ("hint", &problem.hint)] {
        if let Some(text) = text {
            value[name] = json!(text);
        }
    }
    value
}
