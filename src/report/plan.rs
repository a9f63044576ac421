//! Formats a plan: text for a terminal, Markdown for a pull request, JSON for a program.

use serde_json::Value;

use super::commits;
use super::markdown::{code, code_between, escape};
use super::printable::one_line;
use super::screen::{Paint, paint};
use crate::aws::types::{Via, revision_name};
use crate::events::{autoscaling, plan as events, schedule};
use crate::image::ImageReference;
use crate::manifest::schedules::schedule_noun;
use crate::plan::schedules::{Action, TargetPlan};
use crate::plan::{AutoscalingPlan, Change, Plan, Reason, Revision, SchedulePlan, ServicePlan, TaskPlan};

/// The longest value that is shown whole, in characters.
const MAX_VALUE_CHARACTERS: usize = 100;

/// Returns a plan as text.
pub fn text(plan: &Plan, color: bool) -> String {
    let destination = plan.destination.known_line();
    let mut lines: Vec<String> = destination.iter().map(|line| paint(color, Paint::Bold, line)).collect();
    lines.extend(plan.before.iter().map(|task| task_line(plan, task, "before", color)));
    for service in &plan.services {
        let name = paint(color, Paint::Bold, &service.key);
        if !service.changes() {
            lines.push(format!("{name}: {}", unchanged_text(service)));
            continue;
        }
        lines.push(format!("{name}: {}", change_text(plan, service)));
        lines.extend(change_lines("", &service.definition_changes, color));
        lines.extend(change_lines(attribute_prefix(service), &service.service_changes, color));
        lines.extend(service.reasons.iter().map(|reason| format!("  {}", reason_text(reason))));
        lines.extend(plan.needs.get(&service.key).map(|needs| format!("  after {}", needs.join(", "))));
    }
    lines.extend(plan.autoscaling.iter().flat_map(|plan| autoscaling_lines(plan, color)));
    for schedule in &plan.schedules {
        lines.extend(schedule_lines(schedule, color));
    }
    lines.extend(plan.after.iter().map(|task| task_line(plan, task, "after", color)));
    lines.extend(counts(plan));
    lines.extend(plan.commits.iter().flat_map(commits::lines));
    lines.extend(plan.notes.iter().map(|note| paint(color, Paint::Dim, &format!("note: {note}"))));
    lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
}

/// Returns how many services and schedules change, of a plan with several.
fn counts(plan: &Plan) -> Option<String> {
    let actions = plan.schedules.iter().map(|schedule| schedule.action);
    let actions: Vec<Action> = plan.autoscaling.iter().map(|plan| plan.action).chain(actions).collect();
    let created = actions.iter().filter(|action| **action == Action::Create).count();
    let created = created + plan.services.iter().filter(|service| service.creation.is_some()).count();
    let updated = actions.iter().filter(|action| **action == Action::Update).count();
    let changing = plan.services.iter().filter(|service| service.changes() && service.creation.is_none());
    let changing = changing.count() + updated;
    let all = plan.services.len() + actions.len();
    let changes = if changing == 1 { "changes" } else { "change" };
    let parts = [(changing, changes), (all - changing - created, "unchanged"), (created, "created")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    (all > 1).then(|| parts.join(", "))
}

/// Returns the line of a task that runs before or after services.
fn task_line(plan: &Plan, task: &TaskPlan, moment: &str, color: bool) -> String {
    let name = paint(color, Paint::Bold, &format!("task {}", task.key));
    let of = task.of.join(", ");
    match &task.work {
        None => format!("{name}: not needed, {of} does not change"),
        Some(work) => {
            let why =
                task.unfinished.as_ref().map(|release| format!("; release {release} did not finish it"));
            let runs = revision_text(plan, &work.revision, &work.family);
            format!("{name}: runs {moment} {of}, as {runs}{}", why.unwrap_or_default())
        }
    }
}

fn autoscaling_lines(plan: &AutoscalingPlan, color: bool) -> Vec<String> {
    let name = paint(color, Paint::Bold, &format!("autoscaling {}", plan.key));
    let mut lines = vec![format!("{name}: {}", action_words(plan.action))];
    lines.extend(change_lines("", &plan.changes, color));
    if !plan.foreign.is_empty() {
        lines.push(format!("  of other owners, kept: {}", plan.foreign.join(", ")));
    }
    lines
}

fn action_words(action: Action) -> &'static str {
    match action {
        Action::Unchanged => "no changes",
        Action::Create => "is created",
        Action::Update => "changes",
    }
}

