//! Renders Jinja templates whose values are bound instead of inserted as text.
//!
//! Every value that an expression prints becomes an opaque token in the text. The YAML is parsed with the tokens in it,
//! and then each token is replaced by its value. As with bind parameters in SQL, no value can change the structure.
//! Rendering does no IO: the included templates are passed in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Rest;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value};

pub use context::TemplateContext;
use markers::{COMMENT_END, COMMENT_START, MarkedTemplate, strip_markers};
pub use recovery::blank_tag;
use spelling::SpelledScalar;

mod context;
mod errors;
mod functions;
pub mod go_call;
pub mod markers;
mod name_hints;
mod printed;
mod recovery;
mod remarks;
mod spelling;
pub mod tags;
mod values;

use crate::document::json_comments::strip_comments;
use crate::document::problem::Problem;
use crate::document::rendered_text::{RenderedText, TOKEN_END, TOKEN_START};
use crate::document::source::{SourceId, Sources};
use printed::PrintedValues;

/// The maximum number of instructions of one template, so that an endless loop ends with an error.
const MAX_INSTRUCTIONS: u64 = 5_000_000;

/// The handling of undefined names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndefinedNames {
    /// An undefined name is an error.
    Strict,
    /// An undefined name is an unknown value: for early passes, in which not all names are defined.
    Lenient,
}

/// A template engine with one context.
pub struct TemplateEngine {
    environment: Environment<'static>,
    context: TemplateContext,
    marked: Arc<BTreeMap<String, MarkedTemplate>>,
    printed: Arc<Mutex<PrintedValues>>,
    /// The scalars of the context that keep their spelling.
    spelled: Vec<SpelledScalar>,
    exhausted: bool,
}

/// A rendered template, and the scalars that it uses in a way in which their spelling is lost.
struct Rendering {
    text: RenderedText,
    lost_spellings: Vec<Problem>,
}

impl TemplateEngine {
    /// Returns an engine with the names of `context` and the templates in `templates`, by name.
    pub fn new(
        context: TemplateContext,
        templates: &BTreeMap<String, SourceId>,
        sources: &Sources,
    ) -> TemplateEngine {
        let marked: BTreeMap<String, MarkedTemplate> = templates
            .iter()
            .map(|(name, id)| {
                let source = sources.get(*id);
                (name.clone(), MarkedTemplate::new(*id, &strip_comments(&source.name, &source.text)))
            })
            .collect();
        let marked = Arc::new(marked);
        let printed = Arc::new(Mutex::new(PrintedValues::default()));
        let mut environment = environment(Arc::clone(&marked), Arc::clone(&printed));
        functions::add_functions(&mut environment, context.lookups());
        let spelled = context.spelled_scalars();
        TemplateEngine { environment, context, marked, printed, spelled, exhausted: false }
    }

    /// Renders a template.
    ///
    /// With [`UndefinedNames::Strict`], every undefined name and every syntax error is reported, not only the first. If the
    /// structure of the text does not depend on what is wrong, the text is returned too, with undefined values in these
    /// places, so that the rest of the file is checked in the same run.
    pub fn render(
        &mut self,
        name: &str,
        sources: &Sources,
        mode: UndefinedNames,
    ) -> (Option<RenderedText>, Vec<Problem>) {
        let Some(id) = self.marked.get(name).map(|marked| marked.source) else {
            return (None, vec![Problem::error(None, format!("no template named `{name}`"))]);
        };
        let reserved = errors::reserved_characters(name, &self.marked, sources);
        if !reserved.is_empty() {
            return (None, reserved);
        }
        let behavior = undefined_behavior(mode);
        if !errors::faulty_templates(name, &self.marked, sources).is_empty() {
            return recovery::recover(self, name, sources, behavior);
        }
        match self.render_once(name, id, behavior) {
            Ok(rendering) if mode == UndefinedNames::Strict => {
                let remarks = errors::reachable_templates(name, &self.marked, sources);
                let remarks = remarks.into_iter().flat_map(remarks::remarks);
                (Some(rendering.text), rendering.lost_spellings.into_iter().chain(remarks).collect())
            }
            Ok(rendering) => (Some(rendering.text), Vec::new()),
            Err(_) if mode == UndefinedNames::Strict && !self.exhausted => {
                recovery::recover(self, name, sources, behavior)
            }
            Err(error) => (None, vec![self.error_problem(&error, id, sources)]),
        }
    }

    /// Returns the names of the templates.
    pub fn context(&self) -> &TemplateContext {
        &self.context
    }

    /// Sets what the definitions belong to that are rendered from now on: a name such as `service`, and its value.
    pub fn set_owner(&mut self, owner: Option<(&str, &serde_json::Value)>) {
        self.context.set_owner(owner);
        self.spelled = self.context.spelled_scalars();
    }

    /// Returns whether a template, or one that it includes, may use what definitions belong to.
    pub fn may_use_owner(&self, name: &str, sources: &Sources) -> bool {
        errors::reachable_templates(name, &self.marked, sources).into_iter().any(errors::names_owner)
    }

