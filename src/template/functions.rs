//! The functions of templates that look something up, and the name `aws`. They return answers that are known, and placeholders for
//! all others; nothing is fetched here.

use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

use super::printed::UNDEFINED_PART;
use super::values::{MISSING_TOKEN, MissingName};
use crate::document::problem::did_you_mean;
use crate::document::rendered_text::{TOKEN_END, TOKEN_START, find_reserved};
use crate::lookup::{DEFAULT_STATE, Lookup, LookupAnswer, LookupFailure, LookupTable};

/// The members of `aws`.
const AWS_NAMES: &[&str] = &["account", "region"];

/// Adds the functions to an environment of the engine.
pub(super) fn add_functions(environment: &mut Environment<'static>, table: &LookupTable) {
    for name in crate::lookup::FUNCTIONS {
        let table = table.clone();
        environment.add_function(*name, move |arguments: Rest<Value>, keywords: Kwargs| {
            look_up(&table, name, &Call::new(&arguments, &keywords)?)
        });
    }
}

/// Returns the value of the name `aws`.
pub(super) fn aws_names(table: &LookupTable) -> Value {
    Value::from_object(AwsNames(table.clone()))
}

/// Returns the look-up that a member of `aws` stands for, such as `aws.account`.
pub(super) fn lookup_of_name(name: &str) -> Option<Lookup> {
    match name {
        "aws.account" => Some(Lookup::Account),
        "aws.region" => Some(Lookup::Region),
        _ => None,
    }
}

/// The account and the region of the run.
#[derive(Debug)]
struct AwsNames(LookupTable);

impl Object for AwsNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let lookup = lookup_of_name(&format!("aws.{}", key.as_str()?))?;
        match self.0.answer(&lookup) {
            Some(Ok(value)) => Some(Value::from(minijinja::value::Serde(&value))),
            Some(Err(_)) => None,
            None => Some(MissingName::value()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(AWS_NAMES)
    }
}

/// What a function was called with.
struct Call {
    positional: Vec<Value>,
    keywords: Vec<(String, Value)>,
}

impl Call {
    fn new(positional: &[Value], kwargs: &Kwargs) -> Result<Call, Error> {
        let mut keywords = Vec::new();
        for name in kwargs.args() {
            keywords.push((name.to_owned(), kwargs.peek::<Value>(name)?));
        }
        Ok(Call { positional: positional.to_vec(), keywords })
    }

    fn values(&self) -> impl Iterator<Item = &Value> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value))
    }

    /// Returns a text at a position.
    fn text(&self, at: usize, what: &str) -> Result<String, Error> {
        let value = self.positional.get(at).ok_or_else(|| misuse(format!("{what} is missing")))?;
        text_of(value).ok_or_else(|| misuse(format!("{what} must be a text, found {}", value.kind())))
    }

    /// Returns the text of a keyword.
    fn keyword(&self, name: &str) -> Result<Option<String>, Error> {
        let Some((_, value)) = self.keywords.iter().find(|(known, _)| known == name) else { return Ok(None) };
        let text = text_of(value);
        text.map(Some).ok_or_else(|| misuse(format!("`{name}` must be a text, found {}", value.kind())))
    }

    /// Refuses more arguments than a function takes, and keywords that it does not have.
    fn takes(&self, most: usize, keywords: &[&str]) -> Result<(), Error> {
        if self.positional.len() > most {
            return Err(misuse(format!("it takes {most} arguments, found {}", self.positional.len())));
        }
        let unknown = self.keywords.iter().find(|(name, _)| !keywords.contains(&name.as_str()));
        unknown.map_or(Ok(()), |(name, _)| Err(misuse(format!("it has no argument `{name}`"))))
    }
}

/// Returns the text of a scalar.
fn text_of(value: &Value) -> Option<String> {
    let is_scalar = value.as_str().is_some() || value.is_number() || value.kind() == ValueKind::Bool;
    is_scalar.then(|| value.to_string())
}

fn misuse(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn failed(failure: LookupFailure) -> Error {
    Error::new(ErrorKind::InvalidOperation, failure.message.clone()).with_source(failure)
}

/// Calls a function of templates from another language; `None` is a value that is not known yet.
///
/// # Errors
/// What is asked for is missing or may not be read, or the arguments do not fit.
pub fn call_function(
    table: &LookupTable,
    function: &str,
    arguments: &[serde_json::Value],
) -> Result<Option<serde_json::Value>, LookupFailure> {
    let positional =
        arguments.iter().map(|argument| Value::from(minijinja::value::Serde(argument))).collect();
    match look_up(table, function, &Call { positional, keywords: Vec::new() }) {
        Ok(value) if value.downcast_object_ref::<MissingName>().is_some() => Ok(None),
        Ok(value) => Ok(Some(serde_json::to_value(&value).unwrap_or_default())),
        Err(error) => {
            let failure =
                std::error::Error::source(&error).and_then(|source| source.downcast_ref::<LookupFailure>());
            let message = || format!("`{function}`: {}", error.detail().unwrap_or("it was called wrongly"));
            Err(failure.cloned().unwrap_or_else(|| LookupFailure::new(message())))
        }
    }
}

/// Calls a function.
fn look_up(table: &LookupTable, function: &str, call: &Call) -> Result<Value, Error> {
    if call.values().any(Value::is_undefined) {
        return Err(Error::new(ErrorKind::UndefinedError, UNDEFINED_PART));
    }
    if call.values().any(is_placeholder) {
        table.record_placeholder();
        return Ok(MissingName::value());
    }
    if call.values().any(|value| value.as_str().is_some_and(|text| find_reserved(text).is_some())) {
        let message = format!(
            "`{function}` cannot take the output of a `{{% set %}}` block or a macro: use an expression"
        );
        return Err(misuse(message));
    }
    let answer = match function {
        "ssm" => parameter(table, call)?,
        "secret" => secret(table, call)?,
        "cfn_output" => output(table, call)?,
        "cfn_export" => export(table, call)?,
        "tfstate" => state(table, call)?,
        "external" => external(table, call)?,
        _ => file(table, call)?,
    };
    match answer {
        None => Ok(MissingName::value()),
        Some(Err(failure)) => Err(failed(failure)),
        Some(Ok(value)) if has_reserved(&value) => {
            Err(failed(LookupFailure::new("the value has a reserved character (U+E000 to U+E003)")))
        }
        Some(Ok(value)) => Ok(Value::from(minijinja::value::Serde(&value))),
    }
}

/// Returns whether a value is, or contains, that of a look-up without an answer.
fn is_placeholder(value: &Value) -> bool {
    let token = format!("{TOKEN_START}{MISSING_TOKEN}{TOKEN_END}");
    value.downcast_object_ref::<MissingName>().is_some()
        || value.as_str().is_some_and(|text| text.contains(&token))
}

fn has_reserved(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => find_reserved(text).is_some(),
        serde_json::Value::Array(items) => items.iter().any(has_reserved),
        serde_json::Value::Object(members) => {
            members.iter().any(|(name, value)| find_reserved(name).is_some() || has_reserved(value))
        }
        _ => false,
    }
}

