//! Turns schedules and rules that run tasks into entries of `schedules:`. Pure.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::documents;
use super::names::{shown, without_stage};
use super::owner::owner;
use crate::aws::types::{ObservedSchedule, ObservedService, TaskDefinition, Via, revision_name};
use crate::document::model::DocumentKind;
use crate::document::normalize::{is_same, normalize};
use crate::document::rendered_text::find_reserved;
use crate::duration;
use crate::plan::schedules::{parse_overrides, run_task_members};
use crate::plan::service::observed_member;
use crate::plan::task::members_like_service;

/// The defaults of a retry policy (API references, `RetryPolicy`).
const DEFAULT_ATTEMPTS: u64 = 185;
const DEFAULT_MAX_AGE: u64 = 86_400;

/// A service that a schedule may be like.
#[derive(Clone, Copy, Debug)]
pub(super) struct LikeService<'a> {
    pub(super) key: &'a str,
    pub(super) seen: &'a ObservedService,
    /// Whether its definition has a file.
    pub(super) has_file: bool,
}

/// An adopted schedule: its entry in the manifest, and the definitions that its targets have of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AdoptedSchedule {
    pub(super) key: String,
    pub(super) entry: Map<String, Value>,
    /// By the path of the task in the entry.
    pub(super) definitions: Vec<TargetDefinition>,
}

/// The definition of a target that is like no service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TargetDefinition {
    /// The id of the target among several; none where the schedule has one task.
    pub(super) target: Option<String>,
    pub(super) source: DefinitionFile,
}

/// Where the definition of a target is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DefinitionFile {
    /// In the files of a service, by its key.
    OfService(String),
    Own(Value),
}

/// What schedules are adopted with.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScheduleSurroundings<'a> {
    pub(super) stage: Option<&'a str>,
    pub(super) cluster_arn: &'a str,
    pub(super) services: &'a [LikeService<'a>],
    /// By the name in a target.
    pub(super) definitions: &'a std::collections::BTreeMap<String, TaskDefinition>,
    /// Whether schedules of other tools are adopted too.
    pub(super) own: bool,
    /// Whether only the families of the services are adopted.
    pub(super) only_families: bool,
}

/// Returns the adopted form of a schedule or rule; none if it runs nothing in the cluster that is adopted.
///
/// # Errors
/// The reason why a schedule that does is left as it is.
pub(super) fn adopt(
    schedule: &ObservedSchedule,
    around: &ScheduleSurroundings<'_>,
) -> Result<Option<AdoptedSchedule>, String> {
    let targets: Vec<&Value> = schedule.targets.iter().filter(|target| is_adopted(target, around)).collect();
    if targets.is_empty() {
        return Ok(None);
    }
    if let Some(why) = reason_to_leave(schedule, &targets, around) {
        let noun = if schedule.via == Via::Rule { "rule" } else { "schedule" };
        return Err(format!("{noun} {} is left as it is: {why}", shown(schedule.name())));
    }
    let key = without_stage(schedule.name(), around.stage);
    let mut adopted = AdoptedSchedule { entry: settings(schedule, &key), key, ..AdoptedSchedule::default() };
    let is_single = targets.len() == 1;
    for target in targets {
        let (mut members, source) = target_members(target, around);
        let id = target["Id"].as_str().map(str::to_owned);
        adopted.definitions.extend(
            source.map(|source| TargetDefinition { target: id.clone().filter(|_| !is_single), source }),
        );
        if is_single {
            if let Some(id) = id.filter(|id| *id != adopted.key) {
                adopted.entry.insert("target".to_owned(), id.into());
            }
            adopted.entry.append(&mut members);
        } else {
            let all = adopted.entry.entry("targets").or_insert_with(|| json!({}));
            all[id.unwrap_or_default()] = Value::Object(members);
        }
    }
    Ok(Some(adopted))
}

/// Returns whether a target runs a task that is adopted.
fn is_adopted(target: &Value, around: &ScheduleSurroundings<'_>) -> bool {
    let Some(definition) = target["EcsParameters"]["TaskDefinitionArn"].as_str() else { return false };
    let family = |arn: &str| revision_name(arn).split(':').next().unwrap_or_default().to_owned();
    let is_of_service = || {
        around.services.iter().any(|known| family(&known.seen.service.task_definition) == family(definition))
    };
    target["Arn"] == around.cluster_arn && (!around.only_families || is_of_service())
}

