//! Workflows of GitHub with the actions of AWS: the render and deploy steps become a service of the manifest, and one step of
//! ecsail. The workflow itself is not written: the import shows the difference, and writes it as a patch. Pure.

mod definition;
mod deploy;
mod expressions;
mod images;
mod render;
mod rewrite;
mod workflow;

use super::REWRITTEN_FOLDER;
use super::Session;
use super::source::{file_name, folder_of};
use super::tools::{FoundFile, ToolInput};
use super::unified_diff::unified_diff;
use crate::error::{Failure, Result};
use crate::shell::quote;
use deploy::{Deploy, ImportedDeploy};
use workflow::{StepKind, Workflow};

/// Returns whether a file is a workflow with one of the actions.
pub(super) fn recognises(file: &FoundFile) -> bool {
    let is_yaml = file.path.ends_with(".yml") || file.path.ends_with(".yaml");
    is_yaml
        && workflow::mentions_actions(&file.text)
        && Workflow::read(&file.path, &file.text).is_ok_and(|workflow| workflow.has(StepKind::Deploy))
}

/// Imports workflows.
///
/// # Errors
/// A workflow is no YAML, or a file that it names cannot be read.
pub(super) fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    for file in input.files {
        import_file(session, file)?;
    }
    Ok(())
}

fn import_file(session: &mut Session<'_>, file: &FoundFile) -> Result<()> {
    let workflow = Workflow::read(&file.path, &file.text)?;
    let root = root(&file.path).to_owned();
    let mut deploys = deploy::deploys(&workflow);
    if deploys.is_empty() {
        return Err(Failure::error(format!(
            "`{}` has no step of the action amazon-ecs-deploy-task-definition",
            file.path
        )));
    }
    let of_file = session.stage(&file.path);
    let stages = stages(&workflow, &deploys);
    for (at, deploy) in deploys.iter_mut().enumerate() {
        deploy.stage = stages.get(at).cloned().or_else(|| of_file.clone());
    }
    mark_own_images(&workflow, &mut deploys);
    let mut imported: Vec<(Deploy, ImportedDeploy)> = Vec::new();
    for deploy in deploys {
        if let Some(made) = deploy::import(session, &workflow, &root, &deploy)? {
            session.add_draft(deploy.stage.clone(), &file.path, made.draft.clone());
            imported.push((deploy, made));
        }
    }
    report_unused(session, &workflow, &imported);
    let why = "the action registered a revision each time; ecsail registers where something changed, and rolls back a rollout that fails";
    session.changed(&file.path, None, "deploys", why);
    add_patch(session, &workflow, &imported);
    Ok(())
}

/// Marks the deploys that have another image for a container than another deploy of the stage.
fn mark_own_images(workflow: &Workflow, deploys: &mut [Deploy]) {
    let images: Vec<Vec<(String, Option<String>)>> = deploys
        .iter()
        .map(|deploy| {
            let job = &workflow.jobs[deploy.job];
            let steps = deploy.renders.iter().map(|at| &job.steps[*at]);
            let image = |step: &workflow::Step| {
                let input = step.with.get("image")?;
                let image = expressions::image(input, step, job).map(|image| image.repository);
                Some((step.with.get("container-name")?.clone(), image.or_else(|| Some(input.clone()))))
            };
            steps.filter_map(image).collect()
        })
        .collect();
    for at in 0..deploys.len() {
        let differs = |other: usize| {
            other != at
                && deploys[other].stage == deploys[at].stage
                && images[at].iter().any(|(name, image)| {
                    images[other].iter().any(|(known, other)| known == name && other != image)
                })
        };
        deploys[at].has_own_images = (0..deploys.len()).any(differs);
    }
}

/// Returns the folder of the repository of a workflow.
fn root(path: &str) -> &str {
    match path.find(".github/workflows/") {
        Some(at) => path[..at].trim_end_matches('/'),
        None => folder_of(path),
    }
}

/// Returns the stages of deploy steps: the environments of their jobs, or what differs in the names of their jobs. None where
/// the steps deploy different services.
fn stages(workflow: &Workflow, deploys: &[Deploy]) -> Vec<String> {
    let jobs = || deploys.iter().map(|deploy| &workflow.jobs[deploy.job]);
    let is_distinct = |names: &[String]| {
        let set: std::collections::BTreeSet<&String> = names.iter().collect();
        names.len() > 1 && set.len() == names.len()
    };
    let sources = || {
        deploys.iter().map(|deploy| {
            let job = &workflow.jobs[deploy.job];
            let step = &job.steps[deploy.renders.first().copied().unwrap_or(deploy.step)];
            step.with.get("task-definition").map(|path| expressions::resolve(path, step))
        })
    };
    let is_one_app = sources().collect::<std::collections::BTreeSet<_>>().len() == 1;
    let environments: Vec<String> = jobs().filter_map(|job| job.environment.clone()).collect();
    let is_stage = |name: &String| !expressions::has_expression(name);
    if environments.len() == deploys.len() && is_distinct(&environments) && environments.iter().all(is_stage)
    {
        return environments;
    }
    let names: Vec<String> =
        jobs().map(|job| job.name.trim_start_matches("deploy").trim_matches(['-', '_']).to_owned()).collect();
    if is_one_app && is_distinct(&names) && names.iter().all(|name| !name.is_empty()) {
        names
    } else {
        Vec::new()
    }
}

/// Reports the steps that take something from a step that is gone, and render steps without a deploy step.
fn report_unused(session: &mut Session<'_>, workflow: &Workflow, imported: &[(Deploy, ImportedDeploy)]) {
    for (index, job) in workflow.jobs.iter().enumerate() {
        let gone: Vec<usize> = imported
            .iter()
            .filter(|(deploy, _)| deploy.job == index)
            .flat_map(|(deploy, _)| deploy.renders.iter().copied().chain([deploy.step]))
            .collect();
        let ids: Vec<&str> = gone.iter().filter_map(|at| job.steps[*at].id.as_deref()).collect();
        for (_, step) in job.steps.iter().enumerate().filter(|(at, _)| !gone.contains(at)) {
            if step.kind == StepKind::Render {
                session.missing(
                    &workflow.file.path,
                    Some(step.line),
                    "render step",
                    "no deploy step takes its output",
                );
            }
            let texts = step.with.values().chain(step.env.values()).chain(&step.run);
            let used =
                ids.iter().find(|id| texts.clone().any(|text| text.contains(&format!("steps.{id}.outputs"))));
            if let Some(id) = used {
                let why = "it takes an output of a step that is gone: the action of ecsail has the outputs `verdict` and `report`";
                session.missing(&workflow.file.path, Some(step.line), &format!("steps.{id}.outputs"), why);
            }
        }
    }
}

fn add_patch(session: &mut Session<'_>, workflow: &Workflow, imported: &[(Deploy, ImportedDeploy)]) {
    let after = rewrite::rewrite(workflow, imported);
    let patch = unified_diff(&workflow.file.path, &workflow.file.text, &after);
    if patch.is_empty() {
        return;
    }
    let path = format!("{REWRITTEN_FOLDER}/{}.patch", file_name(&workflow.file.path));
    session.add_output(&path, patch.clone());
    session.diffs.push(patch);
    session.commands.push(format!("git apply {}", quote(&path)));
}
