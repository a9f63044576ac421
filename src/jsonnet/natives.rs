//! The native functions of Jsonnet programs: the names that other tools have, and those of templates.

use rsjsonnet_lang::interner::InternedStr;
use rsjsonnet_lang::program::{Program, Value};
use serde_json::Value as Json;

use crate::document::rendered_text::TOKEN_START;
use crate::document::tree::Node;
use crate::lookup::LookupFailure;
use crate::template::{TemplateContext, call_function};

/// The functions with their parameters.
const FUNCTIONS: &[(&str, &[&str])] = &[
    ("env", &["name", "default"]),
    ("must_env", &["name"]),
    ("ssm", &["name"]),
    ("ssm_list", &["name", "index"]),
    ("secretsmanager_arn", &["name"]),
    ("secret", &["name"]),
    ("tfstate", &["address"]),
    ("cfn_output", &["stack", "key"]),
    ("cfn_export", &["name"]),
    ("file", &["path"]),
];

/// Registers the functions.
pub(super) fn register(program: &mut Program<'_>) {
    for (name, parameters) in FUNCTIONS {
        let parameters: Vec<InternedStr<'_>> =
            parameters.iter().map(|parameter| program.intern_str(parameter)).collect();
        let name = program.intern_str(name);
        program.register_native_func(name, &parameters);
    }
}

/// Calls a function; `None` is a value that is not known yet.
///
/// # Errors
/// What is asked for is missing or may not be read.
pub(super) fn call(
    name: &str,
    arguments: &[Value<'_>],
    context: &TemplateContext,
) -> Result<Option<Json>, LookupFailure> {
    let arguments: Vec<Json> = arguments.iter().map(scalar).collect();
    let is_unknown = |argument: &Json| argument.as_str().is_some_and(|text| text.contains(TOKEN_START));
    if arguments.iter().any(is_unknown) {
        context.lookups().record_placeholder();
        return Ok(None);
    }
    match name {
        "env" => Ok(Some(variable(&arguments, context).unwrap_or_else(|| last(&arguments)))),
        "must_env" => variable(&arguments, context).map(Some).ok_or_else(|| {
            let name = arguments.first().and_then(Json::as_str).unwrap_or_default();
            LookupFailure::new(format!("environment variable `{name}` is not set"))
        }),
        "ssm_list" => call_function(context.lookups(), "ssm", &arguments),
        "secretsmanager_arn" => call_function(context.lookups(), "secret", &arguments),
        _ => call_function(context.lookups(), name, &arguments),
    }
}

/// Returns the Go template that asks for what a function gives, as ecspresso and ecschedule have it.
pub(super) fn go_tag(name: &str, arguments: &[Value<'_>]) -> Json {
    let argument = |value: &Value<'_>| match scalar(value) {
        Json::Null => None,
        Json::String(text) if text.contains('`') => Some(Json::from(text).to_string()),
        Json::String(text) => Some(format!("`{text}`")),
        other => Some(other.to_string()),
    };
    let given: Vec<String> = arguments.iter().filter_map(argument).collect();
    // Without a default, a variable that is not set is an error.
    let name = match (name, given.len()) {
        ("env", 1) => "must_env",
        ("ssm_list", _) => "ssm",
        ("secret", _) => "secretsmanager_arn",
        _ => name,
    };
    Json::from(format!("{{{{ {name} {} }}}}", given.join(" ")))
}

/// Returns the variable of the environment that the first argument names.
fn variable(arguments: &[Json], context: &TemplateContext) -> Option<Json> {
    let name = arguments.first()?.as_str()?;
    let environment = context.root_value("env")?;
    environment.get(name).and_then(Node::text).map(Json::from)
}

fn last(arguments: &[Json]) -> Json {
    arguments.last().cloned().unwrap_or_default()
}

/// Returns a text, a number or a boolean; anything else is null.
fn scalar(value: &Value<'_>) -> Json {
    if let Some(text) = value.to_string() {
        return Json::from(text);
    }
    if let Some(number) = value.as_number() {
        let is_whole = number.fract() == 0.0 && number.abs() < 9.0e15;
        return if is_whole { Json::from(number as i64) } else { Json::from(number) };
    }
    value.as_bool().map_or(Json::Null, Json::from)
}

/// Returns a value of JSON as one of Jsonnet.
pub(super) fn value_of<'p>(json: &Json, program: &mut Program<'p>) -> Value<'p> {
    match json {
        Json::Null => Value::null(),
        Json::Bool(value) => Value::bool(*value),
        Json::Number(number) => Value::number(number.as_f64().unwrap_or_default()),
        Json::String(text) => Value::string(text),
        Json::Array(items) => {
            let items: Vec<Value<'p>> = items.iter().map(|item| value_of(item, program)).collect();
            program.make_array(&items)
        }
        Json::Object(members) => {
            let fields: Vec<_> = members
                .iter()
                .map(|(name, value)| {
                    let value = value_of(value, program);
                    (program.intern_str(name), value)
                })
                .collect();
            program.make_object(&fields)
        }
    }
}
