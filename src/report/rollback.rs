//! Formats a rollback before it is applied: what runs, what it is rolled back to, and why.

use serde_json::Value;

use super::plan::via_event;
use super::printable::one_line;
use super::screen::{Paint, paint};
use crate::events::rollback as events;
use crate::events::service::DeployedImage;
use crate::image::ImageReference;
use crate::plan::SchedulePlan;
use crate::plan::rollback::{LeftOut, PinnedImage, ReleaseSummary, Source, Target, Why};
use crate::watch::judge::api_name_in_words;

/// Returns the target of a rollback as text.
pub fn text(target: &Target, color: bool) -> String {
    let name = paint(color, Paint::Bold, &target.service);
    let to = target.to.as_ref().map_or("the previous revision", |to| to.revision.as_str());
    let head = match target.source {
        Source::UnderWay => {
            format!("{name}: the deployment of {} is stopped, ECS rolls back to {to}", target.from.revision)
        }
        Source::Attached => {
            format!(
                "{name}: is being rolled back from {} to {to} already; watching that",
                target.from.revision
            )
        }
        _ => format!("{name}: rolls back from {} to {to}", target.from.revision),
    };
    let mut lines = vec![head, format!("  from  {}", summary_line(&target.from))];
    lines.extend(target.to.iter().map(|to| format!("  to    {}", summary_line(to))));
    lines.extend(reason_text(target).map(|why| format!("  why   {why}")));
    lines.extend(target.left_out.iter().map(|left| format!("  not   {}", skipped_text(left))));
    lines.extend(target.pinned.iter().map(|image| format!("  image {}", pinned_text(image))));
    lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
}

