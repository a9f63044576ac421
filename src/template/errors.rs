//! Turns the template engine's errors, and text that only looks like a tag, into problems with a span in the user's file.

use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::{Error, ErrorKind};

use super::TemplateEngine;
use super::context::OWNER_NAMES;
use super::markers::MarkedTemplate;
use super::printed::UNDEFINED_PART;
use super::tags::{FaultKind, STATEMENTS, TagKind, UNREADABLE_FILE, included_names};
use super::values::is_identifier;
use super::{functions, go_call};
use crate::document::problem::{Problem, did_you_mean};
use crate::document::rendered_text::find_reserved;
use crate::document::source::{SourceId, SourceSpan, Sources};
use crate::lookup::LookupFailure;

/// The hint for text of another program.
const RAW_HINT: &str = "put text that is no template between `{% raw %}` and `{% endraw %}`";

/// The longest tag that a hint repeats.
const MAX_REPEATED_TAG: usize = 60;

/// An error of the engine, located in the user's files.
pub(super) struct LocatedError {
    /// The undefined names that caused it, with their spans; empty if it has another cause.
    pub(super) undefined: Vec<(String, SourceSpan)>,
    pub(super) span: SourceSpan,
    pub(super) tag: Option<LocatedTag>,
}

/// A tag in the user's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocatedTag {
    pub(super) source: SourceId,
    pub(super) range: Range<usize>,
    pub(super) kind: TagKind,
}

/// Returns the cause of an error: an error in an included template is the source of the error at the include.
pub(super) fn root_cause(error: &Error) -> &Error {
    let mut error = error;
    while let Some(inner) = std::error::Error::source(error).and_then(|inner| inner.downcast_ref()) {
        error = inner;
    }
    error
}

/// Returns a template and those that it includes.
pub(super) fn reachable_templates<'a>(
    name: &str,
    marked: &'a BTreeMap<String, MarkedTemplate>,
    sources: &Sources,
) -> Vec<&'a MarkedTemplate> {
    let mut names = vec![name.to_owned()];
    let mut at = 0;
    let mut found = Vec::new();
    while let Some(name) = names.get(at) {
        at += 1;
        let Some(template) = marked.get(name) else { continue };
        found.push(template);
        for (included, _) in included_names(&sources.get(template.source).text) {
            if !names.contains(&included) {
                names.push(included);
            }
        }
    }
    found
}

/// Returns whether a tag of a template has a name for what a definition belongs to.
pub(super) fn names_owner(template: &MarkedTemplate) -> bool {
    let has_name = |range: Range<usize>| {
        OWNER_NAMES.iter().any(|name| find_name(&template.original, range.clone(), name).is_some())
    };
    template.tags.iter().filter(|tag| tag.kind != TagKind::Comment).any(|tag| has_name(tag.start..tag.end))
}

/// Returns the templates that cannot be rendered because of text that only looks like a tag: a template and those that it
/// includes.
pub(super) fn faulty_templates<'a>(
    name: &str,
    marked: &'a BTreeMap<String, MarkedTemplate>,
    sources: &Sources,
) -> Vec<&'a MarkedTemplate> {
    let mut templates = reachable_templates(name, marked, sources);
    templates.retain(|template| !template.faults.is_empty());
    templates
}

/// Returns the problems of characters that could imitate a token, in a template and those that it includes.
pub(super) fn reserved_characters(
    name: &str,
    marked: &BTreeMap<String, MarkedTemplate>,
    sources: &Sources,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for template in reachable_templates(name, marked, sources) {
        let text = &sources.get(template.source).text;
        let Some(at) = find_reserved(text).filter(|_| text != UNREADABLE_FILE) else { continue };
        let span = SourceSpan::new(template.source, at..at + 3);
        let problem = Problem::error(span, "the characters U+E000 to U+E003 are reserved");
        problems.push(problem.hint("delete the invisible character".to_owned()));
    }
    problems
}

/// Returns the problems of the text in a template that only looks like a tag.
pub(super) fn fault_problems(template: &MarkedTemplate, sources: &Sources) -> Vec<Problem> {
    let mut problems = Vec::new();
    for fault in template.faults.iter().filter(|fault| fault.kind != FaultKind::Unreadable) {
        let span = SourceSpan::new(template.source, fault.range.clone());
        let hint = match &fault.kind {
            FaultKind::UnknownStatement(word) => {
                did_you_mean(word, STATEMENTS.iter().copied()).or_else(|| Some(tag_hint(sources, span, None)))
            }
            FaultKind::UnclosedBlock(_) | FaultKind::OutsideBlock(_) => None,
            _ => Some(tag_hint(sources, span, None)),
        };
        problems.push(Problem::error(span, fault_message(&fault.kind)).hint(hint));
    }
    problems
}

