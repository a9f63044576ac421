//! Task definitions. Owns registering, describing, listing and retiring them; what is allowed and
//! what is filled in stands in files of its own.

use serde_json::{Value, json};

use super::{definition_fill, definition_rules};
use crate::model::Definition;
use crate::params::{checked_tags, includes, list as items, need, page, text, texts};
use crate::scenario::Scenario;
use crate::state::{Env, definition_key, last_part, seconds};
use crate::wire::{ApiError, client_if, invalid_if};

pub(crate) fn register(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    definition_rules::check(input)?;
    let tags = items(input, "tags");
    client_if(input["tags"].is_array() && tags.is_empty(), "Tags can not be empty.")?;
    checked_tags(&tags)?;
    if !tags.is_empty() && env.scenarios.any(Scenario::NoTagging) {
        let resource =
            env.realm.arn(&format!("task-definition/{}:*", input["family"].as_str().unwrap_or_default()));
        return Err(ApiError::denied(&env.caller.arn, "ecs:TagResource", &resource));
    }
    let family = need(input, "family")?;
    let revisions = env.realm.families.get(family);
    let revision = revisions.and_then(|r| r.last()).map_or(1, |last| last.revision + 1);
    let arn = env.realm.arn(&format!("task-definition/{family}:{revision}"));
    let mut document = definition_fill::filled(input);
    document.shift_remove("tags");
    document.insert("taskDefinitionArn".to_owned(), json!(arn));
    document.insert("revision".to_owned(), json!(revision));
    document.insert("registeredAt".to_owned(), seconds(env.now));
    document.insert("registeredBy".to_owned(), json!(env.caller.arn));
    let status = "ACTIVE".to_owned();
    let definition = Definition { family: family.to_owned(), revision, arn, status, document, tags };
    let mut out = json!({ "taskDefinition": view(&definition) });
    // RegisterTaskDefinition gives tags back unasked.
    if !definition.tags.is_empty() {
        out["tags"] = json!(definition.tags);
    }
    env.realm.families.entry(family.to_owned()).or_default().push(definition);
    Ok(out)
}

pub(super) fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = need(input, "taskDefinition")?;
    let found = env.realm.definition(given);
    let definition = found.ok_or_else(|| ApiError::client("Unable to describe task definition."))?;
    let mut out = json!({ "taskDefinition": view(definition) });
    if includes(input, "TAGS") {
        out["tags"] = json!(definition.tags);
    }
    Ok(out)
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let status = text(input, "status").unwrap_or("ACTIVE");
    let families = env.realm.families.iter();
    // `familyPrefix` is a whole family here, whatever its name says; it is a prefix for families only.
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

pub(super) fn list_families(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = text(input, "familyPrefix").unwrap_or_default();
    let status = text(input, "status").unwrap_or("ALL");
    let fits = |revisions: &[Definition]| {
        let active = revisions.iter().any(|d| d.status == "ACTIVE");
        status == "ALL" || active == (status == "ACTIVE")
    };
    let families = env.realm.families.iter().filter(|(name, all)| name.starts_with(prefix) && fits(all));
    let names: Vec<Value> = families.map(|(name, _)| json!(name)).collect();
    page(input, "families", &names, 100)
}

pub(super) fn deregister(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = need(input, "taskDefinition")?;
    let now = env.now;
    let definition =
        exact(env, given).ok_or_else(|| ApiError::client("The specified task definition does not exist."))?;
    if definition.status == "ACTIVE" {
        definition.status = "INACTIVE".to_owned();
        definition.document.insert("deregisteredAt".to_owned(), seconds(now));
    }
    Ok(json!({ "taskDefinition": view(definition) }))
}

pub(super) fn delete(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let asked = texts(input, "taskDefinitions");
    invalid_if(asked.is_empty() || asked.len() > 10, "You must specify between 1 and 10 task definitions.")?;
    let now = env.now;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        let arn = env.realm.arn(&format!("task-definition/{}", last_part(given)));
        match exact(env, given) {
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
                d.document.insert("deleteRequestedAt".to_owned(), seconds(now));
                deleted.push(view(d));
            }
        }
    }
    Ok(json!({ "taskDefinitions": deleted, "failures": failures }))
}

/// Returns the one definition that `family:revision` or an ARN names.
fn exact<'a>(env: &'a mut Env<'_>, given: &str) -> Option<&'a mut Definition> {
    let (family, revision) = definition_key(given);
    let revision = revision?;
    env.realm.families.get_mut(family)?.iter_mut().find(|d| d.revision == revision)
}

fn view(definition: &Definition) -> Value {
    let mut document = definition.document.clone();
    document.insert("status".to_owned(), json!(definition.status));
    Value::Object(document)
}
