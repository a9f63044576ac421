//! Checks that the containers exist that others depend on or are linked to.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, check_enumeration, items, member_text};
use crate::api::client_if;

pub(super) fn check(definition: &DefinitionInput<'_>) -> CheckResult {
    for container in definition.containers {
        for dependency in items(container, "dependsOn") {
            check_dependency(definition, dependency)?;
        }
        for name in links(container) {
            client_if(
                !definition.has_container(name),
                format!("Invalid 'links' setting. Unknown container: '{name}'."),
            )?;
        }
    }
    let mut containers = definition.containers.iter();
    let cycle =
        containers.any(|start| is_linked(definition, start, member_text(start, "name"), &mut Vec::new()));
    client_if(cycle, "Container links should not have a cycle")
}

fn check_dependency(definition: &DefinitionInput<'_>, dependency: &Value) -> CheckResult {
    let name = member_text(dependency, "containerName");
    let condition = &dependency["condition"];
    check_enumeration("condition", condition, &["START", "COMPLETE", "SUCCESS", "HEALTHY"])?;
    let target = definition.containers.iter().find(|container| member_text(container, "name") == name);
    client_if(target.is_none(), format!("Cannot depend on container {name} because it does not exist."))?;
    let essential = target.is_some_and(|container| container["essential"] != false);
    client_if(
        essential && matches!(condition.as_str(), Some("SUCCESS" | "COMPLETE")),
        "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container.",
    )?;
    let checked = target.is_some_and(|container| container["healthCheck"].is_object());
    client_if(
        condition == "HEALTHY" && !checked,
        "A dependency container with HEALTHY condition must have health check configured.",
    )
}

/// Returns the names of the containers that a container is linked to.
fn links(container: &Value) -> impl Iterator<Item = &str> {
    items(container, "links").filter_map(Value::as_str).map(|link| link.split(':').next().unwrap_or(link))
}

/// Returns whether links lead from a container to the one named `end`.
fn is_linked<'a>(
    definition: &DefinitionInput<'a>,
    container: &'a Value,
    end: &str,
    seen: &mut Vec<&'a str>,
) -> bool {
    for name in links(container) {
        if name == end {
            return true;
        }
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let next = definition.containers.iter().find(|container| member_text(container, "name") == name);
        if next.is_some_and(|next| is_linked(definition, next, end, seen)) {
            return true;
        }
    }
    false
}
