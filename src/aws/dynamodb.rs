//! Reads and writes single items of a DynamoDB table whose hash key is a string: what a lock needs. A write has a condition, so
//! that of two writers one wins. Never decides what a lock means.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::signed_call::{ServiceName, SignedAnswer, SignedClient, SignedError};
use super::{ApiError, Aws};
use crate::error::Result;

const SERVICE: ServiceName = ServiceName {
    signing: "dynamodb",
    id: "DynamoDB",
    target: "DynamoDB_20120810",
    content_type: "application/x-amz-json-1.0",
};
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";
/// The name of the hash key.
pub const KEY: &str = "id";

/// The attributes of an item, all of which are strings.
pub type Item = BTreeMap<String, String>;

/// What must hold of the item that a write replaces, in the language of DynamoDB.
#[derive(Clone, Debug)]
pub struct Condition<'a> {
    pub expression: &'static str,
    /// The names that the expression has for attributes.
    pub names: &'a [(&'static str, &'static str)],
    /// The values that the expression compares.
    pub values: &'a [(&'static str, &'a str)],
}

/// An item as it was read, and the time of DynamoDB in seconds since 1970.
#[derive(Clone, Debug)]
pub struct StoredItem {
    pub item: Option<Item>,
    pub answered_at: Option<i64>,
}

/// What became of a write.
#[derive(Clone, Debug)]
pub enum WriteResult {
    Written,
    /// The condition does not hold for the item that is there.
    Refused(StoredItem),
}

/// Whether a table can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableState {
    Missing,
    /// It is being created.
    Creating,
    Active,
    /// Its key is another one.
    OtherKey,
}

/// A table.
#[derive(Clone, Debug)]
pub struct ItemTable {
    pub name: String,
    client: SignedClient,
}

impl Aws {
    /// Returns a table with connections of its own, so that it can be used on any thread. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn item_table(&self, name: &str) -> Result<ItemTable> {
        Ok(ItemTable { name: name.to_owned(), client: self.signed_client(SERVICE)? })
    }
}

impl ItemTable {
    /// Reads an item as the last write left it.
    ///
    /// # Errors
    /// The call failed.
    pub async fn get_item(&self, key: &str) -> Result<StoredItem, ApiError> {
        let input = json!({ "TableName": self.name, "Key": { KEY: { "S": key } }, "ConsistentRead": true });
        let SignedAnswer { body, answered_at } =
            self.client.call("GetItem", &input).await.map_err(|error| error.error)?;
        Ok(StoredItem { item: item_of(&body["Item"]), answered_at })
    }

    /// Reads all items, as the last writes left them.
    ///
    /// # Errors
    /// A call failed.
    pub async fn all_items(&self) -> Result<Vec<Item>, ApiError> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut input = json!({ "TableName": self.name, "ConsistentRead": true });
            if !start.is_null() {
                input["ExclusiveStartKey"] = start;
            }
            let answer = self.client.call("Scan", &input).await.map_err(|error| error.error)?.body;
            items.extend(answer["Items"].as_array().into_iter().flatten().filter_map(item_of));
            start = answer["LastEvaluatedKey"].clone();
            if start.is_null() {
                return Ok(items);
            }
        }
    }

    /// Writes an item if the condition holds. A write without an answer is repeated: it may have been made, and the item that
    /// refuses it is then the written one.
    ///
    /// # Errors
    /// The call failed.
    pub async fn put_item(&self, item: &Item, condition: &Condition<'_>) -> Result<WriteResult, ApiError> {
        let attributes: Map<String, Value> =
            item.iter().map(|(name, value)| (name.clone(), json!({ "S": value }))).collect();
        let mut input = json!({
            "TableName": self.name,
            "Item": attributes,
            "ConditionExpression": condition.expression,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        // DynamoDB refuses empty maps.
        if !condition.names.is_empty() {
            let names =
                condition.names.iter().map(|(name, attribute)| ((*name).to_owned(), json!(attribute)));
            input["ExpressionAttributeNames"] = Value::Object(names.collect());
        }
        if !condition.values.is_empty() {
            let values =
                condition.values.iter().map(|(name, value)| ((*name).to_owned(), json!({ "S": value })));
            input["ExpressionAttributeValues"] = Value::Object(values.collect());
        }
        match self.client.call("PutItem", &input).await {
            Ok(_) => Ok(WriteResult::Written),
            Err(error) if error.error.code.as_deref() == Some(CONDITION_FAILED) => {
                let SignedError { body, answered_at, .. } = *error;
                Ok(WriteResult::Refused(StoredItem { item: item_of(&body["Item"]), answered_at }))
            }
            Err(error) => Err(error.error),
        }
    }

    /// Creates the table, paid by request. Returns false where there is one of its name.
    ///
    /// # Errors
    /// The call failed.
    pub async fn create_item_table(&self) -> Result<bool, ApiError> {
        let input = json!({
            "TableName": self.name,
            "AttributeDefinitions": [{ "AttributeName": KEY, "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": KEY, "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        match self.client.call("CreateTable", &input).await {
            Ok(_) => Ok(true),
            Err(error) if error.error.code.as_deref() == Some("ResourceInUseException") => Ok(false),
            Err(error) => Err(error.error),
        }
    }

    /// Returns whether the table can be used.
    ///
    /// # Errors
    /// The call failed.
    pub async fn state(&self) -> Result<TableState, ApiError> {
        let answer = match self.client.call("DescribeTable", &json!({ "TableName": self.name })).await {
            Ok(answer) => answer.body,
            Err(error) if error.error.code.as_deref() == Some("ResourceNotFoundException") => {
                return Ok(TableState::Missing);
            }
            Err(error) => return Err(error.error),
        };
        let table = &answer["Table"];
        let keys = table["KeySchema"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_ours = matches!(keys, [key] if key["AttributeName"] == KEY && key["KeyType"] == "HASH");
        Ok(match table["TableStatus"].as_str() {
            _ if !is_ours => TableState::OtherKey,
            Some("ACTIVE" | "UPDATING") => TableState::Active,
            _ => TableState::Creating,
        })
    }
}

/// Returns the attributes of an item that are strings or numbers.
fn item_of(attributes: &Value) -> Option<Item> {
    let attributes = attributes.as_object()?;
    let text = |value: &Value| value["S"].as_str().or(value["N"].as_str()).map(str::to_owned);
    Some(attributes.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect())
}
