//! `ecsail secret encrypt`: prints the ciphertext of a value, as `ecs_deployer` and genova take it.

use clap::Args;

use super::value_input::ValueArgs;
use crate::aws::kms::MOST_BYTES;
use crate::commands::family::load_manifest;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::secret::Encrypted;
use crate::report::{CommandOutcome, Event};
use crate::secret_store::{key_name, kms_hint};

/// Encrypt a value with a key of KMS, and print it as `${BASE64}`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail secret encrypt --key alias/shop
  ecsail secret encrypt --key shop --from-stdin < password.txt

The ciphertext is no secret. A definition may have it with `kms_environment: decrypt`;
`ecsail secret put` is what new values are for.")]
pub struct SecretEncryptArgs {
    /// Alias, id or ARN of the key; `alias/` is added to a plain name
    #[arg(long, value_name = "KEY")]
    key: String,
    /// Region of the key [default: that of the run]
    #[arg(long, value_name = "REGION")]
    kms_region: Option<String>,
    #[command(flatten)]
    value: ValueArgs,
}

/// Runs the verb.
///
/// # Errors
/// The value is refused, or the call failed.
pub async fn run(args: &SecretEncryptArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let manifest = load_manifest(context).await?;
    let aws = context.connect_without_definitions(&manifest).await?;
    let value = args.value.read("value to encrypt", context)?;
    if value.is_empty() {
        return Err(Failure::usage("the value to encrypt is empty"));
    }
    if value.len() > MOST_BYTES {
        let message = format!("the value to encrypt has {} bytes, and KMS takes {MOST_BYTES}", value.len());
        let hint = "put it into a secret with `ecsail secret put NAME --from-stdin`".to_owned();
        return Err(Failure::usage(message).with_hint(hint));
    }
    let key = key_name(&args.key);
    let region = args.kms_region.as_deref();
    let ciphertext = aws.kms(region)?.encrypt(&value, &key).await.map_err(|error| {
        let hint = kms_hint(error.code.as_deref(), region.unwrap_or(&aws.region)).or_else(|| error.hint());
        Failure::error(format!("failed to encrypt with key `{key}`")).with_hint(hint).with_cause(error)
    })?;
    let text = ciphertext.as_value();
    let event = JsonEvent::Encrypted(Encrypted { value: text.clone() });
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}
