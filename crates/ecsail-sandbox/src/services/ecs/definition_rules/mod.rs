//! Validates `RegisterTaskDefinition` inputs, with ECS's error messages. As with ECS, only the first fault is
//! reported.

mod containers;
mod environment;
mod fargate;
mod logs;
mod network;
mod ports;
mod references;
mod roles;
mod task;
mod types;
mod volumes;

use serde_json::Value;

pub(super) use fargate::check_size as check_fargate_size;

use crate::api::{ApiError, client_if};

type CheckResult = Result<(), ApiError>;

/// The largest input in bytes, from the service quotas.
const MAX_BYTES: usize = 65_536;

/// A `RegisterTaskDefinition` input, with what most of the checks need of it.
struct DefinitionInput<'a> {
    input: &'a Value,
    containers: &'a [Value],
    /// The network mode; empty when the input has none, which means `bridge`.
    mode: &'a str,
    is_fargate: bool,
}

impl<'a> DefinitionInput<'a> {
    fn new(input: &'a Value) -> DefinitionInput<'a> {
        let mut kinds = items(input, "requiresCompatibilities");
        DefinitionInput {
            input,
            containers: input["containerDefinitions"].as_array().map_or(&[][..], Vec::as_slice),
            mode: member_text(input, "networkMode"),
            is_fargate: kinds.any(|kind| kind == "FARGATE"),
        }
    }

    /// Returns whether there is a container of that name.
    fn has_container(&self, name: &str) -> bool {
        self.containers.iter().any(|container| member_text(container, "name") == name)
    }
}

/// Checks a `RegisterTaskDefinition` input.
pub(super) fn check(input: &Value) -> CheckResult {
    types::check(input)?;
    let definition = DefinitionInput::new(input);
    task::check(&definition)?;
    let bytes = input.to_string().len();
    client_if(
        bytes > MAX_BYTES,
        format!("Actual length: '{bytes}'. Max allowed length is '{MAX_BYTES}' bytes."),
    )?;
    containers::check(&definition)?;
    fargate::check(&definition)?;
    network::check(&definition)?;
    for container in definition.containers {
        ports::check_container(&definition, container)?;
        logs::check_container(&definition, container)?;
        environment::check_container(container)?;
    }
    ports::check_task(&definition)?;
    logs::check_firelens(&definition)?;
    references::check(&definition)?;
    volumes::check(&definition)?;
    roles::check(&definition)
}

/// Checks a value against an enumeration; absent and empty values are valid.
fn check_enumeration(name: &str, value: &Value, allowed: &[&str]) -> CheckResult {
    match value.as_str() {
        None | Some("") => Ok(()),
        Some(text) if allowed.contains(&text) => Ok(()),
        Some(_) => Err(ApiError::client(format!(
            "Invalid setting for {name}. Valid values are: [{}]",
            allowed.join(", ")
        ))),
    }
}

/// Returns the items of a list member; none when it is absent.
fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[name].as_array().into_iter().flatten()
}

/// Returns a text member; empty when it is absent.
fn member_text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Returns whether a member has a value other than empty, `false` or 0.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Returns whether a text has the parts of an ARN, each of which that ECS needs.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, _, account, resource] = parts[..] else { return false };
    let is_account = account.is_empty() || account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    partition.starts_with("aws") && !service.is_empty() && is_account && !resource.is_empty()
}
