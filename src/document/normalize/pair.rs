//! Compares two documents in normal form, where one of them may name by its name what the other names by its ARN.

use serde_json::Value;

use super::normalize;
use crate::document::model::DocumentKind;

/// The members that ECS takes as the name of a role or as its ARN.
const ROLE_MEMBERS: &[&str] = &["taskRoleArn", "executionRoleArn"];

/// Returns the normal forms of two documents. A role that both name, one by its name and the other by its ARN, has the
/// spelling of the first in both.
pub fn normal_pair(before: &Value, after: &Value, root: DocumentKind) -> (Value, Value) {
    let before = normalize(before, root);
    let mut after = normalize(after, root);
    respell_roles(&before, &mut after);
    (before, after)
}

/// Returns whether two documents mean the same to ECS.
pub fn is_same(one: &Value, other: &Value, root: DocumentKind) -> bool {
    let (one, other) = normal_pair(one, other, root);
    one == other
}

/// Gives the roles of a value the spelling of another value, where both name the same roles.
pub fn respell_roles(like: &Value, value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    for name in ROLE_MEMBERS {
        let (Some(known), Some(given)) = (like[*name].as_str(), members.get(*name).and_then(Value::as_str))
        else {
            continue;
        };
        if is_same_role(known, given) {
            members.insert((*name).to_owned(), known.into());
        }
    }
}

/// Returns whether two texts name the same role. A name is unique in its account, and a service that takes a name uses
/// roles of its own account only, so a name is the same as every ARN that ends with it.
pub fn is_same_role(one: &str, other: &str) -> bool {
    match (role_path(one), role_path(other)) {
        (Some(path), None) => names_role(other, path),
        (None, Some(path)) => names_role(one, path),
        _ => one == other,
    }
}

/// Returns the path and name in the ARN of a role, or `None` if the text is not the ARN of a role.
fn role_path(text: &str) -> Option<&str> {
    text.strip_prefix("arn:")?.split_once(":iam:")?.1.split_once(":role/").map(|(_, path)| path)
}

/// Returns whether a name, with or without its path, is that of a role.
fn names_role(name: &str, path: &str) -> bool {
    let name = name.trim_start_matches('/');
    !name.is_empty() && (name == path || path.rsplit('/').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_name_is_its_arn_in_any_path() {
        for arn in ["arn:aws:iam::1:role/app", "arn:aws-cn:iam::1:role/team/app"] {
            assert!(is_same_role("app", arn) && is_same_role(arn, "app"), "{arn}");
        }
        assert!(is_same_role("team/app", "arn:aws:iam::1:role/team/app"));
        assert!(!is_same_role("other/app", "arn:aws:iam::1:role/team/app"));
        assert!(!is_same_role("pp", "arn:aws:iam::1:role/app"));
        assert!(!is_same_role("", "arn:aws:iam::1:role/app"));
    }

    #[test]
    fn two_arns_are_the_same_only_letter_by_letter() {
        assert!(!is_same_role("arn:aws:iam::1:role/a/app", "arn:aws:iam::1:role/b/app"));
        assert!(!is_same_role("arn:aws:iam::1:role/app", "arn:aws:iam::2:role/app"));
        assert!(is_same_role("app", "app") && !is_same_role("app", "web"));
    }

    #[test]
    fn documents_that_name_their_roles_otherwise_are_the_same() {
        let definition = |task: &str, execution: &str| json!({ "family": "web", "taskRoleArn": task, "executionRoleArn": execution });
        let arns = definition("arn:aws:iam::1:role/app", "arn:aws:iam::1:role/exec");
        let root = DocumentKind::TaskDefinition;
        assert!(is_same(&definition("app", "exec"), &arns, root));
        assert!(!is_same(&definition("other", "exec"), &arns, root));
        let (_, after) = normal_pair(&arns, &definition("app", "other"), root);
        assert_eq!(after["taskRoleArn"], arns["taskRoleArn"]);
        assert_eq!(after["executionRoleArn"], "other");
    }
}
