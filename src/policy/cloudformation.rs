//! Policies as CloudFormation templates in YAML.

use std::fmt::Write;

use super::json::VERSION;
use super::trust::TrustPolicy;
use super::{Condition, Statement};

/// Returns a template with a managed policy, with a comment for each statement.
pub fn cloudformation(statements: &[Statement]) -> String {
    let mut text = String::from(
        "Resources:\n  EcsailPolicy:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n",
    );
    let _ = writeln!(text, "        Version: \"{VERSION}\"\n        Statement:");
    for statement in statements {
        let _ = writeln!(text, "          # {}.", statement.comment);
        let _ = writeln!(text, "          - Sid: {}\n            Effect: Allow", statement.sid);
        add_list(&mut text, "            ", "Action", statement.actions.iter().copied());
        add_list(&mut text, "            ", "Resource", statement.resources.iter().map(String::as_str));
        add_conditions(&mut text, "            ", &statement.conditions);
    }
    without_last_line_end(text)
}

/// Returns a template with a role of a trust policy.
pub fn cloudformation_role(trust: &TrustPolicy) -> String {
    let mut text = String::from(
        "Resources:\n  EcsailRole:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n",
    );
    let _ = writeln!(text, "        Version: \"{VERSION}\"\n        Statement:");
    let _ = writeln!(text, "          # {}.", trust.comment());
    text.push_str("          - Effect: Allow\n            Action: sts:AssumeRoleWithWebIdentity\n");
    let _ = writeln!(text, "            Principal:\n              Federated: {}", quoted(&trust.provider));
    add_conditions(&mut text, "            ", &trust.conditions());
    without_last_line_end(text)
}

fn add_conditions(text: &mut String, indent: &str, conditions: &[Condition]) {
    if conditions.is_empty() {
        return;
    }
    let _ = writeln!(text, "{indent}Condition:");
    let mut last = "";
    for condition in conditions {
        if condition.operator != last {
            let _ = writeln!(text, "{indent}  {}:", condition.operator);
            last = condition.operator;
        }
        let key = quoted(condition.key);
        add_list(text, &format!("{indent}    "), &key, condition.values.iter().map(String::as_str));
    }
}

fn add_list<'a>(text: &mut String, indent: &str, name: &str, items: impl Iterator<Item = &'a str>) {
    let _ = writeln!(text, "{indent}{name}:");
    for item in items {
        let _ = writeln!(text, "{indent}  - {}", quoted(item));
    }
}

/// Returns a string of YAML, which in double quotes is one of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn without_last_line_end(mut text: String) -> String {
    text.truncate(text.trim_end().len());
    text
}
