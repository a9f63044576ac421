//! Formats the state of services: in full for a few, as a table for many.

use std::cmp::Reverse;

use super::condition::{ServiceCondition, condition, is_rollback};
use super::event::{self, known};
use super::happened::happened;
use super::look::{ServiceState, primary_revision, running_definition};
use crate::aws::types::{
    ContainerImage, Deployment, LifecycleStage, RolloutState, ServiceDeployment, ServiceEvent, TargetHealth,
    TaskSet, revision_name,
};
use crate::commands::services::ServiceIdentity;
use crate::diagnose::events;
use crate::history::past_deployment::{PastDeployment, image_tag, is_registered_for, record_tags};
use crate::report::given_flags::GivenFlags;
use crate::report::{Column, Page, PageItem, PageLine, Paint, TableRow, names, table, times};
use crate::shell::quote;
use crate::watch::judge::{api_name_in_words, ecs_reason};
use first_line::{first_line, state_text};

mod first_line;

/// The number of differing paths to show.
const MAX_PATHS: usize = 3;
/// The number of service events for programs, if none is asked for.
const JSON_EVENTS: usize = 3;
/// The number of services that one command explains.
const MAX_EXPLAINED: usize = 3;

/// A service that does not exist.
pub(super) struct MissingService<'a> {
    pub(super) place: &'a ServiceIdentity,
    /// It was deleted, and ECS still describes it.
    pub(super) is_deleted: bool,
    pub(super) hint: Option<String>,
}

/// Returns the page without any services.
pub(super) fn empty_page(cluster: Option<&str>) -> Page {
    let text = cluster.map(|cluster| format!("cluster `{cluster}` has no services"));
    let line = PageLine::plain(text.unwrap_or_else(|| "no services".to_owned()));
    Page { foot: vec![line], ..Page::default() }
}

/// How a page is shown.
pub(super) struct PageStyle<'a> {
    /// The number of service events to show; without one, those of a service in trouble that nothing else explains.
    pub(super) events: Option<usize>,
    /// Whether the page is redrawn in place, so that its top is what is seen.
    pub(super) in_place: bool,
    pub(super) now: f64,
    /// The flags for the commands that are named.
    pub(super) flags: &'a GivenFlags,
}

impl PageStyle<'_> {
    /// Returns the number of service events for programs.
    fn json_events(&self) -> usize {
        self.events.unwrap_or(JSON_EVENTS)
    }
}

