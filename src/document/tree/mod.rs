//! Owns the tree of a YAML or JSON text: values, each with its place in the user's file.
//!
//! Bound values (see [`super::text`]) take their place here, after the text was parsed:
//! nothing that a value contains can change the structure. This module knows YAML and
//! nothing of ECS.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::Spanned;

use super::problem::Problem;
use super::source::Span;
use super::text::{Bound, Part, Text, reserved};

/// The most nodes that one file may have: room for any definition, none for a billion laughs.
const MAX_NODES: usize = 100_000;

/// Holds a value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: Kind,
    pub span: Span,
}

/// Holds the value of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    /// A boolean, a number or a string; the text beside a boolean or number is how it was written.
    Scalar(Scalar),
    Seq(Vec<Node>),
    Map(Vec<(Key, Node)>),
    /// Stands where an expression was undefined: already reported, so nothing more is said of it.
    Unknown,
}

/// Holds a scalar; numbers and booleans keep their spelling, so that `1.10` as a string is `1.10`.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Bool(bool, String),
    Number(Number, String),
    String(String),
}

/// Holds a key and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub name: String,
    pub span: Span,
}

impl Key {
    /// Returns the key as a message may name it: what an expression made is not repeated.
    pub fn shown(&self) -> &str {
        if self.span.expression { "{{ … }}" } else { &self.name }
    }
}

impl Node {
    /// Returns the entry of a map, or nothing where there is none or this is no map.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Returns a map's entries; of anything else, none.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns a list's items; of anything else, none.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    /// Returns the text of a string, or of a boolean or number as it was written.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Scalar::Bool(_, text) | Scalar::Number(_, text) | Scalar::String(text)) => {
                Some(text)
            }
            _ => None,
        }
    }

    /// Returns whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// Returns whether this stands for an undefined expression.
    pub fn is_unknown(&self) -> bool {
        self.kind == Kind::Unknown
    }

    /// Returns whether an undefined expression stands anywhere in this tree.
    pub fn any_unknown(&self) -> bool {
        match &self.kind {
            Kind::Unknown => true,
            Kind::Seq(items) => items.iter().any(Node::any_unknown),
            Kind::Map(entries) => entries.iter().any(|(_, node)| node.any_unknown()),
            _ => false,
        }
    }

    /// Returns what a reader would call this: `a string`, `a list`, ….
    ///
    /// What an expression made is not repeated: it may be a secret.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(_) if self.span.expression => "what the expression gives".to_owned(),
            Kind::Null => "nothing (`null`)".to_owned(),
            Kind::Scalar(Scalar::Bool(_, text)) => format!("the boolean `{text}`"),
            Kind::Scalar(Scalar::Number(_, text)) => format!("the number `{text}`"),
            Kind::Scalar(Scalar::String(text)) => format!("the string {}", quoted(text)),
            Kind::Seq(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
            Kind::Unknown => "an undefined value".to_owned(),
        }
    }

    /// Returns the plain value, without places; an unknown becomes `null`.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null | Kind::Unknown => Value::Null,
            Kind::Scalar(Scalar::Bool(value, _)) => Value::Bool(*value),
            Kind::Scalar(Scalar::Number(value, _)) => Value::Number(value.clone()),
            Kind::Scalar(Scalar::String(value)) => Value::String(value.clone()),
            Kind::Seq(items) => items.iter().map(Node::to_value).collect(),
            Kind::Map(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.to_value())).collect())
            }
        }
    }

    /// Returns a tree of a plain value, every part of it at the same place.
    pub fn from_value(value: &Value, span: Span) -> Node {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Scalar(Scalar::Bool(*value, value.to_string())),
            Value::Number(value) => Kind::Scalar(Scalar::Number(value.clone(), value.to_string())),
            Value::String(value) => Kind::Scalar(Scalar::String(value.clone())),
            Value::Array(items) => Kind::Seq(items.iter().map(|item| Node::from_value(item, span)).collect()),
            Value::Object(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|(name, value)| (Key { name: name.clone(), span }, Node::from_value(value, span)))
                    .collect(),
            ),
        };
        Node { kind, span }
    }

    /// Returns a string node.
    pub fn string(text: impl Into<String>, span: Span) -> Node {
        Node { kind: Kind::Scalar(Scalar::String(text.into())), span }
    }
}

