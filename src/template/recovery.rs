//! Finds every problem of a template: after each one, the tag is taken out and the rest is rendered again.
//!
//! An undefined name gets a stand-in, so that what depends on it causes no further problems.

use std::collections::BTreeMap;

use minijinja::{ErrorKind, UndefinedBehavior};

use super::errors::{self, LocatedTag};
use super::tags::{TagKind, expression_range_at, statement_range_at};
use super::{TemplateContext, TemplateEngine};
use crate::document::problem::Problem;
use crate::document::rendered_text::{RenderedText, TOKEN_START};
use crate::document::source::{SourceId, SourceSpan, Sources};
use crate::lookup::LookupFailure;

/// The maximum number of times that a template is rendered again to find further problems.
const MAX_ROUNDS: usize = 200;

/// The name in an expression that was blanked.
const BLANK_NAME: &str = "_";

/// The search for all problems of one template.
struct Recovery {
    context: TemplateContext,
    /// The files, with the tags blanked that caused problems.
    sources: Sources,
    templates: BTreeMap<String, SourceId>,
    problems: Vec<Problem>,
    /// The tags that use a stand-in: their further errors are consequences.
    tainted: Vec<LocatedTag>,
    /// Whether a statement is missing, so that its `else` and `end` are consequences.
    has_blanked_statement: bool,
    /// Whether the structure of the text may depend on a problem.
    is_incomplete: bool,
}

/// Returns all problems of a template, and its text with undefined values in their places, unless the structure of the text
/// depends on one of them.
pub(super) fn recover(
    engine: &TemplateEngine,
    name: &str,
    sources: &Sources,
    behavior: UndefinedBehavior,
) -> (Option<RenderedText>, Vec<Problem>) {
    let mut recovery = Recovery {
        context: engine.context.clone(),
        sources: sources.clone(),
        templates: engine.marked.iter().map(|(name, marked)| (name.clone(), marked.source)).collect(),
        problems: Vec::new(),
        tainted: Vec::new(),
        has_blanked_statement: false,
        is_incomplete: false,
    };
    recovery.context.add_missing_name(BLANK_NAME);
    recovery.take_out_faults(engine, name);
    let mut text = None;
    for round in 0..MAX_ROUNDS {
        let mut engine =
            TemplateEngine::new(recovery.context.clone(), &recovery.templates, &recovery.sources);
        let Some(id) = engine.marked.get(name).map(|marked| marked.source) else { break };
        match engine.render_once(name, id, behavior) {
            Ok(rendering) => {
                recovery.problems.extend(rendering.lost_spellings);
                text = Some(rendering.text);
                break;
            }
            Err(error) => {
                let is_first_undefined = round == 0 && error_is_undefined(&error);
                if !recovery.take_out(&engine, &error, id) {
                    break;
                }
                if is_first_undefined {
                    recovery.add_printed_names(&mut engine, name, id);
                }
            }
        }
    }
    (text.filter(|_| !recovery.is_incomplete), recovery.problems)
}

fn error_is_undefined(error: &minijinja::Error) -> bool {
    errors::root_cause(error).kind() == ErrorKind::UndefinedError
}

impl Recovery {
    /// Reports the text that only looks like a tag, and blanks it.
    fn take_out_faults(&mut self, engine: &TemplateEngine, name: &str) {
        let original = self.sources.clone();
        for template in errors::faulty_templates(name, &engine.marked, &original) {
            self.problems.extend(errors::fault_problems(template, &original));
            let mut text = original.get(template.source).text.clone();
            for fault in &template.faults {
                text.replace_range(fault.range.clone(), &spaces(&text[fault.range.clone()]));
            }
            self.sources.replace(template.source, text);
            self.is_incomplete = true;
            self.has_blanked_statement = true;
        }
    }

    /// Reports an error, unless it is a consequence of another, and removes its cause; returns whether that was possible.
    fn take_out(&mut self, engine: &TemplateEngine, error: &minijinja::Error, id: SourceId) -> bool {
        let located = engine.locate_error(error, id, &self.sources);
        let Some(tag) = located.tag.clone() else {
            if !self.has_blanked_statement {
                self.problems.push(engine.other_problem(error, &located, &self.sources));
            }
            self.is_incomplete = true;
            return false;
        };
        if located.undefined.is_empty() {
            if !self.is_consequence(&tag) && !self.may_follow_from_placeholder(error) {
                self.problems.push(engine.other_problem(error, &located, &self.sources));
            }
            return !engine.is_exhausted() && self.blank(&tag);
        }
        let mut is_resolved = false;
        for (name, span) in &located.undefined {
            is_resolved |= self.add_undefined(engine, name, *span, &tag);
        }
        is_resolved || self.blank(&tag)
    }

    /// Reports an undefined name and gives it a stand-in; returns whether that was possible.
    fn add_undefined(
        &mut self,
        engine: &TemplateEngine,
        name: &str,
        span: SourceSpan,
        tag: &LocatedTag,
    ) -> bool {
        let problem = engine.undefined_problem(name, span);
        let is_of_placeholder = self.context.lookups().has_placeholders()
            && (name.contains('(') || self.context.is_missing(name) || engine.assigns(name, span.source));
        if !is_of_placeholder && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
        self.tainted.push(tag.clone());
        self.is_incomplete |= self.decides_structure(tag);
        self.context.add_missing_name(name)
    }

