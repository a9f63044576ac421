//! Compose files: services become services on Fargate, or the containers of one task. Pure.

mod container;
mod keys;
mod project;
mod values;

pub(super) use values::{mebibytes, seconds};

use super::Session;
use super::ecs_cli::EcsParams;
use super::tools::{FoundFile, ToolInput};
use super::yaml_file::{YamlFile, entries};
use crate::document::tree::Node;
use crate::error::{Failure, Result};
use project::Project;

/// Returns whether a file is a Compose file: services with an image or a build.
pub(super) fn recognises(file: &FoundFile) -> bool {
    let is_yaml = file.path.ends_with(".yml") || file.path.ends_with(".yaml");
    if !is_yaml
        || !file.text.contains("services")
        || !file.text.contains("image") && !file.text.contains("build")
    {
        return false;
    }
    let Ok(file) = YamlFile::parse(&file.path, &file.text) else { return false };
    let services = entries(file.root.get("services"));
    let is_service = |node: &Node| node.get("image").is_some() || node.get("build").is_some();
    file.root.get("ecsail").is_none()
        && !services.is_empty()
        && services.iter().all(|(_, node)| is_service(node))
}

/// Imports Compose files.
///
/// # Errors
/// A file is no YAML, has no services, or is made of others.
pub(super) fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    let one_task = session.options.one_task;
    for found in input.files {
        import_file(session, found, one_task, &EcsParams::default())?;
    }
    Ok(())
}

/// Imports a Compose file as one task, with what the parameters of ecs-cli add.
///
/// # Errors
/// As [`import`].
pub(super) fn import_with(session: &mut Session<'_>, found: &FoundFile, params: &EcsParams) -> Result<()> {
    import_file(session, found, true, params)
}

fn import_file(
    session: &mut Session<'_>,
    found: &FoundFile,
    one_task: bool,
    params: &EcsParams,
) -> Result<()> {
    let file = YamlFile::parse(&found.path, &found.text)?;
    let services = entries(file.root.get("services"));
    if services.is_empty() {
        return Err(Failure::error(format!("`{}` has no `services`", found.path)));
    }
    let extends = services.iter().any(|(_, node)| node.get("extends").is_some());
    if file.root.get("include").is_some() || extends {
        return Err(Failure::error(format!(
            "`{}` is made of other files, by `include` or `extends`",
            found.path
        ))
        .with_hint(
            "resolve them first: `docker compose config > resolved.yml`, and import that".to_owned(),
        ));
    }
    Project { file, one_task, params: params.clone() }.import(session);
    Ok(())
}
