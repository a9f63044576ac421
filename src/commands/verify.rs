//! `ecsail verify`: looks up what the rendered documents name in AWS, and reports what is missing or unusable. Changes nothing.

use std::collections::BTreeSet;

use clap::Args;

use super::{SelectionArgs, lookups};
use crate::aws::Aws;
use crate::context::CommandContext;
use crate::document::problem::InvalidFiles;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::exit_codes;
use crate::manifest::Manifest;
use crate::observe::verification::look_up_targets;
use crate::render::DesiredState;
use crate::report::{CommandOutcome, Event, PlanFormat, verification as report};
use crate::verification::{Reference, Surroundings, Target, VerifiedReferences, judge};

/// Look up everything that the documents name in AWS, and report what is missing or unusable
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("verify", "Examples:
  ecsail verify --tag 1.4.2
  ecsail verify web --tag 1.4.2 --stage production
  ecsail verify --tag 1.4.2 --strict
  ecsail verify --tag 1.4.2 --output markdown >> \"$GITHUB_STEP_SUMMARY\"

It only reads, and needs the permissions of what the documents name. What may not be read is unknown."))]
pub struct VerifyArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Read the values of secrets for the names of their JSON keys; no value is shown
    #[arg(long, global = true)]
    read_secrets: bool,
    /// Fail where something could not be looked up
    #[arg(long, global = true)]
    strict: bool,
}

/// What is looked up of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretReads {
    /// Whether they exist.
    Existence,
    /// Also the keys of their values.
    Keys,
}

/// Which images are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageReads {
    All,
    /// None: they may be pushed only later.
    None,
}

/// Runs the verb.
///
/// # Errors
/// Every problem in the files, and every reference that is broken.
pub async fn run(args: &VerifyArgs, format: PlanFormat, context: &CommandContext) -> Result<CommandOutcome> {
    let request = args.selection.request()?;
    let (manifest, desired) = lookups::render(&request, &context.settings, context, Ok).await?;
    context.reporter.report(&Event::FileProblems(&desired.file_problems));
    let aws = context.connect(&manifest, &desired).await?;
    let reads = if args.read_secrets { SecretReads::Keys } else { SecretReads::Existence };
    let verified = verify_references(&desired, reads, ImageReads::All, &aws, context).await?;
    let problems = verified.problems(args.strict);
    let found = InvalidFiles { problems, sources: manifest.sources.clone() };
    match format {
        PlanFormat::Text => {
            context.reporter.report(&Event::Page(&report::page(&verified, &found.sources)));
            let event = JsonEvent::Verified(report::verified_event(&verified));
            context.reporter.report(&Event::Answer { text: &report::summary(&verified), event });
        }
        PlanFormat::Markdown => {
            let page = report::markdown(&verified, &found.sources, &found.shown());
            context.reporter.report(&Event::Page(&page));
        }
    }
    if found.problems.has_errors() {
        return Err(found.into());
    }
    context.reporter.report(&Event::FileProblems(&found));
    Ok(CommandOutcome::Succeeded)
}

/// Looks up what rendered documents name, and judges it.
///
/// # Errors
/// There are no valid credentials.
pub async fn verify_references(
    desired: &DesiredState,
    secrets: SecretReads,
    images: ImageReads,
    aws: &Aws,
    context: &CommandContext,
) -> Result<VerifiedReferences> {
    let is_read = |reference: &&Reference| match reference.target {
        Target::SecretKeys(_) => secrets == SecretReads::Keys,
        Target::Image(_) => images == ImageReads::All,
        _ => true,
    };
    let references: Vec<Reference> = desired.references.all.iter().filter(is_read).cloned().collect();
    let targets: BTreeSet<Target> = references.iter().map(|reference| reference.target.clone()).collect();
    let answers = look_up_targets(aws, &targets).await?;
    let is_sandbox = context.settings.sandbox.is_some();
    Ok(judge(&references, &answers, Surroundings { region: &aws.region, is_sandbox }))
}

/// Verifies what a deploy is about to use, and reports what is unknown.
///
/// # Errors
/// Every reference that is broken; there are no valid credentials.
pub async fn verify_before_change(
    manifest: &Manifest,
    desired: &DesiredState,
    images: ImageReads,
    aws: &Aws,
    context: &CommandContext,
) -> Result<()> {
    let verified = verify_references(desired, SecretReads::Existence, images, aws, context).await?;
    let problems = verified.problems(false);
    let found = InvalidFiles { problems, sources: manifest.sources.clone() };
    if found.problems.has_errors() {
        return Err(found.into());
    }
    context.reporter.report(&Event::FileProblems(&found));
    Ok(())
}
