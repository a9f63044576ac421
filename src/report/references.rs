//! Turns what refers to a revision into the form that events carry.

use crate::events::prune::RevisionReference;
use crate::plan::references::Why;

/// A reference, as events carry it.
pub fn event(why: &Why) -> RevisionReference {
    let why = why.clone();
    match why {
        Why::UnderWay { cluster, service } => RevisionReference::InProgress { cluster, service },
        Why::Runs { cluster, service } => RevisionReference::Runs { cluster, service },
        Why::TaskSet { cluster, service } => RevisionReference::TaskSet { cluster, service },
        Why::RollbackTarget { cluster, service } => RevisionReference::RollbackTarget { cluster, service },
        Why::Succeeded { cluster, service } => RevisionReference::Succeeded { cluster, service },
        Why::Tasks { cluster, tasks } => RevisionReference::Tasks { cluster, tasks },
        Why::Rule { bus, rule } => RevisionReference::Rule { bus, rule },
        Why::Schedule { group, schedule } => RevisionReference::Schedule { group, schedule },
        Why::Newest { of } => RevisionReference::Newest { of },
    }
}
