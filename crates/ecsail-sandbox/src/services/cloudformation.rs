//! AWS CloudFormation: the outputs and exports of stacks. Never creates a stack by itself.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::text;
use crate::state::{CallContext, Resources};

/// How many exports a page of `ListExports` has (API reference of CloudFormation).
const PAGE: usize = 100;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "DescribeStacks" => describe(context.resources, text(input, "StackName")),
        "ListExports" => list_exports(context.resources, text(input, "NextToken")),
        _ => Err(ApiError {
            status: 400,
            ..ApiError::new(
                "InvalidAction",
                format!("Could not find operation {operation} for version 2010-05-15"),
            )
        }),
    }
}

/// Keeps a stack with its outputs, and the outputs that it exports: pairs of the export's name and its value.
pub(crate) fn put(resources: &mut Resources, name: &str, outputs: &Value, exports: &Value) {
    let id = resources.service_arn("cloudformation", &format!("stack/{name}/5a4d5a4d"));
    let members = |values: &Value, key: &str, value: &str| -> Vec<Value> {
        let pairs = values.as_object().into_iter().flatten();
        pairs.map(|(name, text)| json!({ key: name, value: text })).collect()
    };
    let stack = json!({
        "StackId": id,
        "StackName": name,
        "StackStatus": "UPDATE_COMPLETE",
        "CreationTime": "2026-01-01T00:00:00Z",
        "Outputs": members(outputs, "OutputKey", "OutputValue"),
    });
    let exports: Vec<Value> = members(exports, "Name", "Value")
        .into_iter()
        .map(|mut export| {
            export["ExportingStackId"] = json!(id);
            export
        })
        .collect();
    resources.stacks.insert(name.to_owned(), json!({ "stack": stack, "exports": exports }));
}

fn describe(resources: &Resources, name: Option<&str>) -> Result<Value, ApiError> {
    let Some(name) = name else {
        let all: Vec<&Value> = resources.stacks.values().map(|kept| &kept["stack"]).collect();
        return Ok(json!({ "Stacks": all }));
    };
    let is_named = |kept: &&Value| kept["stack"]["StackName"] == name || kept["stack"]["StackId"] == name;
    match resources.stacks.values().find(is_named) {
        Some(kept) => Ok(json!({ "Stacks": [kept["stack"]] })),
        None => Err(ApiError::new("ValidationError", format!("Stack with id {name} does not exist"))),
    }
}

fn list_exports(resources: &Resources, token: Option<&str>) -> Result<Value, ApiError> {
    let all: Vec<&Value> =
        resources.stacks.values().flat_map(|kept| kept["exports"].as_array().into_iter().flatten()).collect();
    let invalid = || ApiError::new("ValidationError", "Token is invalid");
    let start = token.map_or(Ok(0), |token| token.parse::<usize>().map_err(|_| invalid()))?;
    let end = (start + PAGE).min(all.len());
    let mut out = json!({ "Exports": all.get(start..end).unwrap_or_default() });
    if end < all.len() {
        out["NextToken"] = json!(end.to_string());
    }
    Ok(out)
}
