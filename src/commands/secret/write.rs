//! Writes a secret for `secret put` and `secret from-kms`: what is there, approval, confirmation, the write, and the entry of
//! `secrets`.

use clap::Args;

use crate::apply::secret::{SecretBefore, SecretOrder, WrittenSecret, write_secret};
use crate::aws::Aws;
use crate::aws::error::ApiErrorKind;
use crate::aws::parameter_store::DescribedParameter;
use crate::aws::secretsmanager::DescribedSecret;
use crate::commands::approvals::args::ChangeApprovalArgs;
use crate::commands::approvals::change::{Authorization, authorize};
use crate::commands::change_guards::ensure_account;
use crate::commands::confirmation::is_confirmed;
use crate::context::CommandContext;
use crate::destination::Destination;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::secret::{SecretAction, SecretWritten, StoreName, WrittenEntry};
use crate::manifest::Manifest;
use crate::report::{CommandOutcome, Event, Page, PageItem, PageLine};
use crate::secret_store::{SecretEntry, SecretName, SecretStore, check_value};
use crate::shell::quote;

/// The arguments about where a secret is written.
#[derive(Clone, Debug, Args)]
pub(super) struct WriteArgs {
    /// Write a parameter of Parameter Store [default: if the name begins with `/`]
    #[arg(long, conflicts_with = "secretsmanager")]
    ssm: bool,
    /// Write a secret of Secrets Manager [default: if the name does not begin with `/`]
    #[arg(long)]
    secretsmanager: bool,
    /// Key of KMS for a new secret, or for a parameter [default: that of AWS, or the one that a parameter has]
    #[arg(long, value_name = "KEY")]
    kms_key: Option<String>,
    /// Use the advanced tier of Parameter Store, for up to 8 KB; AWS charges for it
    #[arg(long, conflicts_with = "secretsmanager")]
    advanced: bool,
    #[command(flatten)]
    pub(super) approval: ChangeApprovalArgs,
    /// Skip the confirmation prompt where a value is replaced
    #[arg(long, short)]
    yes: bool,
}

impl WriteArgs {
    /// Returns the name of the secret.
    ///
    /// # Errors
    /// The store would refuse the name, or does not have the tier.
    pub(super) fn secret(&self, name: &str) -> Result<SecretName> {
        let store = match (self.ssm, self.secretsmanager) {
            (true, _) => Some(SecretStore::ParameterStore),
            (_, true) => Some(SecretStore::SecretsManager),
            _ => None,
        };
        let secret = SecretName::parse(name, store)?;
        if self.advanced && secret.store == SecretStore::SecretsManager {
            let hint = "leave `--advanced` out, or add `--ssm`".to_owned();
            return Err(Failure::usage("`--advanced` is a tier of Parameter Store").with_hint(hint));
        }
        Ok(secret)
    }
}

/// What is there before a write.
enum ExistingSecret {
    Nothing,
    Parameter(DescribedParameter),
    Secret(DescribedSecret),
}

/// A secret that may be written.
pub(super) struct PlannedSecret<'a> {
    pub(super) secret: SecretName,
    args: &'a WriteArgs,
    existing: ExistingSecret,
    destination: Destination,
}

impl<'a> PlannedSecret<'a> {
    /// Reads what is there, and returns the secret, if it may be written. `None` where only a request for approval was written.
    ///
    /// # Errors
    /// The secret cannot be written, approvals are missing, or a call failed.
    pub(super) async fn plan(
        (command, secret): (&str, SecretName),
        args: &'a WriteArgs,
        (manifest, aws): (&Manifest, &Aws),
        context: &CommandContext,
    ) -> Result<Option<PlannedSecret<'a>>> {
        ensure_account(manifest, aws).await?;
        let existing = ExistingSecret::read(&secret, aws).await?;
        existing.ensure_replaceable(&secret, args)?;
        let arn = match &existing {
            ExistingSecret::Secret(found) => Some(found.arn.as_str()),
            _ => None,
        };
        let mut destination =
            Destination::new(&context.settings, manifest.stage.as_deref(), arn, std::iter::empty());
        destination.region = Some(aws.region.clone());
        context.reporter.report(&Event::Destination(&destination));
        let changes = vec![existing.change(&secret)];
        let authorized = authorize(command, changes, &args.approval, (manifest, aws), context).await?;
        let planned = PlannedSecret { secret, args, existing, destination };
        Ok((authorized == Authorization::Given).then_some(planned))
    }

    /// Writes the value, and reports the entry for a variable.
    ///
    /// # Errors
    /// The store does not take the value, the question cannot be asked, or the write failed.
    pub(super) async fn write(
        &self,
        value: &str,
        variable: &str,
        aws: &Aws,
        context: &CommandContext,
    ) -> Result<CommandOutcome> {
        let is_advanced = self.args.advanced || self.existing.is_advanced();
        check_value(value, &self.secret, is_advanced)?;
        let question = format!("Replace the value of {} in {}?", self.secret, self.destination.in_question());
        if self.existing.is_there() && !is_confirmed(&question, self.args.yes, context)? {
            return Ok(CommandOutcome::Declined);
        }
        let order = SecretOrder {
            secret: &self.secret,
            value,
            // Without one, AWS would encrypt the new version with the key of the account.
            kms_key: self.args.kms_key.as_deref().or(self.existing.kms_key()),
            is_advanced,
            before: self.existing.before(),
        };
        let written = write_secret(order, aws).await?;
        self.report(&written, variable, aws, context);
        Ok(CommandOutcome::Succeeded)
    }

    fn report(&self, written: &WrittenSecret, variable: &str, aws: &Aws, context: &CommandContext) {
        let entry = SecretEntry::new(variable, &self.secret, written.arn.as_deref());
        let secret = &self.secret;
        let done = if self.existing.is_there() {
            format!("replaced the value of {secret} in {}", aws.region)
        } else {
            format!("created {secret} in {}", aws.region)
        };
        let lines = [done, "  secrets:".to_owned(), format!("    {}", entry.line())];
        let event = SecretWritten {
            name: secret.name.clone(),
            store: store_name(secret.store),
            region: aws.region.clone(),
            action: if self.existing.is_there() { SecretAction::Replaced } else { SecretAction::Created },
            version: written.version,
            arn: written.arn.clone(),
            entry: WrittenEntry { name: entry.name.clone(), value_from: entry.value_from.clone() },
        };
        let item = PageItem {
            lines: lines.into_iter().map(PageLine::plain).collect(),
            event: Some(JsonEvent::SecretWritten(event)),
        };
        context.reporter.report(&Event::Page(&Page { items: vec![item], ..Page::default() }));
        for note in self.notes(&entry) {
            context.reporter.report(&Event::Note(&note));
        }
    }

    fn notes(&self, entry: &SecretEntry) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(template) = &entry.template {
            notes.push(format!("`valueFrom: {template}` finds the ARN in each stage"));
        }
        if self.existing.is_there() {
            notes.push(
                "tasks that run keep the value before; `ecsail restart` replaces those of a service"
                    .to_owned(),
            );
        }
        if matches!(&self.existing, ExistingSecret::Secret(found) if found.is_rotated) {
            notes.push(format!("Secrets Manager rotates {}, and will replace the value", self.secret));
        }
        if !self.existing.is_there() && self.secret.resembles_arn_suffix() {
            notes.push(format!(
                "the name of {} ends like an ARN: refer to it by its whole ARN only",
                self.secret
            ));
        }
        notes
    }
}

