//! Tracks source positions through the template engine with markers.
//!
//! Before a template is rendered, [`Marked::new`] inserts invisible markers into its text: before each expression, after
//! each tag and at each line. They are copied to the rendered text, where [`strip`] converts them to anchors. With these,
//! each byte of the rendered text has a source position, also through loops, macros and includes. A marker is never
//! inserted where it would change the result: not between a tag and the white space that it trims, and not in captured
//! blocks, whose text a template may compare.

use std::sync::Arc;

use crate::document::rendered_text::SourceAnchor;
use crate::document::source::SourceId;

const MARKER_START: char = '\u{E002}';
const MARKER_END: char = '\u{E003}';

/// A template with markers, and the mapping of its offsets to those of the original.
#[derive(Clone, Debug)]
pub struct MarkedTemplate {
    pub text: Arc<str>,
    pub source: SourceId,
    /// The offset of a tag that is too long for the engine.
    pub oversized_tag: Option<usize>,
    /// Pairs of the total length of the markers so far, and the original offset from which it applies.
    shifts: Vec<(usize, usize)>,
}

impl MarkedTemplate {
    /// Returns a template with markers.
    pub fn new(source: SourceId, text: &str) -> MarkedTemplate {
        let out = String::with_capacity(text.len() * 2);
        let mut writer = MarkerWriter { id: source, source: text, out, shifts: vec![(0, 0)] };
        let mut captured = 0usize;
        let mut at = 0;
        let (tags, unfinished) = scan_tags(text);
        let oversized = find_oversized_tag(text, &tags, unfinished);
        for tag in tags {
            writer.copy_literal(at, &tag, captured > 0);
            if tag.opens_capture {
                captured += 1;
            } else if tag.closes_capture {
                captured = captured.saturating_sub(1);
            }
            writer.copy_source(tag.start, tag.end);
            at = tag.end;
        }
        let end = TemplateTag::end_of_text(text);
        writer.copy_literal(at, &end, captured > 0);
        MarkedTemplate { text: writer.out.into(), source, oversized_tag: oversized, shifts: writer.shifts }
    }

    /// Returns the offset in the original text for an offset in the text with markers.
    pub fn original_offset(&self, marked: usize) -> usize {
        let shift = self.shifts.iter().rev().find(|(length, from)| length + from <= marked);
        marked - shift.map_or(0, |(length, _)| *length)
    }
}

struct MarkerWriter<'a> {
    id: SourceId,
    source: &'a str,
    out: String,
    shifts: Vec<(usize, usize)>,
}

impl MarkerWriter<'_> {
    /// Copies the literal text from `at` to `tag`, with markers at line starts and before the tag.
    fn copy_literal(&mut self, at: usize, tag: &TemplateTag, captured: bool) {
        let text = &self.source[at..tag.start];
        if captured {
            return self.copy_source(at, tag.start);
        }
        // A marker between white space and a tag that trims it would prevent the trimming.
        let body_end = at + if tag.trims_before { text.trim_end().len() } else { text.len() };
        let mut from = at;
        let mut line_start = true;
        for (offset, character) in self.source[at..body_end].char_indices() {
            if line_start && !character.is_whitespace() {
                self.copy_source(from, at + offset);
                from = at + offset;
                self.write_marker(from, None);
                line_start = false;
            }
            line_start |= character == '\n';
        }
        self.copy_source(from, body_end);
        if tag.is_expression {
            self.write_marker(tag.start, Some(tag.end));
        }
        self.copy_source(body_end, tag.start);
    }

    fn write_marker(&mut self, origin: usize, end: Option<usize>) {
        let source = self.id.index();
        let mark = match end {
            Some(end) => format!("{MARKER_START}{source}.{origin}.{end}{MARKER_END}"),
            None => format!("{MARKER_START}{source}.{origin}{MARKER_END}"),
        };
        self.out.push_str(&mark);
        let total = self.shifts.last().map_or(0, |(length, _)| *length) + mark.len();
        self.shifts.push((total, self.out.len() - total));
    }

    fn copy_source(&mut self, from: usize, to: usize) {
        self.out.push_str(&self.source[from..to]);
    }
}

/// A template tag: `{{ }}`, `{% %}` or `{# #}`.
#[derive(Debug)]
struct TemplateTag {
    start: usize,
    end: usize,
    is_expression: bool,
    trims_before: bool,
    opens_capture: bool,
    closes_capture: bool,
}

