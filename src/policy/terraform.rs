//! Policies as Terraform's data source `aws_iam_policy_document`.

use std::fmt::Write;

use super::Statement;
use super::trust::TrustPolicy;

/// Returns the data source of a policy, with a comment for each statement.
pub fn terraform(statements: &[Statement]) -> String {
    let mut text = String::from("data \"aws_iam_policy_document\" \"ecsail\" {\n");
    for (index, statement) in statements.iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        let _ = writeln!(text, "{gap}  # {}.", statement.comment);
        let _ = writeln!(text, "  statement {{\n    sid       = {}", quoted(&statement.sid));
        let _ = writeln!(text, "    actions   = {}", list(statement.actions.iter().copied()));
        let _ = writeln!(text, "    resources = {}", list(statement.resources.iter().map(String::as_str)));
        for condition in &statement.conditions {
            add_condition(&mut text, condition.operator, condition.key, &condition.values);
        }
        text.push_str("  }\n");
    }
    text.push('}');
    text
}

/// Returns the data source of a trust policy.
pub fn terraform_trust(trust: &TrustPolicy) -> String {
    let mut text = String::from("data \"aws_iam_policy_document\" \"ecsail_trust\" {\n");
    let _ = writeln!(text, "  # {}.", trust.comment());
    let _ = writeln!(
        text,
        "  statement {{\n    actions = {}",
        list(["sts:AssumeRoleWithWebIdentity"].into_iter())
    );
    let _ = writeln!(
        text,
        "    principals {{\n      type        = \"Federated\"\n      identifiers = [{}]\n    }}",
        quoted(&trust.provider)
    );
    for condition in trust.conditions() {
        add_condition(&mut text, condition.operator, condition.key, &condition.values);
    }
    text.push_str("  }\n}");
    text
}

fn add_condition(text: &mut String, operator: &str, key: &str, values: &[String]) {
    let _ = writeln!(text, "    condition {{\n      test     = {}", quoted(operator));
    let _ = writeln!(text, "      variable = {}", quoted(key));
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    let _ = writeln!(text, "      values   = [{}]\n    }}", values.join(", "));
}

/// Returns a list, one item a line where there are several.
fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.map(quoted).collect();
    match &items[..] {
        [one] => format!("[{one}]"),
        items => {
            let lines: String = items.iter().map(|item| format!("      {item},\n")).collect();
            format!("[\n{lines}    ]")
        }
    }
}

/// Returns a string of HCL, in which `${` and `%{` begin templates.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_template_is_escaped() {
        assert_eq!(quoted("a${b}%{c}\"\\"), "\"a$${b}%%{c}\\\"\\\\\"");
    }
}
