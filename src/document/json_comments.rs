//! Removes comments from JSON files, so that the YAML parser can read them.
//!
//! YAML is a superset of JSON otherwise. Comments are replaced by spaces, so that every other byte keeps its offset.

/// Returns the text of a JSON file with its comments replaced by spaces, and any other text unchanged.
pub fn strip_comments(name: &str, text: &str) -> String {
    if !is_json(name, text) || !(text.contains("//") || text.contains("/*")) {
        return text.to_owned();
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        at = match &text.as_bytes()[at..] {
            [b'"', ..] => string_end(text.as_bytes(), at + 1),
            // The content of a template tag is Jinja, which has string literals of its own.
            [b'{', b'{', ..] => tag_end(text, at, "}}"),
            [b'{', b'%', ..] => tag_end(text, at, "%}"),
            [b'{', b'#', ..] => tag_end(text, at, "#}"),
            [b'/', b'/', rest @ ..] => {
                let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                blank_bytes(&mut bytes[at..at + 2 + length]);
                at + 2 + length
            }
            [b'/', b'*', ..] => {
                let end = text[at + 2..].find("*/").map_or(text.len(), |end| at + 2 + end + 2);
                blank_bytes(&mut bytes[at..end]);
                end
            }
            _ => at + 1,
        };
    }
    // Only whole comments were overwritten, with ASCII: the text stays UTF-8.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Returns whether a file is JSON: by its extension, or because it begins like JSON and not like a template tag.
fn is_json(name: &str, text: &str) -> bool {
    let named = [".json", ".jsonc"].iter().any(|ending| name.to_lowercase().ends_with(ending));
    let start = text.trim_start();
    let opens = start.starts_with(['{', '[']) || start.starts_with("//") || start.starts_with("/*");
    let yaml = [".yml", ".yaml"].iter().any(|ending| name.to_lowercase().ends_with(ending));
    named || (!yaml && opens && !["{{", "{%", "{#"].iter().any(|tag| start.starts_with(tag)))
}

fn tag_end(text: &str, at: usize, close: &str) -> usize {
    text[at + 2..].find(close).map_or(text.len(), |end| at + 2 + end + close.len())
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            // A quote inside an expression does not end the string around it.
            b'{' if bytes.get(at + 1) == Some(&b'{') => {
                let end = bytes[at..].windows(2).position(|pair| pair == b"}}");
                at = end.map_or(bytes.len(), |end| at + end + 2);
            }
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn blank_bytes(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blanked_and_strings_are_not() {
        let text = "{ // one ü\n \"a\": \"http://x\", /* two\n */ \"b\": \"\\\"// no\" }";
        let shown = strip_comments("a.json", text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(shown.replace(' ', ""), "{\n\"a\":\"http://x\",\n\"b\":\"\\\"//no\"}");
    }

    #[test]
    fn yaml_and_templates_are_left_alone() {
        for text in
            ["a: http://x", "{{ a }} // b", "{% if a %}{ // b", "{a: [/tmp/*, /srv/*/out], b: 'http://x'}"]
        {
            assert_eq!(strip_comments("a.yml", text), text);
        }
        let json = r#"{"a": "{{ env.X | default("http://y") }}", {{ b // c }}: 1}"#;
        assert_eq!(strip_comments("a.json", json), json);
    }

    #[test]
    fn an_unfinished_comment_or_string_is_no_panic() {
        for text in ["{ /*", "{ \"a\\", "{ //", "{ /* ü"] {
            assert_eq!(strip_comments("a.json", text).len(), text.len());
        }
    }
}
