//! The workflow with a step of ecsail in place of the render and deploy steps; everything else stays as it is written. Pure.

use std::ops::Range;

use super::deploy::{Deploy, ImportedDeploy};
use super::workflow::{Step, Workflow};
use crate::document::tree::Node;
use crate::import::edits;
use crate::import::yaml_file::YamlFile;

/// The action of ecsail; the owner is that of the repository of this release.
const ACTION: &str = "OWNER/ecsail@v1";

/// Returns the text of the workflow after the import.
pub(super) fn rewrite(workflow: &Workflow, imported: &[(Deploy, ImportedDeploy)]) -> String {
    let mut changes = Vec::new();
    for (deploy, made) in imported {
        let job = &workflow.jobs[deploy.job];
        for at in &deploy.renders {
            changes.push((step_lines(&workflow.file, &job.steps[*at], true), String::new()));
        }
        replace_step(&workflow.file, &job.steps[deploy.step], made, &mut changes);
    }
    edits::apply(&workflow.file.text, changes)
}

/// Returns the whole lines of a step, with the blank lines below it.
fn step_lines(file: &YamlFile, step: &Step, with_blank: bool) -> Range<usize> {
    let start = line_start(&file.text, step.node.span.start);
    let mut end = line_end(&file.text, last_end(&step.node));
    while with_blank && end < file.text.len() {
        let next = line_end(&file.text, end);
        if !file.text[end..next].trim().is_empty() {
            break;
        }
        end = next;
    }
    start..end
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

fn last_end(node: &Node) -> usize {
    let inner = node.items().iter().chain(node.entries().iter().map(|(_, value)| value)).map(last_end).max();
    inner.unwrap_or(node.span.end)
}

/// Replaces what the step uses and its inputs, and adds the variables.
fn replace_step(
    file: &YamlFile,
    step: &Step,
    made: &ImportedDeploy,
    changes: &mut Vec<(Range<usize>, String)>,
) {
    let entry = |name: &str| step.node.entries().iter().find(|(key, _)| key.name == name);
    if let Some((_, uses)) = entry("uses") {
        changes.push((file.scalar_range(uses.span), ACTION.to_owned()));
    }
    let Some((with_key, with)) = entry("with") else { return };
    let indent = " ".repeat(file.indentation(with_key.span));
    let own = entry("env").filter(|(_, node)| !node.entries().is_empty());
    let variables: String = made
        .variables
        .all()
        .iter()
        .filter(|(name, _)| own.is_none_or(|(_, node)| node.get(name).is_none()))
        .map(|(name, value)| format!("{indent}  {name}: {value}\n"))
        .collect();
    let mut written = format!("{indent}with:\n{indent}  run: {}\n", made.command);
    match own {
        Some((_, node)) => {
            let end = line_end(&file.text, last_end(node));
            changes.push((end..end, variables));
        }
        None if !variables.is_empty() => written = format!("{indent}env:\n{variables}{written}"),
        None => {}
    }
    // A step may begin with its inputs.
    let start = line_start(&file.text, with_key.span.start);
    let end = line_end(&file.text, last_end(with));
    let is_first = file.text[start..with_key.span.start].contains('-');
    let written = if is_first {
        format!("{}{}", &file.text[start..with_key.span.start], written.trim_start())
    } else {
        written
    };
    let text = if file.text[..end].ends_with('\n') { written } else { written.trim_end().to_owned() };
    changes.push((start..end, text));
}
