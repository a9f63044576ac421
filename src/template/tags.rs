//! Finds the tags of a template: `{{ … }}`, `{% … %}` and `{# … #}`, and text that only looks like a tag.
//!
//! Only the length of a tag, its keyword and its end are checked here; the template engine parses what is inside. `${#` is
//! text: the length of a variable in a shell.

use std::ops::Range;

/// A template tag: `{{ }}`, `{% %}` or `{# #}`.
#[derive(Clone, Debug)]
pub(super) struct TemplateTag {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: TagKind,
    pub(super) trims_before: bool,
    pub(super) opens_capture: bool,
    pub(super) closes_capture: bool,
}

/// The kind of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagKind {
    Expression,
    Statement,
    Comment,
    /// The end of the template, which is no tag.
    EndOfText,
}

/// Text that looks like a tag and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TagFault {
    pub(super) range: Range<usize>,
    pub(super) kind: FaultKind,
}

/// Why text that looks like a tag is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Longer than the engine can parse, or not closed for as long.
    Oversized,
    /// Not closed.
    Unclosed,
    /// A `{%` with a word behind it that is no keyword.
    UnknownStatement(String),
    /// A statement that begins a block, such as `if`, whose end is missing.
    UnclosedBlock(String),
    /// A statement such as `endif` or `else` outside its block.
    OutsideBlock(String),
    /// A comment that contains another `{#` before it ends: one of the two is probably text.
    NestedComment,
    /// The whole file could not be read, which has been reported.
    Unreadable,
}

/// The tags of a template, and what only looks like one.
#[derive(Clone, Debug, Default)]
pub(super) struct ScannedTags {
    /// In order, and disjoint.
    pub(super) tags: Vec<TemplateTag>,
    pub(super) faults: Vec<TagFault>,
}

/// The statements of the template language.
pub(super) const STATEMENTS: &[&str] = &[
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "endfor",
    "set",
    "endset",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "filter",
    "endfilter",
    "with",
    "endwith",
    "include",
    "import",
    "from",
    "extends",
    "block",
    "endblock",
    "raw",
    "endraw",
    "autoescape",
    "endautoescape",
    "do",
    "break",
    "continue",
];

/// The maximum length of a tag in bytes. The engine parses expressions recursively, so a longer tag could overflow the
/// stack.
const MAX_TAG_LENGTH: usize = 8 << 10;

impl TemplateTag {
    pub(super) fn end_of_text(text: &str) -> TemplateTag {
        let at = text.len();
        TemplateTag::new(at..at, TagKind::EndOfText, text)
    }

    fn new(range: Range<usize>, kind: TagKind, text: &str) -> TemplateTag {
        let inner = if kind == TagKind::EndOfText { "" } else { &text[range.start + 2..range.end - 2] };
        let words = inner.trim_matches(['-', '+']).trim();
        let is_statement = kind == TagKind::Statement;
        TemplateTag {
            start: range.start,
            end: range.end,
            kind,
            trims_before: inner.starts_with('-'),
            opens_capture: is_statement && opens_capture(words),
            closes_capture: is_statement && matches!(words, "endset" | "endfilter" | "endmacro" | "endcall"),
        }
    }

    /// Returns the content of the tag without its delimiters.
    pub(super) fn inner<'a>(&self, text: &'a str) -> &'a str {
        text[self.start + 2..self.end - 2].trim_matches(['-', '+']).trim()
    }

    /// Returns the first word of the tag.
    pub(super) fn keyword<'a>(&self, text: &'a str) -> &'a str {
        first_word(self.inner(text))
    }
}

/// The text in place of a file that could not be read.
pub const UNREADABLE_FILE: &str = "\u{E000}";

