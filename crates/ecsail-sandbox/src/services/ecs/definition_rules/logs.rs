//! Checks log configurations, and the log routers of `FireLens`.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, check_enumeration, is_arn, is_set, member_text};
use crate::api::client_if;

const DRIVERS: &[&str] =
    &["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];

pub(super) fn check_container(definition: &DefinitionInput<'_>, container: &Value) -> CheckResult {
    let logs = &container["logConfiguration"];
    if logs.is_object() {
        client_if(member_text(logs, "logDriver").is_empty(), "Log driver is required.")?;
        check_enumeration("logDriver", &logs["logDriver"], DRIVERS)?;
    }
    if logs["logDriver"] == "awslogs" {
        let missing: Vec<&str> = ["awslogs-region", "awslogs-group"]
            .into_iter()
            .filter(|name| !is_set(&logs["options"][*name]))
            .collect();
        client_if(
            !missing.is_empty(),
            format!("Log driver awslogs requires options: {}", missing.join(", ")),
        )?;
    }
    check_router(definition, container)
}

fn check_router(definition: &DefinitionInput<'_>, container: &Value) -> CheckResult {
    let router = &container["firelensConfiguration"];
    if !router.is_object() {
        return Ok(());
    }
    let user = member_text(container, "user");
    client_if(
        !user.is_empty() && user.split(':').next() != Some("0"),
        "If 'user' field is specified on firelens container, then 'UID' has to be '0'.",
    )?;
    let options = &router["options"];
    let in_s3 = options["config-file-type"] == "s3";
    client_if(in_s3 && !is_arn(member_text(options, "config-file-value")), "Invalid arn syntax.")?;
    client_if(
        in_s3 && definition.is_fargate,
        "Fargate launch type does not support FirelensConfiguration config file from 's3'.",
    )
}

/// Checks that a log router and a container that sends its logs to one exist together.
pub(super) fn check_firelens(definition: &DefinitionInput<'_>) -> CheckResult {
    let mut containers = definition.containers.iter();
    let routed = containers.any(|container| container["logConfiguration"]["logDriver"] == "awsfirelens");
    let mut containers = definition.containers.iter();
    let router = containers.any(|container| container["firelensConfiguration"].is_object());
    client_if(
        routed && !router,
        "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be \
         configured in one of the containers.",
    )?;
    client_if(
        router && !routed,
        "When a firelensConfiguration object is specified, at least one container has to be configured with the \
         awsfirelens log driver.",
    )
}