/// Returns the message for text that only looks like a tag.
pub(super) fn fault_message(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Oversized => "this tag is longer than 8 KiB, or does not end".to_owned(),
        FaultKind::Unreadable => "this file could not be read".to_owned(),
        FaultKind::Unclosed => "template: this tag does not end".to_owned(),
        FaultKind::UnknownStatement(word) if word.is_empty() => {
            "template: `{%` begins a statement, and none follows".to_owned()
        }
        FaultKind::UnknownStatement(word) => {
            format!("template: `{{%` begins a statement, and `{word}` is none")
        }
        FaultKind::UnclosedBlock(word) => format!("template: this `{word}` has no `{{% end{word} %}}`"),
        FaultKind::OutsideBlock(word) => format!("template: this `{word}` belongs to no block that is open"),
        FaultKind::NestedComment => {
            "template: `{#` begins a comment here, and another `{#` follows before it ends".to_owned()
        }
    }
}

impl TemplateEngine {
    /// Returns a template error as a problem with its span in the user's file.
    pub(super) fn error_problem(&self, error: &Error, id: SourceId, sources: &Sources) -> Problem {
        let located = self.locate_error(error, id, sources);
        match located.undefined.first() {
            Some((name, span)) => self.undefined_problem(name, *span),
            None => self.other_problem(error, &located, sources),
        }
    }

    /// Returns where an error is, and the undefined names that caused it.
    pub(super) fn locate_error(&self, error: &Error, id: SourceId, sources: &Sources) -> LocatedError {
        let error = root_cause(error);
        let template = error.name().and_then(|name| self.marked.get(name));
        let span = match (template, error.range()) {
            (Some(marked), Some(range)) => SourceSpan::new(
                marked.source,
                marked.original_offset(range.start)..marked.original_offset(range.end),
            ),
            (marked, _) => {
                line_span(marked.map_or(id, |marked| marked.source), error.line().unwrap_or(1), sources)
            }
        };
        let tag = self.tag_at(span);
        let undefined = self.undefined_names(error, span, tag.as_ref(), sources);
        LocatedError { undefined, span, tag }
    }

    fn tag_at(&self, span: SourceSpan) -> Option<LocatedTag> {
        let marked = self.marked.values().find(|marked| marked.source == span.source)?;
        let tag = marked.tags.iter().find(|tag| (tag.start..tag.end).contains(&span.start))?;
        Some(LocatedTag { source: span.source, range: tag.start..tag.end, kind: tag.kind })
    }

    /// Returns the undefined names that caused an error, with their spans in its tag.
    fn undefined_names(
        &self,
        error: &Error,
        span: SourceSpan,
        tag: Option<&LocatedTag>,
        sources: &Sources,
    ) -> Vec<(String, SourceSpan)> {
        let text = &sources.get(span.source).text;
        let within = tag.map_or(span.start..span.end.min(text.len()), |tag| tag.range.clone());
        if error.detail() == Some(UNDEFINED_PART) {
            return self.undefined_paths(text, within, span.source);
        }
        let named = error.detail().and_then(named_as_undefined);
        if named.is_none() && error.kind() != ErrorKind::UndefinedError {
            return Vec::new();
        }
        let named = named.filter(|name| !name.contains("(...)"));
        if let Some((name, range)) =
            named.and_then(|name| Some((name, self.place_of_name(name, text, within, span.source)?)))
        {
            vec![(name.to_owned(), SourceSpan::new(span.source, range))]
        } else {
            let span = expression_span(span, sources);
            let name = sources.span_text(span).split('|').next().unwrap_or_default().trim().to_owned();
            vec![(named.map_or(name, str::to_owned), span)]
        }
    }

    /// Returns the place of an undefined name: in the tag of the error, or in the last tag before it, such as a `set`.
    fn place_of_name(
        &self,
        name: &str,
        text: &str,
        within: Range<usize>,
        source: SourceId,
    ) -> Option<Range<usize>> {
        let marked = self.marked.values().find(|marked| marked.source == source)?;
        let before = marked.tags.iter().rev().filter(|tag| tag.start < within.start);
        let ranges = std::iter::once(within.clone()).chain(before.map(|tag| tag.start..tag.end));
        ranges.into_iter().find_map(|range| find_name(text, range, name))
    }