fn reason_to_leave(
    schedule: &ObservedSchedule,
    targets: &[&Value],
    around: &ScheduleSurroundings<'_>,
) -> Option<String> {
    if let Some(manager) = schedule.document["ManagedBy"].as_str() {
        return Some(format!("it is managed by {}", shown(manager)));
    }
    let text = || format!("{}{}", schedule.document, Value::Array(schedule.targets.clone()));
    if find_reserved(&text()).is_some() {
        return Some(
            "a value has a character from U+E000 to U+E003, which no template can contain".to_owned(),
        );
    }
    if schedule.document["EventPattern"].is_string() {
        return Some("it has an event pattern".to_owned());
    }
    let tags: Vec<Value> =
        schedule.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    if let Some(owner) = owner(&json!({ "tags": tags })).filter(|_| !around.own) {
        return Some(format!("{owner} owns it; adopt it with `--own`"));
    }
    if let Some(target) = targets.iter().find(|target| !revision_name(definition_of(target)).contains(':')) {
        let family = shown(revision_name(definition_of(target)));
        return Some(format!("it runs the newest revision of {family}, and a deploy would set one"));
    }
    let lost = targets.iter().find(|target| !around.definitions.contains_key(definition_of(target)));
    lost.map(|target| {
        format!("its task definition {} does not exist", shown(revision_name(definition_of(target))))
    })
}

fn definition_of(target: &Value) -> &str {
    target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default()
}

/// Returns the members of an entry that belong to the schedule itself.
fn settings(schedule: &ObservedSchedule, key: &str) -> Map<String, Value> {
    let (document, name) = (&schedule.document, schedule.name());
    let mut entry = Map::new();
    let mut set = |key: &str, value: Value| {
        if !value.is_null() {
            entry.insert(key.to_owned(), value);
        }
    };
    let other_name = if name == key { Value::Null } else { name.into() };
    match schedule.via {
        Via::Rule => {
            set("via", "rule".into());
            set("rule", other_name);
        }
        Via::Scheduler => {
            set("name", other_name);
            set("group", schedule.group().map_or(Value::Null, Value::from));
        }
    }
    set("expression", document["ScheduleExpression"].clone());
    let zone = document["ScheduleExpressionTimezone"].as_str().filter(|zone| *zone != "UTC");
    set("timezone", zone.map_or(Value::Null, Value::from));
    let window = document["FlexibleTimeWindow"]["MaximumWindowInMinutes"].as_f64();
    set("flexible_window", window.map_or(Value::Null, |minutes| format!("{minutes}m").into()));
    set("start", time(&document["StartDate"]));
    set("end", time(&document["EndDate"]));
    set("enabled", if schedule.is_enabled() { Value::Null } else { false.into() });
    let description = document["Description"].as_str().filter(|text| !text.is_empty());
    set("description", description.map_or(Value::Null, Value::from));
    entry
}

fn time(value: &Value) -> Value {
    let at = value.as_f64().and_then(|seconds| jiff::Timestamp::from_second(seconds as i64).ok());
    at.map_or(Value::Null, |at| at.to_string().into())
}

/// Returns the members of a target, and where its definition is if it is not that of the service that it is like.
fn target_members(
    target: &Value,
    around: &ScheduleSurroundings<'_>,
) -> (Map<String, Value>, Option<DefinitionFile>) {
    let arn = definition_of(target);
    let definition = around.definitions.get(arn).map_or(&Value::Null, |definition| &definition.document);
    let mut task = Map::new();
    let mut source = None;
    let twin = around.services.iter().find(|known| runs_the_same(known, definition));
    if let Some((twin, own)) = twin.and_then(|twin| Some((twin, members_beside(target, twin, definition)?))) {
        task.insert("like".to_owned(), twin.key.into());
        insert_unless_empty(&mut task, "run_task", own);
    } else {
        insert_unless_empty(&mut task, "run_task", run_task_members(target));
        source = Some(match twin.filter(|twin| twin.has_file) {
            Some(twin) => DefinitionFile::OfService(twin.key.to_owned()),
            None => DefinitionFile::Own(documents::task_definition(definition)),
        });
    }
    if let Some(count) = target["EcsParameters"]["TaskCount"].as_f64().filter(|count| *count > 1.0) {
        task.insert("count".to_owned(), (count as u64).into());
    }
    let mut members = Map::new();
    match target["Input"].as_str().map(overrides) {
        Some(Some(overrides)) => task.extend(overrides),
        Some(None) => drop(members.insert("input".to_owned(), input(target))),
        None => {}
    }
    members.shift_insert(0, "task".to_owned(), Value::Object(task));
    let mut set = |key: &str, value: &Value| {
        if value.is_string() {
            members.insert(key.to_owned(), value.clone());
        }
    };
    set("role", &target["RoleArn"]);
    set("dead_letter", &target["DeadLetterConfig"]["Arn"]);
    insert_unless_empty(&mut members, "retry", retry(&target["RetryPolicy"]));
    (members, source)
}

