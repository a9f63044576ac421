//! Renders Jinja templates whose values are bound instead of inserted as text.
//!
//! Every value that an expression prints becomes an opaque token in the text. The YAML is parsed with the tokens in it,
//! and then each token is replaced by its value. As with bind parameters in SQL, no value can change the structure.
//! Rendering does no IO: the included templates are passed in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};

use markers::{Marked, strip};

pub mod markers;

use crate::document::json::without_comments;
use crate::document::problem::{Problem, did_you_mean};
use crate::document::source::{SourceId, Sources, Span};
use crate::document::text::{Anchor, Bound, Part, TOKEN_END, TOKEN_START, Text, reserved};

/// The maximum number of instructions of one template, so that an endless loop ends with an error.
const FUEL: u64 = 5_000_000;

/// The maximum total size in bytes of the values that one template prints. ECS allows definitions of 64 KiB.
const MAX_PRINTED: usize = 8 << 20;

/// The message for a tag that is too long for the engine, which parses it recursively.
const OVERSIZED: &str = "this tag is longer than 8 KiB, or does not end";

/// The handling of undefined names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An undefined name is an error.
    Strict,
    /// An undefined name is an unknown value: for early passes, in which not all names are defined.
    Lenient,
}

/// The names for templates.
#[derive(Clone, Debug, Default)]
pub struct Context {
    names: BTreeMap<String, Value>,
    /// The hints for names that could be defined and are not.
    absent: BTreeMap<String, String>,
}

impl Context {
    /// Sets a name. A value with a reserved character stays undefined, because it could imitate a token.
    pub fn set(&mut self, name: &str, value: &serde_json::Value) {
        let Some(value) = admissible(value) else {
            return self.explain_absent(name, "its value contains a reserved character (U+E000 to U+E003)");
        };
        self.names.insert(name.to_owned(), Value::from(Serde(&value)));
        self.absent.remove(name);
    }

    /// Sets the hint for templates that use a name which is not set.
    pub fn explain_absent(&mut self, name: &str, hint: &str) {
        self.absent.insert(name.to_owned(), hint.to_owned());
    }

    /// Returns the hint for an undefined expression such as `vars.lgo_level`.
    fn hint(&self, expression: &str) -> Option<String> {
        let mut path = expression.split('.').map(str::trim);
        let first = path.next()?;
        let mut full = first.to_owned();
        let Some(mut value) = self.names.get(first).cloned() else {
            let absent = || self.absent.get(expression).or_else(|| self.absent.get(first)).cloned();
            return absent().or_else(|| did_you_mean(first, self.names.keys().map(String::as_str)));
        };
        for name in path {
            let next = value.get_attr(name).ok()?;
            full = format!("{full}.{name}");
            if !next.is_undefined() {
                value = next;
                continue;
            }
            if let Some(hint) = self.absent.get(&full) {
                return Some(hint.clone());
            }
            let known: Vec<String> = value.try_iter().ok()?.map(|key| key.to_string()).collect();
            return did_you_mean(name, known.iter().map(String::as_str));
        }
        None
    }
}

/// A template engine with one context.
pub struct Engine {
    environment: Environment<'static>,
    context: Context,
    marked: Arc<BTreeMap<String, Marked>>,
    printed: Arc<Mutex<Printed>>,
    exhausted: bool,
}

/// The values that a template has printed so far, and their total size.
#[derive(Default)]
struct Printed {
    values: Vec<Bound>,
    size: usize,
}

impl Printed {
    /// Adds a value and returns its index.
    fn push(&mut self, value: &Value) -> Result<usize, minijinja::Error> {
        let too_large =
            || minijinja::Error::new(ErrorKind::OutOfFuel, "its values are larger than 8 MiB in total");
        // The size of a text is checked before it is copied.
        if self.size + value.as_str().map_or(0, str::len) > MAX_PRINTED {
            return Err(too_large());
        }
        let bound = bound(value)?;
        self.size += if let Bound::Value(value) = &bound { size(value) } else { 0 };
        if self.size > MAX_PRINTED {
            return Err(too_large());
        }
        self.values.push(bound);
        Ok(self.values.len() - 1)
    }
}