    /// Returns the names in a range of a text that are not defined, with their spans.
    fn undefined_paths(
        &self,
        text: &str,
        within: Range<usize>,
        source: SourceId,
    ) -> Vec<(String, SourceSpan)> {
        let mut found = Vec::new();
        for range in names_in(text, within) {
            let name = &text[range.clone()];
            if !self.context.is_defined(name) && !self.context.is_missing(name) {
                found.push((name.to_owned(), SourceSpan::new(source, range)));
            }
        }
        found
    }

    /// Returns whether a template may assign the first name of a path, so that the path is not one of the context.
    pub(super) fn assigns(&self, path: &str, source: SourceId) -> bool {
        let Some(marked) = self.marked.values().find(|marked| marked.source == source) else { return false };
        let first = path.split('.').next().unwrap_or_default();
        let text: &str = &marked.original;
        let assigning = |keyword: &str| {
            matches!(keyword, "set" | "for" | "macro" | "call" | "with" | "import" | "from" | "include")
        };
        let mut tags = marked.tags.iter().filter(|tag| assigning(tag.keyword(text)));
        tags.any(|tag| find_name(text, tag.start..tag.end, first).is_some())
    }

    /// Returns the problem of an undefined name.
    pub(super) fn undefined_problem(&self, name: &str, span: SourceSpan) -> Problem {
        let failed =
            functions::lookup_of_name(name).and_then(|lookup| self.context.lookups().failure(&lookup));
        if let Some(failure) = failed {
            return failure.problem(span);
        }
        let problem = Problem::error(span, format!("`{name}` is not defined")).label("undefined");
        if let Some(line) = go_call::translated(name) {
            return problem.hint(jinja_hint(&line));
        }
        let hint = self.context.undefined_hint(name);
        problem.hint(hint.or_else(|| (!self.context.is_known_root(name)).then(|| RAW_HINT.to_owned())))
    }

    /// Returns the problem of an error that no undefined name caused.
    pub(super) fn other_problem(&self, error: &Error, located: &LocatedError, sources: &Sources) -> Problem {
        let error = root_cause(error);
        let source = std::error::Error::source(error);
        if let Some(failure) = source.and_then(|source| source.downcast_ref::<LookupFailure>()) {
            return failure.problem(located.span);
        }
        let kind = error.kind().to_string();
        let message = match error.detail() {
            _ if unknown_noun(error.kind()).is_some() => {
                let noun = unknown_noun(error.kind()).unwrap_or_default();
                format!("template: no {noun} named `{}`", sources.span_text(located.span).trim())
            }
            _ if error.kind() == ErrorKind::TemplateNotFound => missing_include(located, sources),
            Some("recursion limit exceeded") => return recursion_problem(located, sources),
            Some(detail) if error.kind() == ErrorKind::OutOfFuel => format!("template: {detail}"),
            Some(detail) => format!("template: {kind}: {detail}"),
            None => format!("template: {kind}"),
        };
        let hint = match error.kind() {
            ErrorKind::OutOfFuel if error.detail().is_none() => {
                Some("check the template for an endless loop".to_owned())
            }
            ErrorKind::SyntaxError | ErrorKind::UnknownFunction | ErrorKind::UnknownFilter => {
                let tag = located.tag.as_ref().map(|tag| tag.range.clone());
                Some(tag_hint(sources, located.span, tag))
            }
            ErrorKind::TemplateNotFound => {
                Some("write the path relative to the manifest, and as a literal string".to_owned())
            }
            _ => None,
        };
        Problem::error(located.span, message).hint(hint)
    }
}

/// Returns the noun for an error about a name that the template language does not have.
fn unknown_noun(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::UnknownFunction => Some("function"),
        ErrorKind::UnknownFilter => Some("filter"),
        ErrorKind::UnknownTest => Some("test"),
        _ => None,
    }
}

/// Returns the message for an include of a file that does not exist.
fn missing_include(located: &LocatedError, sources: &Sources) -> String {
    let text = &sources.get(located.span.source).text;
    let tag = located.tag.as_ref().map_or("", |tag| &text[tag.range.clone()]);
    match included_names(tag).into_iter().next() {
        Some((name, _)) => format!("template: no file named `{name}`"),
        None => "template: no such file".to_owned(),
    }
}

/// Returns the problem of a template that includes itself, or of a macro that calls itself, without an end.
fn recursion_problem(located: &LocatedError, sources: &Sources) -> Problem {
    let text = &sources.get(located.span.source).text;
    let tag = located.tag.as_ref().map_or("", |tag| &text[tag.range.clone()]);
    let Some((included, _)) = included_names(tag).into_iter().next() else {
        let hint = "end the recursion with a condition, such as `{% if depth < 3 %}`".to_owned();
        return Problem::error(located.span, "template: this macro calls itself without an end").hint(hint);
    };
    let message = format!("template: `{included}` includes itself, directly or through another file");
    let hint = "remove the include from the file that is included".to_owned();
    Problem::error(located.span, message).hint(hint)
}

