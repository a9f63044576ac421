//! An identity-based policy, and whether it allows something ("IAM JSON policy elements reference" of the IAM user guide).
//!
//! Statements that allow, with `Action`, `Resource` and conditions of the operators below; everything else is refused when it
//! is read, so that no policy means more than what is evaluated.

use std::collections::BTreeMap;

use serde_json::Value;

use super::AuthorizationCheck;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    sid: String,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals,
    Like,
}

impl Policy {
    /// Parses a policy document.
    ///
    /// # Errors
    /// It has an element that is not evaluated here; the text names it.
    pub fn parse(document: &Value) -> Result<Policy, String> {
        if document["Version"] != "2012-10-17" {
            return Err(format!("version {} of the policy language is not supported", document["Version"]));
        }
        let statements = document["Statement"].as_array().ok_or("`Statement` is not a list")?;
        let statements = statements.iter().map(parse_statement).collect::<Result<_, _>>()?;
        Ok(Policy { statements })
    }

    /// Returns the policy without the statement of this name.
    #[must_use]
    pub fn without(&self, sid: &str) -> Policy {
        let kept = self.statements.iter().filter(|statement| statement.sid != sid).cloned();
        Policy { statements: kept.collect() }
    }

    /// Returns the names of the statements that allow this; none where it is denied.
    pub fn allowing(&self, check: &AuthorizationCheck) -> Vec<&str> {
        let allowing = self.statements.iter().filter(|statement| statement.allows(check));
        allowing.map(|statement| statement.sid.as_str()).collect()
    }

    /// Returns the first of these that the policy does not allow.
    pub(crate) fn first_denied<'a>(
        &self,
        checks: &'a [AuthorizationCheck],
    ) -> Option<&'a AuthorizationCheck> {
        checks.iter().find(|check| self.allowing(check).is_empty())
    }
}

impl Statement {
    fn allows(&self, check: &AuthorizationCheck) -> bool {
        // Actions are compared without case, resources with it.
        let action = check.action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
            && self.resources.iter().any(|pattern| matches(pattern, &check.resource))
            && self.conditions.iter().all(|condition| condition.holds(&check.keys))
    }
}

impl Condition {
    /// Returns whether the key of a request has one of the values. A key that the request does not have is none of them.
    fn holds(&self, keys: &BTreeMap<String, String>) -> bool {
        let found = keys.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.key));
        let Some((_, actual)) = found else { return false };
        self.values.iter().any(|value| match self.operator {
            Operator::Equals => value == actual,
            Operator::Like => matches(value, actual),
        })
    }
}

fn parse_statement(statement: &Value) -> Result<Statement, String> {
    const KNOWN: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Condition"];
    let members = statement.as_object().ok_or("a statement is not an object")?;
    if let Some(unknown) = members.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(format!("`{unknown}` of a statement is not supported"));
    }
    if statement["Effect"] != "Allow" {
        return Err(format!("the effect {} is not supported", statement["Effect"]));
    }
    let mut conditions = Vec::new();
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        let operator = match operator.as_str() {
            "StringEquals" => Operator::Equals,
            // `ArnEquals` and `ArnLike` behave identically, and both have wildcards.
            "StringLike" | "ArnEquals" | "ArnLike" => Operator::Like,
            other => return Err(format!("the condition operator `{other}` is not supported")),
        };
        for (key, values) in keys.as_object().into_iter().flatten() {
            conditions.push(Condition { operator, key: key.clone(), values: texts(values) });
        }
    }
    Ok(Statement {
        sid: statement["Sid"].as_str().unwrap_or_default().to_owned(),
        actions: texts(&statement["Action"]),
        resources: texts(&statement["Resource"]),
        conditions,
    })
}

/// Returns a text or the texts of a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// Returns whether a text matches a pattern, in which `*` stands for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where to go on when what follows the last `*` does not match: behind the star, and one character further.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match (pattern.get(of), retry) {
            (Some('*'), _) => {
                of += 1;
                retry = Some((of, at));
            }
            (Some(expected), _) if *expected == '?' || *expected == text[at] => {
                of += 1;
                at += 1;
            }
            (_, Some((star, from))) => {
                retry = Some((star, from + 1));
                (of, at) = (star, from + 1);
            }
            (_, None) => return false,
        }
    }
    pattern[of..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(action: &str, resource: &str, keys: &[(&str, &str)]) -> AuthorizationCheck {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        AuthorizationCheck { action: action.to_owned(), resource: resource.to_owned(), keys }
    }

    #[test]
    fn wildcards_match_as_iam_has_them() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*", "a", true),
            ("a*c", "abbc", true),
            ("a*b*c", "aXbYbZc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*", "b", false),
            ("service/main/web", "service/main/web2", false),
            ("task-definition/web:*", "task-definition/web:12", true),
            ("task-definition/web:*", "task-definition/web2:12", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_statement_needs_action_resource_and_conditions() {
        let policy = Policy::parse(&json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": "One", "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "arn:aws:iam::1:role/a",
            "Condition": { "StringEquals": { "iam:PassedToService": ["ecs.amazonaws.com"] } },
        }] }))
        .expect("supported");
        let ecs = [("iam:PassedToService", "ecs.amazonaws.com")];
        assert_eq!(policy.allowing(&check("iam:passrole", "arn:aws:iam::1:role/a", &ecs)), ["One"]);
        assert!(policy.allowing(&check("iam:PassRole", "arn:aws:iam::1:role/A", &ecs)).is_empty());
        assert!(policy.allowing(&check("iam:PassRole", "arn:aws:iam::1:role/a", &[])).is_empty());
        let other = [("iam:PassedToService", "ecs-tasks.amazonaws.com")];
        assert!(policy.allowing(&check("iam:PassRole", "arn:aws:iam::1:role/a", &other)).is_empty());
        assert!(
            policy.without("One").allowing(&check("iam:PassRole", "arn:aws:iam::1:role/a", &ecs)).is_empty()
        );
    }

    #[test]
    fn what_is_not_evaluated_is_refused() {
        let statement = |members: Value| json!({ "Version": "2012-10-17", "Statement": [members] });
        for members in [
            json!({ "Effect": "Deny", "Action": "*", "Resource": "*" }),
            json!({ "Effect": "Allow", "NotAction": "*", "Resource": "*" }),
            json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "Bool": { "a": "true" } } }),
        ] {
            assert!(Policy::parse(&statement(members.clone())).is_err(), "{members}");
        }
    }
}
