//! Decides which revisions of a family are deregistered or deleted: none that anything refers to, and none of the
//! newest.

use super::references::{Reference, Why};
use crate::aws::definitions::Status;

/// A revision of the family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub number: u64,
    pub arn: String,
    pub status: Status,
}

/// What `prune` does with a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is kept, for these reasons.
    Keep { reasons: Vec<Why> },
    /// ACTIVE becomes INACTIVE.
    Deregister,
    /// ACTIVE becomes INACTIVE, then is deleted.
    DeregisterAndDelete,
    /// INACTIVE is deleted.
    Delete,
}

impl Fate {
    /// Returns whether it is deregistered.
    pub fn deregisters(&self) -> bool {
        matches!(self, Fate::Deregister | Fate::DeregisterAndDelete)
    }

    /// Returns whether it is deleted.
    pub fn deletes(&self) -> bool {
        matches!(self, Fate::Delete | Fate::DeregisterAndDelete)
    }

    /// Returns why it is kept.
    pub fn reasons(&self) -> &[Why] {
        if let Fate::Keep { reasons } = self { reasons } else { &[] }
    }

    /// Returns whether it is kept.
    pub fn keeps(&self) -> bool {
        matches!(self, Fate::Keep { .. })
    }
}

/// The options of `prune`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The number of newest ACTIVE revisions that are kept, whether or not anything refers to them.
    pub keep: usize,
    /// Whether INACTIVE revisions without references are deleted.
    pub delete: bool,
}

/// Returns what to do with each revision, newest first. Revisions that are being deleted are left out.
pub fn decide(revisions: &[Known], references: &[Reference], wish: Wish) -> Vec<(Known, Fate)> {
    let mut revisions: Vec<&Known> =
        revisions.iter().filter(|known| known.status != Status::DeleteInProgress).collect();
    revisions.sort_by_key(|known| std::cmp::Reverse(known.number));
    let active: Vec<u64> =
        revisions.iter().filter(|known| known.status == Status::Active).map(|known| known.number).collect();
    let newest = &active[..active.len().min(wish.keep.max(1))];
    let fate = |known: &&Known| {
        let latest = active.first() == Some(&known.number);
        let refers = |reference: &&Reference| match reference.revision {
            Some(number) => number == known.number,
            None => latest,
        };
        let kept = newest.contains(&known.number).then_some(Why::Newest { of: newest.len() });
        let referring = references.iter().filter(refers).map(|reference| reference.why.clone());
        let reasons: Vec<Why> = referring.chain(kept).collect();
        let fate = match (known.status, wish.delete) {
            _ if !reasons.is_empty() => Fate::Keep { reasons },
            (Status::Active, false) => Fate::Deregister,
            (Status::Active, true) => Fate::DeregisterAndDelete,
            (Status::Inactive, true) => Fate::Delete,
            (Status::Inactive | Status::DeleteInProgress, _) => Fate::Keep { reasons },
        };
        ((*known).clone(), fate)
    };
    revisions.iter().map(fate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: u64, status: Status) -> Known {
        Known { number, arn: format!("arn:aws:ecs:x:1:task-definition/web:{number}"), status }
    }

    fn active(numbers: std::ops::RangeInclusive<u64>) -> Vec<Known> {
        numbers.map(|number| known(number, Status::Active)).collect()
    }

    fn by_rule(revision: Option<u64>) -> Reference {
        Reference { revision, why: Why::Rule { bus: "default".to_owned(), rule: "nightly".to_owned() } }
    }

    /// Returns the decisions as text, such as `5 keep` and `4 deregister`, newest first.
    fn fates(revisions: &[Known], references: &[Reference], keep: usize, delete: bool) -> Vec<String> {
        let word = |fate: &Fate| match fate {
            Fate::Keep { reasons } if reasons.is_empty() => "stays",
            Fate::Keep { .. } => "keep",
            Fate::Deregister => "deregister",
            Fate::DeregisterAndDelete => "deregister+delete",
            Fate::Delete => "delete",
        };
        let decided = decide(revisions, references, Wish { keep, delete });
        decided.iter().map(|(known, fate)| format!("{} {}", known.number, word(fate))).collect()
    }

    #[test]
    fn the_newest_stay_and_the_rest_goes() {
        let expected = ["5 keep", "4 keep", "3 deregister", "2 deregister", "1 deregister"];
        assert_eq!(fates(&active(1..=5), &[], 2, false), expected);
        let mut shuffled = active(1..=5);
        shuffled.reverse();
        shuffled.swap(1, 3);
        assert_eq!(fates(&shuffled, &[], 2, false), expected);
    }

    #[test]
    fn at_least_one_stays_whatever_is_asked_for() {
        assert_eq!(fates(&active(1..=2), &[], 0, true), ["2 keep", "1 deregister+delete"]);
        assert_eq!(fates(&active(1..=2), &[], 9, true), ["2 keep", "1 keep"]);
    }

    #[test]
    fn what_is_referred_to_stays_however_old() {
        let referred = [by_rule(Some(1)), by_rule(Some(2))];
        let revisions = [active(2..=4), vec![known(1, Status::Inactive)]].concat();
        assert_eq!(
            fates(&revisions, &referred, 1, true),
            ["4 keep", "3 deregister+delete", "2 keep", "1 keep"]
        );
    }

    #[test]
    fn a_family_without_a_revision_means_the_latest_active_one() {
        let revisions = vec![known(3, Status::Inactive), known(2, Status::Active), known(1, Status::Active)];
        let decided = decide(&revisions, &[by_rule(None)], Wish { keep: 1, delete: true });
        assert_eq!(decided[0].1, Fate::Delete);
        let reasons = vec![by_rule(None).why, Why::Newest { of: 1 }];
        assert_eq!(decided[1].1, Fate::Keep { reasons });
        assert_eq!(decided[2].1, Fate::DeregisterAndDelete);
    }

    #[test]
    fn what_is_inactive_goes_only_where_that_is_asked_for() {
        let revisions =
            [known(3, Status::Active), known(2, Status::Inactive), known(1, Status::DeleteInProgress)];
        assert_eq!(fates(&revisions, &[], 1, false), ["3 keep", "2 stays"]);
        assert_eq!(fates(&revisions, &[], 1, true), ["3 keep", "2 delete"]);
    }

    #[test]
    fn an_inactive_revision_is_none_of_the_newest() {
        let revisions = [active(1..=2), vec![known(3, Status::Inactive)]].concat();
        assert_eq!(fates(&revisions, &[], 1, false), ["3 stays", "2 keep", "1 deregister"]);
    }

    #[test]
    fn a_family_without_revisions_has_nothing_to_decide() {
        assert!(fates(&[], &[by_rule(None)], 1, true).is_empty());
    }
}
