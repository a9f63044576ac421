//! A YAML or JSON file of another tool, read with the places of its values. Pure.

use super::go_text::{GoText, MARK};
use crate::document::json_comments::strip_comments;
use crate::document::problem::{InvalidFiles, Problem};
use crate::document::rendered_text::{RenderedText, find_reserved};
use crate::document::source::{SourceSpan, Sources};
use crate::document::tree::{self, Node, NodeKey};
use crate::error::{Failure, Result};

/// A file, and what it says.
#[derive(Clone, Debug)]
pub struct SourceDocument {
    pub path: String,
    /// The text of the file, and the tags in it.
    pub go: GoText,
    /// The values; in a string a mark stands for a tag, see [`GoText::parts`]. Spans are offsets in the text.
    pub root: Node,
    sources: Sources,
}

impl SourceDocument {
    /// Returns a file without templates.
    ///
    /// # Errors
    /// The text is no YAML and no JSON.
    pub fn plain(path: &str, text: &str) -> Result<SourceDocument> {
        SourceDocument::read(path, GoText::plain(text))
    }

    /// Returns a file without templates, in which other programs fill in `{{ NAME }}` and `${NAME}`.
    ///
    /// # Errors
    /// As of [`SourceDocument::plain`].
    pub fn with_placeholders(path: &str, text: &str) -> Result<SourceDocument> {
        SourceDocument::read(path, GoText::placeholders(text))
    }

    /// Returns a file with the tags of Go templates, in strings or bare.
    ///
    /// # Errors
    /// A tag does not end, or what is around the tags is no YAML and no JSON.
    pub fn with_tags(path: &str, text: &str) -> Result<SourceDocument> {
        match GoText::parse(text) {
            Ok(go) => SourceDocument::read(path, go.with_shell_placeholders()),
            Err(offset) => {
                let mut sources = Sources::default();
                let id = sources.add(path, text);
                let span = SourceSpan::new(id, offset..offset + 2);
                let problem = Problem::error(span, "a tag of a template without an end");
                Err(invalid(sources, vec![problem]))
            }
        }
    }

    fn read(path: &str, go: GoText) -> Result<SourceDocument> {
        if find_reserved(&go.text).is_some() || go.text.contains(MARK) {
            return Err(Failure::error(format!(
                "failed to read `{path}`: it has a character from U+E000 to U+E010"
            ))
            .with_hint("remove them: ecsail reserves these characters".to_owned()));
        }
        let mut sources = Sources::default();
        let id = sources.add(path, go.text.clone());
        let readable = without_hash_lines(path, &strip_comments(path, &go.readable()));
        match tree::parse(&RenderedText::from_source(id, readable)) {
            Ok(root) => Ok(SourceDocument { path: path.to_owned(), go, root, sources }),
            Err(problems) => Err(invalid(sources, problems)),
        }
    }

    /// Returns the line of a value, from 1.
    pub fn line(&self, node: &Node) -> Option<usize> {
        Some(self.sources.position(node.span).line)
    }

    /// Returns the line of a key, from 1.
    pub fn key_line(&self, key: &NodeKey) -> Option<usize> {
        Some(self.sources.position(key.span).line)
    }

    /// Returns the line of an offset, from 1.
    pub fn line_at(&self, offset: usize) -> Option<usize> {
        Some(super::session::line_of(&self.go.text, offset))
    }

    /// Returns the failure of a value that cannot be imported.
    pub fn failure(&self, node: &Node, message: &str, hint: &str) -> Failure {
        let problem = Problem::error(node.span, message).hint(hint.to_owned());
        invalid(self.sources.clone(), vec![problem])
    }
}

fn invalid(sources: Sources, problems: Vec<Problem>) -> Failure {
    let mut files = InvalidFiles { sources, ..InvalidFiles::default() };
    problems.into_iter().for_each(|problem| files.problems.push(problem));
    files.into()
}

/// Returns JSON whose lines in front begin with `#`, as blanks of the same length.
fn without_hash_lines(path: &str, text: &str) -> String {
    if !path.ends_with(".json") || !text.trim_start().starts_with('#') {
        return text.to_owned();
    }
    let mut is_front = true;
    let mut written = String::new();
    for line in text.split_inclusive('\n') {
        is_front = is_front && (line.trim().is_empty() || line.trim_start().starts_with('#'));
        if is_front {
            written.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            written.push_str(line);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_tags_are_values_and_lines_are_known() {
        let text = "# a comment\nregion: {{ must_env `R` }}\nlist: [ {{ env `A` `b` }}, x ]\n";
        let document = SourceDocument::with_tags("a.yml", text).expect("YAML");
        let region = document.root.get("region").expect("a region");
        assert_eq!(document.line(region), Some(2));
        assert_eq!(document.go.original(region.text().expect("a text")), "{{ must_env `R` }}");
        let json = SourceDocument::with_tags("a.json", "# cmd\n{\"cpu\": {{ must_env `CPU` }} /* x */}")
            .expect("JSON");
        assert!(json.root.get("cpu").is_some());
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(SourceDocument::with_tags("a.yml", "a: {{ must_env `R`\n").is_err());
        assert!(SourceDocument::plain("a.yml", "a: [\n").is_err());
        assert!(SourceDocument::plain("a.yml", "a: \u{E002}\n").is_err());
    }
}
