//! The YAML library's error messages in ecsail's words: what is wrong, where, and how to write it.
//!
//! Reads the lines around the error to say which of the usual mistakes it is. Never repeats a value, which may be a secret.

/// What is wrong, and how to write it.
pub(super) struct Explanation {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Whether the error is confined to its line and the deeper lines below, so that the rest can be parsed without them.
    pub(super) is_confined: bool,
}

/// Returns the offset of an error, which may be another than the library's, and its explanation.
pub(super) fn explain(library_message: &str, text: &str, offset: usize) -> (usize, Explanation) {
    let message = shorten(library_message);
    if ["tabs disallowed", "found a tab", "with a tab", "tab cannot"]
        .iter()
        .any(|part| message.contains(part))
    {
        return misplaced_tab(text, offset);
    }
    if let Some(at) = control_character(message, text, offset) {
        return at;
    }
    let line = Line::at(text, offset);
    let explanation = structure_error(message, &line)
        .or_else(|| scalar_error(message, &line))
        .or_else(|| reference_error(message, &line))
        .or_else(|| document_error(message))
        .unwrap_or_else(|| open_ended(format!("not valid YAML: {message}"), None));
    (offset, explanation)
}

/// Returns a message without the position in the rendered text at its end.
fn shorten(message: &str) -> &str {
    let short =
        message.split(" at line ").next().unwrap_or(message).split(" (defined").next().unwrap_or(message);
    short.trim_end_matches(['.', ':'])
}

fn confined(message: impl Into<String>, hint: Option<&str>) -> Explanation {
    Explanation { message: message.into(), hint: hint.map(str::to_owned), is_confined: true }
}

/// An error after which the structure of the rest is unknown.
fn open_ended(message: impl Into<String>, hint: Option<&str>) -> Explanation {
    Explanation { is_confined: false, ..confined(message, hint) }
}

/// The line of an error, split at its offset.
struct Line<'a> {
    before: &'a str,
    after: &'a str,
}

impl<'a> Line<'a> {
    fn at(text: &'a str, offset: usize) -> Line<'a> {
        let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        Line { before: &text[start..offset], after: &text[offset..end] }
    }

    /// Returns the text after the first key of the line, up to the error.
    fn value_before(&self) -> Option<&'a str> {
        self.before.split_once(": ").map(|(_, value)| value)
    }

    /// Returns the characters of a name that begins at the error, behind `prefix`.
    fn name_after(&self, prefix: char) -> Option<&'a str> {
        let name = self.after.strip_prefix(prefix)?;
        let end = name.find(|next: char| next.is_whitespace() || ",]}".contains(next)).unwrap_or(name.len());
        Some(&name[..end])
    }
}

/// Returns the error for a tab: the first one in the indentation of the line of the error or of a line below it, or else the
/// first one in that line.
fn misplaced_tab(text: &str, offset: usize) -> (usize, Explanation) {
    let first = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let mut start = first;
    for line in text[first..].split_inclusive('\n') {
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line[..indentation].find('\t').filter(|_| !line.trim().is_empty());
        // A tab in the line itself comes before the tabs of later lines.
        let inside = line.find('\t').filter(|_| start == first);
        if let Some(tab) = tab.or(inside) {
            let message = if tab < indentation {
                "this line is indented with a tab"
            } else {
                "a tab cannot stand here"
            };
            return (start + tab, confined(message, Some("indent YAML with spaces, not with tabs")));
        }
        start += line.len();
    }
    (offset, confined("a tab cannot stand here", Some("indent YAML with spaces, not with tabs")))
}

/// Returns the error for the first control character after an offset, if the library found one.
fn control_character(message: &str, text: &str, offset: usize) -> Option<(usize, Explanation)> {
    let is_forbidden = |next: char| next.is_control() && !matches!(next, '\n' | '\r' | '\t' | '\u{85}');
    if !message.contains("unexpected character") || !message.contains("\\u{") {
        return None;
    }
    let at = offset + text[offset..].find(is_forbidden)?;
    let code = text[at..].chars().next().map_or(0, u32::from);
    let hint = Some("delete it, or write it as an escape in double quotes");
    Some((at, confined(format!("the control character U+{code:04X} is not allowed in YAML"), hint)))
}

const QUOTE_HINT: Option<&str> = Some("put the whole value in quotes");