/// Returns what a schedule is rolled back to: a line for each of its targets, with the service that it follows.
pub fn schedule_text(plan: &SchedulePlan, services: &[String], color: bool) -> String {
    let name = paint(color, Paint::Bold, &plan.key);
    let lines = schedule_targets(plan, services).map(|(id, from, to, service)| {
        let target = if id.is_empty() { String::new() } else { format!(" target `{id}`") };
        one_line(&format!("{name}:{target} rolls back from {from} to {to}, with `{service}`"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The event of what a schedule returns to.
pub fn schedule_event(plan: &SchedulePlan, services: &[String]) -> events::ScheduleRollback {
    let target = |(id, from, to, service): (&str, &str, &str, &String)| events::ScheduleTargetRollback {
        target: (!id.is_empty()).then(|| id.to_owned()),
        from: from.to_owned(),
        to: to.to_owned(),
        service: service.clone(),
    };
    events::ScheduleRollback {
        schedule: plan.key.clone(),
        name: plan.name.clone(),
        via: via_event(plan.via),
        targets: schedule_targets(plan, services).map(target).collect(),
    }
}

/// The event of what a service returns to.
pub fn event(target: &Target) -> events::RollbackTarget {
    events::RollbackTarget {
        service: target.service.clone(),
        cluster: target.cluster.clone(),
        from: past_release(&target.from),
        to: target.to.as_ref().map(past_release),
        source: source_event(&target.source),
        left_out: target.left_out.iter().map(passed_over).collect(),
        pinned: target.pinned.iter().map(pinned_event).collect(),
    }
}

fn past_release(summary: &ReleaseSummary) -> events::PastRelease {
    let images = summary.images.iter().map(|image| DeployedImage {
        container: image.container.clone(),
        image: image.image.clone(),
        digest: image.digest.clone(),
    });
    events::PastRelease {
        revision: summary.revision.clone(),
        at: summary.at,
        tag: summary.tag.clone(),
        images: images.collect(),
    }
}

fn source_event(source: &Source) -> events::RollbackSource {
    match source {
        Source::History { steps } => events::RollbackSource::History { steps: *steps },
        Source::BeforeHistory => events::RollbackSource::BeforeHistory,
        Source::LastCompleted => events::RollbackSource::LastCompleted,
        Source::Tags => events::RollbackSource::Tags,
        Source::Revisions => events::RollbackSource::Revisions,
        Source::Named { succeeded } => events::RollbackSource::Named { succeeded: *succeeded },
        Source::UnderWay => events::RollbackSource::InProgress,
        Source::Attached => events::RollbackSource::Attached,
    }
}

fn passed_over(left: &LeftOut) -> events::PassedOver {
    let why = match &left.why {
        Why::Failed { status, reason } => {
            events::PassedOverReason::Failed { status: status.clone(), reason: reason.clone() }
        }
        Why::Same => events::PassedOverReason::Same,
        Why::RolledAwayFrom => events::PassedOverReason::RolledAwayFrom,
    };
    events::PassedOver { revision: left.revision.clone(), at: left.at, why }
}

fn pinned_event(pinned: &PinnedImage) -> events::PinnedImage {
    events::PinnedImage {
        image: pinned.image.clone(),
        digest: pinned.digest.clone(),
        now: pinned.now.clone(),
    }
}

/// Returns the targets of a schedule's rollback: id, revision before and after, and the service that it follows.
fn schedule_targets<'a>(
    plan: &'a SchedulePlan,
    services: &'a [String],
) -> impl Iterator<Item = (&'a str, &'a str, &'a str, &'a String)> {
    let text = |value: &'a Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default();
    let targets = plan.targets.iter().zip(&plan.changes).zip(services);
    targets.map(move |((target, change), service)| {
        (target.id.as_str(), text(&change.before), text(&change.after), service)
    })
}

/// Returns a release in one line: its revision, when it was deployed, its images.
fn summary_line(summary: &ReleaseSummary) -> String {
    let mut parts = vec![summary.revision.clone()];
    parts.extend(summary.at.map(format_utc));
    let images = summary.images.iter().map(|image| {
        let reference = ImageReference::parse(&image.image);
        let name = reference.repository.rsplit('/').next().unwrap_or_default();
        match (&reference.tag, &reference.digest) {
            (Some(tag), _) => format!("{name}:{tag}"),
            (None, Some(digest)) => format!("{name}@{}", short_digest(digest)),
            (None, None) => name.to_owned(),
        }
    });
    parts.push(images.collect::<Vec<_>>().join(", "));
    parts.retain(|part| !part.is_empty());
    parts.join("  ")
}

/// Returns how the target was chosen, in words.
fn reason_text(target: &Target) -> Option<String> {
    let to = target.to.as_ref().map_or("it", |to| to.revision.as_str());
    let text = match &target.source {
        Source::History { steps: 1 } => {
            "the last deployment that succeeded before the running one".to_owned()
        }
        Source::History { steps } => format!("{steps} successful deployments back"),
        Source::BeforeHistory => {
            "what ran at the beginning of ECS's deployment history, which has at most 90 days".to_owned()
        }
        Source::LastCompleted => "the last completed deployment in the service's deployment list".to_owned(),
        Source::Tags => format!(
            "not in ECS's deployment history: {to} is the newest older revision with the tags of a deploy; \
             whether it succeeded is unknown"
        ),
        Source::Revisions => format!(
            "not in ECS's deployment history: {to} is the previous ACTIVE revision; whether it ever ran is unknown"
        ),
        Source::Named { succeeded: true } => "named on the command line; its deployment succeeded".to_owned(),
        Source::Named { succeeded: false } => {
            "named on the command line; no deployment of it is known to have succeeded".to_owned()
        }
        Source::UnderWay | Source::Attached => return None,
    };
    Some(text)
}

fn skipped_text(left: &LeftOut) -> String {
    let revision = left.revision.as_deref().unwrap_or("the deployment");
    let at = format_utc(left.at);
    match &left.why {
        Why::Failed { status, reason } => {
            let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            format!("{revision} of {at}: {}{reason}", status_text(status))
        }
        Why::Same => format!("{revision} of {at}: the same as the running revision"),
        Why::RolledAwayFrom => {
            format!(
                "{revision} of {at}: it succeeded, and was rolled back later; choose it with `--to {revision}`"
            )
        }
    }
}

/// Returns how a deployment ended, in words.
fn status_text(status: &str) -> String {
    match status {
        "ROLLBACK_SUCCESSFUL" => "rolled back".to_owned(),
        "ROLLBACK_FAILED" => "its rollback failed".to_owned(),
        other => api_name_in_words(other),
    }
}

fn pinned_text(pinned: &PinnedImage) -> String {
    let PinnedImage { image, digest, now } = pinned;
    let name = image.rsplit('/').next().unwrap_or(image);
    let now = match now {
        Some(now) => format!("now points to {}", short_digest(now)),
        None => "no longer exists".to_owned(),
    };
    format!("`{name}` {now}: the image that ran, {}, is registered by its digest", short_digest(digest))
}

fn short_digest(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

/// Returns a time as `2026-11-21 13:05Z`.
fn format_utc(at: f64) -> String {
    let time = jiff::Timestamp::from_second(at as i64);
    time.map_or_else(|_| at.to_string(), |time| time.strftime("%Y-%m-%d %H:%MZ").to_string())
}
