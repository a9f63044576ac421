//! Evaluates definitions in Jsonnet. The names of templates are external variables, and what templates look up are native
//! functions. Pure: the files that a program imports were read before, as [`imports`] names them.

use std::collections::BTreeMap;

use rsjsonnet_lang::arena::Arena;
use rsjsonnet_lang::program::{Program, Thunk, Value};
use rsjsonnet_lang::span::SpanContextId;

mod callbacks;
mod errors;
mod imports;
mod natives;

pub use imports::{ImportedFile, imported_name, imports};

use crate::document::problem::Problem;
use crate::document::rendered_text::{RenderedText, SourceAnchor, TOKEN_END, TOKEN_START, find_reserved};
use crate::document::source::{SourceId, SourceSpan, Sources};
use crate::document::tree::{Node, NodeKind};
use crate::template::TemplateContext;
use callbacks::ImportedFiles;

/// The depth of calls at which a program is stopped.
const MAX_STACK: usize = 500;
/// The index of the token of a value that is not known yet; the tree has an undefined value in its place.
const UNKNOWN_INDEX: usize = 0;

/// Returns whether a file is in Jsonnet by its name.
pub fn is_jsonnet(name: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| ["jsonnet", "libsonnet"].iter().any(|known| extension == *known))
}

/// The files of a run that a program may import, by their names.
#[derive(Clone, Copy)]
pub struct JsonnetFiles<'a> {
    pub names: &'a BTreeMap<String, SourceId>,
    pub sources: &'a Sources,
}

/// Evaluates the program in the file `name`, and returns its value as JSON text; `None` where it depends on something that
/// is not known yet. All spans in it are that of the file.
///
/// # Errors
/// The program has a syntax error, or fails.
pub fn evaluate(
    name: &str,
    context: &TemplateContext,
    files: JsonnetFiles<'_>,
) -> Result<Option<RenderedText>, Box<Problem>> {
    let Some(id) = files.names.get(name).copied() else {
        return Err(Box::new(Problem::error(None, format!("no file named `{name}`"))));
    };
    let arena = Arena::new();
    let mut program = Program::new(&arena);
    program.set_max_stack(MAX_STACK);
    let mut imported = ImportedFiles::new(files, Some(context));
    natives::register(&mut program);
    for root in context.root_names() {
        let Some(node) = context.root_value(&root) else { continue };
        let value = jsonnet_value(&node, &mut program);
        let thunk = program.value_to_thunk(&value);
        let name = program.intern_str(&root);
        program.add_ext_var(name, &thunk);
    }
    let result = run(name, &mut program, &mut imported);
    match result {
        Ok(text) => Ok(Some(rendered(text, id))),
        // An operation on a value that is not known yet fails.
        Err(_) if imported.met_unknown => Ok(None),
        Err(error) => Err(Box::new(errors::problem(&error, id, &program, &imported))),
    }
}

/// Evaluates the program in the file `name` for an import: its external variables are texts, and what functions would look up
/// stays as the Go template that asks for it. Returns JSON text.
///
/// # Errors
/// The program has a syntax error, or fails: also where it calculates with what is looked up.
pub fn evaluate_to_go_tags(
    name: &str,
    ext_vars: &BTreeMap<String, String>,
    files: JsonnetFiles<'_>,
) -> Result<String, Box<Problem>> {
    let Some(id) = files.names.get(name).copied() else {
        return Err(Box::new(Problem::error(None, format!("no file named `{name}`"))));
    };
    let arena = Arena::new();
    let mut program = Program::new(&arena);
    program.set_max_stack(MAX_STACK);
    let mut imported = ImportedFiles::new(files, None);
    natives::register(&mut program);
    for (variable, text) in ext_vars {
        let thunk = program.value_to_thunk(&Value::string(text));
        let variable = program.intern_str(variable);
        program.add_ext_var(variable, &thunk);
    }
    let result = run(name, &mut program, &mut imported);
    result.map_err(|error| Box::new(errors::problem(&error, id, &program, &imported)))
}

/// What ended a program.
enum ProgramError {
    Load(Box<rsjsonnet_lang::program::LoadError>),
    Evaluation(Box<rsjsonnet_lang::program::EvalError>),
}

fn run(
    name: &str,
    program: &mut Program<'_>,
    imported: &mut ImportedFiles<'_>,
) -> Result<String, ProgramError> {
    let text = imported.text(name).unwrap_or_default().to_owned();
    let thunk = load(name, &text, program, imported)?;
    let failed = |error| ProgramError::Evaluation(Box::new(error));
    let value = program.eval_value(&thunk, imported).map_err(failed)?;
    // Fields are evaluated when they are printed, which may import and look up: the value is deep-evaluated first.
    let deep = deep_function(program)?;
    let argument = program.value_to_thunk(&value);
    let whole = program.eval_call(&deep, &[argument], &[], imported).map_err(failed)?;
    Ok(whole.to_string().unwrap_or_default())
}

/// Returns the function that turns a value into JSON text.
fn deep_function<'p>(program: &mut Program<'p>) -> Result<Thunk<'p>, ProgramError> {
    let source = b"function(value) std.manifestJsonEx(value, '  ')";
    let (span, _) = program.span_manager_mut().insert_source_context(source.len());
    program.load_source(span, source, true, "<ecsail>").map_err(|error| ProgramError::Load(Box::new(error)))
}

/// Loads a file, and remembers it for the positions of errors.
fn load<'p>(
    name: &str,
    text: &str,
    program: &mut Program<'p>,
    imported: &mut ImportedFiles<'_>,
) -> Result<Thunk<'p>, ProgramError> {
    let (span, _) = program.span_manager_mut().insert_source_context(text.len());
    imported.remember(span, name);
    program
        .load_source(span, text.as_bytes(), true, name)
        .map_err(|error| ProgramError::Load(Box::new(error)))
}

/// Returns the value of a name of templates.
fn jsonnet_value<'p>(node: &Node, program: &mut Program<'p>) -> Value<'p> {
    match &node.kind {
        NodeKind::Undefined => Value::string(&unknown_text()),
        NodeKind::Seq(items) => {
            let items: Vec<Value<'p>> = items.iter().map(|item| jsonnet_value(item, program)).collect();
            program.make_array(&items)
        }
        NodeKind::Map(entries) => {
            let fields: Vec<_> = entries
                .iter()
                .map(|(key, value)| {
                    let value = jsonnet_value(value, program);
                    (program.intern_str(&key.name), value)
                })
                .collect();
            program.make_object(&fields)
        }
        _ => natives::value_of(&node.to_value(), program),
    }
}

/// Returns the token of a value that is not known yet.
fn unknown_text() -> String {
    format!("{TOKEN_START}{UNKNOWN_INDEX}{TOKEN_END}")
}

fn rendered(text: String, id: SourceId) -> RenderedText {
    let span = SourceSpan::new(id, 0..0);
    let values = match find_reserved(&text) {
        Some(_) => vec![Node { kind: NodeKind::Undefined, span }],
        None => Vec::new(),
    };
    let anchor = SourceAnchor { rendered_offset: 0, source: id, source_offset: 0, expression_end: None };
    RenderedText { text, values, anchors: vec![anchor] }
}

/// The files that a program has loaded, by the contexts of their spans.
type LoadedFiles = Vec<(SpanContextId, String)>;

#[cfg(test)]
mod tests;
