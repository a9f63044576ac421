//! Finds the files that a Jsonnet program imports, in its text.

use std::ops::Range;

/// An import in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedFile {
    /// The path as it is written.
    pub path: String,
    /// Where it is written, in bytes.
    pub range: Range<usize>,
    /// Whether it is imported as a text.
    pub is_text: bool,
}

/// Returns the imports of a program, in their order. Jsonnet takes only plain strings as paths.
pub fn imports(text: &str) -> Vec<ImportedFile> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        if let Some(length) = ignored_length(rest) {
            at += length;
        } else if first.is_alphanumeric() || first == '_' {
            let word = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
            at += word.len();
            if matches!(word, "import" | "importstr") {
                let blanks = rest[word.len()..].len() - rest[word.len()..].trim_start().len();
                let start = at + blanks;
                if let Some(literal) = text.get(start..).and_then(string_literal) {
                    let range = start..start + literal.len();
                    let path = literal.trim_start_matches('@');
                    let path = path[1..path.len() - 1].to_owned();
                    found.push(ImportedFile { path, range, is_text: word == "importstr" });
                    at = start + literal.len();
                }
            }
        } else {
            at += first.len_utf8();
        }
    }
    found
}

/// Returns the length of a comment, a string or a text block at the beginning of a text.
fn ignored_length(text: &str) -> Option<usize> {
    if text.starts_with("//") || text.starts_with('#') {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if let Some(comment) = text.strip_prefix("/*") {
        return Some(comment.find("*/").map_or(text.len(), |end| end + 4));
    }
    if let Some(block) = text.strip_prefix("|||") {
        return Some(block.find("|||").map_or(text.len(), |end| end + 6));
    }
    string_literal(text).map(str::len)
}

/// Returns the string literal at the beginning of a text, with its quotes.
fn string_literal(text: &str) -> Option<&str> {
    let (is_verbatim, quoted) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
    let quote = quoted.chars().next().filter(|first| ['"', '\''].contains(first))?;
    let mut escaped = false;
    for (offset, next) in quoted.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' if !is_verbatim => escaped = true,
            _ if next == quote => return text.get(..text.len() - quoted.len() + offset + 1),
            _ => {}
        }
    }
    None
}

/// Returns the name of a file that another one imports: the path is relative to the folder of that.
pub fn imported_name(importing: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let folder = importing.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let is_above = part == ".." && parts.last().is_some_and(|last| *last != "..");
        if is_above {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let is_absolute = importing.starts_with('/');
    if is_absolute { format!("/{}", parts.join("/")) } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_outside_of_strings_and_comments() {
        let text = "// import 'no'\nlocal a = import 'lib/a.libsonnet';\n{ x: \"import 'no'\", y: importstr \"b.txt\",\n\
                    z: |||\n  import 'no'\n|||, important: 1 }";
        let found: Vec<_> = imports(text).into_iter().map(|import| (import.path, import.is_text)).collect();
        assert_eq!(found, [("lib/a.libsonnet".to_owned(), false), ("b.txt".to_owned(), true)]);
    }

    #[test]
    fn a_path_is_relative_to_the_importing_file() {
        for (importing, path, name) in [
            ("web.jsonnet", "lib/a.libsonnet", "lib/a.libsonnet"),
            ("ecs/web.jsonnet", "../lib/./a.libsonnet", "lib/a.libsonnet"),
            ("web.jsonnet", "../a.libsonnet", "../a.libsonnet"),
            ("/x/web.jsonnet", "a.libsonnet", "/x/a.libsonnet"),
        ] {
            assert_eq!(imported_name(importing, path), name);
        }
    }
}
