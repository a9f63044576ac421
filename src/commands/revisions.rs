//! `ecsail revisions`: shows the revisions of a family, and what refers to each.

use clap::Args;
use futures_util::future::{join, try_join3};
use serde_json::Value;

use super::family::{Family, OfFamily};
use crate::aws::definitions::Status;
use crate::aws::error::failure;
use crate::aws::types::{Epoch, TaskDefinition, view};
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::events::service::ContainerAndImage;
use crate::events::{JsonEvent, prune as events};
use crate::observe::references::{Scope, referring};
use crate::plan::references::{Reference, Referring, Source, family_and_revision, references, shortly};
use crate::report::{Event, Line, Outcome, Page, Row, names, references, table, times};

/// Show the revisions of a family, and what refers to each
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail revisions web
  ecsail revisions web --cluster main --all
  ecsail revisions --family shop-worker --output json

References are read from the services of the cluster, their deployments in progress, their last
successful deployments, the target of a rollback, running tasks, EventBridge rules and schedules.
`ecsail prune` reads those of all clusters.")]
pub struct Revisions {
    #[command(flatten)]
    of: OfFamily,
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
pub async fn run(args: &Revisions, context: &Context) -> Result<Outcome> {
    let family = args.of.choose(context).await?;
    let most = if args.all { usize::MAX } else { args.limit as usize };
    let scope = Scope {
        family: family.name.clone(),
        clusters: family.clusters.clone(),
        all_pasts: false,
        without: vec![Source::Clusters],
    };
    let (definitions, seen) = join(newest(&family, most), referring(&family.aws, &scope)).await;
    let definitions = definitions?;
    if definitions.is_empty() {
        return Err(family.absent());
    }
    tell_unread(&seen, context);
    let references = references(&seen, &family.name);
    context.report.tell(&Event::Page(&page(&family.name, &definitions, &references, times::now())));
    Ok(Outcome::Done)
}

/// Returns the newest revisions of a family, of any status.
async fn newest(family: &Family, most: usize) -> Result<Vec<TaskDefinition>, Failure> {
    let of = |status| family.aws.revision_arns(&family.name, status, most);
    let listed = try_join3(of(Status::Active), of(Status::Inactive), of(Status::DeleteInProgress)).await;
    let (active, inactive, deleting) = listed.map_err(failure)?;
    let mut arns = [active, inactive, deleting].concat();
    arns.sort_by_key(|arn| std::cmp::Reverse(family_and_revision(arn).1));
    arns.truncate(most);
    family.aws.task_definitions(&arns).await.map_err(failure)
}

/// Reports the sources that could not be read: their references are not shown.
fn tell_unread(seen: &Referring, context: &Context) {
    for (source, error) in &seen.unread {
        let note = format!("references from {} are unknown: {error}", source.name());
        context.report.tell(&Event::Note(&note));
    }
}

fn page(family: &str, definitions: &[TaskDefinition], references: &[Reference], now: f64) -> Page {
    let latest = definitions.iter().find(|known| known.document["status"] == "ACTIVE");
    let latest = latest.and_then(|known| family_and_revision(&known.arn).1);
    let rows = definitions.iter().map(|definition| {
        let number = family_and_revision(&definition.arn).1;
        let refers = |reference: &&Reference| reference.revision.or(latest) == number;
        let mine: Vec<&Reference> = references.iter().filter(refers).collect();
        row(family, definition, &mine, now)
    });
    table(&["REVISION", "STATUS", "REGISTERED", "BY", "TAG", "GIT", "IMAGES"], rows.collect())
}

fn row(family: &str, definition: &TaskDefinition, references: &[&Reference], now: f64) -> Row {
    let Value::Object(document) = &definition.document else { return Row::default() };
    let text = |member: &str| document.get(member).and_then(Value::as_str).unwrap_or_default();
    let at = |member: &str| document.get(member).and_then(|at| view::<Epoch>(at).ok()).unwrap_or_default().0;
    let (tag, sha) = (definition.tag("ecsail:tag"), definition.tag("ecsail:git-sha"));
    let by = definition.tag("ecsail:deployed-by").unwrap_or(text("registeredBy"));
    let images = images(&definition.document);
    let reasons: Vec<_> = references.iter().map(|reference| reference.why.clone()).collect();
    let cells = vec![
        definition.revision().to_owned(),
        text("status").to_owned(),
        times::ago(at("registeredAt"), now).unwrap_or_default(),
        names::principal(by),
        tag.unwrap_or_default().to_owned(),
        sha.map(names::commit).unwrap_or_default().to_owned(),
        images.iter().map(|(_, image)| names::image(image)).collect::<Vec<_>>().join(", "),
    ];
    let below = match reasons.is_empty() {
        true => Vec::new(),
        false => vec![Line::plain(format!("  {}", shortly(&reasons)))],
    };
    let known = |at: f64| (at > 0.0).then_some(at);
    let images = images.iter().map(|(container, image)| ContainerAndImage {
        container: (*container).to_owned(),
        image: (*image).to_owned(),
    });
    let event = events::Revision {
        family: family.to_owned(),
        revision: definition.revision().to_owned(),
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
    Row { cells, below, paint: None, event: Some(JsonEvent::Revision(event)) }
}

/// Returns the containers of a definition with their images.
fn images(document: &Value) -> Vec<(&str, &str)> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    containers.filter_map(|known| Some((known["name"].as_str()?, known["image"].as_str()?))).collect()
}
