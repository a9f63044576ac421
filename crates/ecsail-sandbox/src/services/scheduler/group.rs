//! Operations on schedule groups and their tags.

use serde_json::{Value, json};

use super::errors::{conflict, not_found};
use crate::api::ApiError;
use crate::arn::last_segment;
use crate::model::ScheduleGroup;
use crate::params::{eventbridge_page, merge_tags, required_name, text, texts};
use crate::state::{CallContext, Resources};
use crate::time::epoch_seconds;

/// The name of the group that every account has in every region.
pub(super) const DEFAULT: &str = "default";
/// The characters beside letters and digits that a name may have.
pub(super) const NAME_PUNCTUATION: &str = "-_.";
/// The most tags of a group.
const MAX_TAGS: usize = 200;

/// Returns whether a group exists.
pub(super) fn has_group(resources: &Resources, name: &str) -> bool {
    name == DEFAULT || resources.schedule_groups.contains_key(name)
}

pub(super) fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?;
    let token = text(input, "ClientToken").map(str::to_owned);
    let arn = context.resources.service_arn("scheduler", &format!("schedule-group/{name}"));
    if has_group(context.resources, name) {
        let repeated = context
            .resources
            .schedule_groups
            .get(name)
            .is_some_and(|known| token.is_some() && known.token == token);
        if repeated {
            return Ok(json!({ "ScheduleGroupArn": arn }));
        }
        return Err(conflict(format!("Schedule group {name} already exists.")));
    }
    let mut tags = Vec::new();
    merge_tags(&mut tags, &input["Tags"].as_array().cloned().unwrap_or_default(), MAX_TAGS)?;
    let group = ScheduleGroup { name: name.to_owned(), arn: arn.clone(), created: context.now, tags, token };
    context.resources.schedule_groups.insert(name.to_owned(), group);
    Ok(json!({ "ScheduleGroupArn": arn }))
}

pub(super) fn get(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?;
    if name == DEFAULT {
        return Ok(view(&default_group(context)));
    }
    context.resources.schedule_groups.get(name).map(view).ok_or_else(|| not_found("Schedule group", name))
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?;
    if name == DEFAULT {
        return Err(ApiError::validation("The default schedule group cannot be deleted."));
    }
    context.resources.schedule_groups.remove(name).ok_or_else(|| not_found("Schedule group", name))?;
    context.resources.schedules.retain(|key, _| !key.starts_with(&format!("{name}/")));
    Ok(json!({}))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    let first = default_group(context);
    let others = context.resources.schedule_groups.values().filter(|group| group.name != DEFAULT);
    let all = std::iter::once(&first).chain(others);
    let views: Vec<Value> = all.filter(|group| group.name.starts_with(prefix)).map(view).collect();
    eventbridge_page(input, "MaxResults", "ScheduleGroups", &views)
}

fn default_group(context: &CallContext<'_>) -> ScheduleGroup {
    let arn = context.resources.service_arn("scheduler", "schedule-group/default");
    ScheduleGroup { name: DEFAULT.to_owned(), arn, created: context.now, tags: Vec::new(), token: None }
}

fn view(group: &ScheduleGroup) -> Value {
    json!({
        "Name": group.name,
        "Arn": group.arn,
        "State": "ACTIVE",
        "CreationDate": epoch_seconds(group.created),
        "LastModificationDate": epoch_seconds(group.created),
    })
}

pub(super) fn tag(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = input["Tags"].as_array().cloned().unwrap_or_default();
    merge_tags(&mut find_group_mut(context, input)?.tags, &given, MAX_TAGS)?;
    Ok(json!({}))
}

pub(super) fn untag(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let keys = texts(input, "TagKeys");
    let tags = &mut find_group_mut(context, input)?.tags;
    tags.retain(|tag| !tag["Key"].as_str().is_some_and(|key| keys.contains(&key)));
    Ok(json!({}))
}

pub(super) fn tags(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    Ok(json!({ "Tags": find_group_mut(context, input)?.tags }))
}

/// Returns the group with the ARN of the input. Only groups have tags.
fn find_group_mut<'a>(
    context: &'a mut CallContext<'_>,
    input: &Value,
) -> Result<&'a mut ScheduleGroup, ApiError> {
    let arn = text(input, "ResourceArn").unwrap_or_default();
    if !arn.contains(":schedule-group/") {
        return Err(ApiError::validation(format!("Invalid ResourceArn {arn}.")));
    }
    let name = last_segment(arn);
    if name == DEFAULT && !context.resources.schedule_groups.contains_key(DEFAULT) {
        let group = default_group(context);
        // The default group is stored once it is tagged.
        context.resources.schedule_groups.insert(DEFAULT.to_owned(), group);
    }
    context.resources.schedule_groups.get_mut(name).ok_or_else(|| not_found("Schedule group", name))
}