/// Returns services in full, problems where they are seen.
pub(super) fn full_page(
    seen: &[ServiceState],
    missing: &[MissingService<'_>],
    style: &PageStyle<'_>,
) -> Page {
    let items = sorted(seen, style).into_iter().map(|seen| PageItem {
        lines: service_lines(seen, style),
        event: Some(known(seen, style.json_events())),
    });
    let missing = missing.iter().map(|missing| missing_item(missing, style));
    let items = if style.in_place { missing.chain(items).collect() } else { items.chain(missing).collect() };
    Page { items, ..Page::default() }
}

/// Returns services by their state: the worst at the end of scrolling output, and at the top of a live display.
fn sorted<'a>(seen: &'a [ServiceState], style: &PageStyle<'_>) -> Vec<&'a ServiceState> {
    let mut sorted: Vec<&ServiceState> = seen.iter().collect();
    // The sort is stable, so services in the same state keep their order.
    if style.in_place {
        sorted.sort_by_key(|seen| condition(seen));
    } else {
        sorted.sort_by_key(|seen| Reverse(condition(seen)));
    }
    sorted
}

const COLUMNS: &[Column] = &[
    Column::name("SERVICE"),
    Column::name("REVISION"),
    Column::whole("TASKS"),
    Column::name("IMAGE"),
    Column::whole("STATE"),
    Column::spare("DEPLOYED"),
];

/// Returns services as a table, with the number of services in each state. Problems are where they are seen.
pub(super) fn short_page(
    seen: &[ServiceState],
    missing: &[MissingService<'_>],
    style: &PageStyle<'_>,
) -> Page {
    let rows = sorted(seen, style).into_iter().map(|seen| row(seen, style)).collect();
    let mut page = table(COLUMNS, rows);
    let at = if style.in_place { 0 } else { page.items.len() };
    page.items.splice(at..at, missing.iter().map(|missing| missing_item(missing, style)));
    let summary = PageLine::painted(summary(seen, missing.len()), Paint::Dim);
    let next = next_for_all(seen, style).map(PageLine::plain);
    if style.in_place {
        page.head.splice(0..0, [summary].into_iter().chain(next));
    } else {
        page.foot.extend([summary].into_iter().chain(next));
    }
    page
}

/// Returns the command that explains what is wrong, with the worst services.
fn next_for_all(seen: &[ServiceState], style: &PageStyle<'_>) -> Option<String> {
    let bad = sorted(seen, &PageStyle { in_place: true, ..*style });
    let bad = bad.into_iter().filter(|one| can_be_explained(one)).take(MAX_EXPLAINED);
    let names: Vec<_> = bad.map(|one| quote(&one.place.key)).collect();
    (!names.is_empty()).then(|| style.flags.in_commands(&format!("next: `ecsail why {}`", names.join(" "))))
}

/// Returns whether something is wrong that `ecsail why` explains.
fn can_be_explained(seen: &ServiceState) -> bool {
    seen.service.deployment_controller.is_ecs() && (condition(seen).is_bad() || seen.ended.is_some())
}

fn row(seen: &ServiceState, style: &PageStyle<'_>) -> TableRow {
    let service = &seen.service;
    let below = condition(seen).is_bad().then(|| format!("    {}", state_text(seen)));
    let pending = match service.pending_count {
        0 => String::new(),
        pending => format!(" +{pending}"),
    };
    let cells = vec![
        seen.place.key.clone(),
        revision_name(running_definition(service)).to_owned(),
        format!("{}/{}{pending}", service.running_count, service.desired_count),
        image_of(seen).unwrap_or_default(),
        condition(seen).as_str().to_owned(),
        service
            .primary_deployment()
            .and_then(|primary| times::format_age(primary.created_at.0, style.now))
            .unwrap_or_default(),
    ];
    TableRow {
        cells,
        lines_below: below.map(|text| PageLine::painted(text, Paint::Bad)).into_iter().collect(),
        paint: condition(seen).paint(),
        event: Some(known(seen, style.json_events())),
    }
}

/// Returns the number of services in each state, worst first.
fn summary(seen: &[ServiceState], missing: usize) -> String {
    use ServiceCondition::{Deleting, Deploying, Failing, Short, Steady};
    let of = |wanted: ServiceCondition| seen.iter().filter(|seen| condition(seen) == wanted).count();
    let counted =
        [Failing, Short, Deploying, Deleting, Steady].into_iter().map(|one| (of(one), one.as_str()));
    let words: Vec<String> = [(missing, "missing")]
        .into_iter()
        .chain(counted)
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!("{} services: {}", seen.len() + missing, words.join(", "))
}

/// Returns the tag and the digest that a service runs.
fn image_of(seen: &ServiceState) -> Option<String> {
    let images = &seen.revisions.first()?.container_images;
    let digest = images.iter().find_map(|image| image.image_digest.as_deref()).map(names::short_digest);
    let parts: Vec<String> = [image_tag(images), digest.map(str::to_owned)].into_iter().flatten().collect();
    Some(parts.join(" "))
}

/// Returns the item of a service that does not exist.
fn missing_item(missing: &MissingService<'_>, style: &PageStyle<'_>) -> PageItem {
    let MissingService { place, is_deleted, hint } = missing;
    let text = if *is_deleted {
        format!("{}: the service was deleted from cluster `{}`", place.key, place.cluster)
    } else {
        format!("{}: no such service in cluster `{}`", place.key, place.cluster)
    };
    let hint = hint.as_ref().map(|hint| PageLine::plain(format!("  {}", style.flags.in_commands(hint))));
    let lines = [PageLine::painted(text, Paint::Bad)].into_iter().chain(hint).collect();
    PageItem { lines, event: Some(event::missing(place, *is_deleted)) }
}

/// Returns one service in full: what is wrong first.
fn service_lines(seen: &ServiceState, style: &PageStyle<'_>) -> Vec<PageLine> {
    let mut lines = vec![first_line(seen)];
    let labelled = |label: &str, text: String| format!("  {label:<9} {text}");
    let ended = seen.ended.as_ref().map(|ended| ended_text(ended, style.now));
    lines.extend(ended.map(|text| PageLine::painted(labelled("last", text), Paint::Bad)));
    let next = can_be_explained(seen).then(|| format!("`ecsail why {}`", quote(&seen.place.key)));
    lines.extend(next.map(|next| PageLine::plain(labelled("next", style.flags.in_commands(&next)))));
    lines.extend(seen.url.iter().map(|url| PageLine::plain(labelled("url", url.clone()))));
    lines.extend(image_lines(seen).into_iter().map(|text| PageLine::plain(labelled("image", text))));
    lines.extend(deployed_line(seen, style.now).map(|text| PageLine::plain(labelled("deployed", text))));
    for deployment in &seen.in_progress {
        let text = labelled("rollout", rollout_line(seen, deployment));
        lines.push(PageLine::painted(text, is_rollback(deployment).then_some(Paint::Bad)));
    }
    if seen.service.deployments.len() > 1 || condition(seen) != ServiceCondition::Steady {
        let deployments = seen.service.deployments.iter();
        lines.extend(deployments.map(|one| {
            PageLine::plain(labelled(&one.status.as_str().to_lowercase(), deployment_counts(one)))
        }));
    }
    let sets = seen.service.task_sets.iter();
    lines.extend(sets.map(|set| PageLine::plain(labelled("task set", task_set_line(set)))));
    let targets = target_lines(seen).into_iter();
    lines.extend(targets.map(|(text, paint)| PageLine::painted(labelled("target", text), paint)));
    lines.extend(shown_events(seen, style).into_iter().map(|event| event_line(event, style.now)));
    lines.extend(drift_line(seen).map(|text| PageLine::painted(labelled("drift", text), Paint::Warn)));
    lines
}

/// Returns how the last deployment ended, in a sentence.
fn ended_text(ended: &PastDeployment, now: f64) -> String {
    let revision = revision_name(&ended.revision);
    let what = match (ended.deployed_tag(), revision) {
        (Some(tag), "") => names::short_version(&tag),
        (Some(tag), revision) => format!("{} ({revision})", names::short_version(&tag)),
        (None, "") => ended.deployment.clone(),
        (None, revision) => revision.to_owned(),
    };
    let age = times::format_age(ended.finished_at, now).map(|age| format!(" {age}")).unwrap_or_default();
    let reason = ended.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{what} {}{age}{reason}", ended.outcome_text())
}

/// Returns the service events to show: as many as were asked for, else of a deployment in progress the newest since it began.
fn shown_events<'a>(seen: &'a ServiceState, style: &PageStyle<'_>) -> Vec<&'a ServiceEvent> {
    let service = &seen.service;
    match (style.events, condition(seen)) {
        (Some(number), _) => happened(service, number),
        (None, ServiceCondition::Deploying) => {
            let since = service.primary_deployment().map_or(0.0, |primary| primary.created_at.0);
            happened(service, 1).into_iter().filter(|event| event.created_at.0 >= since).collect()
        }
        (None, _) => Vec::new(),
    }
}

fn event_line(event: &ServiceEvent, now: f64) -> PageLine {
    let told = events::read_event(&event.message);
    let paint = (told.class == events::EventClass::Fail).then_some(Paint::Bad);
    let ago = times::format_age(event.created_at.0, now).unwrap_or_default();
    PageLine::painted(format!("  {:<9} {ago}: {}", "event", told.text), paint)
}

/// Returns the images that run: those of the PRIMARY deployment first, then those of others with their revision.
fn image_lines(seen: &ServiceState) -> Vec<String> {
    let primary = primary_revision(&seen.service);
    let current = |arn: &str| seen.service.current_service_revisions.iter().any(|known| known.arn == arn);
    let mut revisions: Vec<_> =
        seen.revisions.iter().filter(|revision| current(&revision.service_revision_arn)).collect();
    revisions.sort_by_key(|revision| primary.as_deref() != Some(revision.service_revision_arn.as_str()));
    let text = |image: &ContainerImage, of: &str| {
        let digest =
            image.image_digest.as_deref().map(|digest| format!(" sha256:{}", names::short_digest(digest)));
        format!(
            "{} {}{}{of}",
            image.container_name,
            names::short_image(&image.image),
            digest.unwrap_or_default()
        )
    };
    let of = |index: usize, definition: &str| match index {
        0 => String::new(),
        _ => format!(" ({})", revision_name(definition)),
    };
    let images = revisions.iter().enumerate().flat_map(|(index, revision)| {
        let of = of(index, &revision.task_definition);
        revision.container_images.iter().map(move |image| text(image, &of))
    });
    images.collect()
}

/// Returns the time of the last deploy, and the tags that ecsail recorded on the definition.
fn deployed_line(seen: &ServiceState, now: f64) -> Option<String> {
    let at = seen.service.primary_deployment().map(|primary| primary.created_at.0).unwrap_or_default();
    let record = seen.definition.as_ref().map(record_tags).unwrap_or_default();
    let first = seen.definition.as_ref().is_some_and(|definition| is_registered_for(definition, at));
    let by = record.get("deployed-by").map(|by| names::principal_name(by));
    let parts = [
        times::format_utc(at),
        times::format_age(at, now),
        by.as_ref().filter(|_| first).map(|by| format!("by {by}")),
        record.get("tag").map(|tag| format!("tag {tag}")),
        record.get("git-sha").map(|sha| format!("commit {}", names::short_commit(sha))),
        // The service may have been rolled back to this revision, or redeployed by others.
        by.filter(|_| !first).map(|by| format!("registered by {by}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Some(parts.join(", ")).filter(|text| !text.is_empty())
}

/// Returns the progress of a deployment.
fn rollout_line(seen: &ServiceState, deployment: &ServiceDeployment) -> String {
    let revision = |arn: &str| {
        let found = seen.revisions.iter().find(|known| known.service_revision_arn == arn)?;
        Some(revision_name(&found.task_definition))
    };
    let target = deployment.target_revision_arn().and_then(revision).unwrap_or("a revision");
    let stage = deployment.lifecycle_stage.as_ref().map(LifecycleStage::in_words);
    let hook = deployment.waiting_hook_id().map(|hook| format!("waiting for hook `{hook}`"));
    let back = deployment.rollback.as_ref().and_then(|back| revision(back.service_revision_arn.as_deref()?));
    let mut parts = vec![format!("{target} {}", deployment.status.in_words())];
    parts.extend(back.map(|back| format!("rolling back to {back}")));
    parts.extend(stage);
    parts.extend(hook);
    let reason = ecs_reason(deployment).filter(|_| is_rollback(deployment));
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{reason}", parts.join(", "))
}

/// Returns the counts of one of the service's deployments.
fn deployment_counts(deployment: &Deployment) -> String {
    let mut parts = vec![format!("{}/{} running", deployment.running_count, deployment.desired_count)];
    let more = [(deployment.pending_count, "pending"), (deployment.failed_tasks, "failed")];
    parts.extend(more.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    parts.extend(deployment.rollout_state.as_ref().map(RolloutState::in_words));
    let failed = deployment.rollout_state == Some(RolloutState::Failed);
    let reason = deployment.rollout_state_reason.as_ref().filter(|_| failed);
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let revision = revision_name(&deployment.task_definition);
    format!("{revision} {} ({}){reason}", parts.join(", "), deployment.id)
}

/// Returns a task set, which is the deployment of a service with another deployment controller.
fn task_set_line(set: &TaskSet) -> String {
    let stability = set.stability_status.as_deref().map(|word| format!(", {}", api_name_in_words(word)));
    let (running, desired) = (set.running_count, set.computed_desired_count);
    let (revision, status) = (revision_name(&set.task_definition), set.status.as_str().to_lowercase());
    format!("{revision} {status} {running}/{desired} running{} ({})", stability.unwrap_or_default(), set.id)
}

/// Returns the number of healthy targets, and the unhealthy ones.
fn target_lines(seen: &ServiceState) -> Vec<(String, Option<Paint>)> {
    let Some(targets) = &seen.targets else { return Vec::new() };
    let unhealthy = targets.iter().filter(|target| target.state.starts_with("unhealthy"));
    let text = |target: &TargetHealth| {
        let why = target.description.as_ref().or(target.reason.as_ref());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        format!("{}:{} in `{}` is {}{why}", target.target, target.port, target.group, target.state)
    };
    let healthy = targets.iter().filter(|target| target.state == "healthy").count();
    let count = format!("{healthy} of {} healthy", targets.len());
    let first = (count, (healthy == 0 && !targets.is_empty()).then_some(Paint::Bad));
    [first].into_iter().chain(unhealthy.map(|target| (text(target), Some(Paint::Bad)))).collect()
}

/// Returns how the running definition differs from the manifest, if it does.
fn drift_line(seen: &ServiceState) -> Option<String> {
    let paths = &seen.drift.as_ref().filter(|drift| !drift.paths.is_empty())?.paths;
    let named = paths.iter().take(MAX_PATHS).cloned().collect::<Vec<_>>().join(", ");
    let more = match paths.len().saturating_sub(MAX_PATHS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("differs from the manifest: {named}{more}"))
}

#[cfg(test)]
mod tests;
