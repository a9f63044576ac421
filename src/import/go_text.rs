//! A text with the tags of a Go template: what can be read of it without values, and the same text with Jinja in their place.

use std::ops::Range;

use crate::template::go_call::{self, GoFunctions};
use crate::yaml_writer::expression;

/// The start of what stands for a tag while the text is read: a private-use character beside those of
/// `document::rendered_text`.
pub const MARK: char = '\u{E010}';
/// The digits of a tag's number behind [`MARK`].
const DIGITS: usize = 2;
/// The maximum number of tags of a file: what two digits can count.
const MAX_TAGS: usize = 36 * 36;

/// A tag and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoTag {
    /// From the opening to the closing braces.
    pub range: Range<usize>,
    /// What is between the braces.
    pub inner: String,
    pub form: GoForm,
    /// Whether it is no tag of a Go template, but a place that another program fills in, such as `${NAME}` for envsubst.
    pub is_placeholder: bool,
}

/// What a tag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoForm {
    /// It prints a value.
    Value,
    /// It is `if`, `else`, `end`, an assignment or a comment.
    Statement,
}

/// A text and its tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoText {
    pub text: String,
    pub tags: Vec<GoTag>,
    /// Whether braces that are no tag are text.
    has_other_braces: bool,
}

/// A tag that has no translation: where it is, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTag {
    pub offset: usize,
    pub tag: String,
}

impl GoText {
    /// Returns a text with the tags in it.
    ///
    /// # Errors
    /// The offset of a tag that does not end, or of the first tag of too many.
    pub fn parse(text: &str) -> Result<GoText, usize> {
        let mut tags: Vec<GoTag> = Vec::new();
        let mut at = 0;
        while let Some(start) = text[at..].find("{{").map(|found| at + found) {
            let end = tag_end(text, start + 2).ok_or(start)?;
            if tags.len() == MAX_TAGS {
                return Err(start);
            }
            let inner = text[start + 2..end - 2].to_owned();
            tags.push(GoTag { range: start..end, form: form(&inner), inner, is_placeholder: false });
            at = end;
        }
        Ok(GoText { text: text.to_owned(), tags, has_other_braces: false })
    }

    /// Returns a text that is no template, with the places that other programs fill in: `{{ NAME }}` and `${NAME}`.
    pub fn placeholders(text: &str) -> GoText {
        let mut tags = Vec::new();
        let mut at = 0;
        while let Some(start) = text[at..].find("{{").map(|found| at + found) {
            at = start + 2;
            let Some((inner, _)) = text[at..].split_once("}}") else { continue };
            if is_name(inner.trim()) && tags.len() < MAX_TAGS {
                let range = start..at + inner.len() + 2;
                tags.push(placeholder(range, inner.trim()));
            }
        }
        GoText { text: text.to_owned(), tags, has_other_braces: true }.with_shell_placeholders()
    }

    /// Returns the text with the places of the form `${NAME}` as tags too.
    pub fn with_shell_placeholders(mut self) -> GoText {
        let mut found = Vec::new();
        for (start, _) in self.text.match_indices("${") {
            let Some((name, _)) = self.text[start + 2..].split_once('}') else { continue };
            let range = start..start + 3 + name.len();
            let is_inside = self.tags.iter().any(|tag| tag.range.contains(&start));
            // A mark is five bytes long.
            if is_name(name) && range.len() >= MARK.len_utf8() + DIGITS && !is_inside {
                found.push(placeholder(range, name));
            }
        }
        if self.tags.len() + found.len() <= MAX_TAGS {
            self.tags.extend(found);
            self.tags.sort_by_key(|tag| tag.range.start);
        }
        self
    }

    /// Returns the text of a file that has no templates.
    pub fn plain(text: &str) -> GoText {
        GoText { text: text.to_owned(), tags: Vec::new(), has_other_braces: true }
    }

