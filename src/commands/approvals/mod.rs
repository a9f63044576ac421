//! Checks the approvals of a protected stage before a command changes it: tokens that were given, the reviewers of the GitHub
//! environment, and approvals in the table of the lock. [`crate::approval`] decides which of them count.

use super::github::client;
use crate::approval::review::ReviewedRun;
use crate::approval::{
    ApprovalRecord, ApprovalToken, ExcludedApprovers, Identity, Protection, Tally, binding, tally,
};
use crate::aws::Aws;
use crate::aws::identity_proof::ProofRefusal;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::lock::lock_key;
use crate::manifest::Manifest;
use crate::report::Event;
use crate::saved_plan::ApprovalTerms;
use crate::settings::Settings;

pub mod args;
pub mod change;

use args::ApprovalArgs;

/// What is approved.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalSubject<'a> {
    /// In hexadecimal digits.
    pub digest: &'a str,
    /// The identities of who made the plan.
    pub planners: &'a [Identity],
    /// The file of the plan, as it is written in a hint; none for a change without a plan.
    pub file: Option<&'a str>,
}

/// Refuses to deploy to a protected stage without a plan that others approved, unless it is an emergency.
///
/// # Errors
/// The refusal.
pub fn refuse_without_plan(manifest: &Manifest, plan_command: &str, context: &CommandContext) -> Result<()> {
    if report_emergency("deploy", manifest, context) || manifest.protection.is_none() {
        return Ok(());
    }
    let failure = Failure::refused(format!(
        "{} is protected: it takes only plans that another person has approved",
        stage_of(manifest)
    ))
    .with_hint(format!("save a plan with `ecsail {plan_command} --out FILE`"))
    .with_hint("have another person run `ecsail approve FILE`".to_owned())
    .with_hint("deploy it with `ecsail apply FILE --approval-file APPROVAL`".to_owned());
    Err(failure.with_hint(emergency_hint()))
}

/// Checks that a change of a protected stage has its approvals.
///
/// # Errors
/// Approvals are missing, or it is not known who runs the command.
pub async fn ensure_approved(
    subject: ApprovalSubject<'_>,
    (command, args): (&str, &ApprovalArgs),
    manifest: &Manifest,
    aws: &Aws,
    context: &CommandContext,
) -> Result<()> {
    if report_emergency(command, manifest, context) {
        return Ok(());
    }
    let Some(protection) = &manifest.protection else { return Ok(()) };
    let tokens = args.tokens(&context.settings)?;
    let appliers = identities(manifest, aws, context).await?;
    let mut counting = Counting {
        subject,
        protection,
        manifest,
        aws,
        appliers: &appliers,
        proven: Vec::new(),
        reviewer: None,
        refused: Vec::new(),
    };
    counting.verify(&tokens).await?;
    if counting.missing() > 0 {
        counting.ask_github(context).await;
    }
    if counting.missing() > 0 {
        counting.read_records().await;
    }
    let tally = counting.tally();
    if tally.missing(protection) > 0 {
        return Err(missing_failure(&subject, protection, &tally, manifest));
    }
    context.reporter.report(&Event::Note(&format!("approved by {}", tally.approvers.join(", "))));
    Ok(())
}

/// The approvals of a change, while they are gathered.
struct Counting<'a> {
    subject: ApprovalSubject<'a>,
    protection: &'a Protection,
    manifest: &'a Manifest,
    aws: &'a Aws,
    appliers: &'a [Identity],
    proven: Vec<Identity>,
    /// The reviewer of the GitHub environment.
    reviewer: Option<String>,
    refused: Vec<String>,
}

impl Counting<'_> {
    /// Returns the account of the stage: that of the credentials which change it.
    fn account(&self) -> &str {
        self.appliers.first().map(|identity| identity.account.as_str()).unwrap_or_default()
    }

    fn tally(&self) -> Tally {
        let excluded = ExcludedApprovers { planners: self.subject.planners, appliers: self.appliers };
        let Tally { mut approvers, refused } = tally(self.protection, self.account(), excluded, &self.proven);
        approvers.extend(self.reviewer.clone());
        Tally { approvers, refused: [&self.refused[..], &refused].concat() }
    }

    fn missing(&self) -> u32 {
        self.tally().missing(self.protection)
    }

    /// Asks AWS STS whose the tokens are.
    async fn verify(&mut self, tokens: &[ApprovalToken]) -> Result<()> {
        let binding = binding(self.subject.digest);
        for token in tokens {
            let proven = self.aws.prove_identity(token, &binding).await;
            let proven =
                proven.map_err(|error| Failure::error("failed to verify an approval").with_cause(error))?;
            match proven {
                Ok(identity) => self.proven.push(identity),
                Err(refusal) => self.refused.push(refusal_words(&refusal, token, &self.aws.region)),
            }
        }
        Ok(())
    }

    /// Asks GitHub for the reviewers of the run's environment.
    async fn ask_github(&mut self, context: &CommandContext) {
        let Some(environment) = &self.protection.github else { return };
        if context.settings.process_variable("GITHUB_ACTIONS") != Some("true") {
            return;
        }
        match reviewed_run(&context.settings).await {
            Ok(run) => match run.approver(environment) {
                Ok(reviewer) => self.reviewer = Some(reviewer),
                Err(why) => self.refused.push(why),
            },
            Err(why) => self.refused.push(format!("failed to read the reviews of the GitHub run: {why}")),
        }
    }

    /// Reads the approvals that were recorded in the table of the lock.
    async fn read_records(&mut self) {
        let Some(lock) = &self.manifest.lock else { return };
        let read = async { Ok::<_, Failure>(self.aws.item_table(&lock.table)?.all_items().await?) };
        let items = match read.await {
            Ok(items) => items,
            Err(failure) => {
                self.refused.push(format!("failed to read recorded approvals: {}", failure.one_line()));
                return;
            }
        };
        let (key, now) = (stage_key(self.manifest), jiff::Timestamp::now());
        let account = self.account().to_owned();
        let records = items.iter().filter_map(ApprovalRecord::from_item);
        let approvers =
            records.filter_map(|record| record.approver(&key, self.subject.digest, &account, now));
        self.proven.extend(approvers);
    }
}

