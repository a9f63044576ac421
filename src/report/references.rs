//! Turns what refers to a revision into the form that events carry.

use crate::events::prune::RevisionReference;
use crate::plan::references::RevisionUse;

/// A reference, as events carry it.
pub fn event(why: &RevisionUse) -> RevisionReference {
    let why = why.clone();
    match why {
        RevisionUse::UnderWay { cluster, service } => RevisionReference::InProgress { cluster, service },
        RevisionUse::Runs { cluster, service } => RevisionReference::Runs { cluster, service },
        RevisionUse::TaskSet { cluster, service } => RevisionReference::TaskSet { cluster, service },
        RevisionUse::RollbackTarget { cluster, service } => {
            RevisionReference::RollbackTarget { cluster, service }
        }
        RevisionUse::Succeeded { cluster, service } => RevisionReference::Succeeded { cluster, service },
        RevisionUse::Tasks { cluster, tasks } => RevisionReference::Tasks { cluster, tasks },
        RevisionUse::Rule { bus, rule } => RevisionReference::Rule { bus, rule },
        RevisionUse::Schedule { group, schedule } => RevisionReference::Schedule { group, schedule },
        RevisionUse::Newest { of } => RevisionReference::Newest { of },
    }
}
