//! Identities as AWS STS gives them, and which of them are the same person.

use serde::{Deserialize, Serialize};

/// What the roles of Identity Center are called.
const IDENTITY_CENTER: &str = "AWSReservedSSO_";

/// An identity, from `GetCallerIdentity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub account: String,
    pub arn: String,
    /// `AIDA…` of a user, `AROA…:SESSION` of the session of a role.
    pub user_id: String,
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind<'a> {
    /// An IAM user, by its name without its path: names are unique in an account.
    User { name: &'a str },
    /// A person of Identity Center, who is the session; the role is shared.
    IdentityCenter { role: &'a str, session: &'a str },
    /// The session of any other role, whose name the caller chose.
    Role { role: &'a str, session: &'a str },
    /// The root user.
    Root,
    /// A federated user, whose name an IAM user chose, or something that is not known.
    Other,
}

impl Identity {
    /// Returns what the identity is.
    pub fn kind(&self) -> IdentityKind<'_> {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or_default();
        let parts: Vec<&str> = resource.split('/').collect();
        match parts[..] {
            ["user", .., name] => IdentityKind::User { name },
            ["assumed-role", role, session] if role.starts_with(IDENTITY_CENTER) => {
                IdentityKind::IdentityCenter { role, session }
            }
            ["assumed-role", role, session] => IdentityKind::Role { role, session },
            ["root"] => IdentityKind::Root,
            _ => IdentityKind::Other,
        }
    }

    /// Returns a short name: that of the user or the session, with the role where the role counts.
    pub fn name(&self) -> String {
        match self.kind() {
            IdentityKind::User { name } | IdentityKind::IdentityCenter { session: name, .. } => {
                name.to_owned()
            }
            IdentityKind::Role { role: "", session } => session.to_owned(),
            IdentityKind::Role { role, session } => format!("{role}/{session}"),
            IdentityKind::Root => "root".to_owned(),
            IdentityKind::Other => self.arn.clone(),
        }
    }

    /// Returns the id of a role or user, without the session.
    fn principal_id(&self) -> &str {
        self.user_id.split(':').next().unwrap_or_default()
    }

    /// Returns whether a list of approvers has this identity.
    ///
    /// An entry is the ARN of a user, of a role, or of the session of a role. Accounts are always compared.
    pub fn is_among(&self, approvers: &[String]) -> bool {
        approvers.iter().any(|entry| self.is_named_by(entry))
    }

    fn is_named_by(&self, entry: &str) -> bool {
        if entry == self.arn {
            return true;
        }
        let parts: Vec<&str> = entry.splitn(6, ':').collect();
        let [_, _, _, _, account, resource] = parts[..] else { return false };
        if account != self.account {
            return false;
        }
        let resource: Vec<&str> = resource.split('/').collect();
        match (resource.as_slice(), self.kind()) {
            (["user", .., name], IdentityKind::User { name: own }) => *name == own,
            (
                ["role", .., name],
                IdentityKind::Role { role, .. } | IdentityKind::IdentityCenter { role, .. },
            ) => *name == role,
            // The person is the session, whichever permission set it has.
            (["assumed-role", role, name], IdentityKind::IdentityCenter { session, .. }) => {
                role.starts_with(IDENTITY_CENTER) && name.eq_ignore_ascii_case(session)
            }
            _ => false,
        }
    }

    /// Returns whether a list of approvers names this very session.
    fn is_session_among(&self, approvers: &[String]) -> bool {
        approvers.contains(&self.arn)
    }
}

