//! `ecsail secret list`: shows which secrets there are, without their values.

use clap::Args;

use super::write::store_name;
use crate::commands::family::load_manifest;
use crate::context::CommandContext;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::events::secret::Secret;
use crate::report::{Column, CommandOutcome, Event, TableRow, table, times};
use crate::secret_store::SecretStore;

/// List the secrets of Parameter Store and Secrets Manager, without their values
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail secret list
  ecsail secret list /shop/ --ssm
  ecsail secret list shop/ --secretsmanager --output json

Of Parameter Store, the parameters of type SecureString are listed.")]
pub struct SecretListArgs {
    /// Beginning of the names [default: all]
    #[arg(value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    /// List those of Parameter Store only
    #[arg(long, conflicts_with = "secretsmanager")]
    ssm: bool,
    /// List those of Secrets Manager only
    #[arg(long)]
    secretsmanager: bool,
}

const COLUMNS: &[Column] = &[Column::name("NAME"), Column::whole("STORE"), Column::whole("CHANGED")];

/// Runs the verb.
///
/// # Errors
/// A call failed.
pub async fn run(args: &SecretListArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let manifest = load_manifest(context).await?;
    let aws = context.connect_without_definitions(&manifest).await?;
    let mut rows = Vec::new();
    if !args.secretsmanager {
        for found in aws.parameter_store_in(&aws.region)?.list_secure(&args.prefix).await? {
            rows.push(row(found.name, SecretStore::ParameterStore, found.changed_at));
        }
    }
    if !args.ssm {
        for found in aws.secret_finder()?.list(&args.prefix).await? {
            rows.push(row(found.name, SecretStore::SecretsManager, found.changed_at));
        }
    }
    if rows.is_empty() {
        let of = if args.prefix.is_empty() {
            String::new()
        } else {
            format!(" whose names begin with `{}`", args.prefix)
        };
        context.reporter.report(&Event::Note(&format!("no secrets{of} in {}", aws.region)));
        return Ok(CommandOutcome::Succeeded);
    }
    context.reporter.report(&Event::Page(&table(COLUMNS, rows)));
    Ok(CommandOutcome::Succeeded)
}

fn row(name: String, store: SecretStore, changed_at: Option<f64>) -> TableRow {
    let age = changed_at.and_then(|at| times::format_age(at, times::unix_now())).unwrap_or_default();
    let cells = vec![name.clone(), store.title().to_owned(), age];
    let event = JsonEvent::Secret(Secret { name, store: store_name(store), changed_at });
    TableRow { cells, event: Some(event), ..TableRow::default() }
}
