//! Operations on event buses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::arn::last_segment;
use crate::model::{EventBus, Rule};
use crate::params::{eventbridge_page, merge_tags, required_name, set_some, text};
use crate::state::{CallContext, Resources};
use crate::time::{Millis, epoch_seconds};

/// The name of the bus that every account has in every region.
pub(super) const DEFAULT: &str = "default";
/// The most tags of a rule or bus.
pub(super) const MAX_TAGS: usize = 50;

pub(super) fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 256, "/.-_")?;
    if name == DEFAULT || context.resources.event_buses.contains_key(name) {
        let message = format!("Event bus {name} already exists.");
        return Err(ApiError::new("ResourceAlreadyExistsException", message));
    }
    let mut tags = Vec::new();
    merge_tags(&mut tags, &input["Tags"].as_array().cloned().unwrap_or_default(), MAX_TAGS)?;
    let arn = context.resources.service_arn("events", &format!("event-bus/{name}"));
    let description = text(input, "Description").map(str::to_owned);
    let name = name.to_owned();
    let created = context.now;
    let rules = BTreeMap::new();
    let mut out = json!({ "EventBusArn": arn });
    set_some(&mut out, "Description", description.clone());
    context
        .resources
        .event_buses
        .insert(name.clone(), EventBus { name, arn, description, created, tags, rules });
    Ok(out)
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    // Only DescribeEventBus calls the member `Name`.
    let bus = find_bus(context, &json!({ "EventBusName": input["Name"] }))?;
    Ok(view(bus))
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 256, "/.-_")?;
    if name == DEFAULT {
        return Err(ApiError::validation("Cannot delete event bus default."));
    }
    if context.resources.event_buses.get(name).is_some_and(|bus| !bus.rules.is_empty()) {
        return Err(ApiError::validation(format!("Event bus {name} can't be deleted since it has rules.")));
    }
    context.resources.event_buses.remove(name);
    Ok(json!({}))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let first = match context.resources.event_buses.get(DEFAULT) {
        Some(bus) => view(bus),
        None => view(&default_bus(context.resources, context.now)),
    };
    let others = context.resources.event_buses.values().filter(|bus| bus.name != DEFAULT).map(view);
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    let fits = |bus: &Value| bus["Name"].as_str().is_some_and(|name| name.starts_with(prefix));
    let all: Vec<Value> = std::iter::once(first).chain(others).filter(fits).collect();
    eventbridge_page(input, "Limit", "EventBuses", &all)
}

fn view(bus: &EventBus) -> Value {
    let mut out = json!({
        "Name": bus.name,
        "Arn": bus.arn,
        "CreationTime": epoch_seconds(bus.created),
        "LastModifiedTime": epoch_seconds(bus.created),
    });
    set_some(&mut out, "Description", bus.description.clone());
    out
}

/// Returns the bus of an input, given by name or ARN; the default bus when none is given.
pub(super) fn find_bus<'a>(
    context: &'a mut CallContext<'_>,
    input: &Value,
) -> Result<&'a mut EventBus, ApiError> {
    let name = text(input, "EventBusName").map_or(DEFAULT, last_segment).to_owned();
    let now = context.now;
    if name == DEFAULT {
        let fresh = default_bus(context.resources, now);
        return Ok(context.resources.event_buses.entry(name).or_insert(fresh));
    }
    let gone = || not_found(format!("Event bus {name} does not exist."));
    context.resources.event_buses.get_mut(&name).ok_or_else(gone)
}

fn default_bus(resources: &Resources, now: Millis) -> EventBus {
    EventBus {
        name: DEFAULT.to_owned(),
        arn: resources.service_arn("events", "event-bus/default"),
        description: None,
        created: now,
        tags: Vec::new(),
        rules: BTreeMap::new(),
    }
}

pub(super) fn not_found(message: String) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

/// Returns a rule that must exist.
pub(super) fn find_rule<'a>(bus: &'a mut EventBus, name: &str) -> Result<&'a mut Rule, ApiError> {
    let gone = not_found(format!("Rule {name} does not exist on EventBus {}.", bus.name));
    bus.rules.get_mut(name).ok_or(gone)
}
