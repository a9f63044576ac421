//! Reads `protected` of the manifest: whose approval a change of the stage needs.

use super::fields::FieldReader;
use crate::approval::Protection;
use crate::document::problem::{Problem, Problems};
use crate::document::tree::{Node, NodeKind};

pub(super) const PROTECTION_KEYS: &[&str] = &["approvals", "approvers", "github"];
/// More people than anybody asks in time.
const MOST_APPROVALS: u32 = 10;

/// Reads the protection; `None` where the stage is not protected.
pub(super) fn read_protection(fields: &FieldReader<'_>, problems: &mut Problems) -> Option<Protection> {
    let node = fields.get("protected")?;
    if !matches!(node.kind, NodeKind::Map(_)) {
        let is_protected = fields.boolean("protected", problems).unwrap_or(true);
        return is_protected.then(Protection::default);
    }
    let own = FieldReader::new(node, "protected", PROTECTION_KEYS, &[], problems);
    let approvers = own.text_list("approvers", problems);
    for entry in approvers.iter().filter(|entry| !is_identity(entry)) {
        let problem = Problem::error(
            node.span,
            format!("`{entry}` is not the ARN of a user, a role or a session of a role"),
        );
        let hint = "write it in full, without `*`, such as `arn:aws:iam::123456789012:user/alice`".to_owned();
        problems.push(problem.path("protected.approvers").hint(hint));
    }
    let approvals = read_approvals(&own, node, problems);
    let github = own.text("github", problems).map(|environment| environment.value);
    Some(Protection { approvals, approvers, github })
}

fn read_approvals(own: &FieldReader<'_>, node: &Node, problems: &mut Problems) -> u32 {
    let Some(text) = own.text("approvals", problems) else { return 1 };
    let number = text.value.parse().ok().filter(|number| (1..=MOST_APPROVALS).contains(number));
    if number.is_none() {
        let message =
            format!("`approvals` must be a number from 1 to {MOST_APPROVALS}, found `{}`", text.value);
        problems.push(Problem::error(node.span, message).path("protected.approvals"));
    }
    number.unwrap_or(1)
}

/// Returns whether an entry is the whole ARN of somebody, with an account: names alone are the same in other accounts.
fn is_identity(entry: &str) -> bool {
    let parts: Vec<&str> = entry.splitn(6, ':').collect();
    let ["arn", _, service, "", account, resource] = parts[..] else { return false };
    let has_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let kinds: &[&str] =
        if service == "iam" { &["user/", "role/"] } else { &["assumed-role/", "federated-user/"] };
    let is_known = matches!(service, "iam" | "sts") && kinds.iter().any(|kind| resource.starts_with(kind));
    has_account && is_known && !entry.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approver_is_a_whole_arn() {
        for (entry, expected) in [
            ("arn:aws:iam::123456789012:user/alice", true),
            ("arn:aws-cn:iam::123456789012:role/ops/operator", true),
            ("arn:aws:sts::123456789012:assumed-role/operator/alice", true),
            ("alice", false),
            ("arn:aws:iam::*:user/alice", false),
            ("arn:aws:iam::123456789012:user/*", false),
            ("arn:aws:sts::123456789012:user/alice", false),
            ("arn:aws:iam::123456789012:root", false),
        ] {
            assert_eq!(is_identity(entry), expected, "{entry}");
        }
    }
}
