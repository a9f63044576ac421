//! Amazon DynamoDB, as far as a lock needs it: tables with a string as their hash key, single items, and conditions of a
//! few functions and comparisons (`condition`). Refuses everything else with a validation error.

mod condition;
mod policy;
mod scan;

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::model::Table;
use crate::state::CallContext;
use condition::Condition;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "CreateTable" => create_table(context, input),
        "DescribeTable" => describe_table(context, input),
        "GetItem" => get_item(context, input),
        "PutItem" => put_item(context, input),
        "DeleteItem" => delete_item(context, input),
        "Scan" => scan::scan(context, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

fn table_name(input: &Value) -> Result<&str, ApiError> {
    let name = input["TableName"].as_str().ok_or_else(|| {
        ApiError::validation(
            "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null",
        )
    })?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !(3..=255).contains(&name.len()) || !name.chars().all(is_allowed) {
        return Err(ApiError::validation(
            "TableName must be at least 3 characters long and at most 255 characters long, \
             and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'",
        ));
    }
    Ok(name)
}

fn create_table(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = table_name(input)?;
    let [key] = input["KeySchema"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err(ApiError::validation("The sandbox has tables with a hash key only"));
    };
    let key = key["AttributeName"].as_str().unwrap_or_default();
    let defined = input["AttributeDefinitions"].as_array().into_iter().flatten();
    if !defined.into_iter().any(|defined| defined["AttributeName"] == key && defined["AttributeType"] == "S")
    {
        return Err(ApiError::validation(format!(
            "One or more parameter values were invalid: Some index key attributes are not defined in \
             AttributeDefinitions. Keys: [{key}], AttributeDefinitions: []"
        )));
    }
    if input["BillingMode"] != "PAY_PER_REQUEST" && input["ProvisionedThroughput"].is_null() {
        return Err(ApiError::validation(
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be \
             specified when BillingMode is PROVISIONED",
        ));
    }
    if context.resources.tables.contains_key(name) {
        return Err(ApiError::new("ResourceInUseException", format!("Table already exists: {name}")));
    }
    let table = Table {
        name: name.to_owned(),
        arn: context.resources.service_arn("dynamodb", &format!("table/{name}")),
        key: key.to_owned(),
        created: context.reported_now(),
        active: false,
        items: Default::default(),
    };
    let description = table.description();
    context.resources.tables.insert(name.to_owned(), table);
    Ok(json!({ "TableDescription": description }))
}

fn describe_table(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = table_name(input)?;
    let Some(table) = context.resources.tables.get_mut(name) else {
        let message = format!("Requested resource not found: Table: {name} not found");
        return Err(ApiError::new("ResourceNotFoundException", message));
    };
    let description = table.description();
    table.active = true;
    Ok(json!({ "Table": description }))
}

/// Returns the table of a call that reads or writes an item.
fn active_table<'a>(context: &'a mut CallContext<'_>, input: &Value) -> Result<&'a mut Table, ApiError> {
    let name = table_name(input)?;
    let table = context.resources.tables.get_mut(name).filter(|table| table.active);
    table.ok_or_else(|| ApiError::new("ResourceNotFoundException", "Requested resource not found"))
}

fn get_item(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let table = active_table(context, input)?;
    let key = key_of(table, &input["Key"])?;
    Ok(table.items.get(&key).map_or(json!({}), |item| json!({ "Item": item })))
}

fn put_item(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let caller = context.caller;
    let table = active_table(context, input)?;
    let key = input["Item"][&table.key]["S"].as_str().filter(|key| !key.is_empty()).ok_or_else(|| {
        let message =
            format!("One or more parameter values were invalid: Missing the key {} in the item", table.key);
        ApiError::validation(message)
    })?;
    policy::ensure_own_key("PutItem", key, &table.arn, caller)?;
    ensure_condition(table, key, input)?;
    table.items.insert(key.to_owned(), input["Item"].clone());
    Ok(json!({}))
}

fn delete_item(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let caller = context.caller;
    let table = active_table(context, input)?;
    let key = key_of(table, &input["Key"])?;
    policy::ensure_own_key("DeleteItem", &key, &table.arn, caller)?;
    ensure_condition(table, &key, input)?;
    table.items.remove(&key);
    Ok(json!({}))
}

fn key_of(table: &Table, key: &Value) -> Result<String, ApiError> {
    let given = key[&table.key]["S"].as_str().filter(|_| key.as_object().is_some_and(|key| key.len() == 1));
    let mismatch = || ApiError::validation("The provided key element does not match the schema");
    given.map(str::to_owned).ok_or_else(mismatch)
}

/// Fails where the condition of a write does not hold, with the item if that is asked for.
fn ensure_condition(table: &Table, key: &str, input: &Value) -> Result<(), ApiError> {
    let condition = Condition::parse(input)?;
    let item = table.items.get(key);
    if condition.holds(item) {
        return Ok(());
    }
    let wants_item = input["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD";
    let members = item.filter(|_| wants_item).map(|item| json!({ "Item": item }));
    let error = ApiError::new("ConditionalCheckFailedException", "The conditional request failed");
    Err(ApiError { members, ..error })
}