impl TemplateTag {
    fn end_of_text(text: &str) -> TemplateTag {
        TemplateTag {
            start: text.len(),
            end: text.len(),
            is_expression: false,
            trims_before: false,
            opens_capture: false,
            closes_capture: false,
        }
    }
}

/// The maximum length of a tag in bytes. The engine parses expressions recursively, so a longer tag could overflow the
/// stack.
const MAX_TAG_LENGTH: usize = 8 << 10;

/// Returns the offset of the first tag that is too long. Comments may have any length.
fn find_oversized_tag(text: &str, tags: &[TemplateTag], unfinished: Option<usize>) -> Option<usize> {
    let long =
        |tag: &&TemplateTag| tag.end - tag.start > MAX_TAG_LENGTH && !text[tag.start..].starts_with("{#");
    let unfinished = unfinished.filter(|start| text.len() - start > MAX_TAG_LENGTH);
    tags.iter().find(long).map(|tag| tag.start).or(unfinished)
}

/// Returns the tags of a template in order, up to an unfinished one, which the engine reports.
fn template_tags(text: &str) -> Vec<TemplateTag> {
    scan_tags(text).0
}

/// Returns the tags of a template in order, and the offset of an unfinished tag.
fn scan_tags(text: &str) -> (Vec<TemplateTag>, Option<usize>) {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('{').map(|found| at + found) {
        let kind = text[start + 1..].chars().next();
        let end = match kind {
            Some('{') => tag_end(text, start + 2, "}}"),
            Some('%') => tag_end(text, start + 2, "%}"),
            Some('#') => text[start + 2..].find("#}").map(|found| start + 2 + found + 2),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(end) = end else { return (tags, Some(start)) };
        let inner = text[start + 2..end - 2].trim_matches(['-', '+']).trim();
        let statement = kind == Some('%');
        tags.push(TemplateTag {
            start,
            end,
            is_expression: kind == Some('{'),
            trims_before: text[start + 2..].starts_with('-'),
            opens_capture: statement && opens_capture(inner),
            closes_capture: statement && matches!(inner, "endset" | "endfilter" | "endmacro" | "endcall"),
        });
        at = end;
        if statement && inner == "raw" {
            // The content of a raw block is text, even if it contains tags.
            let Some(raw_end) = endraw_start(text, end) else { return (tags, Some(start)) };
            at = raw_end;
        }
    }
    (tags, None)
}

/// Returns the start and end of the expression `{{ … }}` that contains `at`.
pub fn expression_range_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let covers = |tag: &&TemplateTag| tag.is_expression && (tag.start..tag.end).contains(&at);
    template_tags(text).iter().find(covers).map(|tag| (tag.start, tag.end))
}

/// Returns the start of the statement that contains `at`, and the end of its block.
pub fn statement_range_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let tags = template_tags(text);
    let inner = |tag: &TemplateTag| text[tag.start + 2..tag.end - 2].trim_matches(['-', '+']).trim();
    let keyword = |tag: &TemplateTag| inner(tag).split_whitespace().next().unwrap_or_default().to_owned();
    let index = tags.iter().position(|tag| !tag.is_expression && (tag.start..tag.end).contains(&at))?;
    let opening = &tags[index];
    let word = keyword(opening);
    if word == "set" && inner(opening).contains('=') {
        return Some((opening.start, opening.end));
    }
    let mut depth = 1usize;
    for tag in &tags[index + 1..] {
        let found = keyword(tag);
        depth += usize::from(found == word);
        depth -= usize::from(found == format!("end{word}"));
        if depth == 0 {
            return Some((opening.start, tag.end));
        }
    }
    None
}

/// Returns whether a statement captures the text of its block: `set x`, `filter f`, `macro m()`.
fn opens_capture(statement: &str) -> bool {
    match statement.split_once(char::is_whitespace) {
        Some(("set", rest)) => !rest.contains('='),
        Some(("filter" | "macro" | "call", _)) => true,
        _ => false,
    }
}