/// Mistakes in the structure: colons, indentation, brackets.
fn structure_error(message: &str, line: &Line<'_>) -> Option<Explanation> {
    let has = |part: &str| message.contains(part);
    if has("mapping values are not allowed") {
        return Some(misplaced_colon(line));
    }
    if has("did not find expected ','") || has("expected ',' or ']'") {
        return Some(if line.before.trim_end().ends_with(':') {
            open_ended("a value that ends in `:` needs quotes", QUOTE_HINT)
        } else {
            open_ended("`,` or the closing bracket is missing before this", QUOTE_HINT)
        });
    }
    if has("did not find expected key")
        || has("invalid indentation in flow")
        || message == "invalid indentation"
    {
        let hint = Some("indent it as the keys beside it, with the same number of spaces");
        return Some(confined("the indentation of this line fits no line above it", hint));
    }
    if has("did not find expected '-'") {
        let hint = Some("begin it with `- `, or indent it as the other keys of the item");
        return Some(confined("an item of a list was expected here", hint));
    }
    if has("expected ':'") {
        let hint = Some("write `KEY: VALUE`, and `- ` before the item of a list");
        return Some(confined("`:` is missing after this key", hint));
    }
    if has("block sequence entries are not allowed") {
        let hint = Some("begin the list on the next line; put a value that begins with `- ` in quotes");
        return Some(confined("a list cannot begin on the line of its key", hint));
    }
    if has("mapping keys are not allowed") {
        return Some(confined("a value that begins with `?` needs quotes", QUOTE_HINT));
    }
    if has("unclosed bracket") {
        let open = line.after.chars().next().unwrap_or('[');
        return Some(open_ended(
            format!("`{open}` is not closed"),
            Some("close it, or put the value in quotes"),
        ));
    }
    if has("illegal placement of ':'") || has("may not precede") {
        let hint = Some("close the bracket that is open above, or put the value in quotes");
        return Some(open_ended("a `:` stands where no key can end", hint));
    }
    if has("mismatched bracket") {
        return Some(open_ended("this closes another bracket than the one that is open", QUOTE_HINT));
    }
    if has("simple key is no longer valid") {
        return Some(open_ended(
            "this key is too long, or goes on over a line",
            Some("put the key in quotes"),
        ));
    }
    if has("node content") {
        return Some(open_ended("a value is missing before this", QUOTE_HINT));
    }
    if has("misplaced bracket") {
        let bracket = line.after.chars().next().unwrap_or(']');
        return Some(open_ended(format!("`{bracket}` closes nothing that is open here"), QUOTE_HINT));
    }
    None
}

/// Returns the error of a colon that would begin a mapping inside a value.
fn misplaced_colon(line: &Line<'_>) -> Explanation {
    let Some(value) = line.value_before() else {
        let hint = "indent it as the keys beside it, or remove the value of the line above";
        return confined("this key is indented below a line that already has a value", Some(hint));
    };
    let rest = line.after.trim_start_matches(':').split(" #").next().unwrap_or_default();
    if rest.trim().is_empty() && !value.contains(": ") {
        return confined("a value that ends in `:` needs quotes", QUOTE_HINT);
    }
    confined("a value that contains `: ` needs quotes", QUOTE_HINT)
}

/// Mistakes in a single value: its quotes, and characters that YAML reserves.
fn scalar_error(message: &str, line: &Line<'_>) -> Option<Explanation> {
    let has = |part: &str| message.contains(part);
    if has("unexpected character") {
        let character = line.after.chars().next().unwrap_or(' ');
        if character == '`' {
            return Some(confined("a value that begins with a backtick needs quotes", QUOTE_HINT));
        }
        return Some(confined(format!("a value that begins with `{character}` needs quotes"), QUOTE_HINT));
    }
    if has("trailing content after double-quoted") {
        let hint = Some("put the whole value in quotes, and write a quote inside it as `\\\"`");
        return Some(confined("text follows the closing quote `\"`", hint));
    }
    if has("trailing content after single-quoted") {
        let hint = Some("put the whole value in quotes, and write a quote inside it as `''`");
        return Some(confined("text follows the closing quote `'`", hint));
    }
    if has("multiline quoted scalar") {
        let hint = Some("close the quote before this line, or indent the line deeper than its key");
        return Some(open_ended("this line is inside a value whose quote is not closed", hint));
    }
    if has("unclosed quote") || (has("quoted scalar") && has("unexpected end")) {
        return Some(open_ended("this quote is not closed", None));
    }
    if has("unknown escape") {
        let hint = Some("write `\\\\` for a backslash, or use single quotes");
        return Some(confined("unknown escape after `\\` in double quotes", hint));
    }
    if has("wrongly indented line in block scalar") {
        let hint = Some("indent all lines of the text alike");
        return Some(confined(
            "a line of the text below `|` or `>` is indented less than its first line",
            hint,
        ));
    }
    if has("scanning a block scalar") {
        let hint = Some("begin the text on the next line, or put the whole value in quotes");
        return Some(confined("text follows `|` or `>` on the same line", hint));
    }
    if has("character escape") || has("hexadecimal number") || has("surrogate") {
        return Some(confined(
            "unknown Unicode escape after `\\` in double quotes",
            Some("use single quotes"),
        ));
    }
    if has("'-' followed by") || has("must be followed by a valid YAML whitespace") {
        return Some(confined("this value needs quotes", QUOTE_HINT));
    }
    if has("comment intercepting") {
        let hint = Some("move the comment, or put the whole value in quotes");
        return Some(confined("a comment stands inside a value of several lines", hint));
    }
    if has("comments must be separated") {
        let hint = Some("write a blank before `#`, or put the whole value in quotes");
        return Some(confined("`#` begins a comment only after a blank", hint));
    }
    if has("BOM must not appear") {
        let hint = Some("delete the invisible character");
        return Some(confined("a byte-order mark (U+FEFF) stands inside the file", hint));
    }
    None
}

