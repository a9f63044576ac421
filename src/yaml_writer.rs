//! Writes values as YAML that people edit, and that every reader of YAML 1.1 and 1.2 takes for the same values. Pure.
//!
//! A string may contain template expressions ([`expression`]). What a template would read as a tag in any other text is
//! escaped. Comments can stand above members.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::rendered_text::{TOKEN_END, TOKEN_START};

/// The columns up to which a list stands on one line.
const LINE_WIDTH: usize = 100;
/// Words that YAML 1.1 or 1.2 reads as a boolean, as null or as a number.
const TYPED_WORDS: &[&str] =
    &["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity", ".nan", ".inf"];

/// Returns a string that the writer writes as a template expression, such as `image.app`.
pub fn expression(text: &str) -> String {
    format!("{TOKEN_START}{text}{TOKEN_END}")
}

/// Comments of a mapping that is written: above its members, and members that are only a comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comments {
    /// The lines above a member or an item, by its path: names of members, and indexes of items.
    above: BTreeMap<Vec<String>, Vec<String>>,
    /// The members that are written as comments below those of a mapping, by its path.
    members: BTreeMap<Vec<String>, Vec<(String, Value)>>,
}

impl Comments {
    /// Adds a line above the member or item at a path, once.
    pub fn add(&mut self, path: &[String], line: &str) {
        let lines = self.above.entry(path.to_vec()).or_default();
        if !lines.iter().any(|known| known == line) {
            lines.push(line.to_owned());
        }
    }

    /// Adds a member that is written as a comment at the end of the mapping at a path, once.
    pub fn add_member(&mut self, path: &[String], name: &str, value: Value) {
        let members = self.members.entry(path.to_vec()).or_default();
        if !members.iter().any(|(known, _)| known == name) {
            members.push((name.to_owned(), value));
        }
    }

    /// Returns all but the comments below the last member of the whole mapping.
    pub fn without_members_of_root(&self) -> Comments {
        let mut others = self.clone();
        others.members.remove(&Vec::new());
        others
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.above.is_empty() && self.members.is_empty()
    }

    /// Adds those of `other`, each at the path that `place` gives it.
    pub fn add_all(&mut self, other: &Comments, place: impl Fn(&[String]) -> Vec<String>) {
        for (path, lines) in &other.above {
            let path = place(path);
            lines.iter().for_each(|line| self.add(&path, line));
        }
        for (path, members) in &other.members {
            let path = place(path);
            members.iter().for_each(|(name, value)| self.add_member(&path, name, value.clone()));
        }
    }
}

/// Returns a mapping as YAML, one member below the other.
pub fn to_yaml(members: &Map<String, Value>) -> String {
    to_yaml_with(members, &Comments::default())
}

/// Returns a mapping as YAML with comments.
pub fn to_yaml_with(members: &Map<String, Value>, comments: &Comments) -> String {
    let mut writer = Writer { comments, path: Vec::new(), text: String::new() };
    writer.members(members, 0);
    writer.text
}

/// Writes a mapping, and the comments of what it writes.
struct Writer<'a> {
    comments: &'a Comments,
    path: Vec<String>,
    text: String,
}

impl Writer<'_> {
    fn members(&mut self, members: &Map<String, Value>, depth: usize) {
        for (name, value) in members {
            self.path.push(name.clone());
            self.comment_lines(depth);
            self.text.push_str(&format!("{}{}:", "  ".repeat(depth), scalar_text(name)));
            self.value(value, depth);
            self.path.pop();
        }
        self.comment_members(depth);
    }

    /// Writes the lines above what is at the path.
    fn comment_lines(&mut self, depth: usize) {
        for line in self.comments.above.get(&self.path).into_iter().flatten() {
            self.text.push_str(&format!("{}# {}\n", "  ".repeat(depth), one_line_text(line)));
        }
    }

    /// Writes the members of the mapping at the path that are comments.
    fn comment_members(&mut self, depth: usize) {
        for (name, value) in self.comments.members.get(&self.path).into_iter().flatten() {
            let member = to_yaml(&Map::from_iter([(name.clone(), value.clone())]));
            for line in member.lines() {
                self.text.push_str(&format!("{}# {}\n", "  ".repeat(depth), without_tags(line)));
            }
        }
    }

    /// Writes what follows the colon of a key at `depth`, with the end of the line.
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                self.text.push('\n');
                self.members(members, depth + 1);
            }
            Value::Array(items) if !items.is_empty() => match one_line(items, depth) {
                Some(line) => self.text.push_str(&format!(" {line}\n")),
                None => self.items(items, depth),
            },
            Value::String(string) if is_literal_block(string) => {
                write_literal_block(string, depth + 1, &mut self.text);
            }
            other => self.text.push_str(&format!(" {}\n", flow_text(other))),
        }
    }

    fn items(&mut self, items: &[Value], depth: usize) {
        self.text.push('\n');
        for (index, item) in items.iter().enumerate() {
            self.path.push(index.to_string());
            self.comment_lines(depth + 1);
            self.item(item, depth);
            self.path.pop();
        }
    }

    fn item(&mut self, item: &Value, depth: usize) {
        self.text.push_str(&format!("{}- ", "  ".repeat(depth + 1)));
        match item {
            Value::Object(members) if !members.is_empty() => {
                let path = self.path.clone();
                let mut block = Writer { comments: self.comments, path, text: String::new() };
                block.members(members, depth + 2);
                self.text.push_str(block.text.trim_start_matches(' '));
            }
            Value::String(string) if is_literal_block(string) => {
                // The dash is followed by the header of the block.
                self.text.pop();
                write_literal_block(string, depth + 2, &mut self.text);
            }
            other => self.text.push_str(&format!("{}\n", flow_text(other))),
        }
    }
}

