//! Rules. Owns their operations; a rule's targets stand in a file of their own.

use serde_json::{Map, Value, json};

use super::super::expression;
use super::super::params::{capital_page, need_name, overlay, tag_over, text, unsatisfied};
use super::super::state::Env;
use super::super::wire::ApiError;
use super::{Bus, DEFAULT, MOST_TAGS, Rule, bus_of, invalid};

/// How many rules a bus may have, and the characters beside letters and digits that a name may have.
const MOST: usize = 300;
pub(super) const NAME_MARKS: &str = ".-_";
const STATES: [&str; 3] = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];
const SETTINGS: [&str; 4] = ["EventPattern", "ScheduleExpression", "Description", "RoleArn"];

/// Creates a rule, or replaces what one says: what is not given is not kept. Targets and tags stay.
pub(super) fn put(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?.to_owned();
    let settings = settings(input)?;
    let mut tags = Vec::new();
    tag_over(&mut tags, &input["Tags"].as_array().cloned().unwrap_or_default(), MOST_TAGS)?;
    let (region, account) = (env.realm.region.clone(), env.realm.account.clone());
    let bus = bus_of(env, input)?;
    if settings.contains_key("ScheduleExpression") && bus.name != DEFAULT {
        return Err(invalid("ScheduleExpression is supported only on the default event bus."));
    }
    if let Some(known) = bus.rules.get_mut(&name) {
        known.settings = settings;
        return Ok(json!({ "RuleArn": known.arn }));
    }
    if bus.rules.len() >= MOST {
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

/// Checks what a rule is to say, and returns it.
fn settings(input: &Value) -> Result<Map<String, Value>, ApiError> {
    let (pattern, schedule) = (text(input, "EventPattern"), text(input, "ScheduleExpression"));
    if pattern.is_none() && schedule.is_none() {
        return Err(invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if schedule.is_some_and(|schedule| !expression::fits_rule(schedule)) {
        return Err(invalid("Parameter ScheduleExpression is not valid."));
    }
    if let Some(pattern) = pattern {
        let parsed: Value = serde_json::from_str(pattern).unwrap_or_default();
        if !parsed.is_object() {
            let message = "Event pattern is not valid. Reason: Filter is not an object";
            return Err(ApiError::new("InvalidEventPatternException", message));
        }
    }
    if let Some(long) = text(input, "Description").filter(|text| text.chars().count() > 512) {
        return Err(unsatisfied("Description", long, "Member must have length less than or equal to 512"));
    }
    let state = text(input, "State").unwrap_or(STATES[0]);
    if !STATES.contains(&state) {
        let rule = format!("Member must satisfy enum value set: [{}]", STATES.join(", "));
        return Err(unsatisfied("State", state, &rule));
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

pub(super) fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?;
    let bus = bus_of(env, input)?;
    let bus_name = bus.name.clone();
    let rule = bus.rule(name)?;
    let mut out = view(rule, &bus_name);
    out["CreatedBy"] = json!(rule.created_by);
    Ok(out)
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    let bus: &Bus = bus_of(env, input)?;
    let fits = bus.rules.values().filter(|rule| rule.name.starts_with(prefix));
    let views: Vec<Value> = fits.map(|rule| view(rule, &bus.name)).collect();
    capital_page(input, "Limit", "Rules", &views)
}

/// Deletes a rule that has no targets. Succeeds if the rule does not exist.
pub(super) fn delete(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?;
    let bus = bus_of(env, input)?;
    if bus.rules.get(name).is_some_and(|rule| !rule.targets.is_empty()) {
        return Err(invalid("Rule can't be deleted since it has targets."));
    }
    bus.rules.remove(name);
    Ok(json!({}))
}

pub(super) fn switch(env: &mut Env<'_>, input: &Value, state: &str) -> Result<Value, ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?;
    bus_of(env, input)?.rule(name)?.settings.insert("State".to_owned(), json!(state));
    Ok(json!({}))
}

fn view(rule: &Rule, bus: &str) -> Value {
    let mut out = json!({ "Name": rule.name, "Arn": rule.arn, "EventBusName": bus });
    overlay(&mut out, &rule.settings);
    out
}
