//! `ecsail secret put`: creates a secret, or replaces its value.

use clap::Args;

use super::value_input::ValueArgs;
use super::write::{PlannedSecret, WriteArgs};
use crate::commands::family::load_manifest;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::report::CommandOutcome;
use crate::secret_store::variable_name;

/// Create a secret or replace its value, and print the entry of `secrets` for it
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("secret put", "Examples:
  ecsail secret put /shop/db-password                          # asks for the value
  ecsail secret put shop/database --from-stdin < database.json
  ecsail secret put /shop/db-password --stage production --kms-key alias/shop

The value is never an argument, and is never printed. The name is as AWS has it, without
a prefix; region, role and account are those of the manifest and its stage."))]
pub struct SecretPutArgs {
    /// Name of the parameter or secret
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    value: ValueArgs,
    #[command(flatten)]
    write: WriteArgs,
}

impl SecretPutArgs {
    /// Returns the reason for a change without approval.
    pub(super) fn emergency(&self) -> Option<&String> {
        self.write.approval.emergency.emergency.as_ref()
    }
}

/// Runs the verb.
///
/// # Errors
/// The name or the value is refused, approvals are missing, or a call failed.
pub async fn run(args: &SecretPutArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let secret = args.write.secret(&args.name)?;
    if args.value.from_stdin && args.write.approval.approvals.reads_stdin() {
        let hint = "name a file with `--approval-file`".to_owned();
        let message = "the value and an approval cannot both come from standard input";
        return Err(Failure::usage(message).with_hint(hint));
    }
    let manifest = load_manifest(context).await?;
    let aws = context.connect_without_definitions(&manifest).await?;
    let planned =
        PlannedSecret::plan(("secret put", secret), &args.write, (&manifest, &aws), context).await?;
    let Some(planned) = planned else { return Ok(CommandOutcome::Succeeded) };
    let value = args.value.read(&format!("value of {}", planned.secret), context)?;
    planned.write(&value, &variable_name(&planned.secret.name), &aws, context).await
}
