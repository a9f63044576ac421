//! Finds signs that another tool owns a service: its tags, who created it, and its name. No sign is a proof. Pure.

use serde_json::Value;

/// Tags that a tool sets itself, by the beginning of their key.
const TAGS_OF_TOOLS: &[(&str, &str)] =
    &[("aws:cloudformation:", "CloudFormation"), ("copilot-", "Copilot"), ("aws:cdk:", "CDK")];
/// Words in the tags of a team, and in the names of roles, that name a tool.
const TOOLS: &[(&str, &str)] = &[
    ("terraform", "Terraform"),
    ("opentofu", "OpenTofu"),
    ("terragrunt", "Terraform"),
    ("pulumi", "Pulumi"),
    ("cloudformation", "CloudFormation"),
    ("cfn-exec", "CloudFormation"),
    ("copilot", "Copilot"),
    ("crossplane", "Crossplane"),
];
/// Keys under which teams write the tool that manages a resource, without case and separators.
const MANAGER_KEYS: &[&str] = &[
    "managedby",
    "provisioner",
    "provisionedby",
    "createdby",
    "createdwith",
    "iac",
    "tool",
    "source",
    "deployedby",
];
/// The length of the random part of a name that `CloudFormation` makes.
const RANDOM_LENGTH: usize = 12;

/// Returns which tool seems to own a service and by which sign, such as `CloudFormation (tag …)`; `None` without a sign.
pub(super) fn owner(service: &Value) -> Option<String> {
    let tags = service["tags"].as_array().into_iter().flatten();
    let tags: Vec<(&str, &str)> = tags
        .filter_map(|tag| Some((tag["key"].as_str()?, tag["value"].as_str().unwrap_or_default())))
        .collect();
    // CloudFormation's own tags are the surest sign, wherever they stand among the others.
    let by_tool = tags.iter().find_map(|(key, _)| tool_of_tag(key).map(|tool| (tool, *key)));
    let by_team = || tags.iter().find_map(|(key, value)| tool_of_team(key, value).map(|tool| (tool, *key)));
    if let Some((tool, key)) = by_tool.or_else(by_team) {
        return Some(format!("{tool} (tag `{key}`)"));
    }
    let creator = service["createdBy"].as_str().unwrap_or_default();
    if let Some(tool) = tool_in(creator) {
        return Some(format!("{tool} (created by `{}`)", creator.rsplit(':').next().unwrap_or_default()));
    }
    let name = service["serviceName"].as_str().unwrap_or_default();
    has_generated_name(name).then(|| "CloudFormation (its name ends in a random part)".to_owned())
}

fn tool_of_tag(key: &str) -> Option<&'static str> {
    TAGS_OF_TOOLS.iter().find(|(prefix, _)| key.starts_with(prefix)).map(|(_, tool)| *tool)
}

/// Returns the tool that a tag of a team names: `ManagedBy: terraform`, or `terraform: true`.
fn tool_of_team(key: &str, value: &str) -> Option<&'static str> {
    let bare: String =
        key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if MANAGER_KEYS.contains(&bare.as_str()) {
        let is_cdk = value.eq_ignore_ascii_case("cdk") || value.eq_ignore_ascii_case("aws-cdk");
        return tool_in(value).or(is_cdk.then_some("CDK"));
    }
    let is_no = ["false", "no", "0"].contains(&value.to_ascii_lowercase().as_str());
    tool_in(key).filter(|_| !is_no)
}

fn tool_in(text: &str) -> Option<&'static str> {
    let lowered = text.to_ascii_lowercase();
    TOOLS.iter().find(|(word, _)| lowered.contains(word)).map(|(_, tool)| *tool)
}

/// Returns whether a name has the form of `CloudFormation`'s: `STACK-LOGICALID-RANDOM`.
fn has_generated_name(name: &str) -> bool {
    let Some((before, random)) = name.rsplit_once('-') else { return false };
    let has = |is: fn(&char) -> bool| random.chars().any(|c| is(&c));
    before.contains('-')
        && random.len() == RANDOM_LENGTH
        && random.chars().all(|c| c.is_ascii_alphanumeric())
        && has(char::is_ascii_digit)
        && has(char::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_tag(key: &str, value: &str) -> Option<String> {
        owner(
            &json!({"serviceName": "web", "tags": [{"key": "team", "value": "shop"}, {"key": key, "value": value}]}),
        )
    }

    #[test]
    fn tags_name_the_owner() {
        for (key, value, tool) in [
            ("aws:cloudformation:stack-name", "shop", "CloudFormation"),
            ("copilot-application", "shop", "Copilot"),
            ("ManagedBy", "Terraform", "Terraform"),
            ("managed-by", "terraform-cloud", "Terraform"),
            ("terraform", "true", "Terraform"),
            ("created_with", "cdk", "CDK"),
        ] {
            assert!(with_tag(key, value).is_some_and(|found| found.starts_with(tool)), "{key}");
        }
        for (key, value) in
            [("terraform", "false"), ("ManagedBy", "ecsail"), ("Name", "web"), ("CreatedBy", "ann")]
        {
            assert_eq!(with_tag(key, value), None, "{key}");
        }
    }

    #[test]
    fn names_and_creators_are_signs_too() {
        assert!(owner(&json!({"serviceName": "Shop-WebService-AbC12dEf34Gh"})).is_some());
        for name in ["shop-web-production", "shop-web-abcdefghijkl", "web-123456789012"] {
            assert_eq!(owner(&json!({ "serviceName": name })), None, "{name}");
        }
        let creator = "arn:aws:iam::123456789012:role/cdk-hnb659fds-cfn-exec-role-123456789012-us-east-1";
        assert!(owner(&json!({"serviceName": "web", "createdBy": creator})).is_some());
    }
}