    /// Reports every undefined name that is printed by itself, in one rendering for all of them.
    fn add_printed_names(&mut self, engine: &mut TemplateEngine, name: &str, id: SourceId) {
        let Ok(rendering) = engine.render_once(name, id, UndefinedBehavior::Chainable) else { return };
        for (source, start, end) in undefined_places(&rendering.text) {
            let text = &self.sources.get(source).text;
            let Some(inner) = text.get(start + 2..end.saturating_sub(2)) else { continue };
            let name = inner.trim_matches(['-', '+']).trim().to_owned();
            let at = start + 2 + inner.find(&name).unwrap_or(0);
            let span = SourceSpan::new(source, at..at + name.len());
            let tag = LocatedTag { source, range: start..end, kind: TagKind::Expression };
            let is_name = name.split('.').all(super::values::is_identifier);
            if is_name && !self.context.is_missing(&name) && !engine.assigns(&name, source) {
                self.add_undefined(engine, &name, span, &tag);
            }
        }
    }

    /// Returns whether an error may be one of a placeholder for a look-up: what a template does with the value is not known before
    /// it is fetched.
    fn may_follow_from_placeholder(&self, error: &minijinja::Error) -> bool {
        let error = errors::root_cause(error);
        let is_of_lookup =
            std::error::Error::source(error).is_some_and(|source| source.is::<LookupFailure>());
        let is_of_text = matches!(
            error.kind(),
            ErrorKind::SyntaxError
                | ErrorKind::UnknownFunction
                | ErrorKind::UnknownFilter
                | ErrorKind::UnknownTest
                | ErrorKind::TemplateNotFound
                | ErrorKind::OutOfFuel
        );
        self.context.lookups().has_placeholders() && !is_of_lookup && !is_of_text
    }

    /// Returns whether an error in a tag follows from a problem that was reported.
    fn is_consequence(&self, tag: &LocatedTag) -> bool {
        let text = self.sources.get(tag.source).text.get(tag.range.clone()).unwrap_or_default();
        let keyword = text.trim_start_matches(['{', '%', '-', '+', ' ']);
        let is_continuation = keyword.starts_with("end") || keyword.starts_with("el");
        self.tainted.contains(tag) || (self.has_blanked_statement && is_continuation)
    }

    /// Returns whether the text outside a tag depends on its value.
    fn decides_structure(&self, tag: &LocatedTag) -> bool {
        let text = self.sources.get(tag.source).text.get(tag.range.clone()).unwrap_or_default();
        let keyword = text.trim_start_matches(['{', '%', '-', '+', ' ']);
        tag.kind == TagKind::Statement && !keyword.starts_with("set")
    }

    /// Blanks a tag, or the block that it begins; returns whether that was possible.
    fn blank(&mut self, tag: &LocatedTag) -> bool {
        let Some(blanked) = blank_tag(&self.sources.get(tag.source).text, tag.range.start) else {
            return false;
        };
        self.sources.replace(tag.source, blanked);
        if tag.kind != TagKind::Expression {
            self.has_blanked_statement = true;
            self.is_incomplete = true;
        }
        true
    }
}

/// Returns the source, start and end of the expressions that were undefined.
fn undefined_places(text: &RenderedText) -> Vec<(SourceId, usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.text.match_indices(TOKEN_START) {
        let digits: String =
            text.text[at + TOKEN_START.len_utf8()..].chars().take_while(char::is_ascii_digit).collect();
        let value = digits.parse().ok().and_then(|index: usize| text.values.get(index));
        if value.is_some_and(crate::document::tree::Node::is_undefined) {
            let index = text.anchors.partition_point(|anchor| anchor.rendered_offset <= at).saturating_sub(1);
            let anchor = text.anchors[index];
            let end = anchor.expression_end.unwrap_or(anchor.source_offset);
            found.push((anchor.source, anchor.source_offset, end));
        }
    }
    found
}

/// Returns a template of the same length in which the expression at `at` is replaced by an undefined one, or the
/// statement at `at` and its block by spaces.
pub fn blank_tag(text: &str, at: usize) -> Option<String> {
    let Some((start, end)) = expression_range_at(text, at) else {
        let (start, end) = statement_range_at(text, at).or_else(|| single_tag_range(text, at))?;
        return Some(format!("{}{}{}", &text[..start], spaces(&text[start..end]), &text[end..]));
    };
    let inside = text.get(start + 2..end - 2)?;
    let trims = |mark: bool| if mark { "-" } else { " " };
    let (before, after) = (trims(inside.starts_with('-')), trims(inside.ends_with('-')));
    let blank = format!("{before}{BLANK_NAME}{}{after}", " ".repeat(inside.len().checked_sub(3)?));
    let blanked = format!("{}{{{{{blank}}}}}{}", &text[..start], &text[end..]);
    (blanked != text).then_some(blanked)
}

/// Returns the range of a statement whose block has no end.
fn single_tag_range(text: &str, at: usize) -> Option<(usize, usize)> {
    let tags = super::tags::scan_tags(text).tags;
    let tag = tags.iter().find(|tag| (tag.start..tag.end).contains(&at))?;
    Some((tag.start, tag.end))
}

/// Returns spaces of the same length as a text, with its line ends.
fn spaces(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}