fn schedule_lines(schedule: &SchedulePlan, color: bool) -> Vec<String> {
    let name = paint(color, Paint::Bold, &format!("{} {}", schedule_noun(schedule.via), schedule.key));
    let mut lines = vec![format!("{name}: {}", action_words(schedule.action))];
    lines.extend(change_lines("", &schedule.changes, color));
    if !schedule.foreign.is_empty() {
        lines.push(format!("  targets of other owners, kept: {}", schedule.foreign.join(", ")));
    }
    lines
}

/// Returns in words what becomes of a service without changes.
fn unchanged_text(service: &ServicePlan) -> String {
    let revision = service.revision_before();
    match &service.attached {
        None => format!("no changes ({revision} stays)"),
        Some(deployment) => format!("{revision} is being deployed already (`{deployment}`)"),
    }
}

/// Returns in words which revision will run.
fn revision_text(plan: &Plan, revision: &Revision, family: &str) -> String {
    match revision {
        Revision::Registered(arn) => revision_name(arn).to_owned(),
        Revision::New(index) => format!("a new revision of `{}`", plan.registrations[*index].family),
        Revision::Same => format!("the same revision of `{family}`"),
    }
}

/// Returns in words from what to what a service changes.
fn change_text(plan: &Plan, service: &ServicePlan) -> String {
    let target = target_text(plan, service);
    match &service.creation {
        Some(_) => format!("create, with {target}"),
        None => format!("{} → {target}", service.revision_before()),
    }
}

/// Returns the key of the manifest that a changed attribute is under.
fn attribute_prefix(service: &ServicePlan) -> &'static str {
    if service.express.is_some() { "express." } else { "service." }
}

/// Returns in words what a service will run.
fn target_text(plan: &Plan, service: &ServicePlan) -> String {
    if service.express.is_some() {
        return "what Express Mode makes of it".to_owned();
    }
    match &service.after {
        Revision::Same if service.reasons.is_empty() => "the same revision, attributes changed".to_owned(),
        Revision::Same => "a new deployment of the same revision".to_owned(),
        Revision::Registered(arn) => format!("{} (registered already)", revision_name(arn)),
        Revision::New(index) => format!("a new revision of `{}`", plan.registrations[*index].family),
    }
}

/// Returns what a service will run, for Markdown.
fn target_markdown(plan: &Plan, service: &ServicePlan) -> String {
    match &service.after {
        Revision::New(index) => format!("a new revision of {}", code(&plan.registrations[*index].family)),
        _ => escape(&target_text(plan, service)),
    }
}

fn reason_text(reason: &Reason) -> String {
    match reason {
        Reason::ImageMoved { image, before, after } => {
            format!(
                "`{image}` now points to another image: {} → {}",
                short_digest(before),
                short_digest(after)
            )
        }
        Reason::Failed => "the last deployment of this revision failed".to_owned(),
        Reason::Superseded => "the deployment in progress is superseded (`--supersede`)".to_owned(),
        Reason::Forced => "a new deployment was requested".to_owned(),
    }
}

fn short_digest(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

fn change_lines(prefix: &str, changes: &[Change], color: bool) -> Vec<String> {
    let parts = changes.iter().flat_map(by_member);
    parts.map(|part| format!("  {prefix}{}", change_line(&part, color))).collect()
}

/// One change as it is shown.
struct ShownChange<'a> {
    path: String,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
    /// Whether it is a member of a block that is added or removed, which is shown whole.
    is_whole: bool,
}

