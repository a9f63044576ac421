//! `ecsail render`: prints the documents, exactly as they would be sent.

use clap::Args;
use serde_json::Value;

use super::Selection;
use crate::context::Context;
use crate::error::Result;
use crate::manifest;
use crate::render::{self, Definition, Desired, DesiredService};
use crate::report::{Event, Outcome};

/// Print the rendered documents, exactly as they would be sent
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail render --tag 1.4.2
  ecsail render service web --stage production --tag 1.4.2 --output json

Values of environment variables are printed unmasked, as they would be sent.")]
pub struct Render {
    #[command(flatten)]
    selection: Selection,
}

/// Runs the verb.
///
/// # Errors
/// Every problem in the files.
pub fn run(args: &Render, context: &Context) -> Result<Outcome> {
    let request = args.selection.request()?;
    let manifest = manifest::load(&context.settings, &request)?;
    let desired = render::desired(&manifest)?;
    context.report.tell(&Event::Remarks(&desired.remarks));
    let mut documents: Vec<_> = desired.services.iter().flat_map(documents).collect();
    documents.extend(own_definitions(&desired));
    for service in
        desired.services.iter().filter(|service| matches!(service.definition, Definition::Running(_)))
    {
        let note = format!(
            "`{}` keeps its running definition with new image tags; see it with `ecsail plan`",
            service.key
        );
        context.report.tell(&Event::Note(&note));
    }
    context.report.tell(&Event::Documents(&documents));
    Ok(Outcome::Done)
}

/// Returns the definitions of tasks and schedules, each with its name.
fn own_definitions(desired: &Desired) -> Vec<(String, Value)> {
    let tasks = desired.tasks.iter().map(|task| (format!("task {}", task.key), &task.work));
    let schedules = desired.schedules.iter().flat_map(|schedule| {
        let name = format!("schedule {}", schedule.key);
        schedule.targets.iter().map(move |target| (name.clone(), &target.work))
    });
    let mut documents: Vec<(String, Value)> = Vec::new();
    for (name, work) in tasks.chain(schedules) {
        let Some(Definition::Rendered(document)) = &work.definition else { continue };
        // A schedule that names a task has the same definition.
        if !documents.iter().any(|(_, known)| known == document) {
            documents.push((format!("{name}: task definition"), document.clone()));
        }
    }
    documents
}

/// Returns the documents of a service, each with its name.
fn documents(service: &DesiredService) -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    if let Definition::Rendered(document) = &service.definition {
        documents.push((format!("{}: task definition", service.key), document.clone()));
    }
    if let Some(document) = &service.service {
        documents.push((format!("{}: service", service.key), document.clone()));
    }
    documents
}
