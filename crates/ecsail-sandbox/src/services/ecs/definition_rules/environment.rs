//! Checks the environment of a container: variables, secrets and environment files.

use serde_json::Value;

use super::{CheckResult, is_arn, items, member_text};
use crate::api::client_if;

/// The longest name of a parameter in Parameter Store.
const MAX_PARAMETER_NAME: usize = 2048;

pub(super) fn check_container(container: &Value) -> CheckResult {
    for variable in items(container, "environment") {
        client_if(
            member_text(variable, "name").trim().is_empty(),
            "Environment variable name cannot be null or blank.",
        )?;
    }
    check_secrets(container)?;
    check_files(container)
}

fn check_secrets(container: &Value) -> CheckResult {
    let mut known: Vec<&str> =
        items(container, "environment").map(|variable| member_text(variable, "name")).collect();
    for secret in items(container, "secrets") {
        let name = member_text(secret, "name");
        check_reference(name, member_text(secret, "valueFrom"))?;
        client_if(
            known.contains(&name),
            format!(
                "The secret name must be unique and not shared with any new or existing environment variables \
                 set on the container, such as '{name}'."
            ),
        )?;
        known.push(name);
    }
    let logs = &container["logConfiguration"];
    items(logs, "secretOptions")
        .try_for_each(|secret| check_reference(member_text(secret, "name"), member_text(secret, "valueFrom")))
}

/// Checks what a secret refers to: an ARN, or the name of a parameter. ECS does not count the parts of a
/// secret's ARN here; the agent does when the task starts.
fn check_reference(name: &str, reference: &str) -> CheckResult {
    if reference.starts_with("arn:") {
        return client_if(!is_arn(reference), "Invalid arn syntax.");
    }
    let is_valid = (1..=MAX_PARAMETER_NAME).contains(&reference.len())
        && reference.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-/".contains(&b));
    client_if(
        !is_valid,
        format!(
            "The Systems Manager parameter name specified for secret {name} is invalid. The parameter name can \
             be up to 2048 characters and include the following letters and symbols: a-zA-Z0-9_.-"
        ),
    )
}

fn check_files(container: &Value) -> CheckResult {
    client_if(
        items(container, "environmentFiles").count() > 10,
        "The maximum number of environment files was exceeded. Specify ten or less and try again.",
    )?;
    for file in items(container, "environmentFiles") {
        client_if(!is_arn(member_text(file, "value")), "Invalid arn syntax.")?;
    }
    Ok(())
}