/// Returns a text for a comment: on one line, and without what a template would read as a tag.
fn one_line_text(text: &str) -> String {
    without_tags(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Returns a text in which no template reads a tag: templates are rendered in comments of YAML too.
fn without_tags(text: &str) -> String {
    if needs_escape(text) { text.replace('{', "(").replace('}', ")") } else { text.to_owned() }
}

/// Returns a list on one line, where it has only scalars and fits.
fn one_line(items: &[Value], depth: usize) -> Option<String> {
    let is_scalar = |item: &Value| match item {
        Value::Object(_) | Value::Array(_) => false,
        Value::String(text) => !text.contains('\n'),
        _ => true,
    };
    if !items.iter().all(is_scalar) {
        return None;
    }
    let line = flow_text(&Value::Array(items.to_vec()));
    (items.len() == 1 || line.chars().count() + 2 * depth < LINE_WIDTH - 20).then_some(line)
}

/// Returns a value on one line.
fn flow_text(value: &Value) -> String {
    match value {
        Value::String(text) => scalar_text(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow_text).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let pair =
                |(name, value): (&String, &Value)| format!("{}: {}", scalar_text(name), flow_text(value));
            let pairs: Vec<String> = members.iter().map(pair).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
        other => other.to_string(),
    }
}

/// Returns a string as a plain scalar where every reader takes it for this string, else in double quotes.
pub fn scalar_text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Returns whether a string can be written without quotes, in a list on one line too.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_./@+=:%()*?-".contains(c);
    let is_number_like =
        first.is_ascii_digit() && !(text.contains('/') && text.contains(char::is_alphabetic));
    let second_is_digit = text.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    let begins_well = first.is_ascii_alphanumeric()
        || first == '_'
        || first == '/'
        || (first == '.' && text.len() > 1 && !second_is_digit && !text.starts_with("..."));
    let is_typed = TYPED_WORDS.contains(&text.to_ascii_lowercase().as_str());
    begins_well
        && !is_number_like
        && !is_typed
        && text.chars().all(|c| is_name(c) || c == ' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains("  ")
}

/// Returns whether a string is better read as a block of lines, and is the same in it.
fn is_literal_block(text: &str) -> bool {
    let is_printable = |c: char| c == '\n' || c == '\t' || !(c.is_control() || is_unprintable(c));
    let has_text = text.trim_end_matches('\n').contains('\n');
    has_text
        && !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with("\n\n")
        && !text.contains([TOKEN_START, TOKEN_END])
        && !needs_escape(text)
        && text.chars().all(is_printable)
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
}

fn write_literal_block(string: &str, depth: usize, text: &mut String) {
    text.push_str(if string.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in string.lines() {
        let indent = if line.is_empty() { String::new() } else { "  ".repeat(depth) };
        text.push_str(&format!("{indent}{line}\n"));
    }
}

/// Returns whether a character is one that YAML has to escape, or that is not visible.
fn is_unprintable(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}')
}

/// Returns whether a template would read a part of a text as the beginning of a tag.
fn needs_escape(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|tag| text.contains(tag))
}

/// Returns a string in double quotes: expressions as they are, other text without any meaning for YAML and templates.
fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(TOKEN_START) {
        let (expression, after) = after.split_once(TOKEN_END).unwrap_or((after, ""));
        written.push_str(&literal(before));
        written.push_str(&format!("{{{{ {expression} }}}}"));
        rest = after;
    }
    written.push_str(&literal(rest));
    written.push('"');
    written
}

