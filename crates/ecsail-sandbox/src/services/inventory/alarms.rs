//! CloudWatch: which alarms there are.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::texts;
use crate::state::Resources;

/// The most names of a call of `DescribeAlarms` (API reference of CloudWatch).
const MOST_NAMES: usize = 100;

/// Answers a call. What does not exist is left out, as in CloudWatch.
pub(super) fn answer(resources: &Resources, operation: &str, input: &Value) -> Result<Value, ApiError> {
    if operation != "DescribeAlarms" {
        let message = format!("Could not find operation {operation} for version 2010-08-01");
        return Err(ApiError::new("InvalidAction", message));
    }
    let names = texts(input, "AlarmNames");
    if names.len() > MOST_NAMES {
        let message = format!("The collection AlarmNames must have at most {MOST_NAMES} members");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    let found = names.iter().filter(|name| resources.inventory.get("alarms", name).is_some());
    let alarms: Vec<Value> = found
        .map(|name| {
            let arn = resources.service_arn("cloudwatch", &format!("alarm:{name}"));
            json!({ "AlarmName": name, "AlarmArn": arn, "StateValue": "OK", "ActionsEnabled": true })
        })
        .collect();
    Ok(json!({ "MetricAlarms": alarms, "CompositeAlarms": [] }))
}
