//! Rendered template text: the text, the values that are bound into it, and the source position of each piece.
//!
//! A bound value is represented in the text by an opaque token: [`TOKEN_START`], an index, [`TOKEN_END`]. The template
//! engine produces these texts, and [`super::tree`] parses them.

use std::ops::Range;

use super::source::{SourceId, SourceSpan};
use super::tree::Node;

/// The start of a token. A private-use character: the template engine refuses sources that contain it.
pub const TOKEN_START: char = '\u{E000}';
/// The end of a token.
pub const TOKEN_END: char = '\u{E001}';

/// The characters that no source, value or document may contain: the delimiters of tokens and of position markers.
pub const RESERVED_CHARACTERS: [char; 4] = ['\u{E000}', '\u{E001}', '\u{E002}', '\u{E003}'];

/// Returns the offset of the first of the [`RESERVED`] characters in a text.
pub fn find_reserved(text: &str) -> Option<usize> {
    // All four begin with this byte in UTF-8, and searching for one byte is much faster.
    if !text.as_bytes().contains(&0xEE) {
        return None;
    }
    text.find(RESERVED_CHARACTERS)
}

/// A position in rendered text, and the position in a source that it comes from.
#[derive(Clone, Copy, Debug)]
pub struct SourceAnchor {
    pub rendered_offset: usize,
    pub source: SourceId,
    pub source_offset: usize,
    /// The end of an expression in its source; `None` for literal text, which continues to the next anchor.
    pub expression_end: Option<usize>,
}

/// Rendered text with bound values.
#[derive(Clone, Debug)]
pub struct RenderedText {
    pub text: String,
    /// The values that the tokens stand for. The spans in them have no meaning. An undefined one has been reported.
    pub values: Vec<Node>,
    /// Sorted by `rendered_offset`; the first is at 0.
    pub anchors: Vec<SourceAnchor>,
}

/// A piece of a string: literal text, or a bound value.
#[derive(Clone, Copy, Debug)]
pub enum RenderedPart<'a> {
    Literal(&'a str),
    Bound(&'a Node),
}

impl RenderedText {
    /// Returns a text that equals its source, without bound values.
    pub fn from_source(source: SourceId, text: impl Into<String>) -> RenderedText {
        let anchor = SourceAnchor { rendered_offset: 0, source, source_offset: 0, expression_end: None };
        RenderedText { text: text.into(), values: Vec::new(), anchors: vec![anchor] }
    }

    /// Returns the source span of a range of rendered bytes.
    pub fn span(&self, range: Range<usize>) -> SourceSpan {
        let (source, start, _) = self.source_position(range.start);
        let last = range.end.saturating_sub(1).max(range.start);
        let (end_source, end, expression_end) = self.source_position(last);
        let end = expression_end.unwrap_or(end + (range.end - last));
        let whole = end_source == source && end >= start;
        let span = SourceSpan::new(source, if whole { start..end } else { start..start + 1 });
        SourceSpan { from_expression: self.has_expression(range), ..span }
    }

    fn has_expression(&self, range: Range<usize>) -> bool {
        let first =
            self.anchors.partition_point(|anchor| anchor.rendered_offset <= range.start).saturating_sub(1);
        let mut anchors = self.anchors[first..]
            .iter()
            .take_while(|anchor| anchor.rendered_offset < range.end.max(range.start + 1));
        anchors.any(|anchor| anchor.expression_end.is_some())
    }

    /// Returns the source and the offset in it, and the end of the expression if `at` is in a token.
    fn source_position(&self, at: usize) -> (SourceId, usize, Option<usize>) {
        let index = self.anchors.partition_point(|anchor| anchor.rendered_offset <= at).saturating_sub(1);
        let anchor = self.anchors[index];
        match anchor.expression_end {
            Some(end) => (anchor.source, anchor.source_offset, Some(end)),
            None => (anchor.source, anchor.source_offset + at.saturating_sub(anchor.rendered_offset), None),
        }
    }

    /// Returns the pieces of a string, or `None` if it contains no token.
    pub fn parts<'a>(&'a self, string: &'a str) -> Option<Vec<RenderedPart<'a>>> {
        if !string.contains(TOKEN_START) {
            return None;
        }
        let mut parts = Vec::new();
        let mut rest = string;
        while let Some(start) = rest.find(TOKEN_START) {
            let Some(end) = rest[start..].find(TOKEN_END).map(|end| start + end) else { break };
            let token = &rest[start + TOKEN_START.len_utf8()..end];
            if start > 0 {
                parts.push(RenderedPart::Literal(&rest[..start]));
            }
            if let Some(bound) = token.parse().ok().and_then(|index: usize| self.values.get(index)) {
                parts.push(RenderedPart::Bound(bound));
            }
            rest = &rest[end + TOKEN_END.len_utf8()..];
        }
        if !rest.is_empty() {
            parts.push(RenderedPart::Literal(rest));
        }
        Some(parts)
    }
}
