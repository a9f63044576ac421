//! Checks the members of the task itself: family, sizes, modes, platform and proxy.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, check_enumeration, is_set, items, member_text};
use crate::api::client_if;
use crate::params::is_name;
use crate::services::ecs::definition_defaults::parse_units;

/// The properties that an App Mesh proxy needs, in the order in which ECS looks for them.
const PROXY_PORTS: &[(&str, &str)] = &[
    ("ProxyIngressPort", "Ingress port not found."),
    ("ProxyEgressPort", "Egress port not found."),
    ("AppPorts", "App ports not found."),
];

pub(super) fn check(definition: &DefinitionInput<'_>) -> CheckResult {
    let input = definition.input;
    check_family(member_text(input, "family"))?;
    client_if(definition.containers.is_empty(), "Container list cannot be empty.")?;
    client_if(definition.containers.len() > 10, "Too many containers.")?;
    check_enumeration("networkMode", &input["networkMode"], &["bridge", "host", "awsvpc", "none"])?;
    check_enumeration("pidMode", &input["pidMode"], &["host", "task"])?;
    check_enumeration("ipcMode", &input["ipcMode"], &["host", "task", "none"])?;
    for kind in items(input, "requiresCompatibilities") {
        check_enumeration(
            "requiresCompatibilities",
            kind,
            &["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"],
        )?;
    }
    check_size(input, "cpu")?;
    check_size(input, "memory")?;
    client_if(is_set(&input["inferenceAccelerators"]), "Unsupported field 'inferenceAccelerators'.")?;
    check_platform(&input["runtimePlatform"])?;
    check_ephemeral_storage(definition)?;
    check_proxy(definition)
}

fn check_family(name: &str) -> CheckResult {
    client_if(name.is_empty(), "Family can not be blank.")?;
    client_if(name.len() > 255, "Family should be 255 characters or less.")?;
    client_if(!is_name(name), "Family contains invalid characters.")
}

/// Checks that a size of the task, when it is given, is a number, or a number with its unit.
fn check_size(input: &Value, name: &str) -> CheckResult {
    let given = input[name].as_str();
    client_if(
        given.is_some_and(|text| parse_units(name, text).is_none_or(|units| units == 0)),
        format!(
            "Invalid '{name}' setting for task. For more information, see the Troubleshooting section of the \
             Amazon ECS Developer Guide."
        ),
    )
}

fn check_platform(platform: &Value) -> CheckResult {
    let windows = member_text(platform, "operatingSystemFamily").starts_with("WINDOWS");
    client_if(
        windows && member_text(platform, "cpuArchitecture") == "ARM64",
        "The cpuArchitecture ARM64 is not supported for Windows.",
    )
}

fn check_ephemeral_storage(definition: &DefinitionInput<'_>) -> CheckResult {
    let Some(size) = definition.input["ephemeralStorage"]["sizeInGiB"].as_i64() else { return Ok(()) };
    let mut kinds = items(definition.input, "requiresCompatibilities").peekable();
    let elsewhere = kinds.peek().is_some() && kinds.all(|kind| kind == "EC2" || kind == "EXTERNAL");
    client_if(elsewhere, "Tasks using the EC2 launch type do not support EphemeralStorage.")?;
    client_if(size < 21, "EphemeralStorage size should be at least 21.")?;
    client_if(size > 200, "EphemeralStorage size should be at most 200.")
}

fn check_proxy(definition: &DefinitionInput<'_>) -> CheckResult {
    let proxy = &definition.input["proxyConfiguration"];
    if proxy.is_null() {
        return Ok(());
    }
    client_if(
        definition.mode != "awsvpc",
        "APPMESH proxy configuration is only supported in networkMode=awsvpc.",
    )?;
    let name = member_text(proxy, "containerName");
    client_if(!definition.has_container(name), format!("Proxy container [{name}] does not exist."))?;
    for (property, message) in PROXY_PORTS {
        let found =
            items(proxy, "properties").any(|pair| pair["name"] == *property && is_set(&pair["value"]));
        client_if(!found, *message)?;
    }
    Ok(())
}
