//! Tracks source positions through the template engine with markers.
//!
//! Before a template is rendered, [`MarkedTemplate::new`] inserts invisible markers into its text: before each expression, after
//! each tag and at each line. They are copied to the rendered text, where [`strip_markers`] converts them to anchors. With these,
//! each byte of the rendered text has a source position, also through loops, macros and includes. A marker is never
//! inserted where it would change the result: not between a tag and the white space that it trims, and not in captured
//! blocks, whose text a template may compare.

use std::sync::Arc;

use super::tags::{ScannedTags, TagFault, TagKind, TemplateTag, scan_tags};
use crate::document::rendered_text::SourceAnchor;
use crate::document::source::SourceId;

/// The delimiters of comments in a template with markers, in place of `{#` and `#}`.
pub(super) const COMMENT_START: &str = "\u{E000}#";
pub(super) const COMMENT_END: &str = "#\u{E001}";

const MARKER_START: char = '\u{E002}';
const MARKER_END: char = '\u{E003}';

/// A template with markers, and the mapping of its offsets to those of the original.
#[derive(Clone, Debug)]
pub struct MarkedTemplate {
    pub text: Arc<str>,
    pub source: SourceId,
    /// The template without markers.
    pub(super) original: Arc<str>,
    /// The tags, at their offsets in the original.
    pub(super) tags: Vec<TemplateTag>,
    /// The text that only looks like a tag. Such a template cannot be rendered.
    pub(super) faults: Vec<TagFault>,
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
        let ScannedTags { tags, faults } = scan_tags(text);
        for tag in &tags {
            writer.copy_literal(at, tag, captured > 0);
            if tag.opens_capture {
                captured += 1;
            } else if tag.closes_capture {
                captured = captured.saturating_sub(1);
            }
            if tag.kind == TagKind::Comment {
                writer.copy_comment(tag);
            } else {
                writer.copy_source(tag.start, tag.end);
            }
            at = tag.end;
        }
        let end = TemplateTag::end_of_text(text);
        writer.copy_literal(at, &end, captured > 0);
        MarkedTemplate {
            text: writer.out.into(),
            source,
            original: text.into(),
            tags,
            faults,
            shifts: writer.shifts,
        }
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
        if tag.kind == TagKind::Expression {
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
        self.add_shift(mark.len());
    }

    /// Records that the output has become longer than the original.
    fn add_shift(&mut self, length: usize) {
        let total = self.shifts.last().map_or(0, |(length, _)| *length) + length;
        self.shifts.push((total, self.out.len() - total));
    }

    /// Copies a comment with the delimiters that the engine takes, so that no other text begins one.
    fn copy_comment(&mut self, tag: &TemplateTag) {
        self.out.push_str(COMMENT_START);
        self.add_shift(COMMENT_START.len() - 2);
        self.copy_source(tag.start + 2, tag.end - 2);
        self.out.push_str(COMMENT_END);
        self.add_shift(COMMENT_END.len() - 2);
    }

    fn copy_source(&mut self, from: usize, to: usize) {
        self.out.push_str(&self.source[from..to]);
    }
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

    fn with_own_comments(text: &str) -> String {
        text.replace(COMMENT_START, "{#").replace(COMMENT_END, "#}")
    }

    #[test]
    fn offsets_map_back_to_the_original() {
        let text = "a: {{ x }}\n  {%- if y %}\n  b: \"{{ '}}' }}\" {# n #}\n{% endif -%}\n\nc: {{ {'k': {'l': 1}} }}\n";
        let marked = MarkedTemplate::new(id(), text);
        let (plain, _) = strip_markers(&marked.text, id());
        assert_eq!(with_own_comments(&plain), text);
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
            "${#NAME} {# a comment #} {#- another -#}",
        ] {
            let marked = MarkedTemplate::new(id(), text);
            assert_eq!(with_own_comments(&strip_markers(&marked.text, id()).0), text);
        }
    }

    #[test]
    fn lines_of_a_raw_block_have_positions() {
        let text = "{% raw %}\na: {{ x }}\nb: 1\n{% endraw %}\nc: 2\n";
        let marked = MarkedTemplate::new(id(), text);
        let (plain, anchors) = strip_markers(&marked.text, id());
        assert_eq!(with_own_comments(&plain), text);
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
}