/// Returns whether two identities count as one person.
///
/// Users are told by their ids, people of Identity Center by their sessions, and sessions of another role are one person, as
/// the caller chooses their names: unless `approvers` names the session, which the trust policy of the role
/// then has to pin.
pub fn is_same_person(one: &Identity, other: &Identity, approvers: &[String]) -> bool {
    if one.user_id == other.user_id && one.account == other.account {
        return true;
    }
    match (one.kind(), other.kind()) {
        (IdentityKind::IdentityCenter { session: a, .. }, IdentityKind::IdentityCenter { session: b, .. })
        // A person of Identity Center who assumes a role under their own name.
        | (IdentityKind::IdentityCenter { session: a, .. }, IdentityKind::Role { session: b, .. })
        | (IdentityKind::Role { session: a, .. }, IdentityKind::IdentityCenter { session: b, .. }) => {
            a.eq_ignore_ascii_case(b)
        }
        (IdentityKind::Role { .. }, IdentityKind::Role { .. }) => {
            let same = one.account == other.account && one.principal_id() == other.principal_id();
            same && !one.is_session_among(approvers) && !other.is_session_among(approvers)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(account: &str, resource: &str, user_id: &str) -> Identity {
        let service = if resource.starts_with("user") || resource == "root" { "iam" } else { "sts" };
        let arn = format!("arn:aws:{service}::{account}:{resource}");
        Identity { account: account.to_owned(), arn, user_id: user_id.to_owned() }
    }

    const ONE: &str = "111111111111";
    const TWO: &str = "222222222222";

    #[test]
    fn who_is_another_person() {
        let alice = identity(ONE, "user/alice", "AIDAALICE");
        let bob = identity(ONE, "user/team/bob", "AIDABOB");
        let sso = |account: &str, set: &str, name: &str| {
            let resource = format!("assumed-role/AWSReservedSSO_{set}/{name}");
            identity(account, &resource, &format!("AROA{set}:{name}"))
        };
        let role = |account: &str, name: &str, session: &str| {
            let resource = format!("assumed-role/{name}/{session}");
            identity(account, &resource, &format!("AROA{account}{name}:{session}"))
        };
        let listed = role(ONE, "operator", "carol").arn;
        let cases = [
            ("the same user", alice.clone(), alice.clone(), true),
            ("two users", alice.clone(), bob, false),
            (
                "a user of the same name, made anew",
                alice.clone(),
                identity(ONE, "user/alice", "AIDANEW"),
                false,
            ),
            ("two people of one permission set", sso(ONE, "a", "x@e.com"), sso(ONE, "a", "y@e.com"), false),
            ("one person with two permission sets", sso(ONE, "a", "x@e.com"), sso(ONE, "b", "X@e.com"), true),
            ("one person in two accounts", sso(ONE, "a", "x@e.com"), sso(TWO, "a", "x@e.com"), true),
            ("two sessions of a role", role(ONE, "operator", "a"), role(ONE, "operator", "b"), true),
            ("a session that is listed", role(ONE, "operator", "a"), role(ONE, "operator", "carol"), false),
            ("two roles", role(ONE, "operator", "a"), role(ONE, "ci", "a"), false),
            ("roles of one name in two accounts", role(ONE, "ci", "a"), role(TWO, "ci", "a"), false),
            (
                "a person and a role under her name",
                sso(ONE, "a", "x@e.com"),
                role(ONE, "ops", "x@e.com"),
                true,
            ),
            ("a user and root", alice, identity(ONE, "root", ONE), false),
        ];
        for (what, a, b, expected) in cases {
            let approvers = std::slice::from_ref(&listed);
            assert_eq!(is_same_person(&a, &b, approvers), expected, "{what}");
            assert_eq!(is_same_person(&b, &a, approvers), expected, "{what}, the other way round");
        }
    }

    #[test]
    fn who_is_among_the_approvers() {
        let among = |identity: &Identity, entry: &str| identity.is_among(&[entry.to_owned()]);
        let bob = identity(ONE, "user/team/bob", "AIDABOB");
        let sso = identity(ONE, "assumed-role/AWSReservedSSO_Deploy_0a/bob@e.com", "AROASSO:bob@e.com");
        let operator = identity(ONE, "assumed-role/operator/one", "AROAOP:one");
        for (who, entry, expected) in [
            (&bob, "arn:aws:iam::111111111111:user/team/bob", true),
            (&bob, "arn:aws:iam::222222222222:user/team/bob", false),
            (&bob, "arn:aws:iam::111111111111:role/bob", false),
            (&sso, "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0b/bob@e.com", true),
            (
                &sso,
                "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Deploy_0a",
                true,
            ),
            (&sso, "arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Deploy_0a/bob@e.com", false),
            (&operator, "arn:aws:iam::111111111111:role/ops/operator", true),
            (&operator, "arn:aws:sts::111111111111:assumed-role/operator/one", true),
            (&operator, "arn:aws:sts::111111111111:assumed-role/operator/two", false),
        ] {
            assert_eq!(among(who, entry), expected, "{} {entry}", who.arn);
        }
    }
}