/// Returns a string in backticks, shortened so that a message stays one line.
fn quoted(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("`{}…`", &line[..at]),
        None if line.len() < text.len() => format!("`{line}…`"),
        None => format!("`{line}`"),
    }
}

/// Returns the tree of one YAML or JSON text; an empty text is `null`.
///
/// Duplicate keys, unknown tags and more than one document are errors, as is a tree of
/// more nodes than any definition has.
pub fn parse(text: &Text) -> Result<Node, Vec<Problem>> {
    let mut options = serde_saphyr::options! {
        strict_booleans: true,
        legacy_octal_numbers: false,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    if let Some(budget) = options.budget.as_mut() {
        budget.max_nodes = MAX_NODES;
    }
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(&text.text, options)
        .map_err(|error| vec![syntax_problem(&error, text)])?;
    let mut problems = Vec::new();
    let node = bind(raw, text, &mut problems);
    if problems.is_empty() { Ok(node) } else { Err(problems) }
}

/// Returns the problem that the YAML reader reports, at the place in the user's file.
fn syntax_problem(error: &serde_saphyr::Error, text: &Text) -> Problem {
    let error = error.without_snippet();
    let span = error.location().map_or_else(
        || text.span(0..0),
        |at| {
            let byte = at.span().byte_offset().map(|byte| byte as usize).filter(|byte| *byte > 0);
            let byte = byte.unwrap_or_else(|| byte_at(&text.text, at.line() as usize, at.column() as usize));
            text.span(byte..byte + 1)
        },
    );
    let (message, hint) = in_our_words(&error.to_string());
    Problem::error(span, message).hint(hint)
}

/// Returns what a syntax error says to somebody who writes a file, and what helps.
///
/// The reader's messages speak of its own options, and end with a position in the rendered text.
fn in_our_words(message: &str) -> (String, Option<String>) {
    let short =
        message.split(" at line ").next().unwrap_or(message).split(" (defined").next().unwrap_or(message);
    let short = short.trim_end_matches(['.', ':']);
    if let Some((_, rest)) = short.split_once("duplicate mapping key: ") {
        let key = rest.split(',').next().unwrap_or(rest);
        let hint = "a key stands once in a mapping; delete one of the two".to_owned();
        return (format!("duplicate key `{key}`"), Some(hint));
    }
    if short.contains("multiple YAML documents") {
        let hint = "one file is one document: take out the `---`".to_owned();
        return ("a second YAML document begins here".to_owned(), Some(hint));
    }
    if short.contains("budget breached") || short.contains("recursion limit") {
        return ("this is larger, or nested deeper, than any definition is".to_owned(), None);
    }
    let tabs = short.contains("tab").then(|| "YAML is indented with spaces, never with tabs".to_owned());
    (format!("not valid YAML: {short}"), tabs)
}

/// Returns the byte at a line and column, both counted from 1; a scanner's errors have no more than those.
fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let characters = text[start..].char_indices().map(|(at, _)| at);
    start + characters.take(column).last().unwrap_or(0)
}

/// The tree as the YAML reader gives it: token characters still in the strings.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Seq(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        Number::from_f64(value).map(Raw::Number).ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// Returns the tree with every token replaced by the value that it stands for.
fn bind(raw: Spanned<Raw>, text: &Text, problems: &mut Vec<Problem>) -> Node {
    let range = byte_range(&raw);
    let span = text.span(range.clone());
    // An alias stands where it is used; how its value is spelled, where it was defined.
    let written = || text.text.get(defined_range(&raw)).unwrap_or_default();
    let kind = match raw.value {
        Raw::Null => Kind::Null,
        Raw::Bool(value) => Kind::Scalar(Scalar::Bool(value, spelled(written(), value.to_string()))),
        Raw::Number(ref value) => number(value, spelled(written(), value.to_string()), span, problems),
        Raw::String(value) => return bind_string(value, span, text, problems),
        Raw::Seq(items) => Kind::Seq(items.into_iter().map(|item| bind(item, text, problems)).collect()),
        Raw::Map(entries) => Kind::Map(bind_map(entries, text, problems)),
    };
    Node { kind, span }
}

