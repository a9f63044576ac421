//! `Scan` of a table, without filters and indexes.

use serde_json::{Value, json};

use super::active_table;
use crate::api::ApiError;
use crate::state::CallContext;

/// The items of a page. DynamoDB ends a page at 1 MB (API reference, `Scan`), which no test has to write.
const PAGE: usize = 25;

/// Answers the items after a key, in the order of their keys.
pub(super) fn scan(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let unsupported = ["FilterExpression", "IndexName", "ProjectionExpression", "TotalSegments", "Select"];
    if let Some(member) = unsupported.iter().find(|member| !input[**member].is_null()) {
        return Err(ApiError::validation(format!("The sandbox does not support {member} of Scan")));
    }
    let table = active_table(context, input)?;
    let start = input["ExclusiveStartKey"][&table.key]["S"].as_str();
    let limit = input["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
    let mut rest = table.items.iter().filter(|(key, _)| start.is_none_or(|start| key.as_str() > start));
    let page: Vec<(&String, &Value)> = rest.by_ref().take(limit.max(1)).collect();
    let items: Vec<&Value> = page.iter().map(|(_, item)| *item).collect();
    let mut answer = json!({ "Items": items, "Count": items.len(), "ScannedCount": items.len() });
    if let (Some((last, _)), Some(_)) = (page.last(), rest.next()) {
        answer["LastEvaluatedKey"] = json!({ &table.key: { "S": last } });
    }
    Ok(answer)
}
