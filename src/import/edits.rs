//! Changes of a text at single places, so that comments, order and spelling of everything else stay.

use std::ops::Range;

/// Returns a text with the replacements, each of a range of bytes. Of two that overlap the first one is made.
pub fn apply(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut written = String::new();
    let mut at = 0;
    for (range, new) in edits {
        let Some(between) = text.get(at..range.start).filter(|_| range.start >= at) else { continue };
        written.push_str(between);
        written.push_str(&new);
        at = range.end;
    }
    written.push_str(text.get(at..).unwrap_or_default());
    written
}

/// Returns the range of a member to remove from a mapping, of YAML in block style or of JSON: with its comma, and with its
/// line where nothing else is on it. `key` and `value` are the ranges of the member in the text.
pub fn member_range(text: &str, key: Range<usize>, value: Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (key.start, value.end);
    if text[..start].ends_with(['"', '\'']) && text[key.end..].starts_with(['"', '\'']) {
        start -= 1;
    }
    if text[end..].starts_with(['"', '\'']) {
        end += 1;
    }
    let after = &text[end..];
    let blanks = after.len() - after.trim_start().len();
    if after[blanks..].starts_with(',') {
        end += blanks + 1;
    } else if after.trim_start().starts_with('}') {
        // The last member of a JSON object: the comma before it goes.
        let before = text[..start].trim_end();
        if before.ends_with(',') {
            return before.len() - 1..end;
        }
    }
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let is_alone = text[line_start..start].trim().is_empty() && text[end..line_end].trim().is_empty();
    if is_alone { line_start..line_end } else { start..end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, key: &str, value: &str) -> String {
        let key_at = text.find(key).expect("the key");
        let value_at = key_at + text[key_at..].find(value).expect("the value");
        let range = member_range(text, key_at..key_at + key.len(), value_at..value_at + value.len());
        apply(text, vec![(range, String::new())])
    }

    #[test]
    fn a_member_goes_with_its_comma_and_its_line() {
        for (text, expected) in [
            ("{\n  \"a\": 1,\n  \"x\": \"y\",\n  \"b\": 2\n}", "{\n  \"a\": 1,\n  \"b\": 2\n}"),
            ("{\n  \"a\": 1,\n  \"x\": \"y\"\n}", "{\n  \"a\": 1\n}"),
            ("{\"x\": \"y\", \"a\": 1}", "{ \"a\": 1}"),
            ("{\"x\": \"y\"}", "{}"),
            ("a: 1\nx: y\nb: 2\n", "a: 1\nb: 2\n"),
            ("x: y", ""),
        ] {
            assert_eq!(without(text, "x", "y"), expected, "{text}");
        }
    }

    #[test]
    fn replacements_are_made_from_the_start() {
        let edits = vec![(2..3, "X".to_owned()), (0..1, "Y".to_owned()), (0..2, "no".to_owned())];
        assert_eq!(apply("abcd", edits), "YbXd");
    }
}
