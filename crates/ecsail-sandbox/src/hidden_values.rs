//! Hides values in the input of a call: those of environment variables, secrets and credentials. Keeps everything else, names
//! included.

use serde_json::Value;

/// What stands in the place of a hidden value.
const HIDDEN: &str = "(hidden)";

/// Lists of pairs whose values are hidden, and the member of a pair that holds the value.
const PAIRS: &[(&str, &str)] = &[
    ("environment", "value"),
    ("secrets", "valueFrom"),
    ("secretOptions", "valueFrom"),
    // EventBridge spells the members of its targets with a capital.
    ("Environment", "Value"),
];

/// Members that hold a credential.
const CREDENTIALS: &[&str] = &["WebIdentityToken", "SAMLAssertion", "SecretString", "Plaintext"];

/// Members that hold a document as text: the input of a rule's or a schedule's target.
const DOCUMENTS: &[&str] = &["Input", "input", "InputTemplate"];

/// Hides the values in an input.
pub(crate) fn hide(input: &mut Value) {
    match input {
        Value::Object(members) => {
            // A parameter: no other pair of a name and a value has such members.
            let is_parameter = members.contains_key("Overwrite") || members.contains_key("Type");
            if let Some(value) = members.get_mut("Value").filter(|_| is_parameter) {
                *value = Value::from(HIDDEN);
            }
            for (name, value) in members {
                hide_member(name, value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn hide_member(name: &str, value: &mut Value) {
    if let Some((_, member)) = PAIRS.iter().find(|(list, _)| *list == name)
        && let Value::Array(pairs) = value
    {
        for pair in pairs {
            if let Some(value) = pair.get_mut(member) {
                *value = Value::from(HIDDEN);
            }
        }
        return;
    }
    if name == "logConfiguration" {
        hide_options(value);
    }
    if CREDENTIALS.contains(&name) {
        *value = Value::from(HIDDEN);
        return;
    }
    if DOCUMENTS.contains(&name)
        && let Value::String(text) = value
    {
        *text = hide_in_document(text);
        return;
    }
    hide(value);
}

/// Hides the log options that no `awslogs` driver has, such as the token of Splunk.
fn hide_options(configuration: &mut Value) {
    let Some(Value::Object(options)) = configuration.get_mut("options") else { return };
    for (name, value) in options {
        if !name.starts_with("awslogs-") {
            *value = Value::from(HIDDEN);
        }
    }
}

/// Returns a document as text with its values hidden; one that is not JSON is hidden whole.
fn hide_in_document(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut document) => {
            hide(&mut document);
            document.to_string()
        }
        Err(_) => HIDDEN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hidden(mut input: Value) -> String {
        hide(&mut input);
        input.to_string()
    }

    #[test]
    fn values_of_a_definition_and_of_overrides_are_hidden_and_names_are_kept() {
        for input in [
            json!({ "containerDefinitions": [{
                "environment": [{ "name": "KEY", "value": "hunter2" }],
                "secrets": [{ "name": "KEY", "valueFrom": "hunter2" }],
                "logConfiguration": { "options": { "splunk-token": "hunter2" },
                    "secretOptions": [{ "name": "KEY", "valueFrom": "hunter2" }] },
            }] }),
            json!({ "overrides": { "containerOverrides": [{ "environment": [{ "name": "KEY", "value": "hunter2" }] }] } }),
        ] {
            let text = hidden(input);
            assert!(text.contains("KEY") && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn values_in_the_input_of_a_target_are_hidden() {
        let overrides =
            json!({ "containerOverrides": [{ "environment": [{ "name": "KEY", "value": "hunter2" }] }] });
        let text = hidden(json!({ "Target": { "Input": overrides.to_string() } }));
        assert!(text.contains("KEY") && !text.contains("hunter2"), "{text}");
        assert_eq!(hidden(json!({ "Input": "hunter2" })), json!({ "Input": HIDDEN }).to_string());
    }

    #[test]
    fn the_values_of_parameters_and_secrets_are_hidden() {
        for input in [
            json!({ "Name": "/shop/x", "Value": "hunter2", "Type": "SecureString", "Overwrite": false }),
            json!({ "Name": "/shop/x", "SecretString": "hunter2" }),
            json!({ "KeyId": "/shop/x", "Plaintext": "hunter2" }),
        ] {
            let text = hidden(input);
            assert!(text.contains("/shop/x") && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn credentials_are_hidden() {
        assert_eq!(
            hidden(json!({ "WebIdentityToken": "a.b.c" })),
            json!({ "WebIdentityToken": HIDDEN }).to_string()
        );
    }

    #[test]
    fn everything_else_is_kept() {
        let input = json!({ "cluster": "shop", "overrides": { "cpu": "256" }, "secrets": "none",
            "logConfiguration": { "options": { "awslogs-group": "/shop/web" } } });
        assert_eq!(hidden(input.clone()), input.to_string());
    }
}