    /// Returns a text of the same length in which a mark stands for each value, and blanks for each statement and for what
    /// follows an `else`.
    pub fn readable(&self) -> String {
        let mut bytes = self.text.clone().into_bytes();
        let mut left_out: Vec<bool> = Vec::new();
        let mut blank_from = None;
        for (index, tag) in self.tags.iter().enumerate() {
            let mut mark = format!("{MARK}{}", digits(index)).into_bytes();
            mark.resize(tag.range.len(), b'~');
            let is_statement = tag.form == GoForm::Statement;
            bytes[tag.range.clone()].copy_from_slice(&if is_statement {
                vec![b' '; tag.range.len()]
            } else {
                mark
            });
            let keyword = tag.inner.trim_matches('-').split_whitespace().next().unwrap_or_default();
            let was_out = left_out.contains(&true);
            match keyword {
                "if" | "range" | "with" => left_out.push(false),
                "else" => left_out.iter_mut().last().into_iter().for_each(|last| *last = true),
                "end" => drop(left_out.pop()),
                _ => {}
            }
            let is_out = left_out.contains(&true);
            if !was_out && is_out {
                blank_from = Some(tag.range.end);
            }
            if was_out
                && !is_out
                && let Some(start) = blank_from.take()
            {
                bytes[start..tag.range.start]
                    .iter_mut()
                    .filter(|byte| **byte != b'\n')
                    .for_each(|byte| *byte = b' ');
            }
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Returns the tags of a value that was read from the readable text, and the literal text between them.
    pub fn parts<'a>(&'a self, value: &'a str) -> Vec<GoPart<'a>> {
        let mut parts = Vec::new();
        let mut rest = value;
        while let Some(at) = rest.find(MARK) {
            let digits = rest.get(at + MARK.len_utf8()..at + MARK.len_utf8() + DIGITS).unwrap_or_default();
            let index = usize::from_str_radix(digits, 36).unwrap_or(usize::MAX);
            let Some(tag) = self.tags.get(index) else { break };
            if at > 0 {
                parts.push(GoPart::Text(&rest[..at]));
            }
            parts.push(GoPart::Tag(tag));
            rest = rest.get(at + tag.range.len()..).unwrap_or_default();
        }
        if !rest.is_empty() {
            parts.push(GoPart::Text(rest));
        }
        parts
    }

    /// Returns a value that was read from the readable text as a string of a [`super::Draft`].
    ///
    /// # Errors
    /// The text of a tag that has no translation.
    pub fn value(&self, value: &str, functions: &GoFunctions) -> Result<String, String> {
        let mut written = String::new();
        for part in self.parts(value) {
            match part {
                GoPart::Text(text) => written.push_str(text),
                GoPart::Tag(tag) => {
                    match (go_call::literal(&tag.inner), go_call::expression_of(&tag.inner, functions)) {
                        (Some(literal), _) => written.push_str(&literal),
                        (None, Some(jinja)) => written.push_str(&expression(&jinja)),
                        (None, None) => return Err(self.text[tag.range.clone()].to_owned()),
                    }
                }
            }
        }
        Ok(written)
    }

    /// Returns a value that was read from the readable text as it stands in the file.
    pub fn original(&self, value: &str) -> String {
        let text = |part: &GoPart<'_>| match part {
            GoPart::Text(text) => (*text).to_owned(),
            GoPart::Tag(tag) => self.text[tag.range.clone()].to_owned(),
        };
        self.parts(value).iter().map(text).collect()
    }

    /// Returns the replacements that make the text a Jinja template, and the tags that have none.
    pub fn replacements(&self, functions: &GoFunctions) -> (Vec<(Range<usize>, String)>, Vec<UnknownTag>) {
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        let mut at = 0;
        for tag in &self.tags {
            found.extend(self.escapes(at..tag.range.start));
            at = tag.range.end;
            match (go_call::literal(&tag.inner), go_call::translated_with(&tag.inner, functions)) {
                (Some(literal), _) => found.push((tag.range.clone(), go_call::raw(&literal))),
                (None, Some(jinja)) => {
                    let (end, jinja) = with_secret_key(&self.text, tag, jinja);
                    found.push((tag.range.start..end, jinja));
                }
                (None, None) => {
                    let text = self.text[tag.range.clone()].to_owned();
                    found.push((tag.range.clone(), go_call::raw(&text)));
                    unknown.push(UnknownTag { offset: tag.range.start, tag: text });
                }
            }
        }
        found.extend(self.escapes(at..self.text.len()));
        (found, unknown)
    }

    /// Returns the replacements of literal text that a Jinja template would read as a tag.
    fn escapes(&self, range: Range<usize>) -> Vec<(Range<usize>, String)> {
        let mut found = Vec::new();
        for tag in ["{%", "{#", "{{"].into_iter().filter(|tag| *tag != "{{" || self.has_other_braces) {
            for (at, _) in self.text[range.clone()].match_indices(tag) {
                let start = range.start + at;
                // The length of a shell variable is no comment for ecsail.
                if tag == "{#" && self.text[..start].ends_with('$') {
                    continue;
                }
                let end = match self.text[start..range.end].find("}}") {
                    Some(end) if tag == "{{" => start + end + 2,
                    _ => start + 2,
                };
                found.push((start..end, go_call::raw(&self.text[start..end])));
            }
        }
        found.sort_by_key(|(range, _)| range.start);
        found
    }
}

/// A part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoPart<'a> {
    Text(&'a str),
    Tag(&'a GoTag),
}

fn placeholder(range: Range<usize>, name: &str) -> GoTag {
    GoTag { range, inner: format!("must_env `{name}`"), form: GoForm::Value, is_placeholder: true }
}

/// Returns whether a text is the name of a variable.
fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// Returns the tag with the key of a JSON secret behind it, where one follows: `{{ secretsmanager_arn … }}:key::`.
fn with_secret_key(text: &str, tag: &GoTag, jinja: String) -> (usize, String) {
    let whole = (tag.range.end, jinja);
    let Some(call) = whole.1.strip_prefix("{{ secret(").and_then(|call| call.strip_suffix(") }}")) else {
        return whole;
    };
    let Some((key, _)) = text[tag.range.end..].strip_prefix(':').and_then(|rest| rest.split_once("::"))
    else {
        return whole;
    };
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !is_key {
        return whole;
    }
    (tag.range.end + key.len() + 3, format!("{{{{ secret({call}, key='{key}') }}}}"))
}

fn form(inner: &str) -> GoForm {
    let inner = inner.trim_matches('-').trim();
    let word = inner.split_whitespace().next().unwrap_or_default();
    let is_statement =
        matches!(word, "if" | "else" | "end" | "range" | "with" | "define" | "template" | "block")
            || inner.starts_with("/*")
            || (inner.starts_with('$') && inner.contains(":="));
    if is_statement { GoForm::Statement } else { GoForm::Value }
}

/// Returns the offset behind the braces that close a tag; those in its texts do not.
fn tag_end(text: &str, mut at: usize) -> Option<usize> {
    if text[at..].trim_start_matches('-').trim_start().starts_with("/*") {
        let end = at + text[at..].find("*/")?;
        return Some(end + text[end..].find("}}")? + 2);
    }
    loop {
        let next = at + text[at..].find(['`', '"', '}'])?;
        match text.as_bytes()[next] {
            b'}' if text[next..].starts_with("}}") => return Some(next + 2),
            b'`' => at = next + 1 + text[next + 1..].find('`')? + 1,
            b'"' => at = string_end(text, next + 1)?,
            _ => at = next + 1,
        }
    }
}

fn string_end(text: &str, mut at: usize) -> Option<usize> {
    loop {
        let next = at + text[at..].find(['\\', '"', '\n'])?;
        match text.as_bytes()[next] {
            b'"' => return Some(next + 1),
            b'\\' => at = next + 1 + text[next + 1..].chars().next()?.len_utf8(),
            _ => return None,
        }
    }
}

fn digits(index: usize) -> String {
    let digit = |value: usize| char::from_digit((value % 36) as u32, 36).unwrap_or('0');
    [digit(index / 36), digit(index)].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::edits::apply;

    fn jinja(text: &str) -> (String, Vec<String>) {
        let text = GoText::parse(text).expect("tags that end");
        let (edits, unknown) = text.replacements(&GoFunctions::default());
        (apply(&text.text, edits), unknown.into_iter().map(|tag| tag.tag).collect())
    }

    #[test]
    fn tags_are_replaced_where_they_stand() {
        for (go, expected) in [
            ("a: {{ must_env `A` }}", "a: {{ env.A }}"),
            ("\"{{ tfstate `a['x'].id` }}\"", "\"{{ tfstate(\"a['x'].id\") }}\""),
            ("{{ `{{.Name}}` }}", "{% raw %}{{.Name}}{% endraw %}"),
            ("{%x {#y ${#z}", "{% raw %}{%{% endraw %}x {% raw %}{#{% endraw %}y ${#z}"),
            ("{{ secretsmanager_arn `db` }}:password::", "{{ secret('db', key='password') }}"),
            ("{{ secretsmanager_arn `db` }}", "{{ secret('db') }}"),
            (
                "{{ if eq (env `A` ``) `b` -}}x{{ else }}y{{ end }}",
                "{% if env.A | default('', true) == 'b' -%}x{% else %}y{% endif %}",
            ),
            ("{{/* }} */}}x", "{# }} #}x"),
            ("{{ env `A` `}}` }}", "{{ env.A | default('}}', true) }}"),
        ] {
            assert_eq!(jinja(go), (expected.to_owned(), Vec::new()), "{go}");
        }
        let other = GoText::placeholders("{{ID}}.x ${NAME} {{.Name}} ${#A} ${A}");
        let (edits, _) = other.replacements(&GoFunctions::default());
        assert_eq!(
            apply(&other.text, edits),
            "{{ env.ID }}.x {{ env.NAME }} {% raw %}{{.Name}}{% endraw %} ${#A} ${A}"
        );
        assert_eq!(jinja("{{ range .X }}").1, ["{{ range .X }}"]);
        assert_eq!(GoText::parse("a {{ must_env `A`"), Err(2));
    }

    #[test]
    fn the_readable_text_keeps_every_offset() {
        let text = "region: {{ must_env `R` }}\ncluster: a-{{ env `C` `x` }}-b\n{{ if true }}x: 1{{ else }}x: 2{{ end }}\ny: 3\n";
        let go = GoText::parse(text).expect("tags that end");
        let readable = go.readable();
        assert_eq!(readable.len(), text.len());
        assert_eq!(readable.find("y: 3"), text.find("y: 3"));
        assert!(readable.contains("x: 1") && !readable.contains("x: 2"), "{readable}");
        let value = readable.lines().nth(1).and_then(|line| line.strip_prefix("cluster: ")).expect("a value");
        assert_eq!(go.original(value), "a-{{ env `C` `x` }}-b");
        let found = go.value(value, &GoFunctions::default()).expect("known calls");
        assert_eq!(found, format!("a-{}-b", expression("env.C | default('x', true)")));
    }
}
