//! `ecsail render`: prints the documents, exactly as they would be sent.

use clap::Args;
use serde_json::Value;

use super::{SelectionArgs, lookups};
use crate::context::CommandContext;
use crate::error::Result;
use crate::render::{DefinitionSource, DesiredService, DesiredState};
use crate::report::{CommandOutcome, Event};
use crate::secrets::value_without_known;

/// Print the rendered documents, exactly as they would be sent
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail render --tag 1.4.2
  ecsail render web --stage production --tag 1.4.2 --output json

Values of environment variables are printed unmasked, as they would be sent.")]
pub struct RenderArgs {
    #[command(flatten)]
    selection: SelectionArgs,
}

/// Runs the verb.
///
/// # Errors
/// Every problem in the files.
pub async fn run(args: &RenderArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let request = args.selection.request()?;
    let (_, desired) = lookups::render(&request, &context.settings, context, Ok).await?;
    context.reporter.report(&Event::FileProblems(&desired.file_problems));
    let mut documents: Vec<_> = desired.services.iter().flat_map(service_documents).collect();
    documents.extend(task_and_schedule_definitions(&desired));
    // What a look-up gave as a secret is never printed.
    for (_, document) in &mut documents {
        *document = value_without_known(document.take());
    }
    for service in desired
        .services
        .iter()
        .filter(|service| matches!(service.definition, DefinitionSource::RunningWithTags(_)))
    {
        let note = format!(
            "`{}` keeps its running definition with new image tags; see it with `ecsail plan`",
            service.key
        );
        context.reporter.report(&Event::Note(&note));
    }
    context.reporter.report(&Event::Documents(&documents));
    Ok(CommandOutcome::Succeeded)
}

/// Returns the definitions of tasks and schedules, each with its name.
fn task_and_schedule_definitions(desired: &DesiredState) -> Vec<(String, Value)> {
    let tasks = desired.tasks.iter().map(|task| (format!("task {}", task.key), &task.spec));
    let schedules = desired.schedules.iter().flat_map(|schedule| {
        let name = format!("schedule {}", schedule.key);
        schedule.targets.iter().map(move |target| (name.clone(), &target.spec))
    });
    let mut documents: Vec<(String, Value)> = Vec::new();
    for (name, work) in tasks.chain(schedules) {
        let Some(DefinitionSource::Rendered(document)) = &work.definition else { continue };
        // A schedule that names a task has the same definition.
        if !documents.iter().any(|(_, known)| known == document) {
            documents.push((format!("{name}: task definition"), document.clone()));
        }
    }
    documents
}

/// Returns the documents of a service, each with its name.
fn service_documents(service: &DesiredService) -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    if let DefinitionSource::Rendered(document) = &service.definition {
        documents.push((format!("{}: task definition", service.key), document.clone()));
    }
    if let DefinitionSource::Express(document) = &service.definition {
        documents.push((format!("{}: Express service", service.key), document.clone()));
    }
    if let Some(document) = &service.service {
        documents.push((format!("{}: service", service.key), document.clone()));
    }
    documents
}
