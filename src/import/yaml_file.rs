//! A YAML or JSON file of another tool: its tree, and the lines of its values. Pure.

use std::ops::Range;

use crate::document::rendered_text::RenderedText;
use crate::document::source::{SourceSpan, Sources};
use crate::document::tree::{self, Node};
use crate::error::{Failure, Result};

/// A file that was read.
#[derive(Clone, Debug)]
pub(super) struct YamlFile {
    /// The path, relative to the working folder.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) root: Node,
    sources: Sources,
}

impl YamlFile {
    /// Parses the text of a file that has no templates.
    ///
    /// # Errors
    /// The text is no YAML: syntax errors, duplicate keys, unknown tags, or too many nodes.
    pub(super) fn parse(path: &str, text: &str) -> Result<YamlFile> {
        let mut sources = Sources::default();
        let id = sources.add(path, text);
        let root = tree::parse(&RenderedText::from_source(id, text)).map_err(|problems| {
            let first = problems.first();
            let line = first.and_then(|problem| problem.span).map(|span| sources.position(span).line);
            let place = line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"));
            let message = first.map_or("it is no YAML", |problem| problem.message.as_str());
            Failure::error(format!("failed to read `{place}`: {message}"))
                .with_hint(first.and_then(|problem| problem.hint.clone()))
        })?;
        Ok(YamlFile { path: path.to_owned(), text: text.to_owned(), root, sources })
    }

    /// Returns the line at which a span begins, from 1.
    pub(super) fn line(&self, span: SourceSpan) -> usize {
        self.sources.position(span).line
    }

    /// Returns the column at which a span begins, from 0.
    pub(super) fn indentation(&self, span: SourceSpan) -> usize {
        self.sources.position(span).column - 1
    }

    /// Returns the bytes of a scalar, with its quotes.
    pub(super) fn scalar_range(&self, span: SourceSpan) -> Range<usize> {
        let quote = self.text[..span.start].chars().last().filter(|last| matches!(last, '"' | '\''));
        match quote.filter(|quote| self.text[span.end..].starts_with(*quote)) {
            Some(_) => span.start - 1..span.end + 1,
            None => span.start..span.end,
        }
    }
}

/// Returns the members of a mapping, or of none if the node is not there.
pub(super) fn entries(node: Option<&Node>) -> &[(tree::NodeKey, Node)] {
    node.map_or(&[], Node::entries)
}

/// Returns the items of a list; a single text is a list of one.
pub(super) fn texts(node: Option<&Node>) -> Vec<String> {
    let Some(node) = node else { return Vec::new() };
    match node.text() {
        Some(text) => vec![text.to_owned()],
        None => node.items().iter().filter_map(Node::text).map(str::to_owned).collect(),
    }
}