    /// Returns whether the last template exceeded its limits. Rendering it again would take as long again.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Renders a template with the spelling of scalars kept where they become text.
    fn render_once(
        &mut self,
        name: &str,
        id: SourceId,
        undefined: UndefinedBehavior,
    ) -> Result<Rendering, Error> {
        let plain = self.render_values(name, id, undefined, &|_| false)?;
        if self.spelled.is_empty() {
            return Ok(Rendering { text: plain, lost_spellings: Vec::new() });
        }
        if let Some(text) = self.render_kept(name, id, undefined, &plain, &|_| true) {
            return Ok(Rendering { text, lost_spellings: Vec::new() });
        }
        let mut is_kept = Vec::with_capacity(self.spelled.len());
        for index in 0..self.spelled.len() {
            is_kept.push(self.render_kept(name, id, undefined, &plain, &|other| other == index).is_some());
        }
        let lost = self.spelled.iter().zip(&is_kept).filter(|(_, is_kept)| !**is_kept);
        let lost_spellings = lost.filter_map(|(scalar, _)| spelling::lost_spelling(scalar, name)).collect();
        let kept = self.render_kept(name, id, undefined, &plain, &|index| is_kept[index]);
        Ok(Rendering { text: kept.unwrap_or(plain), lost_spellings })
    }

    /// Renders a template with some scalars in their spelling, unless that changes more than their text.
    fn render_kept(
        &mut self,
        name: &str,
        id: SourceId,
        undefined: UndefinedBehavior,
        plain: &RenderedText,
        is_spelled: &dyn Fn(usize) -> bool,
    ) -> Option<RenderedText> {
        let kept = self.render_values(name, id, undefined, is_spelled).ok()?;
        spelling::agree(plain, &kept, &self.spelled).then_some(kept)
    }

    fn render_values(
        &mut self,
        name: &str,
        id: SourceId,
        undefined: UndefinedBehavior,
        is_spelled: &dyn Fn(usize) -> bool,
    ) -> Result<RenderedText, Error> {
        self.environment.set_undefined_behavior(undefined);
        *self.printed.lock().unwrap_or_else(PoisonError::into_inner) = PrintedValues::default();
        let names = self.context.values(is_spelled);
        let rendered = self.environment.get_template(name)?.render(&names);
        self.exhausted =
            rendered.as_ref().is_err_and(|error| errors::root_cause(error).kind() == ErrorKind::OutOfFuel);
        let (text, anchors) = strip_markers(&rendered?, id);
        let printed = std::mem::take(&mut *self.printed.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(RenderedText { text, values: printed.into_values(id), anchors })
    }
}

fn undefined_behavior(mode: UndefinedNames) -> UndefinedBehavior {
    match mode {
        UndefinedNames::Strict => UndefinedBehavior::Strict,
        UndefinedNames::Lenient => UndefinedBehavior::Chainable,
    }
}

/// Returns the engine's environment, which binds every value that is printed.
fn environment(
    marked: Arc<BTreeMap<String, MarkedTemplate>>,
    printed: Arc<Mutex<PrintedValues>>,
) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_loader(move |name| match marked.get(name) {
        Some(marked) => match marked.faults.first() {
            Some(fault) => Err(Error::new(ErrorKind::SyntaxError, errors::fault_message(&fault.kind))),
            None => Ok(Some(marked.text.to_string())),
        },
        None => Ok(None),
    });
    environment.set_fuel(Some(MAX_INSTRUCTIONS));
    environment.set_debug(true);
    environment.set_syntax(template_syntax());
    // With any escaping other than `None`, the engine marks the output of macros and captures as "safe", which means text.
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("bind".into()));
    // The built-in filter marks its output as safe. JSON text must be bound like any other value.
    environment.add_filter("tojson", to_json);
    environment.add_filter(BUILT_IN_JOIN, minijinja::filters::join);
    environment.add_filter("join", join);
    environment.set_formatter(move |out, state, value| {
        if value.is_safe() {
            return Ok(out.write_str(value.as_str().unwrap_or_default())?);
        }
        let is_strict = state.undefined_behavior() == UndefinedBehavior::Strict;
        let number = printed.lock().unwrap_or_else(PoisonError::into_inner).push(value, is_strict)?;
        Ok(out.write_fmt(format_args!("{TOKEN_START}{number}{TOKEN_END}"))?)
    });
    environment
}

/// The name under which the engine's own filter `join` is called.
const BUILT_IN_JOIN: &str = "built_in_join";

fn to_json(state: &State<'_, '_>, value: Value) -> Result<String, Error> {
    let node = values::node_from_value(&value)?;
    if node.has_undefined() && state.undefined_behavior() == UndefinedBehavior::Strict {
        return Err(Error::new(ErrorKind::UndefinedError, printed::UNDEFINED_PART));
    }
    Ok(values::json_text(&node))
}

/// The filter `join`, which does not take undefined items as empty texts.
fn join(state: &mut State<'_, '_>, value: Value, arguments: Rest<Value>) -> Result<Value, Error> {
    // The items of a placeholder are not known.
    if value.downcast_object_ref::<values::MissingName>().is_some() {
        return Ok(value);
    }
    let is_strict = state.undefined_behavior() == UndefinedBehavior::Strict;
    if is_strict && matches!(value.kind(), minijinja::value::ValueKind::Seq) {
        let mut items = value.try_iter()?;
        if items.any(|item| item.is_undefined()) {
            return Err(Error::new(ErrorKind::UndefinedError, printed::UNDEFINED_PART));
        }
    }
    state.apply_filter(BUILT_IN_JOIN, &[&[value], arguments.as_slice()].concat())
}

/// Returns the standard Jinja syntax, with the trailing newline of a file kept. The scanner finds the comments.
fn template_syntax() -> minijinja::syntax::SyntaxConfig {
    minijinja::syntax::SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .comment_delimiters(COMMENT_START, COMMENT_END)
        .build()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