/// Mistakes with keys, anchors, aliases and tags.
fn reference_error(message: &str, line: &Line<'_>) -> Option<Explanation> {
    let has = |part: &str| message.contains(part);
    if let Some((_, rest)) = message.split_once("duplicate mapping key: ") {
        let key = rest.split(',').next().unwrap_or(rest);
        let hint = Some("delete one of the two: a key may occur only once in a mapping");
        return Some(confined(format!("duplicate key `{key}`"), hint));
    }
    if has("anchor or alias") {
        let character = line.after.chars().next().filter(|next| "*&".contains(*next)).unwrap_or('*');
        return Some(confined(format!("a value that begins with `{character}` needs quotes"), QUOTE_HINT));
    }
    if has("scanning a tag") || has("parsing a tag, ") {
        return Some(confined("a value that begins with `!` needs quotes", QUOTE_HINT));
    }
    if has("document start") && line.after.starts_with('%') {
        return Some(open_ended("a line that begins with `%` needs quotes", QUOTE_HINT));
    }
    if has("directive") && has("TAG") || has("a directive") || has("YAML directive") || has("tag directive") {
        return Some(confined("a line that begins with `%` needs quotes", QUOTE_HINT));
    }
    if has("unknown anchor") {
        let hint = Some("put a value that begins with `*` in quotes; an alias stands after its anchor");
        return Some(match line.name_after('*') {
            Some(name) => confined(format!("no anchor named `&{name}` before this alias"), hint),
            None => confined("no such anchor before this alias", hint),
        });
    }
    if has("recursive references") {
        let name = line.name_after('*').unwrap_or("…");
        let message = format!("the alias `*{name}` is inside the value of its own anchor `&{name}`");
        return Some(confined(message, Some("use the alias outside the value that `&` names")));
    }
    if has("unsupported tag") {
        let hint = Some("put a value that begins with `!` in quotes; tags of other tools are not read");
        return Some(confined(message.to_owned(), hint));
    }
    if has("merge") && has("map") && !has("not allowed") {
        let hint = Some("write `<<: *NAME`, with the alias of a mapping");
        return Some(confined("`<<` merges mappings only", hint));
    }
    if has("null into string") || has("expected string scalar") || has("expected string key") {
        let explanation = confined("a key must be a string", Some("put the key in quotes"));
        let is_confined = !line.before.trim_start().starts_with('?');
        return Some(Explanation { is_confined, ..explanation });
    }
    None
}

/// Limits, and files with more than one document.
fn document_error(message: &str) -> Option<Explanation> {
    let has = |part: &str| message.contains(part);
    if has("multiple YAML documents") {
        let hint = Some("remove the `---`: a file contains one document");
        return Some(open_ended("a second YAML document begins here", hint));
    }
    if has("recursion limit") || (has("budget breached") && (has("Depth") || has("depth"))) {
        return Some(open_ended("the file is nested deeper than any definition", None));
    }
    if has("budget breached") {
        return Some(open_ended("the file is larger, or nested deeper, than any definition", None));
    }
    if has("document indicator") || has("document end marker") {
        return Some(open_ended("`---` and `...` at the start of a line begin and end a document", None));
    }
    if has("document start") {
        return Some(open_ended("this line does not belong to what is above it", None));
    }
    if has("unexpected eof") || has("unexpected EOF") || has("unexpected end") {
        return Some(open_ended("the file ends inside a value", None));
    }
    None
}
