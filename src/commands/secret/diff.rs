//! `ecsail secret diff`: shows which secrets of the rendered documents are missing. Never reads a value.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use futures_util::future::join_all;

use super::from_kms::documents;
use crate::aws::error::ApiErrorKind;
use crate::aws::{ApiError, Aws};
use crate::commands::{SelectionArgs, lookups};
use crate::context::CommandContext;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::events::secret::{ReferenceState, SecretReference as ReferenceEvent};
use crate::exit_codes;
use crate::lookup::missing_secret_name;
use crate::manifest::Request;
use crate::report::{Column, CommandOutcome, Event, Page, PageLine, Paint, TableRow, table};
use crate::secret_store::{SecretReference, SecretStore, put_command, secret_uses};
use crate::settings::ImageTags;

/// Show which secrets of the definitions are missing in Parameter Store and Secrets Manager
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("secret diff", "Examples:
  ecsail secret diff
  ecsail secret diff web --stage production
  ecsail secret diff --exit-code --output json

Looked for are `secrets` of containers, options of log drivers, and credentials of registries,
each in the region of its ARN. No value is read."))]
pub struct SecretDiffArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Exit with 6 if secrets are missing, and with 1 if it is not known of some
    #[arg(long)]
    exit_code: bool,
}

/// What is known of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    Found,
    Missing,
    Deleted,
    Unknown(String),
}

const COLUMNS: &[Column] = &[Column::whole("STATE"), Column::name("SECRET"), Column::text("USED BY")];

/// Runs the verb.
///
/// # Errors
/// The files have problems, or AWS cannot be reached.
pub async fn run(args: &SecretDiffArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let mut request = Request { keeps_ciphertexts: true, ..args.selection.request()? };
    if request.tags.default.is_none() {
        request.tags = ImageTags { default: Some("TAG".to_owned()), is_placeholder: true, ..request.tags };
    }
    context.lookups_of(context.settings.stage.as_deref()).tolerate_missing_secrets();
    let (manifest, desired) = lookups::render(&request, &context.settings, context, Ok).await?;
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (owner, document) in documents(&desired) {
        for found in secret_uses(&document) {
            let by = if found.variable.is_empty() {
                owner.clone()
            } else {
                format!("{owner}: {}", found.variable)
            };
            uses.entry(found.value_from).or_default().insert(by);
        }
    }
    if uses.is_empty() {
        context.reporter.report(&Event::Note("the definitions refer to no secrets"));
        return Ok(CommandOutcome::Succeeded);
    }
    let aws = context.connect(&manifest, &desired).await?;
    let known = read_all(uses.keys(), &aws).await;
    context.reporter.report(&Event::Page(&page(&uses, &known)));
    let is_any = |state: fn(&Known) -> bool| known.values().any(state);
    Ok(if !args.exit_code {
        CommandOutcome::Succeeded
    } else if is_any(|known| matches!(known, Known::Missing | Known::Deleted)) {
        CommandOutcome::HasChanges
    } else if is_any(|known| matches!(known, Known::Unknown(_))) {
        CommandOutcome::Error
    } else {
        CommandOutcome::Succeeded
    })
}

/// Returns what is known of each `valueFrom`: parameters by region, secrets side by side.
async fn read_all(texts: impl Iterator<Item = &String>, aws: &Aws) -> BTreeMap<String, Known> {
    let mut known = BTreeMap::new();
    let mut parameters: BTreeMap<String, Vec<(String, SecretReference)>> = BTreeMap::new();
    let mut secrets = Vec::new();
    for text in texts {
        if missing_secret_name(text).is_some() {
            known.insert(text.clone(), Known::Missing);
            continue;
        }
        match SecretReference::parse(text) {
            None => {
                let why = "it is no ARN of a parameter or a secret".to_owned();
                known.insert(text.clone(), Known::Unknown(why));
            }
            Some(found) if found.store == SecretStore::SecretsManager => secrets.push((text.clone(), found)),
            Some(found) => {
                let region = found.region.clone().unwrap_or_else(|| aws.region.clone());
                parameters.entry(region).or_default().push((text.clone(), found));
            }
        }
    }
    for (region, asked) in parameters {
        known.extend(read_parameters(&region, asked, aws).await);
    }
    let finds = secrets.into_iter().map(async |(text, found)| (text, read_secret(&found, aws).await));
    known.extend(join_all(finds).await);
    known
}

