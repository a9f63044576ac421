//! The IAM permissions of each verb: data for the reference and for policies. A test holds it against the calls that the
//! verbs make in the sandbox.

mod purpose;
mod resource;
mod table;

pub use purpose::Purpose;
pub use resource::{Feature, ResourceKind};

/// One or more actions that verbs need together.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// The verbs, as on the command line: `deploy`, `schedule run`.
    pub verbs: &'static [&'static str],
    /// IAM actions: `ecs:UpdateService`.
    pub actions: &'static [&'static str],
    pub need: Need,
    /// What the actions are on, where that is not as of [`ResourceKind::of_action`].
    pub resource: Option<ResourceKind>,
    pub reach: Reach,
    /// What a manifest must have, so that the verbs call the actions.
    pub only_with: Option<Feature>,
}

/// Which resources the actions of a permission reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Those that the manifest names.
    #[default]
    Manifest,
    /// All of their kind in the account and the region.
    Account,
}

impl Permission {
    /// Returns the permission for actions on another kind of resource.
    const fn on(self, resource: ResourceKind) -> Permission {
        Permission { resource: Some(resource), ..self }
    }

    /// Returns the permission for actions on all resources of their kind.
    const fn in_account(self) -> Permission {
        Permission { reach: Reach::Account, ..self }
    }

    /// Returns the permission of manifests that have something.
    const fn only_with(self, feature: Feature) -> Permission {
        Permission { only_with: Some(feature), ..self }
    }

    /// Returns what an action of the permission is on.
    pub fn resource_of(&self, action: &str) -> ResourceKind {
        self.resource.or_else(|| ResourceKind::of_action(action)).unwrap_or(ResourceKind::Everything)
    }
}

/// Whether a verb works without an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The verb fails without it.
    Always,
    /// The verb needs it in this case.
    Where(&'static str),
    /// The verb works without it, and this is lost.
    Optional(&'static str),
}

/// All verbs that call AWS, but those that do so for look-ups alone.
const ALL: &[&str] = &[
    "init",
    "verify",
    "plan",
    "approve",
    "deploy",
    "apply",
    "promote",
    "status",
    "why",
    "history",
    "tasks",
    "images",
    "revisions",
    "prune",
    "wait",
    "rollback",
    "cancel",
    "continue",
    "restart",
    "logs",
    "exec",
    "run",
    "schedule list",
    "schedule diff",
    "schedule run",
    "schedule enable",
    "schedule disable",
    "schedule prune",
    "stop-task",
    "scale",
    "lock init",
    "lock status",
    "lock hold",
    "lock release",
    "secret put",
    "secret list",
    "secret diff",
    "secret from-kms",
    "secret encrypt",
    "secret decrypt",
    "delete",
];

/// The verbs that may look something up: all that call AWS, and those that call it for look-ups alone.
const LOOKUPS: &[&str] = &{
    let mut verbs = [""; ALL.len() + 2];
    verbs[0] = "check";
    verbs[1] = "render";
    let mut at = 0;
    while at < ALL.len() {
        verbs[at + 2] = ALL[at];
        at += 1;
    }
    verbs
};

/// Returns the verbs that call AWS, in the order of the help.
pub fn verbs() -> &'static [&'static str] {
    LOOKUPS
}

/// Returns the permissions of all verbs.
pub fn all() -> impl Iterator<Item = &'static Permission> {
    table::TABLES.iter().copied().flatten()
}

/// Returns the permissions of a verb.
///
/// `apply` and `promote` make the calls of `deploy`.
pub fn of(verb: &str) -> impl Iterator<Item = &'static Permission> {
    let verb = if matches!(verb, "apply" | "promote") { "deploy" } else { verb };
    all().filter(move |permission| permission.verbs.contains(&verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_its_kind_of_resource() {
        for permission in all().filter(|permission| permission.resource.is_none()) {
            for action in permission.actions {
                let known = ResourceKind::of_action(action);
                assert!(known.is_some(), "{action} is missing in `src/permissions/resource.rs`");
            }
        }
    }

    #[test]
    fn every_verb_is_in_a_purpose_and_every_purpose_has_permissions() {
        for verb in verbs() {
            assert!(Purpose::All.verbs().contains(verb), "{verb}");
        }
        for purpose in Purpose::EACH {
            for verb in purpose.verbs() {
                assert!(verbs().contains(verb), "{verb}");
            }
        }
    }
}
