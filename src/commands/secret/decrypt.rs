//! `ecsail secret decrypt`: prints the value of a ciphertext. The one command whose answer is a secret.

use clap::Args;

use crate::aws::Aws;
use crate::commands::family::load_manifest;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::report::{CommandOutcome, Event};
use crate::secret_store::{Ciphertext, kms_hint};
use crate::secrets::{KnownSource, add_known};

/// Decrypt a value `${BASE64}`, and print it
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail secret decrypt '${AQICAHh…}'
  ecsail secret decrypt '${AQICAHh…}' --kms-region us-east-1 > password.txt

The value is printed to stdout alone, and neither as JSON nor into the file of `--report`.
`ecsail secret from-kms` moves it into a secret without showing it.")]
pub struct SecretDecryptArgs {
    /// Ciphertext, with or without `${…}` around it, in single quotes
    #[arg(value_name = "CIPHERTEXT")]
    ciphertext: String,
    /// Region of the key [default: that of the run]
    #[arg(long, value_name = "REGION")]
    kms_region: Option<String>,
    /// Print the value also in CI, where another program reads it and the log does not have it
    #[arg(long)]
    in_ci: bool,
}

/// Runs the verb.
///
/// # Errors
/// The value may not be printed here, or cannot be decrypted.
pub async fn run(args: &SecretDecryptArgs, context: &CommandContext) -> Result<CommandOutcome> {
    if !context.reporter.can_show_secret() {
        let message = "a decrypted value is never written as JSON";
        return Err(Failure::usage(message).with_hint("leave out `--output json`".to_owned()));
    }
    if context.settings.assumes_yes() && !args.in_ci {
        let hint = "move it into a secret with `ecsail secret from-kms`, or add `--in-ci` where a program reads the output";
        return Err(Failure::usage("a decrypted value is not printed in CI, whose logs others read")
            .with_hint(hint.to_owned()));
    }
    let Some(ciphertext) = Ciphertext::parse(&args.ciphertext) else {
        let hint = "give `${…}` as it stands in the definition, in single quotes".to_owned();
        return Err(Failure::usage("the argument is no ciphertext of KMS in Base64").with_hint(hint));
    };
    let manifest = load_manifest(context).await?;
    let aws = context.connect_without_definitions(&manifest).await?;
    let value = decrypted(&ciphertext, args.kms_region.as_deref(), &aws).await?;
    context.reporter.report(&Event::SecretValue(&value));
    Ok(CommandOutcome::Succeeded)
}

/// Returns what a ciphertext stands for, which is a secret for the rest of the run.
///
/// # Errors
/// KMS refused it.
pub(super) async fn decrypted(ciphertext: &Ciphertext, region: Option<&str>, aws: &Aws) -> Result<String> {
    let value = aws.kms(region)?.decrypt(ciphertext).await.map_err(|error| {
        let asked = region.unwrap_or(&aws.region);
        let hint = kms_hint(error.code.as_deref(), asked).or_else(|| error.hint());
        let elsewhere = (region.is_none() && error.code.as_deref() == Some("AccessDeniedException"))
            .then(|| "name the region of the key with `--kms-region`, where it is another one".to_owned());
        Failure::error(format!("failed to decrypt {ciphertext}"))
            .with_hint(hint)
            .with_hint(elsewhere)
            .with_cause(error)
    })?;
    add_known(&value, KnownSource::Ciphertext);
    Ok(value)
}
