//! Operations on rules.

use serde_json::{Map, Value, json};

use super::bus::{DEFAULT, MAX_TAGS, find_bus, find_rule};
use crate::api::ApiError;
use crate::expression;
use crate::model::{EventBus, Rule};
use crate::params::{constraint_violation, eventbridge_page, merge_members, merge_tags, required_name, text};
use crate::state::CallContext;

/// The most rules of a bus, and the characters beside letters and digits that a name may have.
const MAX_RULES: usize = 300;
pub(super) const NAME_PUNCTUATION: &str = ".-_";
const STATES: [&str; 3] = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];
const SETTINGS: [&str; 4] = ["EventPattern", "ScheduleExpression", "Description", "RoleArn"];

/// Creates a rule, or replaces all settings of an existing one. Targets and tags are kept.
pub(super) fn put(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?.to_owned();
    let settings = settings(input)?;
    let mut tags = Vec::new();
    merge_tags(&mut tags, &input["Tags"].as_array().cloned().unwrap_or_default(), MAX_TAGS)?;
    let region = context.resources.region.clone();
    let account = context.resources.account.clone();
    let bus = find_bus(context, input)?;
    if settings.contains_key("ScheduleExpression") && bus.name != DEFAULT {
        return Err(ApiError::validation("ScheduleExpression is supported only on the default event bus."));
    }
    if let Some(known) = bus.rules.get_mut(&name) {
        known.settings = settings;
        return Ok(json!({ "RuleArn": known.arn }));
    }
    if bus.rules.len() >= MAX_RULES {
        let message = "The requested resource exceeds the maximum number allowed.";
        return Err(ApiError::new("LimitExceededException", message));
    }
    let path = if bus.name == DEFAULT { name.clone() } else { format!("{}/{name}", bus.name) };
    let arn = format!("arn:aws:events:{region}:{account}:rule/{path}");
    let rule = Rule {
        name: name.clone(),
        arn: arn.clone(),
        settings,
        created_by: account,
        tags,
        targets: Vec::new(),
    };
    bus.rules.insert(name, rule);
    Ok(json!({ "RuleArn": arn }))
}

/// Validates the settings of a rule, and returns them.
fn settings(input: &Value) -> Result<Map<String, Value>, ApiError> {
    let pattern = text(input, "EventPattern");
    let schedule = text(input, "ScheduleExpression");
    if pattern.is_none() && schedule.is_none() {
        return Err(ApiError::validation(
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ));
    }
    if schedule.is_some_and(|schedule| !expression::is_rule_expression(schedule)) {
        return Err(ApiError::validation("Parameter ScheduleExpression is not valid."));
    }
    if let Some(pattern) = pattern {
        let parsed: Value = serde_json::from_str(pattern).unwrap_or_default();
        if !parsed.is_object() {
            let message = "Event pattern is not valid. Reason: Filter is not an object";
            return Err(ApiError::new("InvalidEventPatternException", message));
        }
    }
    if let Some(long) = text(input, "Description").filter(|text| text.chars().count() > 512) {
        return Err(constraint_violation(
            "Description",
            long,
            "Member must have length less than or equal to 512",
        ));
    }
    let state = text(input, "State").unwrap_or(STATES[0]);
    if !STATES.contains(&state) {
        let rule = format!("Member must satisfy enum value set: [{}]", STATES.join(", "));
        return Err(constraint_violation("State", state, &rule));
    }
    let mut settings = Map::new();
    for name in SETTINGS {
        if let Some(given) = text(input, name) {
            settings.insert(name.to_owned(), json!(given));
        }
    }
    settings.insert("State".to_owned(), json!(state));
    Ok(settings)
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?;
    let bus = find_bus(context, input)?;
    let bus_name = bus.name.clone();
    let rule = find_rule(bus, name)?;
    let mut out = view(rule, &bus_name);
    out["CreatedBy"] = json!(rule.created_by);
    Ok(out)
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    let bus: &EventBus = find_bus(context, input)?;
    let fits = bus.rules.values().filter(|rule| rule.name.starts_with(prefix));
    let views: Vec<Value> = fits.map(|rule| view(rule, &bus.name)).collect();
    eventbridge_page(input, "Limit", "Rules", &views)
}

/// Deletes a rule without targets. It is no error if there is no such rule.
pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?;
    let bus = find_bus(context, input)?;
    if bus.rules.get(name).is_some_and(|rule| !rule.targets.is_empty()) {
        return Err(ApiError::validation("Rule can't be deleted since it has targets."));
    }
    bus.rules.remove(name);
    Ok(json!({}))
}

pub(super) fn switch(context: &mut CallContext<'_>, input: &Value, state: &str) -> Result<Value, ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?;
    find_rule(find_bus(context, input)?, name)?.settings.insert("State".to_owned(), json!(state));
    Ok(json!({}))
}

fn view(rule: &Rule, bus: &str) -> Value {
    let mut out = json!({ "Name": rule.name, "Arn": rule.arn, "EventBusName": bus });
    merge_members(&mut out, &rule.settings);
    out
}
