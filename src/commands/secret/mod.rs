//! `ecsail secret …`: the verbs about secrets, one file each. None but `decrypt` prints a value.

use clap::{Args, Subcommand};

use crate::context::CommandContext;
use crate::error::Result;
use crate::report::CommandOutcome;

pub mod decrypt;
pub mod diff;
pub mod encrypt;
pub mod from_kms;
pub mod list;
pub mod put;
mod value_input;
mod write;

/// Write, list and compare secrets, and move ciphertexts of KMS into them
#[derive(Clone, Debug, Args)]
pub struct SecretArgs {
    #[command(subcommand)]
    verb: SecretVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum SecretVerb {
    Put(put::SecretPutArgs),
    List(list::SecretListArgs),
    Diff(diff::SecretDiffArgs),
    FromKms(from_kms::SecretFromKmsArgs),
    Encrypt(encrypt::SecretEncryptArgs),
    Decrypt(decrypt::SecretDecryptArgs),
}

impl SecretArgs {
    /// Returns the reason for a change without approval.
    pub fn emergency(&self) -> Option<&String> {
        match &self.verb {
            SecretVerb::Put(args) => args.emergency(),
            SecretVerb::FromKms(args) => args.emergency(),
            _ => None,
        }
    }
}

/// Runs the verb.
///
/// # Errors
/// As of the verb.
pub async fn run(args: &SecretArgs, context: &CommandContext) -> Result<CommandOutcome> {
    match &args.verb {
        SecretVerb::Put(args) => put::run(args, context).await,
        SecretVerb::List(args) => list::run(args, context).await,
        SecretVerb::Diff(args) => diff::run(args, context).await,
        SecretVerb::FromKms(args) => from_kms::run(args, context).await,
        SecretVerb::Encrypt(args) => encrypt::run(args, context).await,
        SecretVerb::Decrypt(args) => decrypt::run(args, context).await,
    }
}
