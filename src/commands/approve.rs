//! `ecsail approve`: approves a plan or a request, by a signature with the credentials of the run. Never changes the stage.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::approvals::refusal_words;
use super::confirmation::is_confirmed;
use crate::apply::approval_record::record_approval;
use crate::approval::{
    ApprovalRecord, ApprovalToken, ExcludedApprovers, Identity, RECORD_VALIDITY, binding, tally,
};
use crate::aws::Aws;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::approval::Approved;
use crate::manifest::Manifest;
use crate::report::{CommandOutcome, Event};
use crate::saved_plan::request::ChangeRequest;
use crate::saved_plan::{ApprovalTerms, SavedPlan};
use crate::shell::quote;
use crate::{duration, exit_codes, private_file, text_file};

/// Approve a saved plan, or a request of another person, for a protected stage
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("approve", "Examples:
  ecsail approve production.plan > approval     # for `ecsail apply --approval-file approval`
  ecsail approve production.plan --record       # into the table of the lock

The approval is a signature with your own AWS credentials. It is good for 15 minutes; a recorded one
for 24 hours. The person who made the plan or applies it cannot approve it."))]
pub struct ApproveArgs {
    /// The file that `ecsail plan --out` or `--request-approval` saved
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Record the approval in the table of the stage's lock, where the command that needs it finds it
    #[arg(long)]
    record: bool,
    /// Write the approval to a file that only you may read, instead of printing it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "record")]
    out: Option<PathBuf>,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

/// What is to be approved.
struct Approvable {
    /// What it is, for sentences.
    noun: &'static str,
    digest: String,
    planners: Vec<Identity>,
    terms: ApprovalTerms,
    /// What it would change.
    lines: Vec<String>,
    /// Who made it, and when.
    origin: String,
}

/// Runs the verb.
///
/// # Errors
/// The file cannot be read, the stage is not protected, the approval would not count, or a call failed.
pub async fn run(args: &ApproveArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let subject = read(&args.file)?;
    let terms = &subject.terms;
    // The role of the stage is shared: the approver is known by the credentials that it was assumed with.
    let manifest = Manifest { region: Some(terms.region.clone()), ..Manifest::default() };
    let aws = context.connect_without_definitions(&manifest).await?;
    let note = |text: &str| context.reporter.report(&Event::Note(text));
    note(&format!("{} of {} in {} · {}", subject.noun, terms.stage_key, terms.account, subject.origin));
    subject.lines.iter().for_each(|line| note(line));
    let question = format!("Approve this {} for {}?", subject.noun, terms.stage_key);
    if !is_confirmed(&question, args.yes, context)? {
        return Ok(CommandOutcome::Declined);
    }
    let token = aws.sign_approval(&binding(&subject.digest)).await?;
    let identity = verify(&token, &subject, &aws).await?;
    if args.record {
        record(&identity, &subject, &aws, context).await?;
        return Ok(CommandOutcome::Succeeded);
    }
    hand_out(args, &token, &identity, &subject, context)?;
    Ok(CommandOutcome::Succeeded)
}

fn read(path: &Path) -> Result<Approvable> {
    let name = path.display().to_string();
    let unreadable = |error| Failure::usage(format!("failed to read `{name}`")).with_cause(error);
    let text = text_file::read(path).map_err(unreadable)?;
    if let Some(request) = ChangeRequest::parse(&text, &name)? {
        let intent = &request.intent;
        let lines =
            std::iter::once(format!("command: {}", intent.command)).chain(intent.changes.iter().cloned());
        return Ok(Approvable {
            noun: "change",
            digest: intent.digest()?,
            planners: Vec::new(),
            lines: lines.collect(),
            origin: format!("requested at {}", request.requested_at),
            terms: request.terms,
        });
    }
    let plan = SavedPlan::parse(&text, &name)?;
    let digest = SavedPlan::digest(&text, &name)?;
    let by = plan.planned_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let origin = format!("made at {}{by}", plan.planned_at);
    let lines = plan.summary();
    let unprotected = || {
        let hint = format!("apply it with `ecsail apply {}`", quote(&name));
        Failure::usage("the plan is of a stage that is not protected: it needs no approval").with_hint(hint)
    };
    let terms = plan.terms.ok_or_else(unprotected)?;
    Ok(Approvable { noun: "plan", digest, planners: plan.planners, terms, lines, origin })
}

/// Returns who signed, as AWS answers it, if this approval counts.
async fn verify(token: &ApprovalToken, subject: &Approvable, aws: &Aws) -> Result<Identity> {
    let failed = |error| Failure::error("failed to verify the approval").with_cause(error);
    let proven = aws.prove_identity(token, &binding(&subject.digest)).await.map_err(failed)?;
    let identity = proven.map_err(|refusal| {
        let words = refusal_words(&refusal, token, &aws.region);
        Failure::refused("AWS does not accept the signature").with_cause(words)
    })?;
    let excluded = ExcludedApprovers { planners: &subject.planners, appliers: &[] };
    let terms = &subject.terms;
    let counted = tally(&terms.protection, &terms.account, excluded, std::slice::from_ref(&identity));
    match counted.refused.into_iter().next() {
        Some(why) => Err(Failure::refused(why).with_hint("have another person approve it".to_owned())),
        None => Ok(identity),
    }
}

async fn record(
    identity: &Identity,
    subject: &Approvable,
    aws: &Aws,
    context: &CommandContext,
) -> Result<()> {
    let terms = &subject.terms;
    let Some(table) = &terms.table else {
        let hint = "add `lock: { table: NAME }` to the stage, or approve without `--record`".to_owned();
        return Err(Failure::usage("the stage has no `lock`, in whose table approvals are").with_hint(hint));
    };
    let now = jiff::Timestamp::now();
    let record = ApprovalRecord::new(identity, &terms.stage_key, &subject.digest, now);
    let Some(record) = record else {
        let message = format!("`{}` cannot record an approval: its key would prove nothing", identity.arn);
        return Err(Failure::refused(message).with_hint("approve without `--record`".to_owned()));
    };
    record_approval(&aws.item_table(table)?, &record, &identity.arn).await?;
    let lasts = duration::text(RECORD_VALIDITY);
    let text =
        format!("recorded the approval of {} for {}, good for {lasts}", identity.name(), terms.stage_key);
    let event = JsonEvent::Approved(approved(identity, subject, None, None));
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(())
}

fn hand_out(
    args: &ApproveArgs,
    token: &ApprovalToken,
    identity: &Identity,
    subject: &Approvable,
    context: &CommandContext,
) -> Result<()> {
    let left = token.time_left(jiff::Timestamp::now()).unwrap_or_default();
    let minutes = left.as_secs().div_ceil(60);
    let (name, until) = (identity.name(), token.expires_at());
    let note = format!(
        "approved as {name}; good for {minutes} minutes, until {until}: give it with `--approval-file FILE` or \
         `ECSAIL_APPROVAL`"
    );
    let text = token.to_text();
    if let Some(path) = &args.out {
        private_file::write(path, &format!("{text}\n")).map_err(|error| {
            Failure::error(format!("failed to write approval `{}`", path.display())).with_cause(error)
        })?;
        let event = JsonEvent::Approved(approved(identity, subject, None, Some(until)));
        context.reporter.report(&Event::Note(&note));
        let text = format!("wrote the approval to `{}`", path.display());
        context.reporter.report(&Event::Answer { text: &text, event });
        return Ok(());
    }
    context.reporter.report(&Event::Note(&note));
    let event = JsonEvent::Approved(approved(identity, subject, Some(text.clone()), Some(until)));
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(())
}

fn approved(
    identity: &Identity,
    subject: &Approvable,
    token: Option<String>,
    expires_at: Option<String>,
) -> Approved {
    Approved {
        stage: subject.terms.stage_key.clone(),
        sha256: subject.digest.clone(),
        approver: identity.name(),
        principal: identity.arn.clone(),
        token,
        expires_at,
    }
}
