//! Approvals of changes that have no plan file: the command describes what it would change, and the approval is of that.

use std::path::Path;

use super::args::ChangeApprovalArgs;
use super::{ApprovalSubject, ensure_approved, identities, report_emergency, terms};
use crate::aws::Aws;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::manifest::Manifest;
use crate::private_file;
use crate::report::Event;
use crate::saved_plan::request::{ChangeRequest, Intent};
use crate::shell::quote;

/// Whether a change may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// It is approved, or needs no approval.
    Given,
    /// A request for it was written, and nothing is to be changed.
    Requested,
}

/// Checks that a change has the approvals that a protected stage asks for, or writes the request for them.
///
/// # Errors
/// Approvals are missing, or the request cannot be written.
pub async fn authorize(
    command: &str,
    changes: Vec<String>,
    args: &ChangeApprovalArgs,
    (manifest, aws): (&Manifest, &Aws),
    context: &CommandContext,
) -> Result<Authorization> {
    if manifest.protection.is_none() || context.settings.emergency.is_some() {
        if let Some(path) = &args.request_approval {
            let message = format!("`{}` was not written: the change needs no approval", path.display());
            return Err(Failure::usage(message).with_hint("leave out `--request-approval`".to_owned()));
        }
        report_emergency(command, manifest, context);
        return Ok(Authorization::Given);
    }
    let appliers = identities(manifest, aws, context).await?;
    let account = appliers.first().map(|identity| identity.account.clone()).unwrap_or_default();
    let intent = Intent {
        command: command.to_owned(),
        app: manifest.app.clone(),
        stage: manifest.stage.clone(),
        account,
        region: aws.region.clone(),
        changes,
    };
    if let Some(path) = &args.request_approval {
        write(path, intent, manifest, context)?;
        return Ok(Authorization::Requested);
    }
    let digest = intent.digest()?;
    let subject = ApprovalSubject { digest: &digest, planners: &[], file: None };
    ensure_approved(subject, (command, &args.approvals), manifest, aws, context).await?;
    Ok(Authorization::Given)
}

fn write(path: &Path, intent: Intent, manifest: &Manifest, context: &CommandContext) -> Result<()> {
    let Some(terms) = terms(manifest, &intent.account, &intent.region) else { return Ok(()) };
    let request = ChangeRequest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        requested_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        intent,
        terms,
    };
    private_file::write(path, &request.to_text()?).map_err(|error| {
        Failure::error(format!("failed to write request `{}`", path.display())).with_cause(error)
    })?;
    let file = quote(&path.display().to_string());
    let note = format!("nothing was changed; have another person run `ecsail approve {file}`");
    context.reporter.report(&Event::Note(&note));
    Ok(())
}
