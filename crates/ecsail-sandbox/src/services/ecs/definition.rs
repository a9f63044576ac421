//! Operations on task definitions.

use serde_json::{Value, json};

use super::{definition_defaults, definition_rules};
use crate::api::{ApiError, client_if, invalid_if};
use crate::arn::{last_segment, parse_definition};
use crate::model::TaskDefinition;
use crate::params::{checked_tags, includes, list as items, page, required_text, text, texts};
use crate::scenario::Scenario;
use crate::state::CallContext;
use crate::time::epoch_seconds;

pub(crate) fn register(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    definition_rules::check(input)?;
    let tags = items(input, "tags");
    client_if(input["tags"].is_array() && tags.is_empty(), "Tags can not be empty.")?;
    checked_tags(&tags)?;
    if !tags.is_empty() && context.scenarios.is_active(Scenario::NoTagging) {
        let resource = context
            .resources
            .ecs_arn(&format!("task-definition/{}:*", input["family"].as_str().unwrap_or_default()));
        return Err(ApiError::denied(&context.caller.arn, "ecs:TagResource", &resource));
    }
    let family = required_text(input, "family")?;
    let revisions = context.resources.families.get(family);
    let revision = revisions.and_then(|r| r.last()).map_or(1, |last| last.revision + 1);
    let arn = context.resources.ecs_arn(&format!("task-definition/{family}:{revision}"));
    let mut document = definition_defaults::with_defaults(input, &context.resources.account);
    document.shift_remove("tags");
    document.insert("taskDefinitionArn".to_owned(), json!(arn));
    document.insert("revision".to_owned(), json!(revision));
    document.insert("registeredAt".to_owned(), epoch_seconds(context.now));
    document.insert("registeredBy".to_owned(), json!(context.caller.arn));
    let status = "ACTIVE".to_owned();
    let definition = TaskDefinition { family: family.to_owned(), revision, arn, status, document, tags };
    let mut out = json!({ "taskDefinition": view(&definition) });
    // RegisterTaskDefinition returns the tags without being asked for them.
    if !definition.tags.is_empty() {
        out["tags"] = json!(definition.tags);
    }
    context.resources.families.entry(family.to_owned()).or_default().push(definition);
    Ok(out)
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = required_text(input, "taskDefinition")?;
    let found = context.resources.task_definition(given);
    let definition = found.ok_or_else(|| ApiError::client("Unable to describe task definition."))?;
    let mut out = json!({ "taskDefinition": view(definition) });
    if includes(input, "TAGS") {
        out["tags"] = json!(definition.tags);
    }
    Ok(out)
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let status = text(input, "status").unwrap_or("ACTIVE");
    let families = context.resources.families.iter();
    // Here `familyPrefix` is a whole family; in ListTaskDefinitionFamilies it is a prefix.
    let wanted = text(input, "familyPrefix");
    let mut arns: Vec<Value> = families
        .filter(|(family, _)| wanted.is_none_or(|name| name == family.as_str()))
        .flat_map(|(_, revisions)| revisions.iter().filter(|d| d.status == status))
        .map(|definition| json!(definition.arn))
        .collect();
    if text(input, "sort") == Some("DESC") {
        arns.reverse();
    }
    page(input, "taskDefinitionArns", &arns, 100)
}

pub(super) fn list_families(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = text(input, "familyPrefix").unwrap_or_default();
    let status = text(input, "status").unwrap_or("ALL");
    let fits = |revisions: &[TaskDefinition]| {
        let active = revisions.iter().any(|d| d.status == "ACTIVE");
        status == "ALL" || active == (status == "ACTIVE")
    };
    let families =
        context.resources.families.iter().filter(|(name, all)| name.starts_with(prefix) && fits(all));
    let names: Vec<Value> = families.map(|(name, _)| json!(name)).collect();
    page(input, "families", &names, 100)
}

pub(super) fn deregister(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = required_text(input, "taskDefinition")?;
    let now = context.now;
    let definition = find_revision_mut(context, given)
        .ok_or_else(|| ApiError::client("The specified task definition does not exist."))?;
    if definition.status == "ACTIVE" {
        definition.status = "INACTIVE".to_owned();
        definition.document.insert("deregisteredAt".to_owned(), epoch_seconds(now));
    }
    Ok(json!({ "taskDefinition": view(definition) }))
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let asked = texts(input, "taskDefinitions");
    invalid_if(asked.is_empty() || asked.len() > 10, "You must specify between 1 and 10 task definitions.")?;
    let now = context.now;
    let mut deleted = Vec::new();
    let mut failures = Vec::new();
    for given in asked {
        let arn = context.resources.ecs_arn(&format!("task-definition/{}", last_segment(given)));
        match find_revision_mut(context, given) {
            None => failures.push(json!({ "arn": arn, "reason":
                "The specified task definition does not exist. Specify a valid account, family, \
                 revision and try again." })),
            Some(d) if d.status == "ACTIVE" => {
                failures.push(json!({ "arn": d.arn, "reason":
                    "The specified task definition is still in ACTIVE status. Please deregister \
                     the target and try again." }));
            }
            Some(d) => {
                d.status = "DELETE_IN_PROGRESS".to_owned();
                d.document.insert("deleteRequestedAt".to_owned(), epoch_seconds(now));
                deleted.push(view(d));
            }
        }
    }
    Ok(json!({ "taskDefinitions": deleted, "failures": failures }))
}

/// Returns the revision that `family:revision` or an ARN names.
fn find_revision_mut<'a>(context: &'a mut CallContext<'_>, given: &str) -> Option<&'a mut TaskDefinition> {
    let (family, revision) = parse_definition(given);
    let revision = revision?;
    context.resources.families.get_mut(family)?.iter_mut().find(|d| d.revision == revision)
}

fn view(definition: &TaskDefinition) -> Value {
    let mut document = definition.document.clone();
    document.insert("status".to_owned(), json!(definition.status));
    Value::Object(document)
}
