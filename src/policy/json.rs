//! Policies as IAM's JSON.

use serde_json::{Map, Value, json};

use super::Statement;

/// The version of the policy language.
pub(super) const VERSION: &str = "2012-10-17";

/// Returns the policy document of statements.
pub fn json(statements: &[Statement]) -> Value {
    let statements: Vec<Value> = statements.iter().map(statement).collect();
    json!({ "Version": VERSION, "Statement": statements })
}

fn statement(statement: &Statement) -> Value {
    let mut document = json!({
        "Sid": statement.sid,
        "Effect": "Allow",
        "Action": statement.actions,
        "Resource": statement.resources,
    });
    if !statement.conditions.is_empty() {
        document["Condition"] = conditions(statement);
    }
    document
}

/// Returns the conditions of a statement: by operator, then by key.
fn conditions(statement: &Statement) -> Value {
    let mut operators = Map::new();
    for condition in &statement.conditions {
        let keys = operators.entry(condition.operator).or_insert_with(|| json!({}));
        keys[condition.key] = json!(condition.values);
    }
    Value::Object(operators)
}

/// Returns the size of a policy as IAM counts it: its characters without white space.
pub fn size(policy: &Value) -> usize {
    policy.to_string().chars().filter(|character| !character.is_whitespace()).count()
}
