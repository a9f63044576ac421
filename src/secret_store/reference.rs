//! How documents refer to secrets: `valueFrom` of containers and log drivers, and the credentials of registries.

use serde_json::Value;

use super::SecretStore;
use crate::document::arn::Arn;

/// What a `valueFrom` refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    pub store: SecretStore,
    /// The name of a parameter without its version, or the ARN of a secret without JSON key, stage and version.
    pub id: String,
    /// `None` for the region of the run.
    pub region: Option<String>,
    /// `None` for the account of the run.
    pub account: Option<String>,
}

impl SecretReference {
    /// Returns what a text refers to: an ARN of one of the services, or the name of a parameter ("Specifying sensitive data" in
    /// the developer guide of ECS). `None` for the ARN of anything else.
    pub fn parse(text: &str) -> Option<SecretReference> {
        let Some(arn) = Arn::parse(text) else {
            let name = text.split(':').next().unwrap_or_default();
            let is_name = !text.starts_with("arn:") && !name.is_empty();
            return is_name.then(|| SecretReference {
                store: SecretStore::ParameterStore,
                id: name.to_owned(),
                region: None,
                account: None,
            });
        };
        let (region, account) = (Some(arn.region.to_owned()), Some(arn.account.to_owned()));
        let (store, id) = match arn.service {
            "ssm" => {
                let name = arn.resource.strip_prefix("parameter/")?.split(':').next()?;
                (SecretStore::ParameterStore, format!("/{name}"))
            }
            "secretsmanager" => {
                let name = arn.resource.strip_prefix("secret:")?.split(':').next()?;
                let head = text.len() - arn.resource.len();
                (SecretStore::SecretsManager, format!("{}secret:{name}", &text[..head]))
            }
            _ => return None,
        };
        Some(SecretReference { store, id, region, account })
    }

    /// Returns the names that a parameter may have: the ARN of one without a slash at its beginning has the same form.
    pub fn parameter_names(&self) -> Vec<String> {
        let bare = self.id.trim_start_matches('/');
        if self.region.is_some() && !bare.contains('/') {
            return vec![self.id.clone(), bare.to_owned()];
        }
        vec![self.id.clone()]
    }

    /// Returns the name with which it can be written.
    pub fn name(&self) -> &str {
        let name = self.id.rsplit_once(":secret:").map_or(self.id.as_str(), |(_, name)| name);
        // The ARN of a secret ends in a hyphen and six characters.
        match name.rsplit_once('-') {
            Some((name, suffix)) if self.store == SecretStore::SecretsManager && suffix.len() == 6 => name,
            _ => name,
        }
    }
}

/// A place in a document that refers to a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// The environment variable or option; empty for the credentials of a registry.
    pub variable: String,
    pub value_from: String,
}

/// Returns the places of a document that refer to secrets, in their order.
pub fn secret_uses(document: &Value) -> Vec<SecretUse> {
    let mut found = Vec::new();
    collect(document, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<SecretUse>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "secrets" | "secretOptions" => found.extend(entries(member)),
                    "credentialsParameter" => found.extend(
                        member
                            .as_str()
                            .map(|text| SecretUse { variable: String::new(), value_from: text.to_owned() }),
                    ),
                    _ => collect(member, found),
                }
            }
        }
        _ => {}
    }
}

fn entries(list: &Value) -> impl Iterator<Item = SecretUse> {
    let text = |entry: &Value, member: &str| entry[member].as_str().map(str::to_owned);
    list.as_array().into_iter().flatten().filter_map(move |entry| {
        let value_from = text(entry, "valueFrom")?;
        Some(SecretUse { variable: text(entry, "name").unwrap_or_default(), value_from })
    })
}
