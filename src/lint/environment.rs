//! Checks of environment variables, secrets and environment files.

use std::collections::BTreeSet;

use super::CheckProblems;
use super::document_view::{TaskDefinitionView, member_items, member_text, quoted_scalar};
use super::forms::is_placeholder;
use crate::document::tree::Node;
use crate::secret_store::ciphertext_in;
use crate::secrets::{KnownSource, known_source, looks_secret};

/// The maximum number of environment files of a container, from the API reference: ContainerDefinition.environmentFiles.
const MAX_ENVIRONMENT_FILES: usize = 10;

pub(super) fn secret_and_variable(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let plain: BTreeSet<&str> = variable_names(member_items(container.node, "environment")).collect();
        for secret in member_items(container.node, "secrets") {
            let Some(node) = secret.get("name") else { continue };
            if node.text().is_some_and(|name| plain.contains(name)) {
                let message = format!(
                    "{} has {} both in `secrets` and in `environment`",
                    container.label(),
                    quoted_scalar(node)
                );
                let path = if node.span.from_expression {
                    container.member_path("secrets")
                } else {
                    container.member_path(&format!("secrets[{}]", node.text().unwrap_or_default()))
                };
                findings.add(
                    node,
                    path,
                    message,
                    "remove it from `environment` or from `secrets`".to_owned(),
                );
            }
        }
    }
}

fn variable_names(pairs: &[Node]) -> impl Iterator<Item = &str> {
    pairs.iter().filter_map(|pair| member_text(pair, "name"))
}

pub(super) fn plaintext_secrets(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        for pair in member_items(container.node, "environment") {
            let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) else { continue };
            let (Some(key), Some(text)) = (name.text(), value.text()) else { continue };
            let source = known_source(text);
            // A ciphertext is a warning where it is decrypted.
            if source == Some(KnownSource::Ciphertext) || ciphertext_in(text).is_some() {
                continue;
            }
            let Some(why) = looks_secret(key, text) else { continue };
            let path = if name.span.from_expression {
                container.member_path("environment")
            } else {
                container.member_path(&format!("environment[{key}]"))
            };
            if let Some(source) = source {
                findings.add_without_source_line(name, path, of_lookup(name), entry(key, &source));
                continue;
            }
            let message = format!("the plain value of {} looks like a secret: {why}", quoted_scalar(name));
            let hint =
                "store it in Secrets Manager or Parameter Store, and reference it under `secrets`".to_owned();
            findings.add_without_source_line(name, path, message, hint);
        }
    }
}

/// Returns the message about the plain value of a variable that is a secret where it was looked up.
fn of_lookup(name: &Node) -> String {
    format!("the plain value of {} is a secret where it was looked up", quoted_scalar(name))
}

/// Returns the hint with the entry of `secrets` to write in place of a plain value.
fn entry(key: &str, source: &KnownSource) -> String {
    let KnownSource::Parameter(parameter) = source else {
        return "store it in Secrets Manager or Parameter Store, and reference it under `secrets`".to_owned();
    };
    format!(
        "remove it from `environment`, and write under `secrets`: `{{ name: {key}, valueFrom: {parameter} }}`"
    )
}

pub(super) fn environment_files(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let files = member_items(container.node, "environmentFiles");
        if let Some(list) =
            container.node.get("environmentFiles").filter(|_| files.len() > MAX_ENVIRONMENT_FILES)
        {
            let message = format!(
                "{} environment files of {}: ECS allows at most {MAX_ENVIRONMENT_FILES}",
                files.len(),
                container.label()
            );
            findings.add(
                list,
                container.member_path("environmentFiles"),
                message,
                "merge some of them".to_owned(),
            );
        }
        for (index, file) in files.iter().enumerate() {
            let Some(node) = file.get("value") else { continue };
            let misnamed = |value: &str| !value.is_empty() && !value.ends_with(".env");
            if node.text().is_some_and(misnamed) && !is_placeholder(node) {
                let message =
                    format!("an environment file must be named `….env`, found {}", quoted_scalar(node));
                let path = container.member_path(&format!("environmentFiles[{index}].value"));
                findings.add(node, path, message, "rename the object in S3".to_owned());
            }
        }
    }
}
