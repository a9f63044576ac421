//! Amazon EventBridge, as far as rules and their targets go. Owns which operation goes where, and what the
//! operations share; no event is ever matched, and no target invoked.

mod bus;
pub(super) mod partly;
mod rule;
mod target;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::params::{tag_over, text, texts};
use super::state::{Env, Millis, Realm, last_part};
use super::wire::ApiError;

/// The bus that every account has in every region.
const DEFAULT: &str = "default";
/// The most tags that a rule or a bus may have.
const MOST_TAGS: usize = 50;

/// An event bus and the rules on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Bus {
    name: String,
    arn: String,
    description: Option<String>,
    created: Millis,
    tags: Vec<Value>,
    rules: BTreeMap<String, Rule>,
}

/// A rule and its targets.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rule {
    name: String,
    arn: String,
    /// What PutRule was given, and its state.
    settings: Map<String, Value>,
    created_by: String,
    tags: Vec<Value>,
    targets: Vec<Value>,
}

/// Answers an EventBridge operation.
pub(super) fn answer(env: &mut Env<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "CreateEventBus" => bus::create(env, input),
        "DescribeEventBus" => bus::describe(env, input),
        "DeleteEventBus" => bus::delete(env, input),
        "ListEventBuses" => bus::list(env, input),
        "PutRule" => rule::put(env, input),
        "DescribeRule" => rule::describe(env, input),
        "ListRules" => rule::list(env, input),
        "DeleteRule" => rule::delete(env, input),
        "EnableRule" => rule::switch(env, input, "ENABLED"),
        "DisableRule" => rule::switch(env, input, "DISABLED"),
        "PutTargets" => target::put(env, input),
        "RemoveTargets" => target::remove(env, input),
        "ListTargetsByRule" => target::list(env, input),
        "ListRuleNamesByTarget" => target::rule_names(env, input),
        "TagResource" => tag(env, input),
        "UntagResource" => untag(env, input),
        "ListTagsForResource" => Ok(json!({ "Tags": tags_of(env, input)? })),
        _ => Err(ApiError::unknown_operation()),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn missing(message: String) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

/// Returns the bus that an input names by name or ARN, or the default one.
fn bus_of<'a>(env: &'a mut Env<'_>, input: &Value) -> Result<&'a mut Bus, ApiError> {
    let name = text(input, "EventBusName").map_or(DEFAULT, last_part).to_owned();
    let now = env.now;
    if name == DEFAULT {
        let fresh = default_bus(env.realm, now);
        return Ok(env.realm.buses.entry(name).or_insert(fresh));
    }
    let gone = || missing(format!("Event bus {name} does not exist."));
    env.realm.buses.get_mut(&name).ok_or_else(gone)
}

fn default_bus(realm: &Realm, now: Millis) -> Bus {
    Bus {
        name: DEFAULT.to_owned(),
        arn: realm.arn_of("events", "event-bus/default"),
        description: None,
        created: now,
        tags: Vec::new(),
        rules: BTreeMap::new(),
    }
}

impl Bus {
    /// Returns a rule that must exist.
    fn rule(&mut self, name: &str) -> Result<&mut Rule, ApiError> {
        let gone = missing(format!("Rule {name} does not exist on EventBus {}.", self.name));
        self.rules.get_mut(name).ok_or(gone)
    }
}

fn tag(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let given = input["Tags"].as_array().cloned().unwrap_or_default();
    tag_over(tags_of(env, input)?, &given, MOST_TAGS)?;
    Ok(json!({}))
}

fn untag(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let keys = texts(input, "TagKeys");
    tags_of(env, input)?.retain(|tag| !tag["Key"].as_str().is_some_and(|key| keys.contains(&key)));
    Ok(json!({}))
}

/// Returns the tags of the rule or bus that an ARN means.
fn tags_of<'a>(env: &'a mut Env<'_>, input: &Value) -> Result<&'a mut Vec<Value>, ApiError> {
    let arn = text(input, "ResourceARN").ok_or_else(|| invalid("Parameter ResourceARN is not valid."))?;
    let resource = arn.split(':').nth(5).unwrap_or_default();
    let gone = || missing(format!("Resource {arn} does not exist."));
    let bus = match resource.split('/').collect::<Vec<_>>()[..] {
        ["event-bus", bus] | ["rule", bus, _] => bus,
        ["rule", _] => DEFAULT,
        _ => return Err(invalid("Parameter ResourceARN is not valid.")),
    };
    let bus = bus_of(env, &json!({ "EventBusName": bus })).map_err(|_| gone())?;
    match resource.starts_with("rule/") {
        true => bus.rules.get_mut(last_part(resource)).map(|rule| &mut rule.tags).ok_or_else(gone),
        false => Ok(&mut bus.tags),
    }
}
