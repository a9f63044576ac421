//! Builds the overrides of a one-off task, as `RunTask` takes them. Pure.

use serde_json::{Value, json};

use crate::document::problem::did_you_mean;
use crate::error::Failure;
use crate::lint::MAX_OVERRIDES;
use crate::manifest::task_spec::ManifestOverrides;

/// Returns the `overrides` of `RunTask` for a definition document, or `None` if nothing is overridden.
///
/// # Errors
/// The definition does not have the named container, or the overrides are longer than `RunTask` accepts.
pub fn overrides(overrides: &ManifestOverrides, definition: &Value) -> Result<Option<Value>, Failure> {
    let container = override_container(overrides.container.as_deref(), definition)?;
    for named in overrides.members.get("containerOverrides").and_then(Value::as_array).into_iter().flatten() {
        override_container(named["name"].as_str(), definition)?;
    }
    let members = override_members(overrides, container)?;
    let length = members.as_ref().map_or(0, |members| members.to_string().chars().count());
    if length > MAX_OVERRIDES {
        let message =
            format!("the overrides have {length} characters as JSON: ECS allows at most {MAX_OVERRIDES}");
        let hint =
            "move `command` and `environment` to the task definition, or long values to Parameter Store";
        return Err(Failure::error(message).with_hint(hint.to_owned()));
    }
    Ok(members)
}

/// Returns the members of the `overrides` of `RunTask` for a container, or `None` if nothing is overridden.
///
/// # Errors
/// There is no container to override.
pub(super) fn override_members(
    overrides: &ManifestOverrides,
    container: Option<&str>,
) -> Result<Option<Value>, Failure> {
    let mut members = overrides.members.clone();
    if overrides.command.is_some() || !overrides.environment.is_empty() {
        let Some(name) = container else {
            return Err(Failure::error("the task definition has no container to override"));
        };
        let of_container = members.entry("containerOverrides").or_insert_with(|| json!([]));
        override_one(of_container, name, overrides);
    }
    for (name, value) in [("cpu", &overrides.cpu), ("memory", &overrides.memory)] {
        members.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
    }
    Ok((!members.is_empty()).then_some(Value::Object(members)))
}

/// Sets the command and the variables of one container in a list of container overrides.
fn override_one(containers: &mut Value, name: &str, overrides: &ManifestOverrides) {
    let Some(containers) = containers.as_array_mut() else { return };
    let known = containers.iter().position(|container| container["name"] == name).unwrap_or_else(|| {
        containers.push(json!({ "name": name }));
        containers.len() - 1
    });
    let Some(container) = containers.get_mut(known) else { return };
    if let Some(command) = &overrides.command {
        container["command"] = json!(command);
    }
    if overrides.environment.is_empty() {
        return;
    }
    let written = container["environment"].as_array().cloned().unwrap_or_default();
    let replaced = |variable: &Value| {
        variable["name"].as_str().is_some_and(|name| overrides.environment.contains_key(name))
    };
    let kept = written.into_iter().filter(|variable| !replaced(variable));
    let pair = |(name, value): (&String, &String)| json!({"name": name, "value": value});
    container["environment"] = kept.chain(overrides.environment.iter().map(pair)).collect();
}

/// Returns the container that overrides apply to: the named one, else the first essential one, else the first.
///
/// # Errors
/// The definition does not have the named container.
pub fn override_container<'a>(
    named: Option<&str>,
    definition: &'a Value,
) -> Result<Option<&'a str>, Failure> {
    let all = || definition["containerDefinitions"].as_array().into_iter().flatten();
    let name = |container: &'a Value| container["name"].as_str();
    let Some(wanted) = named else {
        let essential = all().find(|container| container["essential"] != false);
        return Ok(essential.or_else(|| all().next()).and_then(name));
    };
    let names: Vec<&str> = all().filter_map(name).collect();
    if let Some(found) = names.iter().find(|name| **name == wanted) {
        Ok(Some(found))
    } else {
        let family = definition["family"].as_str().unwrap_or_default();
        let near = did_you_mean(wanted, names.iter().copied());
        let hint = near.unwrap_or_else(|| format!("its containers: {}", names.join(", ")));
        Err(Failure::usage(format!("no container named `{wanted}` in task definition `{family}`"))
            .with_hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Value {
        json!({"family": "web", "containerDefinitions": [{"name": "init", "essential": false}, {"name": "app"}]})
    }

    #[test]
    fn nothing_to_override_is_no_override() {
        assert_eq!(overrides(&ManifestOverrides::default(), &definition()).expect("good"), None);
    }

    #[test]
    fn overrides_are_for_the_first_essential_container() {
        let given = ManifestOverrides {
            command: Some(vec!["rake".to_owned(), "db:migrate".to_owned()]),
            environment: std::collections::BTreeMap::from([("A".to_owned(), "b=c".to_owned())]),
            memory: Some("2048".to_owned()),
            ..ManifestOverrides::default()
        };
        let expected = json!({"containerOverrides": [{"name": "app", "command": ["rake", "db:migrate"],
            "environment": [{"name": "A", "value": "b=c"}]}], "memory": "2048"});
        assert_eq!(overrides(&given, &definition()).expect("good"), Some(expected));
    }

    #[test]
    fn a_container_that_is_not_there_is_refused_with_the_nearest() {
        let given = ManifestOverrides { container: Some("ap".to_owned()), ..ManifestOverrides::default() };
        let failure = overrides(&given, &definition()).expect_err("there is none");
        assert_eq!(failure.message, "no container named `ap` in task definition `web`");
        assert_eq!(failure.hints, ["did you mean `app`?"]);
    }

    #[test]
    fn overrides_of_more_than_8192_characters_are_refused() {
        let overrides_of = |length: usize| {
            let environment = std::collections::BTreeMap::from([("P".to_owned(), "x".repeat(length))]);
            overrides(&ManifestOverrides { environment, ..ManifestOverrides::default() }, &definition())
        };
        let frame = overrides_of(0).expect("short").expect("some").to_string().len();
        assert!(overrides_of(8192 - frame).is_ok());
        let failure = overrides_of(8193 - frame).expect_err("too long");
        assert!(failure.message.contains("have 8193 characters"), "{failure:?}");
    }
}