/// Returns a map's entries with bound keys; two keys that become equal are a problem.
fn bind_map(
    entries: Vec<(Spanned<String>, Spanned<Raw>)>,
    text: &Text,
    problems: &mut Vec<Problem>,
) -> Vec<(Key, Node)> {
    let mut bound: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let span = text.span(byte_range(&key));
        let node = bind(value, text, problems);
        let name = match bind_string(key.value, span, text, problems) {
            Node { kind: Kind::Unknown, .. } => continue,
            name => name.text().map(str::to_owned),
        };
        match name {
            None => problems.push(Problem::error(span, "a key must be a string")),
            Some(name) if bound.iter().any(|(key, _)| key.name == name) => {
                problems.push(Problem::error(span, format!("the key `{name}` stands twice in one mapping")));
            }
            Some(name) => bound.push((Key { name, span }, node)),
        }
    }
    bound
}

/// Returns the kind of a number; one that a float cannot hold exactly is a problem.
fn number(value: &Number, written: String, span: Span, problems: &mut Vec<Problem>) -> Kind {
    let digits = written.trim_start_matches(['-', '+']);
    let integral = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if integral && value.is_f64() {
        let problem = Problem::error(span, format!("the number `{written}` is too large"));
        problems.push(problem.hint("write it in quotes if it is meant as text".to_owned()));
    }
    Kind::Scalar(Scalar::Number(value.clone(), written))
}

/// Returns how a boolean or number was spelled; its canonical form where the text is not its spelling alone.
fn spelled(written: &str, canonical: String) -> String {
    let alone = !written.is_empty()
        && written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
    if alone { written.to_owned() } else { canonical }
}

/// Returns a string with its tokens replaced: one lone token keeps the type of its value.
fn bind_string(value: String, span: Span, text: &Text, problems: &mut Vec<Problem>) -> Node {
    let Some(parts) = text.parts(&value) else {
        if reserved(&value).is_some() {
            problems.push(token_problem(span));
        }
        return Node::string(value, span);
    };
    if let [Part::Bound(bound)] = parts[..] {
        return match bound {
            Bound::Undefined => Node { kind: Kind::Unknown, span },
            Bound::Value(value) => {
                if holds_token(value) {
                    problems.push(token_problem(span));
                }
                Node::from_value(value, span)
            }
        };
    }
    let mut joined = String::new();
    for part in parts {
        match part {
            Part::Literal(literal) => joined.push_str(literal),
            Part::Bound(Bound::Undefined) => return Node { kind: Kind::Unknown, span },
            Part::Bound(Bound::Value(value)) => match scalar_text(value) {
                Some(piece) => joined.push_str(&piece),
                None => problems.push(join_problem(value, span)),
            },
        }
    }
    if reserved(&joined).is_some() {
        problems.push(token_problem(span));
    }
    Node::string(joined, span)
}

/// Returns whether a token is left in a value: a filter has taken captured text apart.
fn holds_token(value: &Value) -> bool {
    match value {
        Value::String(text) => reserved(text).is_some(),
        Value::Array(items) => items.iter().any(holds_token),
        Value::Object(entries) => {
            entries.iter().any(|(name, value)| reserved(name).is_some() || holds_token(value))
        }
        _ => false,
    }
}

fn token_problem(span: Span) -> Problem {
    let hint =
        "apply filters to values, not to the output of `{% set %}` blocks, `{% filter %}` blocks and macros";
    Problem::error(span, "a filter has taken apart text that holds bound values").hint(hint.to_owned())
}

/// Returns the text of a scalar as it is joined into other text; lists, maps and `none` have none.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn join_problem(value: &Value, span: Span) -> Problem {
    let (what, hint) = match value {
        Value::Array(_) => ("a list", "use `| join(',')`, or let the expression stand alone"),
        Value::Object(_) => ("a mapping", "use `| tojson`, or let the expression stand alone"),
        _ => ("`none`", "give it a value with `| default('…', true)`"),
    };
    Problem::error(span, format!("{what} cannot be part of a text")).hint(hint.to_owned())
}

fn byte_range<T>(spanned: &Spanned<T>) -> std::ops::Range<usize> {
    location_range(spanned.referenced)
}

fn defined_range<T>(spanned: &Spanned<T>) -> std::ops::Range<usize> {
    location_range(spanned.defined)
}

fn location_range(location: serde_saphyr::Location) -> std::ops::Range<usize> {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    start..start + span.byte_len().unwrap_or(0) as usize
}

#[cfg(test)]
mod tests;
