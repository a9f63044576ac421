//! `ecsail secret from-kms`: decrypts a ciphertext of a definition, and writes its value into a secret.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::decrypt::decrypted;
use super::write::{PlannedSecret, WriteArgs};
use crate::aws::Aws;
use crate::commands::family::load_manifest;
use crate::commands::lookups;
use crate::context::CommandContext;
use crate::document::problem::did_you_mean;
use crate::error::{Failure, Result};
use crate::exit_codes;
use crate::manifest::{Manifest, Request, Scope};
use crate::render::{DefinitionSource, DesiredState};
use crate::report::{CommandOutcome, Event};
use crate::secret_store::{Ciphertext, ciphertexts_of, variable_name};
use crate::settings::ImageTags;

/// Move a ciphertext of KMS from a definition into a secret, and print the entry of `secrets`
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("secret from-kms", "Examples:
  ecsail secret from-kms DB_PASSWORD /shop/db-password
  ecsail secret from-kms DB_PASSWORD shop/db-password --stage production
  ecsail secret from-kms '${AQICAHh…}' /shop/db-password --kms-region us-east-1

The ciphertext is decrypted as genova and ecs_deployer do it: without an encryption context,
with the key that it names. The value is not printed."))]
pub struct SecretFromKmsArgs {
    /// Environment variable whose value is a ciphertext in the definitions, or the ciphertext itself, in single quotes
    #[arg(value_name = "VARIABLE")]
    variable: String,
    /// Name of the parameter or secret to write
    #[arg(value_name = "NAME")]
    name: String,
    /// Region of the key [default: that of the run]
    #[arg(long, value_name = "REGION")]
    kms_region: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

impl SecretFromKmsArgs {
    /// Returns the reason for a change without approval.
    pub(super) fn emergency(&self) -> Option<&String> {
        self.write.approval.emergency.emergency.as_ref()
    }
}

/// A ciphertext to move, the variable that has it, and the connection for it.
struct FoundValue {
    ciphertext: Ciphertext,
    variable: String,
    manifest: Manifest,
    aws: Aws,
}

/// Runs the verb.
///
/// # Errors
/// No variable has a ciphertext, it cannot be decrypted, or the secret cannot be written.
pub async fn run(args: &SecretFromKmsArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let secret = args.write.secret(&args.name)?;
    let found = find(args, context).await?;
    let FoundValue { ciphertext, variable, manifest, aws } = &found;
    let planned =
        PlannedSecret::plan(("secret from-kms", secret), &args.write, (manifest, aws), context).await?;
    let Some(planned) = planned else { return Ok(CommandOutcome::Succeeded) };
    let value = decrypted(ciphertext, args.kms_region.as_deref(), aws).await?;
    let outcome = planned.write(&value, variable, aws, context).await?;
    if outcome == CommandOutcome::Succeeded {
        let note = format!("remove `{variable}` from `environment` where you write the entry");
        context.reporter.report(&Event::Note(&note));
    }
    Ok(outcome)
}

/// Returns the ciphertext that is given, or that of the variable in the definitions.
async fn find(args: &SecretFromKmsArgs, context: &CommandContext) -> Result<FoundValue> {
    if let Some(ciphertext) = Ciphertext::parse(&args.variable) {
        let manifest = load_manifest(context).await?;
        let aws = context.connect_without_definitions(&manifest).await?;
        return Ok(FoundValue { ciphertext, variable: variable_name(&args.name), manifest, aws });
    }
    let tags = ImageTags { default: Some("TAG".to_owned()), is_placeholder: true, ..ImageTags::default() };
    let request = Request { tags, scope: Scope::Release, keeps_ciphertexts: true, ..Request::default() };
    let (manifest, desired) = lookups::render(&request, &context.settings, context, Ok).await?;
    let ciphertext = ciphertext_of(&args.variable, &desired)?;
    let aws = context.connect(&manifest, &desired).await?;
    Ok(FoundValue { ciphertext, variable: args.variable.clone(), manifest, aws })
}

/// Returns the ciphertext that a variable has everywhere.
fn ciphertext_of(variable: &str, desired: &DesiredState) -> Result<Ciphertext> {
    let mut owners: BTreeMap<Ciphertext, Vec<String>> = BTreeMap::new();
    let mut names = Vec::new();
    for (owner, document) in documents(desired) {
        for found in ciphertexts_of(&document) {
            if found.variable == variable {
                owners.entry(found.ciphertext).or_default().push(owner.clone());
            }
            names.push(found.variable);
        }
    }
    names.sort();
    names.dedup();
    let mut found = owners.into_iter();
    match (found.next(), found.next()) {
        (Some((ciphertext, _)), None) => Ok(ciphertext),
        (Some((_, first)), Some((_, second))) => {
            let (first, second) = (first.join(", "), second.join(", "));
            let message = format!("`{variable}` has different ciphertexts in {first} and in {second}");
            let hint = "give the ciphertext itself, in single quotes, in place of the variable".to_owned();
            Err(Failure::usage(message).with_hint(hint))
        }
        _ => {
            let near = did_you_mean(variable, names.iter().map(String::as_str));
            let hint = near.unwrap_or_else(|| match names.as_slice() {
                [] => {
                    "no variable of the definitions has a value `${…}` that is a ciphertext of KMS".to_owned()
                }
                names => format!("variables with ciphertexts: {}", names.join(", ")),
            });
            Err(Failure::usage(format!("no ciphertext of KMS in variable `{variable}`")).with_hint(hint))
        }
    }
}

/// Returns the documents of a manifest, each with what it belongs to.
pub(super) fn documents(desired: &DesiredState) -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    let document = |definition: &DefinitionSource| match definition {
        DefinitionSource::Rendered(document) | DefinitionSource::Express(document) => Some(document.clone()),
        _ => None,
    };
    for service in &desired.services {
        documents.extend(document(&service.definition).map(|found| (service.key.clone(), found)));
    }
    let tasks = desired.tasks.iter().map(|task| (format!("task {}", task.key), &task.spec));
    let targets = desired.schedules.iter().flat_map(|schedule| {
        schedule.targets.iter().map(move |target| (format!("schedule {}", schedule.key), &target.spec))
    });
    for (owner, spec) in tasks.chain(targets) {
        documents.extend(spec.definition.as_ref().and_then(document).map(|found| (owner.clone(), found)));
        let variables = &spec.overrides.environment;
        let pairs: Vec<Value> =
            variables.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        documents.push((owner, Value::Array(pairs)));
    }
    documents
}
