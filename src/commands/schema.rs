//! `ecsail schema`: prints the JSON Schema of the files that users write, and of the output of `--output json`.

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::context::CommandContext;
use crate::document::model::DocumentKind;
use crate::document::schema;
use crate::error::{Failure, Result};
use crate::events::answer::ShownSchema;
use crate::events::{self, JsonEvent};
use crate::report::{CommandOutcome, Event};

/// Print the JSON Schema of a kind of file, or of the events of `--output json`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schema manifest > manifest.schema.json
  ecsail schema task-definition > task-definition.schema.json
  ecsail schema events > events.schema.json

In a file: # yaml-language-server: $schema=task-definition.schema.json")]
pub struct SchemaArgs {
    /// Kind of file; `events` are the lines that `--output json` prints
    kind: SchemaKind,
}

/// What a schema exists for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    Manifest,
    TaskDefinition,
    Service,
    Express,
    Events,
}

/// Returns the failure of a schema that is not JSON.
fn not_json(error: serde_json::Error) -> Failure {
    Failure::error("failed to parse the schema of the manifest").with_cause(error.to_string())
}

/// Runs the verb.
///
/// # Errors
/// None; all verbs have the same signature.
pub fn run(args: &SchemaArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let schema = match args.kind {
        // The file is compiled in, and a test parses it.
        SchemaKind::Manifest => serde_json::from_str(crate::manifest::SCHEMA).map_err(not_json)?,
        SchemaKind::Events => Value::Object(events::schema::schema()),
        SchemaKind::TaskDefinition => schema::json_schema(DocumentKind::TaskDefinition),
        SchemaKind::Service => schema::json_schema(DocumentKind::Service),
        SchemaKind::Express => schema::json_schema(DocumentKind::Express),
    };
    let text = format!("{schema:#}");
    let schema = schema.as_object().cloned().unwrap_or_default();
    let event = JsonEvent::ShownSchema(ShownSchema { schema });
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}