/// Returns the hint for a tag that the engine cannot read: the line of Jinja for a call of a Go template, or how to keep text.
fn tag_hint(sources: &Sources, span: SourceSpan, tag: Option<Range<usize>>) -> String {
    let text = &sources.get(span.source).text;
    let range = tag.unwrap_or(span.start..span.end);
    let behind = text.get(range.end..).unwrap_or_default();
    let tag = text.get(range).unwrap_or_default();
    let inner = tag.strip_prefix("{{").map(|inner| inner.strip_suffix("}}").unwrap_or(inner));
    if let Some((line, text)) = inner.and_then(|inner| go_call::translated_with_key(inner, behind)) {
        return format!(
            "templates are Jinja: write `{line}` in its place, and in that of `{text}` behind it"
        );
    }
    if let Some(line) = inner.and_then(go_call::translated) {
        return jinja_hint(&line);
    }
    let is_literal = inner.is_some_and(|inner| inner.trim_start().starts_with(['.', '$']));
    if is_literal && tag.ends_with("}}") && tag.len() <= MAX_REPEATED_TAG && !tag.contains('\n') {
        return format!("{RAW_HINT}: `{}`", go_call::raw(tag));
    }
    RAW_HINT.to_owned()
}

/// Returns the hint with the line of Jinja in place of one of a Go template.
fn jinja_hint(line: &str) -> String {
    format!("templates are Jinja: write `{line}` in its place")
}

/// Returns the name in the engine's text "`name` is undefined".
fn named_as_undefined(detail: &str) -> Option<&str> {
    let end = detail.find("` is undefined")?;
    detail[..end].rfind('`').map(|start| &detail[start + 1..end])
}

/// Returns the first place of a whole name in a range of a text.
fn find_name(text: &str, within: Range<usize>, name: &str) -> Option<Range<usize>> {
    let part = text.get(within.clone())?;
    let is_name = |character: char| character.is_alphanumeric() || character == '_' || character == '.';
    part.match_indices(name).find_map(|(at, found)| {
        let end = at + found.len();
        let before = part[..at].chars().next_back().is_some_and(is_name);
        let after = part[end..].chars().next().is_some_and(|next| is_name(next) && next != '.');
        (!before && !after).then(|| within.start + at..within.start + end)
    })
}

/// Returns the dotted names in a range of a text that could be values: outside strings, and no filters, functions or keywords.
fn names_in(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let is_name = |character: char| character.is_alphanumeric() || character == '_' || character == '.';
    let mut found = Vec::new();
    let mut at = within.start;
    while let Some(next) = text[at..within.end].chars().next() {
        if next == '"' || next == '\'' {
            let rest = &text[at + 1..within.end];
            at = rest.find(next).map_or(within.end, |end| at + 1 + end + 1);
            continue;
        }
        if !is_name(next) {
            at += next.len_utf8();
            continue;
        }
        let length = text[at..within.end].find(|next| !is_name(next)).unwrap_or(within.end - at);
        let range = at..at + length;
        at = range.end;
        let before = text[within.start..range.start].trim_end().chars().next_back();
        let after = text[range.end..within.end].trim_start();
        let is_value = text[range.clone()].split('.').all(is_identifier)
            && !matches!(before, Some('|'))
            && !after.starts_with('(')
            && (!after.starts_with('=') || after.starts_with("=="))
            && !is_word_of_the_language(&text[range.clone()]);
        if is_value {
            found.push(range);
        }
    }
    found
}

fn is_word_of_the_language(name: &str) -> bool {
    matches!(name, "and" | "or" | "not" | "is" | "in" | "if" | "else" | "true" | "false" | "none" | "loop")
        || STATEMENTS.contains(&name)
}

/// Returns the span of the expression inside `{{ … }}`.
fn expression_span(span: SourceSpan, sources: &Sources) -> SourceSpan {
    let text = sources.span_text(span);
    let Some(inner) = text.strip_prefix("{{") else { return span };
    let inner = inner.strip_suffix("}}").unwrap_or(inner);
    let trimmed = inner.trim_matches(['-', '+']).trim();
    let start = span.start + text.find(trimmed).unwrap_or(0);
    SourceSpan::new(span.source, start..start + trimmed.len())
}

/// Returns the span of a line; lines start at 1.
fn line_span(id: SourceId, line: usize, sources: &Sources) -> SourceSpan {
    let text = &sources.get(id).text;
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let length = text[start..].lines().next().map_or(0, str::len);
    SourceSpan::new(id, start..start + length)
}
