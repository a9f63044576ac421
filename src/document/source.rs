//! Owns the texts that a run has read, and the places in them.
//!
//! A [`Span`] always points into a text as its author wrote it, never into rendered
//! text. This module never reads a file itself: the manifest's loader hands texts in.

use std::ops::Range;

/// Names one text among the [`Sources`] of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

impl SourceId {
    /// Returns the place of this source among its [`Sources`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the id of the source at that place.
    pub fn from_index(index: usize) -> SourceId {
        SourceId(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// Holds the bytes from `start` to `end` of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub source: SourceId,
    pub start: usize,
    pub end: usize,
    /// Whether a template expression made what stands there: its value may be a secret, and is not repeated.
    pub expression: bool,
}

impl Span {
    /// Returns the span of `range` in `source`.
    pub fn new(source: SourceId, range: Range<usize>) -> Span {
        Span { source, start: range.start, end: range.end.max(range.start), expression: false }
    }
}

/// Holds one text and the name that messages call it by.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// Holds a line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Holds every text that a run has read, so that any span can be shown.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Takes a text in and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId::from_index(self.list.len());
        self.list.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// Replaces the text of a source by another of the same length.
    pub fn replace(&mut self, id: SourceId, text: String) {
        self.list[id.index()].text = text;
    }

    /// Returns the source with that id.
    ///
    /// An id of another `Sources` gives an arbitrary source of this one: ids are only
    /// made by [`Sources::add`], so the index holds for the owner.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.list[id.index()]
    }

    /// Returns the id of the source that was added under `name`, if there is one.
    pub fn find(&self, name: &str) -> Option<SourceId> {
        let index = self.list.iter().position(|source| source.name == name)?;
        Some(SourceId::from_index(index))
    }

    /// Returns the line and column at which a span begins.
    pub fn position(&self, span: Span) -> Position {
        let text = &self.get(span.source).text;
        let before = &text[..floor_boundary(text, span.start)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// Returns the text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        let text = &self.get(span.source).text;
        &text[floor_boundary(text, span.start)..floor_boundary(text, span.end)]
    }
}

/// Returns the nearest character boundary at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
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
        assert_eq!(sources.position(Span::new(id, at..at + 1)), Position { line: 2, column: 4 });
    }
}
