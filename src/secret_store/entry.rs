//! The entry of `secrets` that refers to a secret.

use super::{SecretName, SecretStore};

/// An entry of `secrets` of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretEntry {
    /// The environment variable.
    pub name: String,
    pub value_from: String,
    /// The expression for `valueFrom` that finds the ARN in each stage, where the plain value is one of this stage.
    pub template: Option<String>,
}

impl SecretEntry {
    /// Returns the entry for a secret. `arn` is that of a secret in Secrets Manager; a parameter is named without one, which ECS
    /// takes in its own region.
    pub fn new(variable: &str, secret: &SecretName, arn: Option<&str>) -> SecretEntry {
        let template = format!("{{{{ secret('{}') }}}}", secret.name);
        let (value_from, template) = match (secret.store, arn) {
            (SecretStore::SecretsManager, Some(arn)) => (arn.to_owned(), Some(template)),
            _ => (secret.name.clone(), None),
        };
        SecretEntry { name: variable.to_owned(), value_from, template }
    }

    /// Returns the entry as YAML.
    pub fn line(&self) -> String {
        format!("- {{ name: {}, valueFrom: {} }}", self.name, yaml_text(&self.value_from))
    }
}

/// Returns a text in quotes where YAML would take it for something else, such as a number.
fn yaml_text(text: &str) -> String {
    let is_plain = text.starts_with('/') || text.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_plain
        && !["true", "false", "yes", "no", "on", "off", "null"].contains(&text.to_lowercase().as_str())
    {
        text.to_owned()
    } else {
        format!("'{text}'")
    }
}

/// Returns the environment variable that a secret most likely is: the last part of its name in capitals.
pub fn variable_name(secret: &str) -> String {
    let last = secret.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = last.chars().map(letter).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}
