//! Condition expressions: `attribute_exists`, `attribute_not_exists` and `=`, joined by `AND` and `OR`, of which `AND`
//! binds more tightly. Never evaluates brackets and other functions: they are refused.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::ApiError;

/// Words that DynamoDB reserves and that a lock could use (developer guide, "Reserved words in DynamoDB").
const RESERVED: &[&str] =
    &["host", "key", "name", "owner", "reason", "release", "state", "time", "until", "user"];

/// A condition on an item: of these alternatives all terms of one hold.
#[derive(Debug)]
pub(super) struct Condition(Vec<Vec<Term>>);

#[derive(Debug)]
enum Term {
    Exists(String),
    Absent(String),
    Equals(String, Value),
}

impl Condition {
    /// Parses the condition of a write; without one, it always holds.
    pub(super) fn parse(input: &Value) -> Result<Condition, ApiError> {
        let Some(text) = input["ConditionExpression"].as_str() else {
            return Ok(Condition(vec![Vec::new()]));
        };
        let mut used = BTreeSet::new();
        let alternatives = text.split(" OR ").map(|terms| {
            terms.split(" AND ").map(|term| parse_term(term.trim(), input, &mut used)).collect()
        });
        let condition = Condition(alternatives.collect::<Result<_, ApiError>>()?);
        ensure_all_used("ExpressionAttributeNames", input, &used)?;
        ensure_all_used("ExpressionAttributeValues", input, &used)?;
        Ok(condition)
    }

    /// Returns whether the condition holds for an item, or for none.
    pub(super) fn holds(&self, item: Option<&Value>) -> bool {
        let of = |name: &String| item.and_then(|item| item.get(name));
        let holds = |term: &Term| match term {
            Term::Exists(name) => of(name).is_some(),
            Term::Absent(name) => of(name).is_none(),
            Term::Equals(name, value) => of(name) == Some(value),
        };
        self.0.iter().any(|terms| terms.iter().all(holds))
    }
}

fn parse_term(term: &str, input: &Value, used: &mut BTreeSet<String>) -> Result<Term, ApiError> {
    if let Some((name, value)) = term.split_once(" = ") {
        let name = attribute(name.trim(), input, used)?;
        return Ok(Term::Equals(name, value_of(value.trim(), input, used)?));
    }
    let Some((function, name)) = term.strip_suffix(')').and_then(|term| term.split_once('(')) else {
        return Err(invalid(&format!("Syntax error; token: \"{term}\"")));
    };
    let name = attribute(name.trim(), input, used)?;
    match function.trim() {
        "attribute_exists" => Ok(Term::Exists(name)),
        "attribute_not_exists" => Ok(Term::Absent(name)),
        other => Err(invalid(&format!("Invalid function name; function: {other}"))),
    }
}

fn attribute(name: &str, input: &Value, used: &mut BTreeSet<String>) -> Result<String, ApiError> {
    if name.starts_with('#') {
        used.insert(name.to_owned());
        let known = input["ExpressionAttributeNames"][name].as_str().map(str::to_owned);
        return known.ok_or_else(|| {
            invalid(&format!(
                "An expression attribute name used in the document path is not defined; attribute name: {name}"
            ))
        });
    }
    if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(invalid(&format!("Attribute name is a reserved keyword; reserved keyword: {name}")));
    }
    Ok(name.to_owned())
}

fn value_of(name: &str, input: &Value, used: &mut BTreeSet<String>) -> Result<Value, ApiError> {
    used.insert(name.to_owned());
    input["ExpressionAttributeValues"].get(name).cloned().ok_or_else(|| {
        invalid(&format!(
            "An expression attribute value used in expression is not defined; attribute value: {name}"
        ))
    })
}

fn ensure_all_used(member: &str, input: &Value, used: &BTreeSet<String>) -> Result<(), ApiError> {
    let given = input[member].as_object().into_iter().flatten();
    let unused: Vec<&str> =
        given.map(|(name, _)| name.as_str()).filter(|name| !used.contains(*name)).collect();
    if unused.is_empty() {
        return Ok(());
    }
    let message =
        format!("Value provided in {member} unused in expressions: keys: {{{}}}", unused.join(", "));
    Err(ApiError::validation(message))
}

fn invalid(message: &str) -> ApiError {
    ApiError::validation(format!("Invalid ConditionExpression: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(text: &str, item: Option<&Value>) -> bool {
        let input = json!({ "ConditionExpression": text, "ExpressionAttributeNames": { "#state": "state" },
            "ExpressionAttributeValues": { ":free": { "S": "free" } } });
        Condition::parse(&input).expect("a condition").holds(item)
    }

    #[test]
    fn a_missing_item_and_an_attribute_are_compared() {
        let condition = "attribute_not_exists(id) OR #state = :free";
        assert!(holds(condition, None));
        assert!(holds(condition, Some(&json!({ "id": { "S": "a" }, "state": { "S": "free" } }))));
        assert!(!holds(condition, Some(&json!({ "id": { "S": "a" }, "state": { "S": "held" } }))));
        assert!(!holds("attribute_exists(id) AND #state = :free", None));
    }

    #[test]
    fn what_dynamodb_refuses_is_refused_in_its_words() {
        let refused = |input: Value| Condition::parse(&input).expect_err("refused").message;
        assert_eq!(
            refused(json!({ "ConditionExpression": "attribute_exists(owner)" })),
            "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: owner"
        );
        assert_eq!(
            refused(json!({ "ConditionExpression": "attribute_exists(id)",
                "ExpressionAttributeValues": { ":a": { "S": "a" } } })),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
        );
        assert_eq!(
            refused(json!({ "ConditionExpression": "id = :a" })),
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute \
             value: :a"
        );
    }
}