/// Returns the approximate size of a value in bytes.
fn size(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(items) => items.iter().map(|item| 8 + size(item)).sum(),
        serde_json::Value::Object(entries) => {
            entries.iter().map(|(name, value)| name.len() + 8 + size(value)).sum()
        }
        _ => 8,
    }
}

impl Engine {
    /// Returns an engine with the names of `context` and the templates in `templates`, by name.
    pub fn new(context: Context, templates: &BTreeMap<String, SourceId>, sources: &Sources) -> Engine {
        let marked: BTreeMap<String, Marked> = templates
            .iter()
            .map(|(name, id)| {
                let source = sources.get(*id);
                (name.clone(), Marked::new(*id, &without_comments(&source.name, &source.text)))
            })
            .collect();
        let marked = Arc::new(marked);
        let printed = Arc::new(Mutex::new(Printed::default()));
        let mut environment = Environment::new();
        let loadable = Arc::clone(&marked);
        environment.set_loader(move |name| match loadable.get(name) {
            Some(marked) if marked.oversized.is_some() => {
                Err(minijinja::Error::new(ErrorKind::SyntaxError, OVERSIZED))
            }
            marked => Ok(marked.map(|marked| marked.text.to_string())),
        });
        environment.set_fuel(Some(FUEL));
        environment.set_debug(true);
        environment.set_syntax(syntax());
        // With any escaping other than `None`, the engine marks the output of macros and captures as "safe", which means text.
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("bind".into()));
        // The built-in filter marks its output as safe. JSON text must be bound like any other value.
        environment.add_filter("tojson", |value: Value| match serde_json::to_string(&value) {
            Ok(text) => Ok(text),
            Err(_) => {
                Err(minijinja::Error::new(ErrorKind::BadSerialization, "the value cannot be written as JSON"))
            }
        });
        let sink = Arc::clone(&printed);
        environment.set_formatter(move |out, _, value| {
            if value.is_safe() {
                return Ok(out.write_str(value.as_str().unwrap_or_default())?);
            }
            let number = sink.lock().unwrap_or_else(PoisonError::into_inner).push(value)?;
            Ok(out.write_fmt(format_args!("{TOKEN_START}{number}{TOKEN_END}"))?)
        });
        Engine { environment, context, marked, printed, exhausted: false }
    }

    /// Renders a template.
    ///
    /// With [`Mode::Strict`], every undefined name that is printed is reported, not only the first. If there are no other
    /// problems, the text is returned too, with unknown values for these names, so that the rest of the file is checked in
    /// the same run.
    pub fn render(&mut self, name: &str, sources: &Sources, mode: Mode) -> (Option<Text>, Vec<Problem>) {
        let Some(id) = self.marked.get(name).map(|marked| marked.source) else {
            return (None, vec![Problem::error(None, format!("no template named `{name}`"))]);
        };
        if let Some(at) = reserved(&sources.get(id).text) {
            let problem =
                Problem::error(Span::new(id, at..at + 3), "the characters U+E000 to U+E003 are reserved");
            return (None, vec![problem.hint("delete the invisible character".to_owned())]);
        }
        if let Some(at) = self.marked.get(name).and_then(|marked| marked.oversized) {
            return (None, vec![Problem::error(Span::new(id, at..at + 2), OVERSIZED)]);
        }
        if mode == Mode::Strict {
            let undefined = match self.run(name, id, UndefinedBehavior::Strict) {
                Ok(text) => return (Some(text), Vec::new()),
                Err(error) => self.problem(&error, id, sources),
            };
            if undefined.1 != ErrorKind::UndefinedError {
                return (None, vec![undefined.0]);
            }
            return self.render_around(name, id, undefined.0, sources);
        }
        match self.run(name, id, UndefinedBehavior::Chainable) {
            Ok(text) => (Some(text), Vec::new()),
            Err(error) => (None, vec![self.problem(&error, id, sources).0]),
        }
    }

    /// Renders again without stopping at undefined names, to find all of them.
    fn render_around(
        &mut self,
        name: &str,
        id: SourceId,
        first: Problem,
        sources: &Sources,
    ) -> (Option<Text>, Vec<Problem>) {
        let line = |problem: &Problem| problem.span.map(|span| (span.source, sources.position(span).line));
        let mut lines = std::collections::BTreeSet::from([line(&first)]);
        let mut problems = vec![first];
        let Ok(text) = self.run(name, id, UndefinedBehavior::Chainable) else { return (None, problems) };
        for anchor in undefined_anchors(&text) {
            let span = Span::new(anchor.source, anchor.origin..anchor.origin_end.unwrap_or(anchor.origin));
            let problem = self.undefined(expression_span(span, sources), sources);
            if lines.insert(line(&problem)) {
                problems.push(problem);
            }
        }
        (Some(text), problems)
    }

    /// Returns whether the last template exceeded its limits. Rendering it again would take as long again.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    fn run(
        &mut self,
        name: &str,
        id: SourceId,
        undefined: UndefinedBehavior,
    ) -> Result<Text, minijinja::Error> {
        self.environment.set_undefined_behavior(undefined);
        *self.printed.lock().unwrap_or_else(PoisonError::into_inner) = Printed::default();
        let rendered = self.environment.get_template(name)?.render(&self.context.names);
        self.exhausted =
            rendered.as_ref().is_err_and(|error| innermost(error).kind() == ErrorKind::OutOfFuel);
        let (text, anchors) = strip(&rendered?, id);
        let printed = std::mem::take(&mut *self.printed.lock().unwrap_or_else(PoisonError::into_inner));
        let values = resolved(printed.values, id);
        Ok(Text { text, values, anchors })
    }

    /// Returns a template error as a problem with its span in the user's file.
    fn problem(&self, error: &minijinja::Error, id: SourceId, sources: &Sources) -> (Problem, ErrorKind) {
        let error = innermost(error);
        let template = error.name().and_then(|name| self.marked.get(name));
        let span = match (template, error.range()) {
            (Some(marked), Some(range)) => {
                Span::new(marked.source, marked.original(range.start)..marked.original(range.end))
            }
            (marked, _) => {
                line_span(marked.map_or(id, |marked| marked.source), error.line().unwrap_or(1), sources)
            }
        };
        if error.kind() == ErrorKind::UndefinedError {
            return (self.undefined(expression_span(span, sources), sources), error.kind());
        }
        let kind = error.kind().to_string();
        let message = match error.detail() {
            Some(detail) if error.kind() == ErrorKind::OutOfFuel => format!("template: {detail}"),
            Some(detail) => format!("template: {kind}: {detail}"),
            None => format!("template: {kind}"),
        };
        let hint = match error.kind() {
            ErrorKind::OutOfFuel if error.detail().is_none() => {
                Some("check the template for an endless loop".to_owned())
            }
            ErrorKind::SyntaxError if looks_like_go(sources, span) => Some(
                "templates are Jinja: write `{{ env.NAME }}` for `{{ must_env `NAME` }}` of ecspresso"
                    .to_owned(),
            ),
            ErrorKind::TemplateNotFound => {
                Some("write the path relative to the manifest, and as a literal string".to_owned())
            }
            _ => None,
        };
        (Problem::error(span, message).hint(hint), error.kind())
    }

    fn undefined(&self, span: Span, sources: &Sources) -> Problem {
        let expression = sources.text(span);
        let name = expression.split('|').next().unwrap_or_default().trim();
        let problem = Problem::error(span, format!("`{name}` is not defined")).label("undefined");
        problem.hint(self.context.hint(name))
    }
}

