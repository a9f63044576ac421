//! The least IAM policy for a manifest, made of the table of permissions and of what the manifest names; and the trust policy
//! of a role for GitHub. Pure; never calls AWS.

use std::collections::{BTreeMap, BTreeSet};

use crate::permissions::{self, Purpose, Reach, ResourceKind};

mod cloudformation;
mod document_names;
mod json;
mod names;
mod scope;
mod terraform;
pub mod trust;

pub use cloudformation::{cloudformation, cloudformation_role};
pub use json::{json, size};
pub use names::{AskedLookups, Home, PolicyNames};
pub use terraform::{terraform, terraform_trust};

/// The longest managed policy, in characters without white space (IAM user guide, "IAM and AWS STS quotas").
pub const LONGEST_MANAGED: usize = 6144;
/// The longest inline policies of a role together, from the same page.
pub const LONGEST_INLINE: usize = 10_240;

/// A statement that allows actions on resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// A name of letters and digits, one of its kind in a policy.
    pub sid: String,
    /// What the resources are, and why they are `*`.
    pub comment: String,
    pub actions: Vec<&'static str>,
    /// ARNs, sorted; or `*`.
    pub resources: Vec<String>,
    pub conditions: Vec<Condition>,
}

/// A condition of a statement: the key has one of the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The operator, such as `StringEquals`.
    pub operator: &'static str,
    pub key: &'static str,
    pub values: Vec<String>,
}

/// Returns the statements that the verbs of these purposes need for what a manifest names.
pub fn statements(purposes: &[Purpose], names: &PolicyNames) -> Vec<Statement> {
    let everywhere = names.in_account();
    let groups = groups(purposes, names);
    let statement = |((kind, reach), actions): (&(ResourceKind, Reach), &BTreeSet<&'static str>)| {
        let names = if *reach == Reach::Account { &everywhere } else { names };
        scope::statement(*kind, *reach, actions.iter().copied().collect(), names)
    };
    groups.iter().filter_map(statement).collect()
}

/// Returns the names of all statements that a policy of this purpose has for one manifest or another.
pub fn possible_statements(purpose: Purpose) -> BTreeSet<String> {
    let permissions = purpose.verbs().iter().flat_map(|verb| permissions::of(verb));
    let kinds = permissions
        .flat_map(|row| row.actions.iter().map(move |action| (row.resource_of(action), row.reach)));
    let named = kinds.filter(|(kind, _)| *kind != ResourceKind::Nothing);
    named.map(|(kind, reach)| scope::sid(kind, scope::reach(kind, reach))).collect()
}

/// The actions by what they are on.
type Groups = BTreeMap<(ResourceKind, Reach), BTreeSet<&'static str>>;

/// Returns the actions of the verbs of these purposes, each once where one kind of resources has those of another.
fn groups(purposes: &[Purpose], names: &PolicyNames) -> Groups {
    let verbs: BTreeSet<&str> = purposes.iter().flat_map(|purpose| purpose.verbs()).copied().collect();
    let needed = verbs.into_iter().flat_map(permissions::of);
    let mut groups = Groups::new();
    for permission in needed.filter(|row| row.only_with.is_none_or(|feature| names.has(feature))) {
        for action in permission.actions {
            let kind = permission.resource_of(action);
            if kind != ResourceKind::Nothing {
                groups.entry((kind, scope::reach(kind, permission.reach))).or_default().insert(*action);
            }
        }
    }
    let known: Vec<_> = groups.keys().copied().collect();
    for wider in &known {
        let has: BTreeSet<&str> = groups.get(wider).cloned().unwrap_or_default();
        for narrower in known.iter().filter(|one| scope::is_within(**one, *wider)) {
            if let Some(actions) = groups.get_mut(narrower) {
                actions.retain(|action| !has.contains(action));
            }
        }
    }
    groups.retain(|_, actions| !actions.is_empty());
    groups
}

#[cfg(test)]
mod tests;
