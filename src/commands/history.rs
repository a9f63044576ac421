//! `ecsail history`: shows past deployments.

use clap::Args;

use super::services::{Named, Place};
use crate::aws::error::failure;
use crate::aws::types::{ContainerImage, LifecycleStage, revision_of};
use crate::context::Context;
use crate::duration;
use crate::error::Result;
use crate::events::{JsonEvent, service as events};
use crate::history::past::{PastDeployment, PastState};
use crate::history::{Definitions, Past};
use crate::image::Reference;
use crate::report::{Event, Line, Outcome, Page, Paint, Row, names, table, times};

/// Show past deployments: when, which revision, by whom, and how they ended
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail history web
  ecsail history web --limit 50 --stage production
  ecsail history web --cluster main --output json

ECS keeps deployments for 90 days. Tags, commits and users are read from the tags that ecsail sets
on the task definition; the user is shown for the deployment that the revision was registered for.")]
pub struct History {
    #[command(flatten)]
    named: Named,
    /// Number of deployments to show of each service, newest first
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Runs the verb.
///
/// # Errors
/// A service does not exist, or an API call failed.
pub async fn run(args: &History, context: &Context) -> Result<Outcome> {
    let chosen = args.named.choose(context).await?;
    let found = chosen.all().await?;
    let mut definitions = Definitions::new();
    for one in &found {
        let (cluster, service) = (&one.place.cluster, &one.service);
        let read = Past::read(&chosen.aws, cluster, service, args.limit as usize, &mut definitions).await;
        let past = read.map_err(failure)?;
        past.notes.iter().for_each(|note| context.report.tell(&Event::Note(note)));
        context.report.tell(&Event::Page(&page(&one.place, &past.deployments, times::now())));
    }
    Ok(Outcome::Done)
}

const HEADER: &[&str] = &["WHEN", "OUTCOME", "REVISION", "TAG", "TOOK", "BY", "COMMIT", "RELEASE", "DIGEST"];

/// Returns the past deployments of one service, newest first.
fn page(place: &Place, past: &[PastDeployment], now: f64) -> Page {
    let rows = past.iter().map(|deployment| row(place, deployment, now)).collect();
    let mut page = table(HEADER, rows);
    let title = match past {
        [] => format!("{}: no deployments", place.key),
        _ => format!("{}:", place.key),
    };
    page.head.insert(0, Line::painted(title, Paint::Bold));
    page
}

fn row(place: &Place, deployment: &PastDeployment, now: f64) -> Row {
    let by = deployment.deployed_by().map(names::principal);
    let commit = deployment.tags.get("git-sha").map(|sha| names::commit(sha).to_owned());
    // The time is in the first column; the end of the release id distinguishes releases.
    let release = deployment.tags.get("release").and_then(|id| Some(id.rsplit_once('-')?.1.to_owned()));
    let cells = [
        times::utc(deployment.created_at),
        Some(deployment.outcome_in_words()),
        Some(revision_or_id(deployment).to_owned()),
        deployment.deployed_tag(),
        seconds(deployment, now).map(duration::seconds),
        by,
        commit,
        release,
        digests(&deployment.images),
    ];
    Row {
        cells: cells.into_iter().map(Option::unwrap_or_default).collect(),
        below: below(deployment).map(|text| Line::plain(format!("    {text}"))).into_iter().collect(),
        paint: paint_of(deployment.state()),
        event: Some(JsonEvent::History(event(place, deployment, now))),
    }
}

fn paint_of(state: PastState) -> Option<Paint> {
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
    match revision_of(&deployment.revision) {
        "" => &deployment.deployment,
        revision => revision,
    }
}

/// Returns the seconds that a deployment took, or has taken so far.
fn seconds(deployment: &PastDeployment, now: f64) -> Option<f64> {
    let open =
        matches!(deployment.state(), PastState::InProgress | PastState::RollingBack | PastState::Stopping);
    let until_now = || (open && deployment.created_at > 0.0).then(|| (now - deployment.created_at).max(0.0));
    deployment.seconds().or_else(until_now)
}

/// Returns the reason of the outcome, and the deployment that replaced this one.
fn below(deployment: &PastDeployment) -> Option<String> {
    let back = deployment.rolled_back_to.as_deref().map(|to| format!("back to {}", revision_of(to)));
    let by = deployment.superseded_by.as_ref().map(|by| format!("by {by}"));
    let stage = deployment.stage.as_ref().filter(|_| deployment.state() == PastState::InProgress);
    let stage = stage.map(LifecycleStage::in_words);
    let reason = deployment.reason.clone().filter(|_| deployment.state() != PastState::Succeeded);
    let parts: Vec<String> = [back, by, stage, reason].into_iter().flatten().collect();
    Some(parts.join(": ")).filter(|text| !text.is_empty())
}

/// Returns the digest of the first image in ECR, and the number of other digests.
fn digests(images: &[ContainerImage]) -> Option<String> {
    let known = || images.iter().filter_map(|image| Some((image, image.image_digest.as_deref()?)));
    let own = known().find(|(image, _)| Reference::parse(&image.image).ecr().is_some());
    let (_, first) = own.or_else(|| known().next())?;
    let more = match known().filter(|(_, digest)| *digest != first).count() {
        0 => String::new(),
        more => format!(" +{more}"),
    };
    Some(format!("{}{more}", names::digest(first)))
}

fn event(place: &Place, deployment: &PastDeployment, now: f64) -> events::History {
    let image = |image: &ContainerImage| events::DeployedImage {
        container: image.container_name.clone(),
        image: image.image.clone(),
        digest: image.image_digest.clone(),
    };
    events::History {
        service: place.name.clone(),
        cluster: place.cluster.clone(),
        deployment: known_text(&deployment.deployment),
        service_deployment: known_text(&deployment.service_deployment_arn),
        status: deployment.status.clone(),
        outcome: deployment.state().outcome(),
        reason: deployment.reason.clone(),
        revision: known_text(revision_of(&deployment.revision)),
        rolled_back_to: deployment.rolled_back_to.as_deref().map(|to| revision_of(to).to_owned()),
        superseded_by: deployment.superseded_by.clone(),
        images: deployment.images.iter().map(image).collect(),
        tag: deployment.deployed_tag(),
        git_sha: deployment.tags.get("git-sha").cloned(),
        release: deployment.tags.get("release").cloned(),
        deployed_by: deployment.deployed_by().map(str::to_owned),
        registered_by: deployment.tags.get("deployed-by").cloned(),
        created_at: known_time(deployment.created_at),
        started_at: known_time(deployment.started_at),
        finished_at: known_time(deployment.finished_at),
        seconds: seconds(deployment, now),
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
