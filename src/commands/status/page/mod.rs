//! Formats the state of services: in full for a few, as a table for many.

use std::cmp::Reverse;

use super::condition::{ServiceCondition, condition, is_rollback};
use super::event::{self, known};
use super::happened::happened;
use super::look::{ServiceState, primary_revision, running_definition};
use crate::aws::types::{
    ContainerImage, Deployment, LifecycleStage, RolloutState, ServiceDeployment, TargetHealth, TaskSet,
    revision_name,
};
use crate::commands::services::ServiceIdentity;
use crate::diagnose::events;
use crate::history::past_deployment::{image_tag, is_registered_for, record_tags};
use crate::report::{Page, PageItem, PageLine, Paint, TableRow, names, table, times};
use crate::watch::judge::{api_name_in_words, ecs_reason};

/// The number of differing paths to show.
const MAX_PATHS: usize = 3;

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

/// Returns services in full.
pub(super) fn full_page(
    seen: &[ServiceState],
    missing: &[MissingService<'_>],
    events: usize,
    now: f64,
) -> Page {
    let items = seen
        .iter()
        .map(|seen| PageItem { lines: service_lines(seen, events, now), event: Some(known(seen, events)) });
    Page { items: items.chain(missing.iter().map(missing_item)).collect(), ..Page::default() }
}

/// Returns services as a table, with the number of services in each state.
///
/// Problems are placed where they are seen: at the end of scrolling output, at the top of a live display.
pub(super) fn short_page(
    seen: &[ServiceState],
    missing: &[MissingService<'_>],
    events: usize,
    in_place: bool,
    now: f64,
) -> Page {
    const HEADER: &[&str] = &["SERVICE", "REVISION", "TASKS", "IMAGE", "STATE", "DEPLOYED"];
    let mut sorted: Vec<&ServiceState> = seen.iter().collect();
    // The sort is stable, so services in the same state keep their order.
    if in_place {
        sorted.sort_by_key(|seen| condition(seen));
    } else {
        sorted.sort_by_key(|seen| Reverse(condition(seen)));
    }
    let mut page = table(HEADER, sorted.into_iter().map(|seen| row(seen, events, now)).collect());
    let at = if in_place { 0 } else { page.items.len() };
    page.items.splice(at..at, missing.iter().map(missing_item));
    let summary = PageLine::painted(summary(seen, missing.len()), Paint::Dim);
    if in_place {
        page.head.insert(0, summary);
    } else {
        page.foot.push(summary);
    }
    page
}

fn row(seen: &ServiceState, events: usize, now: f64) -> TableRow {
    let service = &seen.service;
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
            .and_then(|primary| times::format_age(primary.created_at.0, now))
            .unwrap_or_default(),
    ];
    TableRow {
        cells,
        lines_below: Vec::new(),
        paint: condition(seen).paint(),
        event: Some(known(seen, events)),
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
fn missing_item(missing: &MissingService<'_>) -> PageItem {
    let MissingService { place, is_deleted, hint } = missing;
    let text = if *is_deleted {
        format!("{}: the service was deleted from cluster `{}`", place.key, place.cluster)
    } else {
        format!("{}: no such service in cluster `{}`", place.key, place.cluster)
    };
    let hint = hint.as_ref().map(|hint| PageLine::plain(format!("  {hint}")));
    let lines = [PageLine::painted(text, Paint::Bad)].into_iter().chain(hint).collect();
    PageItem { lines, event: Some(event::missing(place, *is_deleted)) }
}

/// Returns one service in full.
fn service_lines(seen: &ServiceState, number: usize, now: f64) -> Vec<PageLine> {
    let mut lines = vec![first_line(seen)];
    let labelled = |label: &str, text: String| format!("  {label:<9} {text}");
    lines.extend(image_lines(seen).into_iter().map(|text| PageLine::plain(labelled("image", text))));
    lines.extend(deployed_line(seen, now).map(|text| PageLine::plain(labelled("deployed", text))));
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
    lines.extend(
        seen.service.task_sets.iter().map(|set| PageLine::plain(labelled("task set", task_set_line(set)))),
    );
    lines.extend(
        target_lines(seen)
            .into_iter()
            .map(|(text, paint)| PageLine::painted(labelled("target", text), paint)),
    );
    lines.extend(happened(&seen.service, number).into_iter().map(|event| {
        let told = events::read_event(&event.message);
        let paint = (told.class == events::EventClass::Fail).then_some(Paint::Bad);
        let ago = times::format_age(event.created_at.0, now).unwrap_or_default();
        PageLine::painted(labelled("event", format!("{ago}: {}", told.text)), paint)
    }));
    lines.extend(drift_line(seen).map(|text| PageLine::painted(labelled("drift", text), Paint::Warn)));
    lines
}

/// Returns the first line: the revision, the number of tasks, and the state.
fn first_line(seen: &ServiceState) -> PageLine {
    let service = &seen.service;
    let pending = match service.pending_count {
        0 => String::new(),
        pending => format!(", {pending} pending"),
    };
    let state = match condition(seen) {
        ServiceCondition::Steady => String::new(),
        ServiceCondition::Deleting => ", being deleted".to_owned(),
        ServiceCondition::Short => ", short of tasks".to_owned(),
        ServiceCondition::Failing if seen.in_progress.iter().any(is_rollback) => {
            ", a deployment is being rolled back".to_owned()
        }
        ServiceCondition::Failing => ", the last deployment failed".to_owned(),
        ServiceCondition::Deploying => ", a deployment is in progress".to_owned(),
    };
    let (key, revision) = (&seen.place.key, revision_name(running_definition(service)));
    let counts = format!("{}/{} running", service.running_count, service.desired_count);
    let named =
        if *key == service.service_name { String::new() } else { format!(" ({})", service.service_name) };
    let paint = condition(seen).paint().unwrap_or(Paint::Bold);
    PageLine::painted(format!("{key}{named}: {revision}, {counts}{pending}{state}"), paint)
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
