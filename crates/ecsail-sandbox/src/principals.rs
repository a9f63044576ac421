//! The principals that every sandbox has beside its own user: people and roles with known keys, so that tests and trials can
//! act as several persons.

use crate::state::Principal;

/// A principal: its access key, its secret, its session token, its ARN without partition and account, and its unique id.
struct KnownPrincipal {
    key: &'static str,
    secret: &'static str,
    token: Option<&'static str>,
    service: &'static str,
    resource: &'static str,
    user_id: &'static str,
}

const fn user(
    key: &'static str,
    secret: &'static str,
    resource: &'static str,
    user_id: &'static str,
) -> KnownPrincipal {
    KnownPrincipal { key, secret, token: None, service: "iam", resource, user_id }
}

const fn session(key: &'static str, resource: &'static str, user_id: &'static str) -> KnownPrincipal {
    let (secret, token) = ("session-secret", Some("session-token/of+the=sandbox"));
    KnownPrincipal { key, secret, token, service: "sts", resource, user_id }
}

/// The ids begin as IAM's do: `AIDA` of a user, `AROA` of a role, followed by the name of the session.
const KNOWN: &[KnownPrincipal] = &[
    user("SANDBOXKEY", "sandbox", "user/sandbox", "AIDASANDBOXSANDBOX000"),
    user("AKIASANDBOXALICE0000", "alice-secret", "user/alice", "AIDASANDBOXALICE00000"),
    user("AKIASANDBOXBOB000000", "bob-secret", "user/team/bob", "AIDASANDBOXBOB0000000"),
    session(
        "ASIASANDBOXSSOALICE0",
        "assumed-role/AWSReservedSSO_Deploy_0123456789abcdef/alice@example.com",
        "AROASANDBOXSSODEPLOY0:alice@example.com",
    ),
    session(
        "ASIASANDBOXSSOBOB000",
        "assumed-role/AWSReservedSSO_Deploy_0123456789abcdef/bob@example.com",
        "AROASANDBOXSSODEPLOY0:bob@example.com",
    ),
    session("ASIASANDBOXOPSONE000", "assumed-role/operator/one", "AROASANDBOXOPERATOR00:one"),
    session("ASIASANDBOXOPSTWO000", "assumed-role/operator/two", "AROASANDBOXOPERATOR00:two"),
    session("ASIASANDBOXCI0000000", "assumed-role/ci/run-1", "AROASANDBOXCI00000000:run-1"),
];

/// Returns the principal of a known access key, in an account.
pub(crate) fn known(access_key: &str, account: &str) -> Option<Principal> {
    let found = KNOWN.iter().find(|known| known.key == access_key)?;
    Some(Principal {
        account: account.to_owned(),
        arn: format!("arn:aws:{}::{account}:{}", found.service, found.resource),
        user_id: found.user_id.to_owned(),
        secret: Some(found.secret.to_owned()),
        session_token: found.token.map(str::to_owned),
    })
}