/// Returns the cause of an error: an error in an included template is the source of the error at the include.
fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    let mut error = error;
    while let Some(inner) = std::error::Error::source(error).and_then(|inner| inner.downcast_ref()) {
        error = inner;
    }
    error
}

/// Returns the standard Jinja syntax, with the trailing newline of a file kept.
fn syntax() -> minijinja::syntax::SyntaxConfig {
    minijinja::syntax::SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap_or_default()
}

/// Returns the bound value for a token.
fn bound(value: &Value) -> Result<Bound, minijinja::Error> {
    if value.is_undefined() {
        return Ok(Bound::Undefined);
    }
    let value = serde_json::to_value(value).map_err(|_| {
        minijinja::Error::new(ErrorKind::BadSerialization, "the value cannot be part of a document")
    })?;
    Ok(Bound::Value(value))
}

/// Returns the values with the tokens and markers in them replaced.
///
/// A value contains tokens if an expression joins the output of a macro into it. Tokens are numbered in the order in
/// which they are printed, so a value contains only tokens of earlier values.
fn resolved(values: Vec<Bound>, id: SourceId) -> Vec<Bound> {
    let mut done =
        Text { text: String::new(), values: Vec::with_capacity(values.len()), anchors: Vec::new() };
    for value in values {
        let value = match value {
            Bound::Value(mut value) => {
                resolve(&mut value, &done, id);
                Bound::Value(value)
            }
            Bound::Undefined => Bound::Undefined,
        };
        done.values.push(value);
    }
    done.values
}

