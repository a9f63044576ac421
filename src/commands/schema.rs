//! `ecsail schema`: prints the JSON Schema of the files that people write, for their editors.

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::context::Context;
use crate::document::model::Root;
use crate::document::schema;
use crate::report::{Event, Outcome};

/// Prints the JSON Schema of a kind of file, for editors
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail schema manifest > .ecsail/manifest.schema.json
  ecsail schema task-definition > .ecsail/task-definition.schema.json

In a file: # yaml-language-server: $schema=.ecsail/task-definition.schema.json")]
pub struct Schema {
    /// The kind of file
    kind: Kind,
}

/// Names a kind of file that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Manifest,
    TaskDefinition,
    Service,
}

/// Runs the verb.
///
/// # Errors
/// None; the signature is that of all verbs.
pub fn run(args: &Schema, context: &Context) -> Result<Outcome> {
    let schema = match args.kind {
        // The file is part of the build, and a test reads it.
        Kind::Manifest => serde_json::from_str(crate::manifest::SCHEMA).unwrap_or(Value::Null),
        Kind::TaskDefinition => schema::schema(Root::TaskDefinition),
        Kind::Service => schema::schema(Root::Service),
    };
    let text = serde_json::to_string_pretty(&schema)?;
    context.report.tell(&Event::Answer { event: "schema", text: &text, value: json!({"schema": schema}) });
    Ok(Outcome::Done)
}