/// Returns the workflow run of this process, with its reviews.
async fn reviewed_run(settings: &Settings) -> Result<ReviewedRun, String> {
    const RUN_ID: &str = "GITHUB_RUN_ID";
    let id = settings.process_variable(RUN_ID).ok_or_else(|| format!("`{RUN_ID}` is not set"))?;
    client(settings)?.reviewed_run(id).await.map_err(|error| error.to_string())
}

/// Returns why a token does not count.
pub(super) fn refusal_words(refusal: &ProofRefusal, token: &ApprovalToken, region: &str) -> String {
    match refusal {
        ProofRefusal::Expired => {
            format!("an approval has expired: it was good for 15 minutes, until {}", token.expires_at())
        }
        ProofRefusal::Mismatch => "an approval is of something else, or was edited".to_owned(),
        ProofRefusal::UnknownKey => {
            "AWS does not know the access key or the session of an approval".to_owned()
        }
        ProofRefusal::OtherRegion => {
            format!("an approval is of region `{}`, and the stage is in `{region}`", token.region)
        }
    }
}

/// Returns the identities of who runs the command: those of the credentials that change the stage, and of the ones that they
/// were obtained with where the manifest has a role.
///
/// # Errors
/// They are not known.
pub async fn identities(manifest: &Manifest, aws: &Aws, context: &CommandContext) -> Result<Vec<Identity>> {
    let mut found = vec![identity(aws).await?];
    if manifest.role.is_some() {
        found.push(identity(&context.connect_without_role(manifest).await?).await?);
    }
    Ok(found)
}

async fn identity(aws: &Aws) -> Result<Identity> {
    let caller = aws.caller().await.map_err(|error| {
        Failure::error("failed to identify the caller")
            .with_cause(error)
            .with_hint("allow `sts:GetCallerIdentity`: a protected stage must know who changes it".to_owned())
    })?;
    Ok(Identity { account: caller.account, arn: caller.arn, user_id: caller.user_id })
}

/// Returns what an approval of a change of the manifest's stage needs; `None` where the stage is not protected.
pub fn terms(manifest: &Manifest, account: &str, region: &str) -> Option<ApprovalTerms> {
    let protection = manifest.protection.clone()?;
    Some(ApprovalTerms {
        protection,
        account: account.to_owned(),
        region: region.to_owned(),
        stage_key: stage_key(manifest),
        table: manifest.lock.as_ref().map(|lock| lock.table.clone()),
    })
}

fn stage_key(manifest: &Manifest) -> String {
    lock_key(manifest.app.as_deref().unwrap_or_default(), manifest.stage.as_deref())
}

fn stage_of(manifest: &Manifest) -> String {
    manifest.stage.as_ref().map_or("the app".to_owned(), |stage| format!("stage `{stage}`"))
}

/// Reports that the run is an emergency, if it is one. Returns whether it is.
pub(super) fn report_emergency(command: &str, manifest: &Manifest, context: &CommandContext) -> bool {
    let Some(reason) = &context.settings.emergency else { return false };
    let is_protected = manifest.protection.is_some();
    context.reporter.report(&Event::Emergency {
        command,
        reason,
        stage: manifest.stage.as_deref(),
        is_protected,
    });
    true
}

fn emergency_hint() -> String {
    "in an emergency, give the reason with `--emergency REASON`, which is recorded".to_owned()
}

fn missing_failure(
    subject: &ApprovalSubject<'_>,
    protection: &Protection,
    tally: &Tally,
    manifest: &Manifest,
) -> Failure {
    let (needed, has) = (protection.approvals, tally.approvers.len());
    let people = if needed == 1 {
        "the approval of another person".to_owned()
    } else {
        format!("the approvals of {needed} other people")
    };
    let has = match has {
        0 => "there is none".to_owned(),
        _ => format!("there is only that of {}", tally.approvers.join(", ")),
    };
    let message = format!("{} is protected: the change needs {people}, and {has}", stage_of(manifest));
    let request = match subject.file {
        Some(file) => format!("have another person run `ecsail approve {file}`"),
        None => {
            "write it to a file with `--request-approval FILE`, and have another person run `ecsail approve \
                 FILE`"
                .to_owned()
        }
    };
    let failure = Failure::refused(message);
    let failure =
        if tally.refused.is_empty() { failure } else { failure.with_cause(tally.refused.join("; ")) };
    failure
        .with_hint(request)
        .with_hint(
            "give the output with `--approval-file FILE` or `ECSAIL_APPROVAL`, or let `--record` keep it"
                .to_owned(),
        )
        .with_hint(emergency_hint())
}