/// Returns the end of the tag whose content begins at `at`: after the first `close` outside strings and brackets.
fn tag_end(text: &str, at: usize, close: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut quote = None;
    let mut index = at;
    while index < bytes.len() {
        let byte = bytes[index];
        match quote {
            Some(_) if byte == b'\\' => index += 1,
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if depth == 0 && text.is_char_boundary(index) && text[index..].starts_with(close) => {
                return Some(index + close.len());
            }
            None => match byte {
                b'"' | b'\'' => quote = Some(byte),
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
        index += 1;
    }
    None
}

/// Returns the offset of the tag that ends a raw block.
fn endraw_start(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(start) = text[at..].find("{%").map(|found| at + found) {
        let end = text[start + 2..].find("%}").map(|found| start + 2 + found + 2)?;
        if text[start + 2..end - 2].trim_matches(['-', '+']).trim() == "endraw" {
            return Some(start);
        }
        at = start + 2;
    }
    None
}

/// Returns the literal names of templates that a template includes, imports or extends.
pub fn included_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for tag in template_tags(text) {
        let inner = text[tag.start + 2..tag.end - 2].trim_matches(['-', '+']).trim();
        let Some((keyword, rest)) = inner.split_once(char::is_whitespace) else { continue };
        if !matches!(keyword, "include" | "import" | "from" | "extends") {
            continue;
        }
        let rest = rest.trim_start().trim_start_matches('[');
        for piece in rest.split(',') {
            let piece = piece.trim();
            let Some(quote) = piece.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
            names.extend(piece[1..].split(quote).next().map(str::to_owned));
        }
    }
    names
}

/// Returns rendered text without its markers, and their anchors.
///
/// `fallback` is the source of the text before the first marker.
pub fn strip_markers(rendered: &str, fallback: SourceId) -> (String, Vec<SourceAnchor>) {
    let mut text = String::with_capacity(rendered.len());
    let mut anchors =
        vec![SourceAnchor { rendered_offset: 0, source: fallback, source_offset: 0, expression_end: None }];
    let mut rest = rendered;
    while let Some(start) = rest.find(MARKER_START) {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find(MARKER_END).map(|end| start + end) else { break };
        anchors.extend(parse_marker(&rest[start + MARKER_START.len_utf8()..end], text.len()));
        rest = &rest[end + MARKER_END.len_utf8()..];
    }
    text.push_str(rest);
    (text, anchors)
}

/// Parses a marker `source.origin` or `source.origin.end` into an anchor.
fn parse_marker(mark: &str, at: usize) -> Option<SourceAnchor> {
    let mut numbers = mark.split('.').map(|number| number.parse::<usize>().ok());
    let source = SourceId::from_index(numbers.next()??);
    let origin = numbers.next()??;
    let origin_end = numbers.next().flatten();
    Some(SourceAnchor { rendered_offset: at, source, source_offset: origin, expression_end: origin_end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> SourceId {
        SourceId::from_index(0)
    }

    #[test]
    fn offsets_map_back_to_the_original() {
        let text = "a: {{ x }}\n  {%- if y %}\n  b: \"{{ '}}' }}\" {# n #}\n{% endif -%}\n\nc: {{ {'k': {'l': 1}} }}\n";
        let marked = MarkedTemplate::new(id(), text);
        let (plain, _) = strip_markers(&marked.text, id());
        assert_eq!(plain, text);
        let at = marked.text.find("c: ").expect("kept");
        assert_eq!(&text[marked.original_offset(at)..marked.original_offset(at) + 2], "c:");
    }

    #[test]
    fn odd_braces_are_text() {
        for text in [
            "command: [\"echo ${#}\"]",
            "{%}",
            "{{",
            "{#",
            "{% raw %}{%}{% endraw %}x",
            "a: {{ 'é' }} {#}",
            "{% raw %}",
        ] {
            let marked = MarkedTemplate::new(id(), text);
            assert_eq!(strip_markers(&marked.text, id()).0, text);
        }
    }

    #[test]
    fn lines_of_a_raw_block_have_positions() {
        let text = "{% raw %}\na: {{ x }}\nb: 1\n{% endraw %}\nc: 2\n";
        let marked = MarkedTemplate::new(id(), text);
        let (plain, anchors) = strip_markers(&marked.text, id());
        assert_eq!(plain, text);
        let at = text.find("b: 1").expect("there");
        assert!(
            anchors.iter().any(|anchor| anchor.source_offset == at && anchor.rendered_offset == at),
            "{anchors:?}"
        );
    }

    #[test]
    fn captured_blocks_have_no_markers() {
        let marked = MarkedTemplate::new(id(), "{% set n %}web{% endset %}x");
        assert!(marked.text.starts_with("{% set n %}web{% endset %}"), "{}", marked.text);
    }

    #[test]
    fn references_are_the_literal_names() {
        let text =
            "{% include 'a.yml' %}{% from \"m.yml\" import x %}{% include ['b', \"c\"] %}{% include name %}";
        assert_eq!(included_names(text), ["a.yml", "m.yml", "b", "c"]);
    }
}