/// Returns the tags of a template, and what only looks like one.
pub(super) fn scan_tags(text: &str) -> ScannedTags {
    let mut found = ScannedTags::default();
    if text == UNREADABLE_FILE {
        found.faults.push(TagFault { range: 0..text.len(), kind: FaultKind::Unreadable });
    }
    let mut at = 0;
    while let Some(start) = text[at..].find('{').map(|open| at + open) {
        at = match text[start + 1..].chars().next() {
            Some('{') => scan_expression(text, start, &mut found),
            Some('%') => scan_statement(text, start, &mut found),
            Some('#') if !text[..start].ends_with('$') => scan_comment(text, start, &mut found),
            _ => start + 1,
        };
    }
    take_out_unbalanced(text, &mut found);
    found
}

/// Turns the statements into faults that begin a block without an end, or that stand outside their block.
fn take_out_unbalanced(text: &str, found: &mut ScannedTags) {
    let mut open: Vec<usize> = Vec::new();
    let mut unbalanced: Vec<(usize, FaultKind)> = Vec::new();
    for (index, tag) in found.tags.iter().enumerate().filter(|(_, tag)| tag.kind == TagKind::Statement) {
        let word = tag.keyword(text);
        let parent = open.last().map_or("", |index| found.tags[*index].keyword(text));
        let is_at_home = match word {
            "else" => matches!(parent, "if" | "for"),
            "elif" => parent == "if",
            _ if begins_block(tag, text) => {
                open.push(index);
                true
            }
            // The scanner has found the start of a raw block that ends.
            "endraw" => true,
            _ => word.strip_prefix("end").is_none_or(|opened| {
                let is_open = open.iter().rposition(|index| found.tags[*index].keyword(text) == opened);
                // The blocks inside it that are still open have no end.
                let unclosed = is_open.map(|at| open.split_off(at)).unwrap_or_default();
                unbalanced.extend(unclosed.iter().skip(1).map(|index| unclosed_block(*index, found, text)));
                is_open.is_some()
            }),
        };
        if !is_at_home {
            unbalanced.push((index, FaultKind::OutsideBlock(word.to_owned())));
        }
    }
    unbalanced.extend(open.iter().map(|index| unclosed_block(*index, found, text)));
    unbalanced.sort_by_key(|(index, _)| *index);
    for (index, kind) in unbalanced.into_iter().rev() {
        let tag = found.tags.remove(index);
        found.faults.push(TagFault { range: tag.start..tag.end, kind });
    }
    found.faults.sort_by_key(|fault| fault.range.start);
}

fn unclosed_block(index: usize, found: &ScannedTags, text: &str) -> (usize, FaultKind) {
    (index, FaultKind::UnclosedBlock(found.tags[index].keyword(text).to_owned()))
}

/// Returns whether a statement begins a block that an `end…` ends.
fn begins_block(tag: &TemplateTag, text: &str) -> bool {
    match tag.keyword(text) {
        "if" | "for" | "macro" | "call" | "filter" | "with" | "block" | "autoescape" => true,
        "set" => tag.opens_capture,
        _ => false,
    }
}

/// Adds the expression at `start`; returns the offset at which the next tag can begin.
fn scan_expression(text: &str, start: usize, found: &mut ScannedTags) -> usize {
    let Some(end) = tag_end(text, start + 2, "}}") else { return add_unclosed(text, start, found) };
    add_tag(text, start..end, TagKind::Expression, found)
}

/// Adds the statement at `start`; returns the offset at which the next tag can begin.
fn scan_statement(text: &str, start: usize, found: &mut ScannedTags) -> usize {
    let keyword = first_word(text[start + 2..].trim_start_matches(['-', '+']).trim_start());
    if !STATEMENTS.contains(&keyword) {
        let line = text[start..].lines().next().unwrap_or_default();
        let length = line[2..].find("%}").map_or(2, |end| end + 4);
        let kind = FaultKind::UnknownStatement(keyword.to_owned());
        found.faults.push(TagFault { range: start..start + length, kind });
        return start + length;
    }
    let Some(end) = tag_end(text, start + 2, "%}") else { return add_unclosed(text, start, found) };
    if keyword != "raw" || text[start + 2..end - 2].trim_matches(['-', '+']).trim() != "raw" {
        return add_tag(text, start..end, TagKind::Statement, found);
    }
    // The content of a raw block is text, even if it contains tags.
    let Some(raw_end) = endraw_start(text, end) else { return add_unclosed(text, start, found) };
    add_tag(text, start..end, TagKind::Statement, found);
    raw_end
}

