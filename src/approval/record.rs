//! Approvals in the table of the lock. An IAM condition on the key (`dynamodb:LeadingKeys`) ties each to who wrote it, so that who
//! approved is read from the key alone: the other attributes may say anything.
//!
//! A key is `approval/user/ID/NAME/STAGE`, `approval/sso/ID:SESSION/STAGE` or `approval/role/ID:SESSION/STAGE`, in which STAGE is
//! the key of the lock. So a person has one approval for each stage, and the table does not grow.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::identity::{Identity, IdentityKind};
use super::{RECORD_VALIDITY, binding};

/// What the keys of approvals begin with.
pub const KEY_PREFIX: &str = "approval/";
/// What the unique ids of users and roles begin with (IAM user guide, "IAM identifiers").
const USER_ID: &str = "AIDA";
const ROLE_ID: &str = "AROA";

/// An approval as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRecord {
    pub key: String,
    /// What was approved: `sha256:…`.
    pub binding: String,
    /// As RFC 3339.
    pub approved_at: String,
}

impl ApprovalRecord {
    /// Returns the record of an approval; `None` for an identity that cannot record one, such as a federated user.
    pub fn new(identity: &Identity, stage_key: &str, digest: &str, now: Timestamp) -> Option<ApprovalRecord> {
        let id = &identity.user_id;
        let owner = match identity.kind() {
            IdentityKind::User { name } => format!("user/{id}/{name}"),
            IdentityKind::IdentityCenter { .. } => format!("sso/{id}"),
            IdentityKind::Role { .. } => format!("role/{id}"),
            IdentityKind::Root | IdentityKind::Other => return None,
        };
        Some(ApprovalRecord {
            key: format!("{KEY_PREFIX}{owner}/{stage_key}"),
            binding: binding(digest),
            approved_at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        })
    }

    /// Returns the attributes of the record; `arn` is for people.
    pub fn to_item(&self, arn: &str) -> BTreeMap<String, String> {
        let attributes = [
            ("id", &self.key),
            ("approves", &self.binding),
            ("approved_at", &self.approved_at),
            ("arn", &arn.to_owned()),
        ];
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }

    /// Returns the record of attributes; `None` for any other item.
    pub fn from_item(item: &BTreeMap<String, String>) -> Option<ApprovalRecord> {
        let key = item.get("id").filter(|key| key.starts_with(KEY_PREFIX))?;
        Some(ApprovalRecord {
            key: key.clone(),
            binding: item.get("approves")?.clone(),
            approved_at: item.get("approved_at")?.clone(),
        })
    }

    /// Returns who approved this digest for a stage, if the record is of both and not too old. The ARN has what the key proves:
    /// neither the path of a user nor the name of a role.
    pub fn approver(&self, stage_key: &str, digest: &str, account: &str, now: Timestamp) -> Option<Identity> {
        let at: Timestamp = self.approved_at.parse().ok()?;
        let age = now.as_second() - at.as_second();
        if self.binding != binding(digest) || age > RECORD_VALIDITY.as_secs().cast_signed() {
            return None;
        }
        let owner = self.key.strip_prefix(KEY_PREFIX)?.strip_suffix(stage_key)?.strip_suffix('/')?;
        let parts: Vec<&str> = owner.split('/').collect();
        let (user_id, arn) = match parts[..] {
            // The id is proven: what it begins with tells a user from a role.
            ["user", id, name] if id.starts_with(USER_ID) => {
                (id, format!("arn:aws:iam::{account}:user/{name}"))
            }
            ["sso", id] if id.starts_with(ROLE_ID) => {
                let (_, session) = id.split_once(':')?;
                (id, format!("arn:aws:sts::{account}:assumed-role/AWSReservedSSO_/{session}"))
            }
            ["role", id] if id.starts_with(ROLE_ID) => {
                let (_, session) = id.split_once(':')?;
                (id, format!("arn:aws:sts::{account}:assumed-role//{session}"))
            }
            _ => return None,
        };
        Some(Identity { account: account.to_owned(), arn, user_id: user_id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111111111111";
    const STAGE: &str = "shop/production";

    fn identity(arn: &str, user_id: &str) -> Identity {
        Identity { account: ACCOUNT.to_owned(), arn: arn.to_owned(), user_id: user_id.to_owned() }
    }

    #[test]
    fn who_approved_is_in_the_key() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().expect("a time");
        for (identity, key, name) in [
            (
                identity("arn:aws:iam::111111111111:user/a/bob", "AIDAB"),
                "approval/user/AIDAB/bob/shop/production",
                "bob",
            ),
            (
                identity("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_x/b@e.com", "AROAX:b@e.com"),
                "approval/sso/AROAX:b@e.com/shop/production",
                "b@e.com",
            ),
            (
                identity("arn:aws:sts::111111111111:assumed-role/ops/one", "AROAO:one"),
                "approval/role/AROAO:one/shop/production",
                "one",
            ),
        ] {
            let record = ApprovalRecord::new(&identity, STAGE, "ab", now).expect("a record");
            assert_eq!(record.key, key);
            let lies = BTreeMap::from([("arn".to_owned(), "arn:aws:iam::111111111111:user/eve".to_owned())]);
            let item = record.to_item(&identity.arn).into_iter().chain(lies).collect();
            let read = ApprovalRecord::from_item(&item).expect("a record");
            let approver = read.approver(STAGE, "ab", ACCOUNT, now).expect("an approver");
            assert_eq!(
                (approver.user_id.as_str(), approver.name()),
                (identity.user_id.as_str(), name.to_owned())
            );
            let other_kind = key.replace("/user/", "/role/").replace("/sso/", "/user/");
            let pretended = ApprovalRecord { key: other_kind, ..read.clone() };
            assert!(key.contains("/role/") || pretended.approver(STAGE, "ab", ACCOUNT, now).is_none());
            assert_eq!(read.approver("shop/staging", "ab", ACCOUNT, now), None);
            assert_eq!(read.approver(STAGE, "cd", ACCOUNT, now), None);
            let late: Timestamp = "2026-12-01T12:00:01Z".parse().expect("a time");
            assert_eq!(read.approver(STAGE, "ab", ACCOUNT, late), None);
        }
    }
}