fn parameter(table: &LookupTable, call: &Call) -> Result<Option<LookupAnswer>, Error> {
    call.takes(2, &[])?;
    let name = call.text(0, "the name of the parameter")?;
    let index = match call.positional.get(1) {
        None => None,
        Some(index) => {
            let number = index.as_usize();
            Some(number.ok_or_else(|| misuse("the index must be a number from 0".to_owned()))?)
        }
    };
    let answer = table.answer(&Lookup::Parameter(name.clone()));
    Ok(answer.map(|answer| item_of(&name, answer?, index)))
}

/// Returns an item of a `StringList`, or the whole value.
fn item_of(name: &str, value: serde_json::Value, index: Option<usize>) -> LookupAnswer {
    let Some(index) = index else { return Ok(value) };
    let Some(items) = value.as_array() else {
        let hint = format!("write `ssm('{name}')`");
        let failure = LookupFailure::new(format!("parameter `{name}` is no `StringList`, and has no items"));
        return Err(failure.with_hint(hint));
    };
    items.get(index).cloned().ok_or_else(|| {
        LookupFailure::new(format!("parameter `{name}` has {} items, and no item {index}", items.len()))
    })
}

fn secret(table: &LookupTable, call: &Call) -> Result<Option<LookupAnswer>, Error> {
    call.takes(1, &["key"])?;
    let name = call.text(0, "the name of the secret")?;
    let key = call.keyword("key")?;
    let answer = table.answer(&Lookup::Secret(name));
    // ECS takes `ARN:KEY:STAGE:ID` for a key of a secret that is JSON (API reference, Secret).
    let with_key = |arn: serde_json::Value| match &key {
        Some(key) => serde_json::Value::from(format!("{}:{key}::", arn.as_str().unwrap_or_default())),
        None => arn,
    };
    Ok(answer.map(|answer| answer.map(with_key)))
}

fn output(table: &LookupTable, call: &Call) -> Result<Option<LookupAnswer>, Error> {
    call.takes(2, &[])?;
    let stack = call.text(0, "the name of the stack")?;
    let key = call.text(1, "the key of the output")?;
    let answer = table.answer(&Lookup::Outputs(stack.clone()));
    let missing = || LookupFailure::new(format!("stack `{stack}` has no output `{key}`"));
    Ok(answer.map(|answer| member_of(&answer?, &key, missing)))
}

fn export(table: &LookupTable, call: &Call) -> Result<Option<LookupAnswer>, Error> {
    call.takes(1, &[])?;
    let name = call.text(0, "the name of the export")?;
    let missing = || LookupFailure::new(format!("no export named `{name}` in CloudFormation"));
    Ok(table.answer(&Lookup::Exports).map(|answer| member_of(&answer?, &name, missing)))
}

fn member_of(members: &serde_json::Value, name: &str, missing: impl Fn() -> LookupFailure) -> LookupAnswer {
    if let Some(value) = members.get(name) {
        return Ok(value.clone());
    }
    let known = members.as_object().into_iter().flat_map(|members| members.keys().map(String::as_str));
    Err(missing().with_hint(did_you_mean(name, known)))
}

fn state(table: &LookupTable, call: &Call) -> Result<Option<LookupAnswer>, Error> {
    call.takes(1, &["state"])?;
    let address = call.text(0, "the address")?;
    let state = call.keyword("state")?.unwrap_or_else(|| DEFAULT_STATE.to_owned());
    Ok(table.answer(&Lookup::State { state, address }))
}

fn external(table: &LookupTable, call: &Call) -> Result<Option<LookupAnswer>, Error> {
    call.takes(usize::MAX, &[])?;
    let name = call.text(0, "the name of the command")?;
    let mut arguments = Vec::new();
    for at in 1..call.positional.len() {
        arguments.push(call.text(at, "each argument")?);
    }
    Ok(table.answer(&Lookup::External { name, arguments }))
}

fn file(table: &LookupTable, call: &Call) -> Result<Option<LookupAnswer>, Error> {
    call.takes(1, &[])?;
    Ok(table.answer(&Lookup::File(call.text(0, "the path")?)))
}
