//! The texts that a run has read, and spans in them.
//!
//! A [`Span`] always refers to a text as its author wrote it, never to rendered text. This module reads no file: the
//! loader of the manifest passes texts in.

use std::ops::Range;

/// The id of a text in the [`Sources`] of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

impl SourceId {
    /// Returns the index of this source in its [`Sources`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the id of the source at an index.
    pub fn from_index(index: usize) -> SourceId {
        SourceId(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// The bytes from `start` to `end` (exclusive) of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceSpan {
    pub source: SourceId,
    pub start: usize,
    pub end: usize,
    /// Whether a template expression produced this value: it may be a secret, so messages do not repeat it.
    pub from_expression: bool,
}

impl SourceSpan {
    /// Returns the span of `range` in `source`.
    pub fn new(source: SourceId, range: Range<usize>) -> SourceSpan {
        SourceSpan { source, start: range.start, end: range.end.max(range.start), from_expression: false }
    }
}

/// A text, and its name for messages.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
    /// Whether the file belongs to no project, so that nothing of its text may be shown.
    pub is_foreign: bool,
}

/// A line and a column, both starting at 1; the column is in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Every text that a run has read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    items: Vec<Source>,
}

impl Sources {
    /// Adds a text and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId::from_index(self.items.len());
        self.items.push(Source { name: name.into(), text: text.into(), is_foreign: false });
        id
    }

    /// Keeps the text of a source from being shown.
    pub fn hide(&mut self, id: SourceId) {
        self.items[id.index()].is_foreign = true;
    }

    /// Replaces the text of a source by another of the same length.
    pub fn replace(&mut self, id: SourceId, text: String) {
        self.items[id.index()].text = text;
    }

    /// Returns the source with an id.
    ///
    /// The id must come from [`Sources::add`] of this collection: an id of another one returns an arbitrary source.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.items[id.index()]
    }

    /// Returns the id of the source named `name`.
    pub fn find(&self, name: &str) -> Option<SourceId> {
        let index = self.items.iter().position(|source| source.name == name)?;
        Some(SourceId::from_index(index))
    }

    /// Returns the line and column at which a span begins.
    pub fn position(&self, span: SourceSpan) -> Position {
        let text = &self.get(span.source).text;
        let before = &text[..floor_char_boundary(text, span.start)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// Returns the text that a span covers.
    pub fn span_text(&self, span: SourceSpan) -> &str {
        let text = &self.get(span.source).text;
        &text[floor_char_boundary(text, span.start)..floor_char_boundary(text, span.end)]
    }
}

/// Returns the nearest character boundary at or before `at`.
fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_counts_characters_not_bytes() {
        let mut sources = Sources::default();
        let id = sources.add("a.yml", "a: ü\nß: x\n");
        let at = sources.get(id).text.find('x').expect("x is in the text");
        assert_eq!(sources.position(SourceSpan::new(id, at..at + 1)), Position { line: 2, column: 4 });
    }
}
