//! `ecsail lock init`: creates the table of locks, or prints it for Terraform.

use std::time::Duration;

use clap::Args;

use super::{ChosenLock, load_lock};
use crate::apply::stage_lock::create_table;
use crate::context::CommandContext;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::events::lock::LockTable;
use crate::exit_codes;
use crate::report::{CommandOutcome, Event};

/// How long a table may take to be created; it takes a few seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// What a table is printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PrintFormat {
    Terraform,
}

/// Create the DynamoDB table of the lock
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("lock init", "Examples:
  ecsail lock init --stage production
  ecsail lock init --stage production --print terraform

One table serves all apps and stages of an account and region."))]
pub struct LockInitArgs {
    /// Print the table instead of creating it
    #[arg(long, value_name = "FORMAT")]
    print: Option<PrintFormat>,
}

/// Runs the verb.
///
/// # Errors
/// The manifest has no lock, there is another table of its name, or a call failed.
pub async fn run(args: &LockInitArgs, context: &CommandContext) -> Result<CommandOutcome> {
    if args.print.is_some() {
        let (_, lock) = load_lock(context).await?;
        let event =
            LockTable { table: lock.table.clone(), created: false, terraform: Some(terraform(&lock.table)) };
        report(&terraform(&lock.table), event, context);
        return Ok(CommandOutcome::Succeeded);
    }
    let chosen = ChosenLock::connect(context).await?;
    let created = create_table(&chosen.table, LIMIT).await?;
    let table = chosen.table.name;
    let text = if created { format!("created table `{table}`") } else { format!("table `{table}` is there") };
    report(&text, LockTable { table, created, terraform: None }, context);
    Ok(CommandOutcome::Succeeded)
}

fn report(text: &str, event: LockTable, context: &CommandContext) {
    context.reporter.report(&Event::Answer { text, event: JsonEvent::LockTable(event) });
}

fn terraform(table: &str) -> String {
    format!(
        "resource \"aws_dynamodb_table\" \"ecsail_lock\" {{
  name         = \"{table}\"
  billing_mode = \"PAY_PER_REQUEST\"
  hash_key     = \"id\"

  attribute {{
    name = \"id\"
    type = \"S\"
  }}
}}"
    )
}
