//! `ecsail schema`: prints the JSON Schema of the files that users write, and of the output of `--output json`.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::context::Context;
use crate::document::model::Root;
use crate::document::schema;
use crate::error::Result;
use crate::report::json::SCHEMA;
use crate::report::{Event, Outcome};

/// Print the JSON Schema of a kind of file, or of the events of `--output json`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schema manifest > .ecsail/manifest.schema.json
  ecsail schema task-definition > .ecsail/task-definition.schema.json
  ecsail schema events > events.schema.json

In a file: # yaml-language-server: $schema=.ecsail/task-definition.schema.json")]
pub struct Schema {
    /// Kind of file; `events` are the lines that `--output json` prints
    kind: Kind,
}

/// What a schema exists for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Manifest,
    TaskDefinition,
    Service,
    Events,
}

/// Runs the verb.
///
/// # Errors
/// None; all verbs have the same signature.
pub fn run(args: &Schema, context: &Context) -> Result<Outcome> {
    let schema = match args.kind {
        // The files are compiled in, and tests parse them.
        Kind::Manifest => serde_json::from_str(crate::manifest::SCHEMA).unwrap_or(Value::Null),
        Kind::Events => serde_json::from_str(SCHEMA).unwrap_or(Value::Null),
        Kind::TaskDefinition => schema::schema(Root::TaskDefinition),
        Kind::Service => schema::schema(Root::Service),
    };
    let text = format!("{schema:#}");
    context.report.tell(&Event::Answer { event: "schema", text: &text, value: json!({"schema": schema}) });
    Ok(Outcome::Done)
}
