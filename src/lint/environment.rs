//! Checks of environment variables, secrets and environment files.

use std::collections::BTreeSet;

use super::Findings;
use super::view::{Task, items, shown, text};
use crate::document::tree::Node;
use crate::secrets::looks_secret;

/// The maximum number of environment files of a container, from the API reference: ContainerDefinition.environmentFiles.
const MAX_FILES: usize = 10;

pub(super) fn clash(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let plain: BTreeSet<&str> = names(items(container.node, "environment")).collect();
        for secret in items(container.node, "secrets") {
            let Some(node) = secret.get("name") else { continue };
            if node.text().is_some_and(|name| plain.contains(name)) {
                let message = format!(
                    "{} has {} both in `secrets` and in `environment`",
                    container.shown(),
                    shown(node)
                );
                let path = match node.span.expression {
                    true => container.path("secrets"),
                    false => container.path(&format!("secrets[{}]", node.text().unwrap_or_default())),
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

fn names(pairs: &[Node]) -> impl Iterator<Item = &str> {
    pairs.iter().filter_map(|pair| text(pair, "name"))
}

pub(super) fn plaintext(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        for pair in items(container.node, "environment") {
            let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) else { continue };
            let (Some(key), Some(text)) = (name.text(), value.text()) else { continue };
            let Some(why) = looks_secret(key, text) else { continue };
            let path = match name.span.expression {
                true => container.path("environment"),
                false => container.path(&format!("environment[{key}]")),
            };
            let message = format!("the plain value of {} looks like a secret: {why}", shown(name));
            let hint =
                "store it in Secrets Manager or Parameter Store, and reference it under `secrets`".to_owned();
            findings.add_private(name, path, message, hint);
        }
    }
}

pub(super) fn files(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let files = items(container.node, "environmentFiles");
        if let Some(list) = container.node.get("environmentFiles").filter(|_| files.len() > MAX_FILES) {
            let message = format!(
                "{} environment files of {}: ECS allows at most {MAX_FILES}",
                files.len(),
                container.shown()
            );
            findings.add(list, container.path("environmentFiles"), message, "merge some of them".to_owned());
        }
        for (index, file) in files.iter().enumerate() {
            let Some(node) = file.get("value") else { continue };
            if node.text().is_some_and(|value| !value.ends_with(".env")) {
                let message = format!("an environment file must be named `….env`, found {}", shown(node));
                let path = container.path(&format!("environmentFiles[{index}].value"));
                findings.add(node, path, message, "rename the object in S3".to_owned());
            }
        }
    }
}