/// Returns literal text of a string in double quotes.
fn literal(text: &str) -> String {
    let escaped: String = text.chars().map(escaped_char).collect();
    // An open brace before an expression would begin a tag with it.
    if !needs_escape(text) && !text.ends_with('{') {
        return escaped;
    }
    if escaped.contains("endraw") {
        return escaped.replace('{', "{{ '{' }}");
    }
    format!("{{% raw %}}{escaped}{{% endraw %}}")
}

fn escaped_char(c: char) -> String {
    match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if (c.is_control() || is_unprintable(c)) && u32::from(c) <= 0xffff => {
            format!("\\u{:04X}", u32::from(c))
        }
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::rendered_text::RenderedText;
    use crate::document::source::Sources;
    use crate::document::tree;
    use serde_json::json;

    fn yaml(value: Value) -> String {
        to_yaml(value.as_object().expect("a mapping"))
    }

    /// Returns what ecsail reads from a text without templates.
    fn read(text: &str) -> Value {
        let source = Sources::default().add("written.yml", text);
        tree::parse(&RenderedText::from_source(source, text)).expect("YAML").to_value()
    }

    #[test]
    fn every_string_is_read_back_as_a_string() {
        let texts = vec![
            "",
            " ",
            "a",
            "a b",
            " a",
            "a ",
            "a:",
            "a: b",
            "a #b",
            "#a",
            "- a",
            "-",
            "--flag",
            "yes",
            "No",
            "ON",
            "~",
            "null",
            "Null",
            "true",
            "1",
            "1.10",
            "0755",
            "1e3",
            "0x1f",
            ".5",
            "-1",
            "+1",
            "12:30:45",
            "2026-01-01",
            ".inf",
            "NaN",
            "=",
            "<<",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "[a]",
            "{a}",
            "a, b",
            "'a'",
            "\"a\"",
            "a\\b",
            "a\nb",
            "a\nb\n",
            "a\n\nb\n\n",
            " a\nb",
            "a \nb",
            "a\r\nb",
            "tab\there",
            "\u{7}bell",
            "ü",
            "日本",
            "😀",
            "\u{feff}",
            "\u{a0}",
            "\u{2028}",
            "cron(0 3 * * ? *)",
            "arn:aws:iam::1:role/a",
            "1/a",
            "1/2",
            "?",
            "? a",
            "|",
            "> a",
            "...",
            "---",
            "key: |",
            "a\tb",
            "\\",
            "\u{0}",
        ];
        let members: Map<String, Value> =
            texts.iter().map(|text| ((*text).to_owned(), json!(text))).collect();
        assert_eq!(read(&to_yaml(&members)), Value::Object(members));
        let lists = json!({"long": texts, "nested": [{"items": texts}], "short": ["yes", "a, b", "c"]});
        assert_eq!(read(&yaml(lists.clone())), lists);
    }

    #[test]
    fn plain_words_have_no_quotes() {
        let value = json!({"family": "web", "cpu": "256", "port": 80, "on": true, "command": ["bin/web", "-p", "80"],
            "none": [], "image": expression("image.app"), "script": "set -e\nrun\n",
            "list": [{"name": "a", "items": {"b": "c"}}]});
        let expected = "family: web\ncpu: \"256\"\nport: 80\n\"on\": true\ncommand: [bin/web, \"-p\", \"80\"]\nnone: []\n\
            image: \"{{ image.app }}\"\nscript: |\n  set -e\n  run\nlist:\n  - name: a\n    items:\n      b: c\n";
        assert_eq!(yaml(value), expected);
    }

    #[test]
    fn comments_stand_above_their_members() {
        let value = json!({"a": 1, "list": [{"name": "x", "image": "y"}], "b": {"c": "d"}});
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut comments = Comments::default();
        comments.add(&path(&["a"]), "first\n second {{ x }}");
        comments.add(&path(&["list", "0"]), "an item");
        comments.add(&path(&["b", "c"]), "inside");
        comments.add_member(&path(&["b"]), "gone", json!({"e": [1, 2]}));
        let text = to_yaml_with(value.as_object().expect("a mapping"), &comments);
        assert_eq!(
            text,
            "# first second (( x ))\na: 1\nlist:\n  # an item\n  - name: x\n    image: \"y\"\nb:\n  # inside\n  c: d\n  \
             # gone:\n  #   e: [1, 2]\n"
        );
        assert_eq!(read(&text), value);
    }

    #[test]
    fn text_that_looks_like_a_tag_is_escaped() {
        assert_eq!(yaml(json!({"tag": "{{.Name}}"})), "tag: \"{% raw %}{{.Name}}{% endraw %}\"\n");
        let text = yaml(json!({"tag": format!("a-{}", expression("stage"))}));
        assert_eq!(text, "tag: \"a-{{ stage }}\"\n");
    }
}