async fn read_parameters(
    region: &str,
    asked: Vec<(String, SecretReference)>,
    aws: &Aws,
) -> Vec<(String, Known)> {
    // Parameters of other accounts cannot be described: they have no names there.
    let own = aws.caller().await.map(|caller| caller.account).ok();
    let is_foreign = |found: &SecretReference| match (&own, &found.account) {
        (Some(own), Some(account)) => own != account,
        _ => false,
    };
    let names: Vec<String> = asked
        .iter()
        .filter(|(_, found)| !is_foreign(found))
        .flat_map(|(_, found)| found.parameter_names())
        .collect();
    let described = match aws.parameter_store_in(region) {
        Ok(store) if !names.is_empty() => store.describe(&names).await.map_err(|error| unknown(&error)),
        Ok(_) => Ok(Vec::new()),
        Err(failure) => Err(Known::Unknown(failure.one_line())),
    };
    let state = |(text, found): (String, SecretReference)| {
        let known = match &described {
            _ if is_foreign(&found) => Known::Unknown("it is a parameter of another account".to_owned()),
            Err(known) => known.clone(),
            Ok(there) => {
                let names = found.parameter_names();
                let is_there = there.iter().any(|parameter| names.contains(&parameter.name));
                if is_there { Known::Found } else { Known::Missing }
            }
        };
        (text, known)
    };
    asked.into_iter().map(state).collect()
}

async fn read_secret(found: &SecretReference, aws: &Aws) -> Known {
    let finder = match aws.secret_finder_in(found.region.as_deref().unwrap_or(&aws.region)) {
        Ok(finder) => finder,
        Err(failure) => return Known::Unknown(failure.one_line()),
    };
    match finder.describe(&found.id).await {
        Ok(secret) if secret.is_deleted => Known::Deleted,
        Ok(_) => Known::Found,
        Err(error) if error.kind == ApiErrorKind::NotFound => Known::Missing,
        Err(error) => unknown(&error),
    }
}

fn unknown(error: &ApiError) -> Known {
    Known::Unknown(error.hint().map_or_else(|| error.to_string(), |hint| format!("{error}; {hint}")))
}

fn page(uses: &BTreeMap<String, BTreeSet<String>>, known: &BTreeMap<String, Known>) -> Page {
    let mut rows = Vec::new();
    for (text, used_by) in uses {
        let state = known.get(text).cloned().unwrap_or(Known::Found);
        let used_by: Vec<String> = used_by.iter().cloned().collect();
        let (word, shown, paint) = match &state {
            Known::Found => ("found", ReferenceState::Found, None),
            Known::Missing => ("missing", ReferenceState::Missing, Some(Paint::Bad)),
            Known::Deleted => ("deleted", ReferenceState::Deleted, Some(Paint::Bad)),
            Known::Unknown(_) => ("unknown", ReferenceState::Unknown, Some(Paint::Warn)),
        };
        let reason = match &state {
            Known::Unknown(why) => Some(why.clone()),
            _ => None,
        };
        let found = SecretReference::parse(text);
        // A secret that a template did not find has no ARN.
        let text = missing_secret_name(text).unwrap_or(text);
        let event = ReferenceEvent {
            value_from: text.to_owned(),
            state: shown,
            reason: reason.clone(),
            used_by: used_by.clone(),
        };
        rows.push(TableRow {
            cells: vec![word.to_owned(), text.to_owned(), used_by.join(", ")],
            lines_below: below(found.as_ref(), &state, reason),
            paint,
            event: Some(JsonEvent::SecretReference(event)),
        });
    }
    table(COLUMNS, rows)
}

/// Returns the line below a reference: what to do, or why it is not known.
fn below(found: Option<&SecretReference>, state: &Known, reason: Option<String>) -> Vec<PageLine> {
    let name = found.map_or("NAME", SecretReference::name);
    let store = found.map_or(SecretStore::ParameterStore, |found| found.store);
    let line = match state {
        Known::Found => return Vec::new(),
        Known::Missing => format!("create it with `{}`", put_command(store, name)),
        Known::Deleted => {
            format!("restore it with `aws secretsmanager restore-secret --secret-id {name}`")
        }
        Known::Unknown(_) => reason.unwrap_or_default(),
    };
    vec![PageLine::plain(format!("  {line}"))]
}