/// Adds the comment at `start`; returns the offset at which the next tag can begin.
fn scan_comment(text: &str, start: usize, found: &mut ScannedTags) -> usize {
    let Some(end) = text[start + 2..].find("#}").map(|close| start + 2 + close + 2) else {
        return add_unclosed(text, start, found);
    };
    if text[start + 2..end - 2].contains("{#") {
        found.faults.push(TagFault { range: start..start + 2, kind: FaultKind::NestedComment });
        return end;
    }
    found.tags.push(TemplateTag::new(start..end, TagKind::Comment, text));
    end
}

fn add_tag(text: &str, range: Range<usize>, kind: TagKind, found: &mut ScannedTags) -> usize {
    let end = range.end;
    found.tags.push(TemplateTag::new(range, kind, text));
    end
}

/// Adds the fault of a tag without an end; returns the offset at which the next tag can begin.
fn add_unclosed(text: &str, start: usize, found: &mut ScannedTags) -> usize {
    let is_long = text.len() - start > MAX_TAG_LENGTH;
    let is_comment = text[start..].starts_with("{#");
    let kind = if is_long && !is_comment { FaultKind::Oversized } else { FaultKind::Unclosed };
    found.faults.push(TagFault { range: start..start + 2, kind });
    // No later comment ends either, and the rest of a long text would be searched again for each tag.
    if is_long || is_comment { text.len() } else { start + 2 }
}

fn first_word(text: &str) -> &str {
    let end = text.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(text.len());
    &text[..end]
}

/// Returns the start and end of the expression `{{ … }}` that contains `at`.
pub fn expression_range_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let tags = scan_tags(text).tags;
    let covers = |tag: &&TemplateTag| tag.kind == TagKind::Expression && (tag.start..tag.end).contains(&at);
    tags.iter().find(covers).map(|tag| (tag.start, tag.end))
}

/// Returns what the expressions of a text print: the text between `{{` and `}}`.
pub(super) fn printed_expressions(text: &str) -> Vec<&str> {
    let tags = scan_tags(text).tags;
    tags.iter().filter(|tag| tag.kind == TagKind::Expression).map(|tag| tag.inner(text)).collect()
}

/// Returns the dotted names in the tags of a template that begin with a name, such as `image.api`; the name alone may stand for
/// each of its members.
pub fn names_beginning_with<'a>(text: &'a str, root: &str) -> Vec<&'a str> {
    let is_other = |next: char| !next.is_alphanumeric() && next != '_' && next != '.';
    let tags = scan_tags(text).tags;
    tags.iter()
        .filter(|tag| matches!(tag.kind, TagKind::Expression | TagKind::Statement))
        .flat_map(|tag| text[tag.start..tag.end].split(is_other))
        .filter(|name| name.split('.').next() == Some(root))
        .collect()
}

