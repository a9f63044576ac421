//! Changes of a running task definition that a command line asks for: images, environment, secrets, commands and sizes of
//! containers. For services whose definition is not in the manifest. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Failure;

/// The changes of a running definition, each of the container that it names, else of the only one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DefinitionEdits {
    pub images: Vec<Edit<String>>,
    /// Names of variables with their values.
    pub variables: Vec<Edit<(String, String)>>,
    pub removed_variables: Vec<Edit<String>>,
    /// Names of secrets with what they come from.
    pub secrets: Vec<Edit<(String, String)>>,
    pub removed_secrets: Vec<Edit<String>>,
    pub commands: Vec<Edit<Vec<String>>>,
    /// Of the task where no container is named.
    pub cpu: Vec<Edit<u32>>,
    /// In MiB; of the task where no container is named.
    pub memory: Vec<Edit<u32>>,
}

/// A change, and the container that it names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit<T> {
    pub container: Option<String>,
    pub value: T,
}

impl DefinitionEdits {
    /// Returns whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        *self == DefinitionEdits::default()
    }

    /// Changes a task definition document.
    ///
    /// # Errors
    /// The document has no such container, or several and none is named.
    pub fn apply(&self, document: &mut Value) -> Result<(), Failure> {
        for edit in &self.images {
            container_of(edit, document)?["image"] = json!(edit.value);
        }
        for edit in &self.removed_variables {
            remove_named(container_of(edit, document)?, "environment", &edit.value);
        }
        for edit in &self.removed_secrets {
            remove_named(container_of(edit, document)?, "secrets", &edit.value);
        }
        for edit in &self.variables {
            let (name, value) = &edit.value;
            let container = container_of(edit, document)?;
            // ECS refuses a name that is both.
            remove_named(container, "secrets", name);
            set_named(container, "environment", name, json!({"name": name, "value": value}));
        }
        for edit in &self.secrets {
            let (name, source) = &edit.value;
            let container = container_of(edit, document)?;
            remove_named(container, "environment", name);
            set_named(container, "secrets", name, json!({"name": name, "valueFrom": source}));
        }
        for edit in &self.commands {
            container_of(edit, document)?["command"] = json!(edit.value);
        }
        for (member, edits) in [("cpu", &self.cpu), ("memory", &self.memory)] {
            for edit in edits {
                match edit.container {
                    Some(_) => container_of(edit, document)?[member] = json!(edit.value),
                    // The sizes of a task are texts.
                    None => document[member] = json!(edit.value.to_string()),
                }
            }
        }
        Ok(())
    }
}

/// Returns the container that an edit is about.
fn container_of<'a, T>(edit: &Edit<T>, document: &'a mut Value) -> Result<&'a mut Value, Failure> {
    let family = document["family"].as_str().unwrap_or_default().to_owned();
    let none = &mut Vec::new();
    let containers = document["containerDefinitions"].as_array_mut().unwrap_or(none);
    let names: Vec<String> =
        containers.iter().filter_map(|container| container["name"].as_str().map(str::to_owned)).collect();
    let hint = format!("containers: {}", names.join(", "));
    let position = match &edit.container {
        Some(name) => names.iter().position(|known| known == name).ok_or_else(|| {
            Failure::usage(format!("the running definition of `{family}` has no container `{name}`"))
        }),
        None if names.len() == 1 => Ok(0),
        None => Err(Failure::usage(format!(
            "the running definition of `{family}` has {} containers: name one, such as `CONTAINER:NAME=VALUE`",
            names.len()
        ))),
    };
    let position = position.map_err(|failure| failure.with_hint(hint))?;
    let failure = || Failure::error(format!("the running definition of `{family}` has no containers"));
    document["containerDefinitions"].get_mut(position).ok_or_else(failure)
}

fn remove_named(container: &mut Value, member: &str, name: &str) {
    if let Some(items) = container[member].as_array_mut() {
        items.retain(|item| item["name"] != name);
    }
    if container[member].as_array().is_none_or(Vec::is_empty)
        && let Some(members) = container.as_object_mut()
    {
        members.remove(member);
    }
}

fn set_named(container: &mut Value, member: &str, name: &str, item: Value) {
    if !container[member].is_array() {
        container[member] = json!([]);
    }
    let Some(items) = container[member].as_array_mut() else { return };
    match items.iter_mut().find(|known| known["name"] == name) {
        Some(known) => *known = item,
        None => items.push(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit<T>(container: Option<&str>, value: T) -> Edit<T> {
        Edit { container: container.map(str::to_owned), value }
    }

    fn document() -> Value {
        json!({"family": "web", "cpu": "256", "containerDefinitions": [
            {"name": "app", "image": "a:1", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}]})
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_only_container_needs_no_name() {
        let edits = DefinitionEdits {
            variables: vec![edit(None, pair("A", "9")), edit(None, pair("C", "3"))],
            removed_variables: vec![edit(None, "B".to_owned())],
            commands: vec![edit(None, vec!["serve".to_owned()])],
            ..DefinitionEdits::default()
        };
        let mut changed = document();
        edits.apply(&mut changed).expect("there is one container");
        let container = &changed["containerDefinitions"][0];
        assert_eq!(
            container["environment"],
            json!([{"name": "A", "value": "9"}, {"name": "C", "value": "3"}])
        );
        assert_eq!(container["command"], json!(["serve"]));
    }

    #[test]
    fn a_secret_takes_the_place_of_a_variable() {
        let secrets = vec![edit(Some("app"), pair("A", "arn:aws:ssm:x:1:parameter/a"))];
        let mut changed = document();
        DefinitionEdits { secrets, ..DefinitionEdits::default() }.apply(&mut changed).expect("it is there");
        let container = &changed["containerDefinitions"][0];
        assert_eq!(container["environment"], json!([{"name": "B", "value": "2"}]));
        assert_eq!(container["secrets"][0]["name"], "A");
    }

    #[test]
    fn sizes_are_the_tasks_or_a_containers() {
        let cpu = vec![edit(None, 512), edit(Some("app"), 128)];
        let mut changed = document();
        DefinitionEdits { cpu, ..DefinitionEdits::default() }.apply(&mut changed).expect("it is there");
        assert_eq!(
            (&changed["cpu"], &changed["containerDefinitions"][0]["cpu"]),
            (&json!("512"), &json!(128))
        );
    }

    #[test]
    fn an_unknown_container_is_an_error_with_the_names() {
        let images = vec![edit(Some("api"), "b:1".to_owned())];
        let failure = DefinitionEdits { images, ..DefinitionEdits::default() }.apply(&mut document());
        let failure = failure.expect_err("no such container");
        assert!(
            failure.message.contains("no container `api`") && failure.hints[0].contains("app"),
            "{failure:?}"
        );
    }
}
