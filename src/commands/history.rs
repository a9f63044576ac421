//! `ecsail history`: shows past deployments.

use std::collections::BTreeSet;

use clap::Args;

use super::services::{ServiceIdentity, ServicesArgs};
use crate::aws::error::failure;
use crate::aws::types::{ContainerImage, LifecycleStage, revision_name};
use crate::context::CommandContext;
use crate::duration;
use crate::error::Result;
use crate::events::{JsonEvent, service as events};
use crate::history::past_deployment::{PastDeployment, PastState};
use crate::history::{ServiceHistory, TaskDefinitions};
use crate::image::ImageReference;
use crate::report::deployed_image::deployed_image;
use crate::report::{Column, CommandOutcome, Event, Page, PageLine, Paint, TableRow, names, table, times};

/// Show past deployments: when, which revision, by whom, and how they ended
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail history web
  ecsail history web --limit 50 --stage production
  ecsail history web --cluster main --output json

ECS keeps deployments for 90 days. Tags, commits and users are read from the tags that ecsail sets
on the task definition; the user is shown for the deployment that the revision was registered for.")]
pub struct HistoryArgs {
    #[command(flatten)]
    services: ServicesArgs,
    /// Number of deployments to show of each service, newest first
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Runs the verb.
///
/// # Errors
/// A service does not exist, or an API call failed.
pub async fn run(args: &HistoryArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.services.select(context).await?;
    let found = chosen.read_all().await?;
    let mut definitions = TaskDefinitions::new();
    for one in &found {
        let (cluster, service) = (&one.identity.cluster, &one.service);
        let read =
            ServiceHistory::read(&chosen.aws, cluster, service, args.limit as usize, &mut definitions).await;
        let past = read.map_err(failure)?;
        past.notes.iter().for_each(|note| context.reporter.report(&Event::Note(note)));
        context.reporter.report(&Event::Page(&page(&one.identity, &past.deployments, times::unix_now())));
    }
    Ok(CommandOutcome::Succeeded)
}

const COLUMNS: &[Column] = &[
    Column::whole("WHEN"),
    Column::whole("OUTCOME"),
    Column::name("REVISION"),
    Column::name("TAG"),
    Column::whole("TOOK"),
    Column::spare("BY"),
    Column::spare("COMMIT"),
    Column::spare("RELEASE"),
    Column::spare("DIGEST"),
];

/// Returns the past deployments of one service, newest first.
fn page(place: &ServiceIdentity, past: &[PastDeployment], now: f64) -> Page {
    let rows = past.iter().map(|deployment| row(place, deployment, now)).collect();
    let mut page = table(COLUMNS, rows);
    let title = match past {
        [] => format!("{}: no deployments", place.key),
        _ => format!("{}:", place.key),
    };
    page.head.insert(0, PageLine::painted(title, Paint::Bold));
    page
}

fn row(place: &ServiceIdentity, deployment: &PastDeployment, now: f64) -> TableRow {
    let by = deployment.deployed_by().map(names::principal_name);
    let commit = deployment.tags.get("git-sha").map(|sha| names::short_commit(sha).to_owned());
    // The time is in the first column; the end of the release id distinguishes releases.
    let release = deployment.tags.get("release").and_then(|id| Some(id.rsplit_once('-')?.1.to_owned()));
    let cells = [
        times::format_utc(deployment.created_at),
        Some(deployment.outcome_text()),
        Some(revision_or_id(deployment).to_owned()),
        tag_cell(deployment),
        elapsed_seconds(deployment, now).map(duration::seconds),
        by,
        commit,
        release,
        digest_cell(&deployment.images),
    ];
    TableRow {
        cells: cells.into_iter().map(Option::unwrap_or_default).collect(),
        lines_below: detail_line(deployment)
            .map(|text| PageLine::plain(format!("    {text}")))
            .into_iter()
            .collect(),
        paint: outcome_paint(deployment.state()),
        event: Some(JsonEvent::History(event(place, deployment, now))),
    }
}

/// Returns the tag that was deployed: of a release with several, those of the images of this service.
fn tag_cell(deployment: &PastDeployment) -> Option<String> {
    let own = deployment.tags.get("tag").and_then(|label| own_tags(label, &deployment.images));
    own.or_else(|| deployment.deployed_tag().as_deref().map(names::short_version))
}

/// Returns which of a release's several tags these images have; `None` where it had one tag, or that is not known.
///
/// A tag in AWS has no commas: `app=v2,proxy=3` is recorded as `app=v2 proxy=3`.
fn own_tags(label: &str, images: &[ContainerImage]) -> Option<String> {
    if !label.contains('=') {
        return None;
    }
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', ',']);
    let is_given = |version: &String| {
        label
            .match_indices(version.as_str())
            .any(|(at, _)| (at == 0 || label[..at].ends_with('=')) && ends(&label[at + version.len()..]))
    };
    let own = images.iter().filter_map(|image| {
        let reference = ImageReference::parse(&image.image);
        let versions = [reference.version(), reference.tag, reference.digest].into_iter().flatten();
        let version = versions.into_iter().find(is_given)?;
        Some((image.container_name.as_str(), names::short_version(&version)))
    });
    let own: Vec<(&str, String)> = own.collect();
    let different: BTreeSet<&String> = own.iter().map(|(_, version)| version).collect();
    match own.first() {
        None => None,
        Some((_, version)) if different.len() == 1 => Some(version.clone()),
        Some(_) => {
            Some(own.iter().map(|(name, version)| format!("{name}={version}")).collect::<Vec<_>>().join(","))
        }
    }
}

fn outcome_paint(state: PastState) -> Option<Paint> {
    match state {
        PastState::Succeeded => None,
        PastState::RolledBack | PastState::RollbackFailed | PastState::Failed | PastState::RollingBack => {
            Some(Paint::Bad)
        }
        PastState::Stopped
        | PastState::Superseded
        | PastState::Stopping
        | PastState::InProgress
        | PastState::Unknown => Some(Paint::Warn),
    }
}

fn revision_or_id(deployment: &PastDeployment) -> &str {
    match revision_name(&deployment.revision) {
        "" => &deployment.deployment,
        revision => revision,
    }
}

/// Returns the seconds that a deployment took, or has taken so far.
fn elapsed_seconds(deployment: &PastDeployment, now: f64) -> Option<f64> {
    let open =
        matches!(deployment.state(), PastState::InProgress | PastState::RollingBack | PastState::Stopping);
    let until_now = || (open && deployment.created_at > 0.0).then(|| (now - deployment.created_at).max(0.0));
    deployment.duration_seconds().or_else(until_now)
}

/// Returns the reason of the outcome, and the deployment that replaced this one.
fn detail_line(deployment: &PastDeployment) -> Option<String> {
    let back = deployment.rolled_back_to.as_deref().map(|to| format!("back to {}", revision_name(to)));
    let by = deployment.superseded_by.as_ref().map(|by| format!("by {by}"));
    let stage = deployment.stage.as_ref().filter(|_| deployment.state() == PastState::InProgress);
    let stage = stage.map(LifecycleStage::in_words);
    let reason = deployment.reason.clone().filter(|_| deployment.state() != PastState::Succeeded);
    let parts: Vec<String> = [back, by, stage, reason].into_iter().flatten().collect();
    Some(parts.join(": ")).filter(|text| !text.is_empty())
}

/// Returns the digest of the first image in ECR, and the number of other digests.
fn digest_cell(images: &[ContainerImage]) -> Option<String> {
    let known = || images.iter().filter_map(|image| Some((image, image.image_digest.as_deref()?)));
    let own = known().find(|(image, _)| ImageReference::parse(&image.image).ecr_repository().is_some());
    let (_, first) = own.or_else(|| known().next())?;
    let more = match known().filter(|(_, digest)| *digest != first).count() {
        0 => String::new(),
        more => format!(" +{more}"),
    };
    Some(format!("{}{more}", names::short_digest(first)))
}

fn event(place: &ServiceIdentity, deployment: &PastDeployment, now: f64) -> events::History {
    events::History {
        service: place.name.clone(),
        cluster: place.cluster.clone(),
        deployment: known_text(&deployment.deployment),
        service_deployment: known_text(&deployment.service_deployment_arn),
        status: deployment.status.clone(),
        outcome: deployment.state().outcome(),
        reason: deployment.reason.clone(),
        revision: known_text(revision_name(&deployment.revision)),
        rolled_back_to: deployment.rolled_back_to.as_deref().map(|to| revision_name(to).to_owned()),
        superseded_by: deployment.superseded_by.clone(),
        images: deployment.images.iter().map(deployed_image).collect(),
        tag: deployment.deployed_tag(),
        git_sha: deployment.tags.get("git-sha").cloned(),
        release: deployment.tags.get("release").cloned(),
        deployed_by: deployment.deployed_by().map(str::to_owned),
        registered_by: deployment.tags.get("deployed-by").cloned(),
        created_at: known_time(deployment.created_at),
        started_at: known_time(deployment.started_at),
        finished_at: known_time(deployment.finished_at),
        seconds: elapsed_seconds(deployment, now),
    }
}

/// A text; none where it is not known.
fn known_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A time in seconds since 1970; none where it is not known.
fn known_time(at: f64) -> Option<f64> {
    (at > 0.0).then_some(at)
}
