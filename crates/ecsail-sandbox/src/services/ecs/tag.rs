//! Operations on the tags of ECS resources.

use serde_json::{Value, json};

use crate::api::{ApiError, invalid_if};
use crate::arn::parse_definition;
use crate::params::{checked_tags, list as items, required_text, texts};
use crate::state::{CallContext, Resources};

pub(super) fn tag(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let tags = items(input, "tags");
    invalid_if(tags.is_empty(), "Tags can not be empty.")?;
    checked_tags(&tags)?;
    let slot = tags_of(context.resources, required_text(input, "resourceArn")?)?;
    let mut merged = slot.clone();
    for tag in tags {
        match merged.iter_mut().find(|old| old["key"] == tag["key"]) {
            Some(old) => *old = tag,
            None => merged.push(tag),
        }
    }
    checked_tags(&merged)?;
    *slot = merged;
    Ok(json!({}))
}

pub(super) fn untag(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let keys = texts(input, "tagKeys");
    let slot = tags_of(context.resources, required_text(input, "resourceArn")?)?;
    slot.retain(|tag| !tag["key"].as_str().is_some_and(|key| keys.contains(&key)));
    Ok(json!({}))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let slot = tags_of(context.resources, required_text(input, "resourceArn")?)?;
    Ok(json!({ "tags": slot }))
}

/// Returns the tags of the resource with this ARN.
fn tags_of<'a>(resources: &'a mut Resources, arn: &str) -> Result<&'a mut Vec<Value>, ApiError> {
    let resource = arn.split(':').skip(5).collect::<Vec<_>>().join(":");
    invalid_if(!arn.starts_with("arn:") || resource.is_empty(), format!("Invalid ARN: {arn}"))?;
    let parts: Vec<&str> = resource.split('/').collect();
    let found = match parts[..] {
        ["cluster", name] => resources.clusters.get_mut(name).map(|c| &mut c.tags),
        ["service", cluster, name] => {
            resources.services.get_mut(&format!("{cluster}/{name}")).map(|s| &mut s.tags)
        }
        ["task", _, id] => resources.tasks.iter_mut().find(|t| t.id == id).map(|t| &mut t.tags),
        ["task-definition", name] => {
            let (family, revision) = parse_definition(name);
            let revisions = resources.families.get_mut(family);
            revisions
                .and_then(|all| all.iter_mut().find(|d| Some(d.revision) == revision))
                .map(|d| &mut d.tags)
        }
        _ => return Err(ApiError::invalid(format!("Invalid ARN: {arn}"))),
    };
    let gone = || ApiError::new("InvalidParameterException", "The specified resource was not found.");
    found.ok_or_else(gone)
}
