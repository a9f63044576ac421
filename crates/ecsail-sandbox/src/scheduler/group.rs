//! Schedule groups. Owns their operations and their tags; deleting one takes its schedules along, at once.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DEFAULT, NAME_MARKS, conflict, invalid, missing};
use crate::params::{capital_page, need_name, tag_over, text, texts};
use crate::state::{Env, Millis, Realm, last_part, seconds};
use crate::wire::ApiError;

/// The most tags that a group may have.
const MOST_TAGS: usize = 200;

/// A schedule group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    name: String,
    arn: String,
    created: Millis,
    tags: Vec<Value>,
    token: Option<String>,
}

/// Returns whether a group of this name is there.
pub(super) fn is_there(realm: &Realm, name: &str) -> bool {
    name == DEFAULT || realm.groups.contains_key(name)
}

pub(super) fn create(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?;
    let token = text(input, "ClientToken").map(str::to_owned);
    let arn = env.realm.arn_of("scheduler", &format!("schedule-group/{name}"));
    if is_there(env.realm, name) {
        let repeated =
            env.realm.groups.get(name).is_some_and(|known| token.is_some() && known.token == token);
        if repeated {
            return Ok(json!({ "ScheduleGroupArn": arn }));
        }
        return Err(conflict(format!("Schedule group {name} already exists.")));
    }
    let mut tags = Vec::new();
    tag_over(&mut tags, &input["Tags"].as_array().cloned().unwrap_or_default(), MOST_TAGS)?;
    let group = Group { name: name.to_owned(), arn: arn.clone(), created: env.now, tags, token };
    env.realm.groups.insert(name.to_owned(), group);
    Ok(json!({ "ScheduleGroupArn": arn }))
}

pub(super) fn get(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?;
    if name == DEFAULT {
        return Ok(view(&default_group(env)));
    }
    env.realm.groups.get(name).map(view).ok_or_else(|| missing("Schedule group", name))
}

pub(super) fn delete(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?;
    if name == DEFAULT {
        return Err(invalid("The default schedule group cannot be deleted."));
    }
    env.realm.groups.remove(name).ok_or_else(|| missing("Schedule group", name))?;
    env.realm.schedules.retain(|key, _| !key.starts_with(&format!("{name}/")));
    Ok(json!({}))
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    let first = default_group(env);
    let others = env.realm.groups.values().filter(|group| group.name != DEFAULT);
    let all = std::iter::once(&first).chain(others);
    let views: Vec<Value> = all.filter(|group| group.name.starts_with(prefix)).map(view).collect();
    capital_page(input, "MaxResults", "ScheduleGroups", &views)
}

fn default_group(env: &Env<'_>) -> Group {
    let arn = env.realm.arn_of("scheduler", "schedule-group/default");
    Group { name: DEFAULT.to_owned(), arn, created: env.now, tags: Vec::new(), token: None }
}

fn view(group: &Group) -> Value {
    json!({
        "Name": group.name,
        "Arn": group.arn,
        "State": "ACTIVE",
        "CreationDate": seconds(group.created),
        "LastModificationDate": seconds(group.created),
    })
}

pub(super) fn tag(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = input["Tags"].as_array().cloned().unwrap_or_default();
    tag_over(&mut found(env, input)?.tags, &given, MOST_TAGS)?;
    Ok(json!({}))
}

pub(super) fn untag(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let keys = texts(input, "TagKeys");
    let tags = &mut found(env, input)?.tags;
    tags.retain(|tag| !tag["Key"].as_str().is_some_and(|key| keys.contains(&key)));
    Ok(json!({}))
}

pub(super) fn tags(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    Ok(json!({ "Tags": found(env, input)?.tags }))
}

/// Returns the group that an ARN means: only groups have tags.
fn found<'a>(env: &'a mut Env<'_>, input: &Value) -> Result<&'a mut Group, ApiError> {
    let arn = text(input, "ResourceArn").unwrap_or_default();
    if !arn.contains(":schedule-group/") {
        return Err(invalid(format!("Invalid ResourceArn {arn}.")));
    }
    let name = last_part(arn);
    if name == DEFAULT && !env.realm.groups.contains_key(DEFAULT) {
        let group = default_group(env);
        // Its tags have to be kept somewhere.
        env.realm.groups.insert(DEFAULT.to_owned(), group);
    }
    env.realm.groups.get_mut(name).ok_or_else(|| missing("Schedule group", name))
}
