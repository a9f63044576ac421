//! Decides which revisions of a family are deregistered or deleted: none that anything refers to, and none of the
//! newest.

use super::references::{RevisionReference, RevisionUse};
use crate::aws::definitions::RevisionStatus;

/// A revision of the family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyRevision {
    pub number: u64,
    pub arn: String,
    pub status: RevisionStatus,
}

/// What `prune` does with a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PruneAction {
    /// It is kept, for these reasons.
    Keep { reasons: Vec<RevisionUse> },
    /// ACTIVE becomes INACTIVE.
    Deregister,
    /// ACTIVE becomes INACTIVE, then is deleted.
    DeregisterAndDelete,
    /// INACTIVE is deleted.
    Delete,
}

impl PruneAction {
    /// Returns whether it is deregistered.
    pub fn is_deregistered(&self) -> bool {
        matches!(self, PruneAction::Deregister | PruneAction::DeregisterAndDelete)
    }

    /// Returns whether it is deleted.
    pub fn is_deleted(&self) -> bool {
        matches!(self, PruneAction::Delete | PruneAction::DeregisterAndDelete)
    }

    /// Returns why it is kept.
    pub fn reasons(&self) -> &[RevisionUse] {
        if let PruneAction::Keep { reasons } = self { reasons } else { &[] }
    }

    /// Returns whether it is kept.
    pub fn is_kept(&self) -> bool {
        matches!(self, PruneAction::Keep { .. })
    }
}

/// The options of `prune`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneOptions {
    /// The number of newest ACTIVE revisions that are kept, whether or not anything refers to them.
    pub keep: usize,
    /// Whether INACTIVE revisions without references are deleted.
    pub delete: bool,
}

/// Returns what to do with each revision, newest first. Revisions that are being deleted are left out.
pub fn decide(
    revisions: &[FamilyRevision],
    references: &[RevisionReference],
    wish: PruneOptions,
) -> Vec<(FamilyRevision, PruneAction)> {
    let mut revisions: Vec<&FamilyRevision> =
        revisions.iter().filter(|known| known.status != RevisionStatus::DeleteInProgress).collect();
    revisions.sort_by_key(|known| std::cmp::Reverse(known.number));
    let active: Vec<u64> = revisions
        .iter()
        .filter(|known| known.status == RevisionStatus::Active)
        .map(|known| known.number)
        .collect();
    let newest = &active[..active.len().min(wish.keep.max(1))];
    let fate = |known: &&FamilyRevision| {
        let latest = active.first() == Some(&known.number);
        let refers = |reference: &&RevisionReference| match reference.revision {
            Some(number) => number == known.number,
            None => latest,
        };
        let kept = newest.contains(&known.number).then_some(RevisionUse::Newest { of: newest.len() });
        let referring = references.iter().filter(refers).map(|reference| reference.used_by.clone());
        let reasons: Vec<RevisionUse> = referring.chain(kept).collect();
        let fate = match (known.status, wish.delete) {
            _ if !reasons.is_empty() => PruneAction::Keep { reasons },
            (RevisionStatus::Active, false) => PruneAction::Deregister,
            (RevisionStatus::Active, true) => PruneAction::DeregisterAndDelete,
            (RevisionStatus::Inactive, true) => PruneAction::Delete,
            (RevisionStatus::Inactive | RevisionStatus::DeleteInProgress, _) => PruneAction::Keep { reasons },
        };
        ((*known).clone(), fate)
    };
    revisions.iter().map(fate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family_revision(number: u64, status: RevisionStatus) -> FamilyRevision {
        FamilyRevision { number, arn: format!("arn:aws:ecs:x:1:task-definition/web:{number}"), status }
    }

    fn active(numbers: std::ops::RangeInclusive<u64>) -> Vec<FamilyRevision> {
        numbers.map(|number| family_revision(number, RevisionStatus::Active)).collect()
    }

    fn by_rule(revision: Option<u64>) -> RevisionReference {
        RevisionReference {
            revision,
            used_by: RevisionUse::Rule { bus: "default".to_owned(), rule: "nightly".to_owned() },
        }
    }

    /// Returns the decisions as text, such as `5 keep` and `4 deregister`, newest first.
    fn decisions(
        revisions: &[FamilyRevision],
        references: &[RevisionReference],
        keep: usize,
        delete: bool,
    ) -> Vec<String> {
        let word = |fate: &PruneAction| match fate {
            PruneAction::Keep { reasons } if reasons.is_empty() => "stays",
            PruneAction::Keep { .. } => "keep",
            PruneAction::Deregister => "deregister",
            PruneAction::DeregisterAndDelete => "deregister+delete",
            PruneAction::Delete => "delete",
        };
        let decided = decide(revisions, references, PruneOptions { keep, delete });
        decided.iter().map(|(known, fate)| format!("{} {}", known.number, word(fate))).collect()
    }

    #[test]
    fn newest_revisions_are_kept() {
        let expected = ["5 keep", "4 keep", "3 deregister", "2 deregister", "1 deregister"];
        assert_eq!(decisions(&active(1..=5), &[], 2, false), expected);
        let mut shuffled = active(1..=5);
        shuffled.reverse();
        shuffled.swap(1, 3);
        assert_eq!(decisions(&shuffled, &[], 2, false), expected);
    }

    #[test]
    fn at_least_one_revision_is_kept() {
        assert_eq!(decisions(&active(1..=2), &[], 0, true), ["2 keep", "1 deregister+delete"]);
        assert_eq!(decisions(&active(1..=2), &[], 9, true), ["2 keep", "1 keep"]);
    }

    #[test]
    fn referenced_revisions_are_kept() {
        let referred = [by_rule(Some(1)), by_rule(Some(2))];
        let revisions = [active(2..=4), vec![family_revision(1, RevisionStatus::Inactive)]].concat();
        assert_eq!(
            decisions(&revisions, &referred, 1, true),
            ["4 keep", "3 deregister+delete", "2 keep", "1 keep"]
        );
    }

    #[test]
    fn a_family_without_a_revision_means_the_latest_active_one() {
        let revisions = vec![
            family_revision(3, RevisionStatus::Inactive),
            family_revision(2, RevisionStatus::Active),
            family_revision(1, RevisionStatus::Active),
        ];
        let decided = decide(&revisions, &[by_rule(None)], PruneOptions { keep: 1, delete: true });
        assert_eq!(decided[0].1, PruneAction::Delete);
        let reasons = vec![by_rule(None).used_by, RevisionUse::Newest { of: 1 }];
        assert_eq!(decided[1].1, PruneAction::Keep { reasons });
        assert_eq!(decided[2].1, PruneAction::DeregisterAndDelete);
    }

    #[test]
    fn inactive_revisions_are_deleted_only_on_request() {
        let revisions = [
            family_revision(3, RevisionStatus::Active),
            family_revision(2, RevisionStatus::Inactive),
            family_revision(1, RevisionStatus::DeleteInProgress),
        ];
        assert_eq!(decisions(&revisions, &[], 1, false), ["3 keep", "2 stays"]);
        assert_eq!(decisions(&revisions, &[], 1, true), ["3 keep", "2 delete"]);
    }

    #[test]
    fn an_inactive_revision_is_none_of_the_newest() {
        let revisions = [active(1..=2), vec![family_revision(3, RevisionStatus::Inactive)]].concat();
        assert_eq!(decisions(&revisions, &[], 1, false), ["3 stays", "2 keep", "1 deregister"]);
    }

    #[test]
    fn a_family_without_revisions_has_nothing_to_decide() {
        assert!(decisions(&[], &[by_rule(None)], 1, true).is_empty());
    }
}