fn resolve(value: &mut serde_json::Value, earlier: &Text, id: SourceId) {
    match value {
        serde_json::Value::String(text) if reserved(text).is_some() => {
            let stripped = strip(text, id).0;
            let Some(parts) = earlier.parts(&stripped) else {
                *text = stripped;
                return;
            };
            *text = parts
                .iter()
                .map(|part| match part {
                    Part::Literal(literal) => (*literal).to_owned(),
                    Part::Bound(Bound::Value(serde_json::Value::String(text))) => text.clone(),
                    Part::Bound(Bound::Value(value)) => value.to_string(),
                    Part::Bound(Bound::Undefined) => String::new(),
                })
                .collect();
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, earlier, id)),
        serde_json::Value::Object(entries) => {
            let resolved = std::mem::take(entries).into_iter().map(|(name, mut value)| {
                let mut name = serde_json::Value::String(name);
                resolve(&mut name, earlier, id);
                resolve(&mut value, earlier, id);
                (name.as_str().unwrap_or_default().to_owned(), value)
            });
            *entries = resolved.collect();
        }
        _ => {}
    }
}

/// Returns a value without the entries that contain a reserved character, or `None` for a text that contains one.
fn admissible(value: &serde_json::Value) -> Option<serde_json::Value> {
    match value {
        serde_json::Value::String(text) => Some(value.clone()).filter(|_| reserved(text).is_none()),
        serde_json::Value::Array(items) => items.iter().map(admissible).collect(),
        serde_json::Value::Object(entries) => {
            let kept = entries.iter().filter_map(|(name, value)| Some((name.clone(), admissible(value)?)));
            Some(serde_json::Value::Object(kept.collect()))
        }
        other => Some(other.clone()),
    }
}

/// Returns the anchors of the tokens whose expression was undefined.
fn undefined_anchors(text: &Text) -> Vec<Anchor> {
    let mut found = Vec::new();
    for (at, _) in text.text.match_indices(TOKEN_START) {
        let digits: String =
            text.text[at + TOKEN_START.len_utf8()..].chars().take_while(char::is_ascii_digit).collect();
        let value = digits.parse().ok().and_then(|index: usize| text.values.get(index));
        if value == Some(&Bound::Undefined) {
            let index = text.anchors.partition_point(|anchor| anchor.at <= at).saturating_sub(1);
            found.push(text.anchors[index]);
        }
    }
    found
}

/// Returns whether the line of an error looks like a Go template, as ecspresso uses them.
fn looks_like_go(sources: &Sources, span: Span) -> bool {
    let text = &sources.get(span.source).text;
    let line = text.lines().nth(sources.position(span).line - 1).unwrap_or_default();
    ["must_env", "{{ env ", "{{env ", "tfstate", "{{ .", "{{."].iter().any(|part| line.contains(part))
}

/// Returns the span of the expression inside `{{ … }}`.
fn expression_span(span: Span, sources: &Sources) -> Span {
    let text = sources.text(span);
    let Some(inner) = text.strip_prefix("{{") else { return span };
    let inner = inner.strip_suffix("}}").unwrap_or(inner);
    let trimmed = inner.trim_matches(['-', '+']).trim();
    let start = span.start + text.find(trimmed).unwrap_or(0);
    Span::new(span.source, start..start + trimmed.len())
}

/// Returns the span of a line; lines start at 1.
fn line_span(id: SourceId, line: usize, sources: &Sources) -> Span {
    let text = &sources.get(id).text;
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let length = text[start..].lines().next().map_or(0, str::len);
    Span::new(id, start..start + length)
}

#[cfg(test)]
mod tests;
