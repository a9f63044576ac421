//! Finds the command lines of definitions and schedules that hold what looks like a secret, and hides it in files that are only
//! printed. What counts as a secret is decided by `secrets`. Pure.

use serde_json::Value;

use crate::secrets::masked;

/// Hides what looks like a secret in the command lines of a document. Returns whether there was any.
pub(super) fn hide_in_commands(document: &mut Value) -> bool {
    let before = document.clone();
    visit(document);
    *document != before
}

fn visit(value: &mut Value) {
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
            *value = masked(value.take(), false);
        }
        Value::Array(items) => items.iter_mut().for_each(visit),
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                match value {
                    Value::String(_) if name == "command" => *value = masked(value.take(), false),
                    value => visit(value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_command_lines_with_secrets_are_changed() {
        let mut document = json!({"family": "web", "containerDefinitions": [
            {"command": ["serve", "--password", "hunter2"], "environment": [{"name": "A", "value": "x"}]}]});
        assert!(hide_in_commands(&mut document));
        let expected = json!(["serve", "--password", "(hidden)"]);
        assert_eq!(document["containerDefinitions"][0]["command"], expected);
        let mut plain = json!({"containerDefinitions": [{"command": ["serve", "--port", "80"]}]});
        assert!(!hide_in_commands(&mut plain));
    }
}
