//! Counts the approvals of a change: each person once, and none of those who planned it or apply it.

use super::Protection;
use super::identity::{Identity, IdentityKind, is_same_person};

/// The approvals that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Who has approved.
    pub approvers: Vec<String>,
    /// Why other approvals do not count, a sentence each.
    pub refused: Vec<String>,
}

impl Tally {
    /// Returns how many approvals are missing.
    pub fn missing(&self, protection: &Protection) -> u32 {
        let counted = u32::try_from(self.approvers.len()).unwrap_or(u32::MAX);
        protection.approvals.saturating_sub(counted)
    }
}

/// The people whose own approval does not count.
#[derive(Clone, Copy, Debug)]
pub struct ExcludedApprovers<'a> {
    /// The identities of who made the plan.
    pub planners: &'a [Identity],
    /// The identities of who runs the command.
    pub appliers: &'a [Identity],
}

/// Counts the approvals of these identities, all proven, for a stage in an account.
pub fn tally(
    protection: &Protection,
    account: &str,
    excluded: ExcludedApprovers<'_>,
    approvals: &[Identity],
) -> Tally {
    let mut tally = Tally::default();
    let mut counted: Vec<&Identity> = Vec::new();
    for identity in approvals {
        let same = |other: &&Identity| is_same_person(identity, other, &protection.approvers);
        if let Some(why) = refusal(protection, account, excluded, identity) {
            tally.refused.push(format!("the approval of `{}` does not count: {why}", identity.name()));
        } else if !counted.iter().any(same) {
            counted.push(identity);
            tally.approvers.push(identity.name());
        }
    }
    tally
}

/// Returns why the approval of an identity does not count.
fn refusal(
    protection: &Protection,
    account: &str,
    excluded: ExcludedApprovers<'_>,
    identity: &Identity,
) -> Option<&'static str> {
    let approvers = &protection.approvers;
    let is_one_of = |people: &[Identity]| people.iter().any(|one| is_same_person(identity, one, approvers));
    if is_one_of(excluded.planners) {
        return Some("it is of who made the plan");
    }
    if is_one_of(excluded.appliers) {
        return Some("it is of who runs this command");
    }
    let is_listed = identity.is_among(approvers);
    if !approvers.is_empty() && !is_listed {
        return Some("`approvers` does not have this identity");
    }
    // Anyone can have users and roles of any name in their own account.
    if identity.account != account && !is_listed {
        return Some("it is of another account, and `approvers` does not have it");
    }
    if identity.kind() == IdentityKind::Other && !is_listed {
        return Some("the name of a federated user is chosen freely, and `approvers` does not have it");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111111111111";

    fn user(account: &str, name: &str) -> Identity {
        let arn = format!("arn:aws:iam::{account}:user/{name}");
        Identity { account: account.to_owned(), arn, user_id: format!("AIDA{account}{name}") }
    }

    fn count(protection: &Protection, approvals: &[Identity]) -> (Vec<String>, usize) {
        let (planner, applier) = (user(ACCOUNT, "planner"), user(ACCOUNT, "applier"));
        let excluded = ExcludedApprovers { planners: &[planner], appliers: &[applier] };
        let Tally { approvers, refused } = tally(protection, ACCOUNT, excluded, approvals);
        (approvers, refused.len())
    }

    #[test]
    fn each_other_person_counts_once() {
        let names = ["planner", "applier", "bob", "bob", "carol"];
        let approvals: Vec<Identity> = names.iter().map(|name| user(ACCOUNT, name)).collect();
        let (approvers, refused) = count(&Protection::default(), &approvals);
        assert_eq!((approvers, refused), (vec!["bob".to_owned(), "carol".to_owned()], 2));
    }

    #[test]
    fn another_account_and_a_federated_user_count_only_where_they_are_listed() {
        let stranger = user("222222222222", "bob");
        let federated = Identity {
            arn: format!("arn:aws:sts::{ACCOUNT}:federated-user/bob"),
            user_id: format!("{ACCOUNT}:bob"),
            ..user(ACCOUNT, "bob")
        };
        for identity in [stranger, federated] {
            let listed = Protection { approvers: vec![identity.arn.clone()], ..Protection::default() };
            assert_eq!(count(&Protection::default(), std::slice::from_ref(&identity)).0.len(), 0);
            assert_eq!(count(&listed, &[identity]).0.len(), 1);
        }
    }

    #[test]
    fn only_approvers_count_where_there_is_a_list() {
        let listed = Protection { approvals: 2, approvers: vec![user(ACCOUNT, "carol").arn], github: None };
        let approvals = [user(ACCOUNT, "bob"), user(ACCOUNT, "carol")];
        assert_eq!(count(&listed, &approvals), (vec!["carol".to_owned()], 1));
        let one = Tally { approvers: vec!["carol".to_owned()], ..Tally::default() };
        assert_eq!((one.missing(&listed), one.missing(&Protection::default())), (1, 0));
    }
}
