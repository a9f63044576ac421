//! Checks the roles of a task, and what needs the execution role.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, is_arn, is_set};
use crate::api::client_if;

pub(super) fn check(definition: &DefinitionInput<'_>) -> CheckResult {
    for name in ["taskRoleArn", "executionRoleArn"] {
        let role = definition.input[name].as_str();
        client_if(role.is_some_and(|role| !is_role(role)), "Role is not valid")?;
    }
    if definition.input["executionRoleArn"].is_string() {
        return Ok(());
    }
    let any = |needs: fn(&Value) -> bool| definition.containers.iter().any(needs);
    client_if(
        any(|container| is_set(&container["secrets"])),
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    )?;
    client_if(
        any(|container| is_set(&container["repositoryCredentials"])),
        "Private repository authentication requires that the task definition specify a value for \
         executionRoleArn.",
    )
}

/// Returns whether a text is the name of a role or its ARN. Whether the role exists is not checked.
fn is_role(text: &str) -> bool {
    let name = match text.strip_prefix("arn:") {
        None => text.trim_start_matches('/'),
        Some(_) if !is_arn(text) => "",
        Some(arn) => match arn.splitn(5, ':').collect::<Vec<_>>()[..] {
            [_, "iam", "", account, role] if !account.is_empty() => {
                role.strip_prefix("role/").unwrap_or_default()
            }
            _ => "",
        },
    };
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
}
