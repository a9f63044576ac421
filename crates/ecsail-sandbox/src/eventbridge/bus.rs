//! Event buses. Owns their operations; the default one is there from the start and stays.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Bus, DEFAULT, MOST_TAGS, bus_of, default_bus, invalid};
use crate::params::{capital_page, need_name, set, tag_over, text};
use crate::state::{Env, seconds};
use crate::wire::ApiError;

pub(super) fn create(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 256, "/.-_")?;
    if name == DEFAULT || env.realm.buses.contains_key(name) {
        let message = format!("Event bus {name} already exists.");
        return Err(ApiError::new("ResourceAlreadyExistsException", message));
    }
    let mut tags = Vec::new();
    tag_over(&mut tags, &input["Tags"].as_array().cloned().unwrap_or_default(), MOST_TAGS)?;
    let arn = env.realm.arn_of("events", &format!("event-bus/{name}"));
    let description = text(input, "Description").map(str::to_owned);
    let (name, created, rules) = (name.to_owned(), env.now, BTreeMap::new());
    let mut out = json!({ "EventBusArn": arn });
    set(&mut out, "Description", description.clone());
    env.realm.buses.insert(name.clone(), Bus { name, arn, description, created, tags, rules });
    Ok(out)
}

pub(super) fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    // This operation alone calls the member `Name`.
    let bus = bus_of(env, &json!({ "EventBusName": input["Name"] }))?;
    Ok(view(bus))
}

pub(super) fn delete(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 256, "/.-_")?;
    if name == DEFAULT {
        return Err(invalid("Cannot delete event bus default."));
    }
    if env.realm.buses.get(name).is_some_and(|bus| !bus.rules.is_empty()) {
        return Err(invalid(format!("Event bus {name} can't be deleted since it has rules.")));
    }
    env.realm.buses.remove(name);
    Ok(json!({}))
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let first = match env.realm.buses.get(DEFAULT) {
        Some(bus) => view(bus),
        None => view(&default_bus(env.realm, env.now)),
    };
    let others = env.realm.buses.values().filter(|bus| bus.name != DEFAULT).map(view);
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    let fits = |bus: &Value| bus["Name"].as_str().is_some_and(|name| name.starts_with(prefix));
    let all: Vec<Value> = std::iter::once(first).chain(others).filter(fits).collect();
    capital_page(input, "Limit", "EventBuses", &all)
}

fn view(bus: &Bus) -> Value {
    let mut out = json!({
        "Name": bus.name,
        "Arn": bus.arn,
        "CreationTime": seconds(bus.created),
        "LastModifiedTime": seconds(bus.created),
    });
    set(&mut out, "Description", bus.description.clone());
    out
}
