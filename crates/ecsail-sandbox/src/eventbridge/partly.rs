//! Calls that succeed without some of their entries. Owns how such an answer looks; a fault orders it.

use serde_json::{Value, json};

use crate::wire::{ApiError, Asked};

/// Answers PutTargets or RemoveTargets as if some of its entries had failed: all others take effect.
pub(crate) fn answer(
    asked: &Asked,
    (ids, code, message): (&[String], &str, &str),
    whole: impl FnOnce(&Asked) -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    let member = if asked.operation == "PutTargets" { "Targets" } else { "Ids" };
    let id = |entry: &Value| entry["Id"].as_str().or(entry.as_str()).unwrap_or_default().to_owned();
    let given = asked.input[member].as_array().cloned().unwrap_or_default();
    let (failing, good): (Vec<Value>, Vec<Value>) =
        given.into_iter().partition(|entry| ids.is_empty() || ids.contains(&id(entry)));
    let mut out = json!({ "FailedEntryCount": 0, "FailedEntries": [] });
    if !good.is_empty() {
        let mut left = asked.clone();
        left.input[member] = Value::Array(good);
        out = whole(&left)?;
    }
    let mut entries = out["FailedEntries"].as_array().cloned().unwrap_or_default();
    let entry = |entry: &Value| json!({ "TargetId": id(entry), "ErrorCode": code, "ErrorMessage": message });
    entries.extend(failing.iter().map(entry));
    Ok(json!({ "FailedEntryCount": entries.len(), "FailedEntries": entries }))
}