impl ExistingSecret {
    async fn read(secret: &SecretName, aws: &Aws) -> Result<ExistingSecret> {
        match secret.store {
            SecretStore::ParameterStore => {
                let store = aws.parameter_store_in(&aws.region)?;
                let found = store.describe(std::slice::from_ref(&secret.name)).await?;
                let found = found.into_iter().next();
                Ok(found.map_or(ExistingSecret::Nothing, ExistingSecret::Parameter))
            }
            SecretStore::SecretsManager => match aws.secret_finder()?.describe(&secret.name).await {
                Ok(found) => Ok(ExistingSecret::Secret(found)),
                Err(error) if error.kind == ApiErrorKind::NotFound => Ok(ExistingSecret::Nothing),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Refuses what a new value would not replace as it is meant.
    fn ensure_replaceable(&self, secret: &SecretName, args: &WriteArgs) -> Result<()> {
        match self {
            ExistingSecret::Parameter(found) if found.kind != "SecureString" => {
                let message = format!("{secret} is a {}, whose value is not encrypted", found.kind);
                let hint = format!(
                    "choose another name, or delete it with `aws ssm delete-parameter --name {}`: AWS does not change the type",
                    quote(&secret.name)
                );
                Err(Failure::usage(message).with_hint(hint))
            }
            ExistingSecret::Secret(found) if found.is_deleted => {
                let hint = format!(
                    "restore it with `aws secretsmanager restore-secret --secret-id {}`",
                    quote(&secret.name)
                );
                Err(Failure::usage(format!("{secret} is scheduled for deletion")).with_hint(hint))
            }
            ExistingSecret::Secret(_) if args.kms_key.is_some() => {
                let hint = format!(
                    "leave `--kms-key` out, and change the key with `aws secretsmanager update-secret --secret-id {} --kms-key-id KEY`",
                    quote(&secret.name)
                );
                Err(Failure::usage(format!("{secret} exists, and keeps its key")).with_hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// Returns what an approval is given for. The version that is replaced is a part of it, so that it is used once.
    fn change(&self, secret: &SecretName) -> String {
        match self {
            ExistingSecret::Nothing => format!("create {secret}"),
            ExistingSecret::Parameter(found) => {
                format!("replace version {} of {secret}", found.version)
            }
            ExistingSecret::Secret(found) => {
                format!("replace the value of {secret} (versions: {})", found.versions.join(", "))
            }
        }
    }

    fn is_there(&self) -> bool {
        !matches!(self, ExistingSecret::Nothing)
    }

    fn is_advanced(&self) -> bool {
        matches!(self, ExistingSecret::Parameter(found) if found.is_advanced)
    }

    fn kms_key(&self) -> Option<&str> {
        match self {
            ExistingSecret::Parameter(found) => found.kms_key.as_deref(),
            _ => None,
        }
    }

    fn before(&self) -> SecretBefore<'_> {
        match self {
            ExistingSecret::Nothing => SecretBefore::Nothing,
            ExistingSecret::Parameter(found) => SecretBefore::Parameter { version: found.version },
            ExistingSecret::Secret(found) => SecretBefore::Secret { arn: &found.arn },
        }
    }
}

/// Returns the name of a store in events.
pub(super) fn store_name(store: SecretStore) -> StoreName {
    match store {
        SecretStore::ParameterStore => StoreName::ParameterStore,
        SecretStore::SecretsManager => StoreName::SecretsManager,
    }
}
