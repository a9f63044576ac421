//! `PutTargets` and `RemoveTargets` calls of which an injected fault makes some entries fail.

use serde_json::{Value, json};

use crate::api::{ApiCall, ApiError};

/// Which entries of a call fail, and how.
pub(crate) struct EntryFailure<'a> {
    /// The ids of the targets; all when empty.
    pub(crate) ids: &'a [String],
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
}

/// Answers a call as if some of its entries had failed. `answer_rest` answers the same call with the other entries, which
/// take effect.
pub(crate) fn answer(
    call: &ApiCall,
    failure: &EntryFailure<'_>,
    answer_rest: impl FnOnce(&ApiCall) -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    let member = if call.operation == "PutTargets" { "Targets" } else { "Ids" };
    let given = call.input[member].as_array().cloned().unwrap_or_default();
    let (failing, succeeding): (Vec<Value>, Vec<Value>) = given
        .into_iter()
        .partition(|entry| failure.ids.is_empty() || failure.ids.contains(&target_id(entry)));
    let mut failed_entries = Vec::new();
    if !succeeding.is_empty() {
        let mut rest = call.clone();
        rest.input[member] = Value::Array(succeeding);
        let out = answer_rest(&rest)?;
        failed_entries.extend(out["FailedEntries"].as_array().into_iter().flatten().cloned());
    }
    for entry in &failing {
        failed_entries.push(json!({
            "TargetId": target_id(entry),
            "ErrorCode": failure.code,
            "ErrorMessage": failure.message,
        }));
    }
    Ok(json!({ "FailedEntryCount": failed_entries.len(), "FailedEntries": failed_entries }))
}

/// Returns the target id of an entry: its `Id`, or the entry itself in a list of ids.
fn target_id(entry: &Value) -> String {
    entry["Id"].as_str().or(entry.as_str()).unwrap_or_default().to_owned()
}
