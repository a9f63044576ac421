//! `ecsail revisions`: shows the revisions of a family, and what refers to each.

use clap::Args;
use futures_util::future::{join, try_join3};
use serde_json::Value;

use super::family::{Family, FamilyArgs};
use crate::aws::definitions::RevisionStatus;
use crate::aws::error::failure;
use crate::aws::types::{Epoch, TaskDefinition, parse_view};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::service::ContainerAndImage;
use crate::events::{JsonEvent, prune as events};
use crate::observe::references::{ReferenceScope, observe_references};
use crate::plan::references::{
    Referring, RevisionReference, Source, family_and_revision, references, summarize,
};
use crate::report::{
    Column, CommandOutcome, Event, Page, PageLine, TableRow, names, references, table, times,
};

/// Show the revisions of a family, and what refers to each
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail revisions web
  ecsail revisions web --cluster main --all
  ecsail revisions --family shop-worker --output json

References are read from the services of the cluster, their deployments in progress, their last
successful deployments, the target of a rollback, running tasks, EventBridge rules and schedules.
`ecsail prune` reads those of all clusters.")]
pub struct RevisionsArgs {
    #[command(flatten)]
    family: FamilyArgs,
    /// Number of revisions to show, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Show all revisions
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

/// Runs the verb.
///
/// # Errors
/// The service or family does not exist, or an API call failed.
pub async fn run(args: &RevisionsArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let family = args.family.resolve(context).await?;
    let most = if args.all { usize::MAX } else { args.limit as usize };
    let scope = ReferenceScope {
        family: family.name.clone(),
        clusters: family.clusters.clone(),
        include_past_services: false,
        excluded: vec![Source::Clusters],
    };
    let (definitions, seen) =
        join(newest_revisions(&family, most), observe_references(&family.aws, &scope)).await;
    let definitions = definitions?;
    if definitions.is_empty() {
        return Err(family.not_found());
    }
    report_unread_sources(&seen, context);
    let references = references(&seen, &family.name);
    context.reporter.report(&Event::Page(&page(&family.name, &definitions, &references, times::unix_now())));
    Ok(CommandOutcome::Succeeded)
}

/// Returns the newest revisions of a family, of any status.
async fn newest_revisions(family: &Family, most: usize) -> Result<Vec<TaskDefinition>, Failure> {
    let of = |status| family.aws.revision_arns(&family.name, status, most);
    let listed = try_join3(
        of(RevisionStatus::Active),
        of(RevisionStatus::Inactive),
        of(RevisionStatus::DeleteInProgress),
    )
    .await;
    let (active, inactive, deleting) = listed.map_err(failure)?;
    let mut arns = [active, inactive, deleting].concat();
    arns.sort_by_key(|arn| std::cmp::Reverse(family_and_revision(arn).1));
    arns.truncate(most);
    family.aws.task_definitions(&arns).await.map_err(failure)
}

/// Reports the sources that could not be read: their references are not shown.
fn report_unread_sources(seen: &Referring, context: &CommandContext) {
    for (source, error) in &seen.unread {
        let note = format!("references from {} are unknown: {error}", source.name());
        context.reporter.report(&Event::Note(&note));
    }
}

fn page(family: &str, definitions: &[TaskDefinition], references: &[RevisionReference], now: f64) -> Page {
    let latest = definitions.iter().find(|known| known.document["status"] == "ACTIVE");
    let latest = latest.and_then(|known| family_and_revision(&known.arn).1);
    let rows = definitions.iter().map(|definition| {
        let number = family_and_revision(&definition.arn).1;
        let refers = |reference: &&RevisionReference| reference.revision.or(latest) == number;
        let mine: Vec<&RevisionReference> = references.iter().filter(refers).collect();
        row(family, definition, &mine, now)
    });
    table(COLUMNS, rows.collect())
}

fn row(family: &str, definition: &TaskDefinition, references: &[&RevisionReference], now: f64) -> TableRow {
    let Value::Object(document) = &definition.document else { return TableRow::default() };
    let text = |member: &str| document.get(member).and_then(Value::as_str).unwrap_or_default();
    let at =
        |member: &str| document.get(member).and_then(|at| parse_view::<Epoch>(at).ok()).unwrap_or_default().0;
    let (tag, sha) = (definition.tag("ecsail:tag"), definition.tag("ecsail:git-sha"));
    let by = definition.tag("ecsail:deployed-by").unwrap_or(text("registeredBy"));
    let images = container_images(&definition.document);
    let reasons: Vec<_> = references.iter().map(|reference| reference.used_by.clone()).collect();
    let cells = vec![
        definition.revision_name().to_owned(),
        text("status").to_owned(),
        times::format_age(at("registeredAt"), now).unwrap_or_default(),
        names::principal_name(by),
        tag.unwrap_or_default().to_owned(),
        sha.map(names::short_commit).unwrap_or_default().to_owned(),
        images.iter().map(|(_, image)| names::short_image(image)).collect::<Vec<_>>().join(", "),
    ];
    let below = if reasons.is_empty() {
        Vec::new()
    } else {
        vec![PageLine::plain(format!("  {}", summarize(&reasons)))]
    };
    let known = |at: f64| (at > 0.0).then_some(at);
    let images = images.iter().map(|(container, image)| ContainerAndImage {
        container: (*container).to_owned(),
        image: (*image).to_owned(),
    });
    let event = events::Revision {
        family: family.to_owned(),
        revision: definition.revision_name().to_owned(),
        arn: definition.arn.clone(),
        number: document.get("revision").and_then(Value::as_u64).unwrap_or_default(),
        status: text("status").to_owned(),
        registered_at: known(at("registeredAt")),
        registered_by: document.get("registeredBy").and_then(Value::as_str).map(str::to_owned),
        deregistered_at: known(at("deregisteredAt")),
        tag: tag.map(str::to_owned),
        git_sha: sha.map(str::to_owned),
        deployed_by: definition.tag("ecsail:deployed-by").map(str::to_owned),
        images: images.collect(),
        references: reasons.iter().map(references::event).collect(),
    };
    TableRow { cells, lines_below: below, paint: None, event: Some(JsonEvent::Revision(event)) }
}

const COLUMNS: &[Column] = &[
    Column::name("REVISION"),
    Column::whole("STATUS"),
    Column::whole("REGISTERED"),
    Column::spare("BY"),
    Column::name("TAG"),
    Column::spare("GIT"),
    Column::text("IMAGES"),
];

/// Returns the containers of a definition with their images.
fn container_images(document: &Value) -> Vec<(&str, &str)> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    containers.filter_map(|known| Some((known["name"].as_str()?, known["image"].as_str()?))).collect()
}