/// Returns a change as it is shown: a block that is added or removed is shown by its members.
fn by_member(change: &Change) -> Vec<ShownChange<'_>> {
    let one = |path: String, value| match &change.before {
        None => ShownChange { path, before: None, after: Some(value), is_whole: true },
        Some(_) => ShownChange { path, before: Some(value), after: None, is_whole: true },
    };
    match (&change.before, &change.after) {
        (None, Some(block)) | (Some(block), None) if is_block(block) => {
            let mut members = Vec::new();
            add_members(change.path.clone(), block, &mut members);
            members.into_iter().map(|(path, value)| one(path, value)).collect()
        }
        (before, after) => {
            let (before, after) = (before.as_ref(), after.as_ref());
            vec![ShownChange { path: change.path.clone(), before, after, is_whole: false }]
        }
    }
}

/// Returns whether a value has members that are worth a line each.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => items.iter().any(is_block),
        _ => false,
    }
}

/// Adds the members of a block that have no members themselves, with their paths.
fn add_members<'a>(path: String, value: &'a Value, members: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(of) if is_block(value) => {
            of.iter().for_each(|(name, value)| add_members(format!("{path}.{name}"), value, members));
        }
        Value::Array(items) if is_block(value) => {
            let named = items.iter().enumerate();
            named.for_each(|(at, item)| add_members(format!("{path}[{at}]"), item, members));
        }
        _ => members.push((path, value)),
    }
}

fn change_line(change: &ShownChange<'_>, color: bool) -> String {
    let (before, after) = shown_values(change);
    let text = match (&before, &after) {
        (Some(before), Some(after)) => {
            format!("{} → {}", paint(color, Paint::Bad, before), paint(color, Paint::Good, after))
        }
        (None, Some(after)) => paint(color, Paint::Good, &format!("+ {after}")),
        (Some(before), None) => paint(color, Paint::Bad, &format!("- {before}")),
        (None, None) => String::new(),
    };
    format!("{}: {text}", change.path)
}

/// Returns both values as shown; of two tags of one repository, without the repository.
fn shown_values(change: &ShownChange<'_>) -> (Option<String>, Option<String>) {
    if let (Some(Value::String(before)), Some(Value::String(after))) = (change.before, change.after) {
        let same = ImageReference::parse(before).repository == ImageReference::parse(after).repository;
        if change.path.ends_with(".image") && same {
            let version = |text: &str| format!("…{}", &text[ImageReference::parse(text).repository.len()..]);
            return (Some(version(before)), Some(version(after)));
        }
    }
    let shown = |value| if change.is_whole { whole_text(value) } else { value_text(value) };
    (change.before.map(shown), change.after.map(shown))
}

fn whole_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.replace('\n', "⏎"),
        other => other.to_string(),
    }
}

fn value_text(value: &Value) -> String {
    let text = whole_text(value);
    match text.char_indices().nth(MAX_VALUE_CHARACTERS) {
        Some((at, _)) => format!("{}… ({} characters)", &text[..at], text.chars().count()),
        None => text,
    }
}

