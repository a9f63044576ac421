//! Reads the `lock` of the manifest: the table by which commands that change a stage wait for each other.

use std::time::Duration;

use super::fields::{FieldReader, LocatedValue};
use crate::document::problem::{Problem, Problems};
use crate::lock::DEFAULT_LEASE;

pub(super) const LOCK_KEYS: &[&str] = &["table", "lease"];
/// The shortest lease: renewals are calls to AWS, three in a lease.
const SHORTEST_LEASE: Duration = Duration::from_secs(1);

/// The lock of a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestLock {
    /// The name of the DynamoDB table.
    pub table: String,
    /// How long the lock lasts without a renewal.
    pub lease: Duration,
}

/// Reads the lock.
pub(super) fn read_lock(fields: &FieldReader<'_>, problems: &mut Problems) -> Option<ManifestLock> {
    let node = fields.get("lock")?;
    let own = FieldReader::new(node, "lock", LOCK_KEYS, &[], problems);
    if fields.get("app").is_none() {
        let problem = Problem::error(node.span, "a lock needs `app`: it is that of an app and its stage");
        problems.push(problem.path("lock").hint("add `app: NAME` to the manifest".to_owned()));
    }
    let lease = own.duration("lease", problems).unwrap_or(DEFAULT_LEASE);
    if lease < SHORTEST_LEASE {
        let problem = Problem::error(node.span, "a lease of less than a second cannot be renewed in time");
        problems.push(problem.path("lock.lease"));
    }
    let Some(LocatedValue { value: table, .. }) = own.text("table", problems) else {
        if own.get("table").is_none() && !node.is_undefined() {
            problems.push(Problem::error(node.span, "`lock` has no `table`").path("lock"));
        }
        return None;
    };
    Some(ManifestLock { table, lease })
}
