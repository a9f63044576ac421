//! A DynamoDB table as the sandbox stores it: with a hash key of type string, and no sort key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// The name of the attribute that is the hash key.
    pub(crate) key: String,
    /// In seconds since 1970.
    pub(crate) created: f64,
    /// Whether it can be used: a new table can only after its description was read once.
    pub(crate) active: bool,
    /// The items by the value of their key.
    pub(crate) items: BTreeMap<String, Value>,
}

impl Table {
    /// Returns the table as `DescribeTable` answers it.
    pub(crate) fn description(&self) -> Value {
        json!({
            "TableName": self.name,
            "TableArn": self.arn,
            "TableStatus": if self.active { "ACTIVE" } else { "CREATING" },
            "CreationDateTime": self.created,
            "KeySchema": [{ "AttributeName": self.key, "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": self.key, "AttributeType": "S" }],
            "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
            "ItemCount": 0,
            "TableSizeBytes": 0,
        })
    }
}