/// Returns the heading of a plan in one line: app, destination, tag, and who deploys; `None` if nothing is known.
fn heading(plan: &Plan) -> Option<String> {
    let record = &plan.record;
    let tag = record.image_tag.as_ref().map(|tag| format!("tag {tag}"));
    // Of an ARN, the account and the region stand in the destination.
    let performer = record.performer.as_ref().map(|arn| arn.rsplit(':').next().unwrap_or(arn));
    let performer = performer.map(|performer| format!("by {performer}"));
    let parts = [record.app.clone(), plan.destination.known_line(), tag, performer];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Returns a plan as Markdown, for a comment on a pull request.
pub fn markdown(plan: &Plan) -> String {
    let task = |task: &TaskPlan, moment: &str| escape(&task_line(plan, task, moment, false)) + "\n";
    let mut lines: Vec<String> = heading(plan).iter().map(|line| format!("**{}**\n", escape(line))).collect();
    lines.extend(plan.before.iter().map(|before| task(before, "before")));
    for service in &plan.services {
        if !service.changes() {
            let text = service.attached.as_ref().map_or("no changes".to_owned(), |_| unchanged_text(service));
            lines.push(format!("### {}: {}\n", code(&service.key), escape(&text)));
            continue;
        }
        let target = target_markdown(plan, service);
        let text = match &service.creation {
            Some(_) => format!("create, with {target}"),
            None => format!("{} → {target}", escape(service.revision_before())),
        };
        lines.push(format!("### {}: {text}\n", code(&service.key)));
        let own = service.definition_changes.iter().map(|change| (String::new(), change));
        let prefix = attribute_prefix(service);
        let attributes = service.service_changes.iter().map(|change| (prefix.to_owned(), change));
        let rows: Vec<_> =
            own.chain(attributes).flat_map(|(prefix, change)| change_rows(&prefix, change)).collect();
        if !rows.is_empty() {
            lines.push(format!("| path | before | after |\n| --- | --- | --- |\n{}\n", rows.join("\n")));
        }
        lines.extend(service.reasons.iter().map(|reason| escape(&reason_text(reason)) + "\n"));
    }
    lines.extend(plan.autoscaling.iter().flat_map(autoscaling_markdown));
    for schedule in &plan.schedules {
        lines.extend(schedule_markdown(schedule));
    }
    lines.extend(plan.after.iter().map(|after| task(after, "after")));
    lines.extend(counts(plan).map(|counts| counts + "\n"));
    lines.extend(plan.commits.iter().map(commits::markdown));
    lines.extend(plan.notes.iter().map(|note| format!("> {}\n", escape(note))));
    lines.join("\n").trim_end().to_owned()
}

fn schedule_markdown(schedule: &SchedulePlan) -> Vec<String> {
    let what = action_words(schedule.action);
    let mut lines = vec![format!("### {} {}: {what}\n", schedule_noun(schedule.via), code(&schedule.key))];
    lines.extend(change_table(&schedule.changes));
    if !schedule.foreign.is_empty() {
        lines.push(format!("targets of other owners, kept: {}\n", escape(&schedule.foreign.join(", "))));
    }
    lines
}

fn autoscaling_markdown(plan: &AutoscalingPlan) -> Vec<String> {
    let mut lines = vec![format!("### autoscaling {}: {}\n", code(&plan.key), action_words(plan.action))];
    lines.extend(change_table(&plan.changes));
    if !plan.foreign.is_empty() {
        lines.push(format!("of other owners, kept: {}\n", escape(&plan.foreign.join(", "))));
    }
    lines
}

/// Returns changes as a table; none where there are no changes.
fn change_table(changes: &[Change]) -> Option<String> {
    let rows: Vec<_> = changes.iter().flat_map(|change| change_rows("", change)).collect();
    let table = format!("| path | before | after |\n| --- | --- | --- |\n{}\n", rows.join("\n"));
    (!rows.is_empty()).then_some(table)
}

fn change_rows(prefix: &str, change: &Change) -> Vec<String> {
    by_member(change).iter().map(|part| change_row(prefix, part)).collect()
}

fn change_row(prefix: &str, change: &ShownChange<'_>) -> String {
    let (before, after) = shown_values(change);
    let cell = |value: Option<String>| value.map(|value| code_between(&value, 2)).unwrap_or_default();
    let path = code(&format!("{prefix}{}", change.path));
    format!("| {path} | {} | {} |", cell(before), cell(after))
}

/// The event of a plan.
pub fn event(plan: &Plan) -> events::Plan {
    events::Plan {
        changes: plan.has_changes(),
        destination: events::Destination {
            stage: plan.destination.stage.clone(),
            account: plan.destination.account.clone(),
            region: plan.destination.region.clone(),
            clusters: plan.destination.clusters.clone(),
        },
        before: plan.before.iter().map(|task| task_event(plan, task)).collect(),
        services: plan.services.iter().map(|service| service_event(plan, service)).collect(),
        autoscaling: plan.autoscaling.iter().map(autoscaling_event).collect(),
        schedules: plan.schedules.iter().map(|schedule| schedule_event(plan, schedule)).collect(),
        after: plan.after.iter().map(|task| task_event(plan, task)).collect(),
        commits: plan.commits.iter().map(commits::event).collect(),
        notes: plan.notes.clone(),
    }
}

fn service_event(plan: &Plan, service: &ServicePlan) -> events::ServicePlan {
    let before = service.revision_before();
    let stays = || events::PlannedRevision::Registered { revision: before.to_owned() };
    events::ServicePlan {
        service: service.key.clone(),
        name: service.name.clone(),
        cluster: service.cluster.clone(),
        changes: service.changes(),
        attached: service.attached.clone(),
        creates: service.creation.is_some(),
        before: service.creation.is_none().then(|| events::RunningRevision { revision: before.to_owned() }),
        after: match &service.express {
            Some(_) => events::PlannedRevision::Express { express: true },
            None => revision_event(plan, &service.after).unwrap_or_else(stays),
        },
        task_definition: service.definition_changes.iter().map(change_event).collect(),
        attributes: service.service_changes.iter().map(change_event).collect(),
        reasons: service.reasons.iter().map(reason_event).collect(),
        needs: plan.needs.get(&service.key).cloned().unwrap_or_default(),
    }
}

fn task_event(plan: &Plan, task: &TaskPlan) -> events::TaskPlan {
    events::TaskPlan {
        task: task.key.clone(),
        of: task.of.clone(),
        needed: task.work.is_some(),
        unfinished: task.unfinished.clone(),
        runs: task.work.as_ref().and_then(|work| revision_event(plan, &work.revision)),
    }
}

fn schedule_event(plan: &Plan, schedule: &SchedulePlan) -> events::SchedulePlan {
    let target = |target: &TargetPlan| events::TargetPlan {
        target: target.id.clone(),
        before: target.revision_before.as_deref().map(running_event),
        after: revision_event(plan, &target.revision),
    };
    events::SchedulePlan {
        schedule: schedule.key.clone(),
        name: schedule.name.clone(),
        via: via_event(schedule.via),
        group: schedule.group.clone(),
        action: action_event(schedule.action),
        targets: schedule.targets.iter().map(target).collect(),
        differences: schedule.changes.iter().map(change_event).collect(),
        foreign: schedule.foreign.clone(),
        removed: schedule.removed.clone(),
    }
}

fn autoscaling_event(plan: &AutoscalingPlan) -> autoscaling::AutoscalingPlan {
    autoscaling::AutoscalingPlan {
        service: plan.key.clone(),
        name: plan.service.name.clone(),
        cluster: plan.service.cluster.clone(),
        action: action_event(plan.action),
        differences: plan.changes.iter().map(change_event).collect(),
        foreign: plan.foreign.clone(),
    }
}

fn action_event(action: Action) -> events::ScheduleAction {
    match action {
        Action::Create => events::ScheduleAction::Create,
        Action::Update => events::ScheduleAction::Update,
        Action::Unchanged => events::ScheduleAction::Unchanged,
    }
}

fn running_event(arn: &str) -> events::RunningRevision {
    events::RunningRevision { revision: revision_name(arn).to_owned() }
}

/// The revision that will run; none where it stays.
fn revision_event(plan: &Plan, revision: &Revision) -> Option<events::PlannedRevision> {
    match revision {
        Revision::Same => None,
        Revision::Registered(arn) => {
            Some(events::PlannedRevision::Registered { revision: revision_name(arn).to_owned() })
        }
        Revision::New(index) => {
            Some(events::PlannedRevision::New { register: plan.registrations[*index].family.clone() })
        }
    }
}

fn change_event(change: &Change) -> events::Change {
    events::Change { path: change.path.clone(), before: change.before.clone(), after: change.after.clone() }
}

fn reason_event(reason: &Reason) -> events::Reason {
    match reason {
        Reason::ImageMoved { image, before, after } => {
            events::Reason::ImageMoved { image: image.clone(), before: before.clone(), after: after.clone() }
        }
        Reason::Failed => events::Reason::Failed,
        Reason::Superseded => events::Reason::Superseded,
        Reason::Forced => events::Reason::Forced,
    }
}

/// What runs a schedule, in an event.
pub fn via_event(via: Via) -> schedule::Via {
    match via {
        Via::Scheduler => schedule::Via::Scheduler,
        Via::Rule => schedule::Via::Rule,
    }
}