fn insert_unless_empty(into: &mut Map<String, Value>, key: &str, members: Map<String, Value>) {
    if !members.is_empty() {
        into.insert(key.to_owned(), Value::Object(members));
    }
}

fn runs_the_same(service: &LikeService<'_>, definition: &Value) -> bool {
    let running = service.seen.running_definition.as_ref();
    running.is_some_and(|running| is_same(&running.document, definition, DocumentKind::TaskDefinition))
}

/// Returns the members of `RunTask` that a target has beside those of a service, or `None` if the target lacks something
/// that the service has.
fn members_beside(target: &Value, twin: &LikeService<'_>, definition: &Value) -> Option<Map<String, Value>> {
    let volumes = definition["volumes"].as_array().into_iter().flatten();
    if volumes.into_iter().any(|volume| volume["configuredAtLaunch"] == true) {
        return None;
    }
    let mut service = twin.seen.document.clone();
    for member in ["networkConfiguration", "capacityProviderStrategy", "launchType", "platformVersion"] {
        let observed = observed_member(member, twin.seen);
        if !observed.is_null() {
            service[member] = observed;
        }
    }
    let (own, mut given) = (run_task_members(target), members_like_service(&service));
    for (one, other) in
        [("launchType", "capacityProviderStrategy"), ("capacityProviderStrategy", "launchType")]
    {
        if own.contains_key(one) {
            given.remove(other);
        }
    }
    let normal =
        |members: &Map<String, Value>| normalize(&Value::Object(members.clone()), DocumentKind::RunTask);
    let (wanted, given) = (normal(&own), normal(&given));
    let has_all = given.as_object()?.keys().all(|name| wanted.get(name).is_some());
    let differs = |name: &String| wanted.get(name) != given.get(name);
    has_all.then(|| own.into_iter().filter(|(name, _)| differs(name)).collect())
}

/// Returns an input as `container`, `command`, `environment`, `cpu` and `memory`; `None` if it has anything else.
fn overrides(input: &str) -> Option<Map<String, Value>> {
    let members = parse_overrides(input)?;
    let mut entry = Map::new();
    for (name, value) in &members {
        match (name.as_str(), value) {
            ("cpu" | "memory", Value::String(_)) => drop(entry.insert(name.clone(), value.clone())),
            ("containerOverrides", Value::Array(items)) if items.len() == 1 => {
                entry.extend(container_overrides(items.first()?.as_object()?)?);
            }
            _ => return None,
        }
    }
    Some(entry).filter(|entry| !entry.is_empty())
}

fn container_overrides(given: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut entry = Map::from_iter([("container".to_owned(), given.get("name")?.clone())]);
    for (name, value) in given {
        match (name.as_str(), value) {
            ("name", Value::String(_)) => {}
            ("command", Value::Array(words)) if !words.is_empty() && words.iter().all(Value::is_string) => {
                entry.insert(name.clone(), value.clone());
            }
            ("environment", Value::Array(_)) => {
                let variables = documents::with_mappings(value, "EnvironmentVariables");
                entry.insert(name.clone(), Some(variables).filter(Value::is_object)?);
            }
            _ => return None,
        }
    }
    (entry.len() > 1).then_some(entry)
}

/// Returns the input of a target as a mapping or list where it is JSON, else as a text.
fn input(target: &Value) -> Value {
    let parsed = target["Input"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    parsed.filter(|value| value.is_object() || value.is_array()).unwrap_or_else(|| target["Input"].clone())
}

fn retry(policy: &Value) -> Map<String, Value> {
    let number = |name: &str| policy[name].as_f64().map(|number| number as u64);
    let mut members = Map::new();
    if let Some(attempts) = number("MaximumRetryAttempts").filter(|attempts| *attempts != DEFAULT_ATTEMPTS) {
        members.insert("attempts".to_owned(), attempts.into());
    }
    if let Some(age) = number("MaximumEventAgeInSeconds").filter(|age| *age != DEFAULT_MAX_AGE) {
        let text = duration::text(Duration::from_secs(age));
        let exact = duration::parse(&text).is_some_and(|parsed| parsed.as_secs() == age);
        members.insert("max_age".to_owned(), if exact { text } else { format!("{age}s") }.into());
    }
    members
}