/// Returns the start of the statement that contains `at`, and the end of its block.
pub fn statement_range_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let tags = scan_tags(text).tags;
    let index =
        tags.iter().position(|tag| tag.kind != TagKind::Expression && (tag.start..tag.end).contains(&at))?;
    let opening = &tags[index];
    let word = opening.keyword(text);
    if word == "set" && opening.inner(text).contains('=') {
        return Some((opening.start, opening.end));
    }
    let mut depth = 1usize;
    for tag in &tags[index + 1..] {
        let found = tag.keyword(text);
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

/// Returns the end of the tag whose content begins at `at`: after the first `close` outside strings and brackets, if it is
/// not too far away.
fn tag_end(text: &str, at: usize, close: &str) -> Option<usize> {
    let bytes = &text.as_bytes()[..text.len().min(at + MAX_TAG_LENGTH)];
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

/// Returns the literal names of templates that a template includes, imports or extends, with their places.
pub fn included_names(text: &str) -> Vec<(String, Range<usize>)> {
    let mut names = Vec::new();
    for tag in scan_tags(text).tags {
        let keyword = tag.keyword(text);
        if tag.kind != TagKind::Statement || !matches!(keyword, "include" | "import" | "from" | "extends") {
            continue;
        }
        let mut at = tag.start + text[tag.start..tag.end].find(keyword).unwrap_or(0) + keyword.len();
        // A list of names is a choice: the first that exists is included.
        while let Some(quote) = text[at..tag.end].find(|next: char| !" \t\n[,".contains(next)) {
            at += quote;
            let Some(mark) = text[at..].chars().next().filter(|mark| matches!(mark, '"' | '\'')) else {
                break;
            };
            let Some(length) = text[at + 1..tag.end].find(mark) else { break };
            let range = at + 1..at + 1 + length;
            at = range.end + 1;
            names.push((text[range.clone()].to_owned(), range));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(&str, FaultKind)> {
        scan_tags(text).faults.into_iter().map(|fault| (&text[fault.range], fault.kind)).collect()
    }

    #[test]
    fn the_length_of_a_shell_variable_is_text() {
        for text in ["if [ ${#NAME} -eq 0 ]; then", "${#} ${#*} ${#list[@]} {# a comment #}"] {
            assert_eq!(faults(text), []);
            assert!(scan_tags(text).tags.iter().all(|tag| &text[tag.start..tag.end] == "{# a comment #}"));
        }
    }

    #[test]
    fn a_comment_that_contains_the_start_of_another_is_a_fault_at_the_first() {
        let text = "a {#NAME} b\n{# one #} c";
        assert_eq!(faults(text), [("{#", FaultKind::NestedComment)]);
        assert_eq!(scan_tags(text).faults[0].range.start, 2);
    }

    #[test]
    fn a_percent_sign_without_a_keyword_is_a_fault() {
        let expected = [("{%", FaultKind::UnknownStatement("Y".to_owned()))];
        assert_eq!(faults("date +%{%Y-%m-%d}\n{% if x %}{% endif %}"), expected);
        assert_eq!(faults("{% fi x %}"), [("{% fi x %}", FaultKind::UnknownStatement("fi".to_owned()))]);
        assert_eq!(faults("{%}"), [("{%", FaultKind::UnknownStatement(String::new()))]);
    }

    #[test]
    fn a_block_without_an_end_and_an_end_without_a_block_are_faults() {
        let unclosed = |word: &str| FaultKind::UnclosedBlock(word.to_owned());
        let outside = |word: &str| FaultKind::OutsideBlock(word.to_owned());
        assert_eq!(faults("{% if x %}a"), [("{% if x %}", unclosed("if"))]);
        assert_eq!(
            faults("{% endif %}{% else %}"),
            [("{% endif %}", outside("endif")), ("{% else %}", outside("else"))]
        );
        assert_eq!(faults("{% for a in b %}{% if a %}{% endfor %}"), [("{% if a %}", unclosed("if"))]);
        let good = "{% set a = 1 %}{% set b %}x{% endset %}{% raw %}{% if %}{% endraw %}{% for c in d %}{% else %}{% endfor %}";
        assert_eq!(faults(good), []);
    }

    #[test]
    fn every_unclosed_tag_is_a_fault_at_its_start() {
        let text = "a: {{ 'it }}\nb: {{ x }}\nc: {# x\n";
        let starts: Vec<usize> = scan_tags(text).faults.iter().map(|fault| fault.range.start).collect();
        assert_eq!(starts, [3, 27]);
    }

    #[test]
    fn references_are_the_literal_names() {
        let text =
            "{% include 'a.yml' %}{% from \"m.yml\" import x %}{% include ['b', \"c\"] %}{% include name %}";
        let names: Vec<String> = included_names(text).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.yml", "m.yml", "b", "c"]);
    }
}
