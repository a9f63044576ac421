//! Parses YAML and JSON into a tree in which each value has a span in the user's file.
//!
//! Bound values (see [`super::text`]) are inserted after parsing, so that no value can change the structure. This
//! module is independent of ECS.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::Spanned;

use super::problem::Problem;
use super::source::Span;
use super::text::{Bound, Part, Text, reserved};

/// The maximum number of nodes in a file: more than any definition has, and a limit for a "billion laughs" attack.
const MAX_NODES: usize = 100_000;

/// A value and its source span.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: Kind,
    pub span: Span,
}

/// The value of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    /// A boolean, a number or a string.
    Scalar(Scalar),
    Seq(Vec<Node>),
    Map(Vec<(Key, Node)>),
    /// The value of an undefined expression, which has been reported; it causes no further problems.
    Unknown,
}

/// A scalar. Numbers and booleans keep their spelling, so that `1.10` is still `1.10` as a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Bool(bool, String),
    Number(Number, String),
    String(String),
}

/// A key and its source span.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub name: String,
    pub span: Span,
}

impl Key {
    /// Returns the key for messages; a key that an expression produced is shown as `{{ … }}`.
    pub fn shown(&self) -> &str {
        if self.span.expression { "{{ … }}" } else { &self.name }
    }
}

impl Node {
    /// Returns the value of a map entry, or `None` if there is no such entry or the node is not a map.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Returns the entries of a map, or an empty slice for any other node.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the items of a list, or an empty slice for any other node.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    /// Returns the text of a string, or of a boolean or number as it was spelled.
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

    /// Returns whether this is the value of an undefined expression.
    pub fn is_unknown(&self) -> bool {
        self.kind == Kind::Unknown
    }

    /// Returns whether this tree contains the value of an undefined expression.
    pub fn any_unknown(&self) -> bool {
        match &self.kind {
            Kind::Unknown => true,
            Kind::Seq(items) => items.iter().any(Node::any_unknown),
            Kind::Map(entries) => entries.iter().any(|(_, node)| node.any_unknown()),
            _ => false,
        }
    }

    /// Returns a description for messages, such as ``the string `web` `` or `a list`.
    ///
    /// The value of an expression is not included, because it may be a secret.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(_) if self.span.expression => "the value of `{{ … }}`".to_owned(),
            Kind::Null => "`null`".to_owned(),
            Kind::Scalar(Scalar::Bool(_, text)) => format!("the boolean `{text}`"),
            Kind::Scalar(Scalar::Number(_, text)) => format!("the number `{text}`"),
            Kind::Scalar(Scalar::String(text)) => format!("the string {}", quoted(text)),
            Kind::Seq(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
            Kind::Unknown => "an undefined value".to_owned(),
        }
    }

    /// Returns the value without spans; an unknown value becomes `null`.
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

    /// Returns the tree of a JSON value, with the same span for every node.
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

/// Returns a string in backticks, shortened to 60 characters of its first line.
fn quoted(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("`{}…`", &line[..at]),
        None if line.len() < text.len() => format!("`{line}…`"),
        None => format!("`{line}`"),
    }
}

/// Returns the tree of a YAML or JSON text; an empty text is `null`.
///
/// # Errors
/// Syntax errors, duplicate keys, unknown tags, a second document, or more than 100,000 nodes.
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

/// Returns a YAML syntax error as a problem, with its span in the user's file.
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

/// Returns the message and the hint for a YAML syntax error.
///
/// The messages of the YAML library refer to its options, and end with a position in the rendered text.
fn in_our_words(message: &str) -> (String, Option<String>) {
    let short =
        message.split(" at line ").next().unwrap_or(message).split(" (defined").next().unwrap_or(message);
    let short = short.trim_end_matches(['.', ':']);
    if let Some((_, rest)) = short.split_once("duplicate mapping key: ") {
        let key = rest.split(',').next().unwrap_or(rest);
        let hint = "delete one of the two: a key may occur only once in a mapping".to_owned();
        return (format!("duplicate key `{key}`"), Some(hint));
    }
    if short.contains("multiple YAML documents") {
        let hint = "remove the `---`: a file contains one document".to_owned();
        return ("a second YAML document begins here".to_owned(), Some(hint));
    }
    if short.contains("budget breached") || short.contains("recursion limit") {
        return ("the file is larger, or nested deeper, than any definition".to_owned(), None);
    }
    let tabs = short.contains("tab").then(|| "indent YAML with spaces, not with tabs".to_owned());
    (format!("not valid YAML: {short}"), tabs)
}

/// Returns the byte offset of a line and a column, both starting at 1. Scanner errors have no byte offset.
fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let characters = text[start..].char_indices().map(|(at, _)| at);
    start + characters.take(column).last().unwrap_or(0)
}

/// The tree as the YAML library returns it, with tokens in its strings.
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

/// Returns the tree with every token replaced by its value.
fn bind(raw: Spanned<Raw>, text: &Text, problems: &mut Vec<Problem>) -> Node {
    let range = byte_range(&raw);
    let span = text.span(range.clone());
    // The span of an alias is where it is used; the spelling of its value is where the anchor is defined.
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

/// Returns the entries of a map with bound keys, and reports keys that become equal.
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
                problems.push(Problem::error(span, format!("duplicate key `{name}`")));
            }
            Some(name) => bound.push((Key { name, span }, node)),
        }
    }
    bound
}

/// Returns a number node, and reports an integer that does not fit into 64 bits.
fn number(value: &Number, written: String, span: Span, problems: &mut Vec<Problem>) -> Kind {
    let digits = written.trim_start_matches(['-', '+']);
    let integral = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if integral && value.is_f64() {
        let problem = Problem::error(span, format!("the number `{written}` is too large"));
        problems.push(problem.hint("put it in quotes if it is a string".to_owned()));
    }
    Kind::Scalar(Scalar::Number(value.clone(), written))
}

/// Returns the spelling of a boolean or number, or its canonical form if the text contains anything else.
fn spelled(written: &str, canonical: String) -> String {
    let alone = !written.is_empty()
        && written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
    if alone { written.to_owned() } else { canonical }
}

/// Returns a string with its tokens replaced; a string that is a single token becomes a value of the token's type.
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

/// Returns whether a value contains a token, which happens when a filter splits captured text.
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
    Problem::error(span, "a filter was applied to text that contains bound values").hint(hint.to_owned())
}

/// Returns the text of a scalar for insertion into a string; lists, maps and `none` have no text.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn join_problem(value: &Value, span: Span) -> Problem {
    let (what, hint) = match value {
        Value::Array(_) => ("a list", "use `| join(',')`, or make the expression the whole value"),
        Value::Object(_) => ("a mapping", "use `| tojson`, or make the expression the whole value"),
        _ => ("`none`", "set a default with `| default('…', true)`"),
    };
    Problem::error(span, format!("{what} cannot be part of a string")).hint(hint.to_owned())
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
