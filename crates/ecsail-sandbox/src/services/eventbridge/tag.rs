//! Tags of rules and event buses.

use serde_json::{Value, json};

use super::bus::{DEFAULT, MAX_TAGS, find_bus, not_found};
use crate::api::ApiError;
use crate::arn::last_segment;
use crate::params::{merge_tags, text, texts};
use crate::state::CallContext;

pub(super) fn tag(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = input["Tags"].as_array().cloned().unwrap_or_default();
    merge_tags(tags_of(context, input)?, &given, MAX_TAGS)?;
    Ok(json!({}))
}

pub(super) fn untag(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let keys = texts(input, "TagKeys");
    tags_of(context, input)?.retain(|tag| !tag["Key"].as_str().is_some_and(|key| keys.contains(&key)));
    Ok(json!({}))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    Ok(json!({ "Tags": tags_of(context, input)? }))
}

/// Returns the tags of the rule or bus with this ARN.
fn tags_of<'a>(context: &'a mut CallContext<'_>, input: &Value) -> Result<&'a mut Vec<Value>, ApiError> {
    let arn = text(input, "ResourceARN")
        .ok_or_else(|| ApiError::validation("Parameter ResourceARN is not valid."))?;
    let resource = arn.split(':').nth(5).unwrap_or_default();
    let gone = || not_found(format!("Resource {arn} does not exist."));
    let bus = match resource.split('/').collect::<Vec<_>>()[..] {
        ["event-bus", bus] | ["rule", bus, _] => bus,
        ["rule", _] => DEFAULT,
        _ => return Err(ApiError::validation("Parameter ResourceARN is not valid.")),
    };
    let bus = find_bus(context, &json!({ "EventBusName": bus })).map_err(|_| gone())?;
    if resource.starts_with("rule/") {
        bus.rules.get_mut(last_segment(resource)).map(|rule| &mut rule.tags).ok_or_else(gone)
    } else {
        Ok(&mut bus.tags)
    }
}
