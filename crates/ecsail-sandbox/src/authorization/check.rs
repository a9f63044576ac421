//! One thing that AWS checks for a call, and the list of them while it is made.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::state::{Caller, Resources, SandboxState};

/// An action on a resource, which a policy must allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorizationCheck {
    /// The action, such as `ecs:UpdateService`.
    pub action: String,
    /// An ARN; `*` for an action without a resource type.
    pub resource: String,
    /// The keys of the request that conditions may name, such as `ecs:cluster`.
    pub keys: BTreeMap<String, String>,
}

/// The checks of one call.
pub(super) struct CheckList<'a> {
    state: &'a SandboxState,
    caller: &'a Caller,
    checks: Vec<AuthorizationCheck>,
}

impl<'a> CheckList<'a> {
    pub(super) fn new(state: &'a SandboxState, caller: &'a Caller) -> CheckList<'a> {
        CheckList { state, caller, checks: Vec::new() }
    }

    pub(super) fn into_checks(self) -> Vec<AuthorizationCheck> {
        self.checks
    }

    pub(super) fn add(&mut self, action: &str, resource: impl Into<String>, keys: &[(&str, &str)]) {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.checks.push(AuthorizationCheck { action: action.to_owned(), resource: resource.into(), keys });
    }

    /// Adds that a role is passed to a service, if there is one. It is given by its name or its ARN.
    pub(super) fn pass_role(&mut self, role: &Value, service: &str) {
        if let Some(role) = role.as_str() {
            let arn = if role.starts_with("arn:") {
                role.to_owned()
            } else {
                format!("arn:aws:iam::{}:role/{}", self.caller.account, role.trim_start_matches('/'))
            };
            self.add("iam:PassRole", arn, &[("iam:PassedToService", service)]);
        }
    }

    /// Returns the resources of the caller's account and region, if there are any.
    pub(super) fn resources(&self) -> Option<&'a Resources> {
        self.state.regions.get(&self.caller.region_key())
    }

    /// Returns the ARN of a resource in the caller's account and region.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.caller.region, self.caller.account)
    }

    pub(super) fn caller(&self) -> &'a Caller {
        self.caller
    }
}
