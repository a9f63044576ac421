//! Takes, renews and releases the lock of a stage. Every write has a condition, so that of two commands one gets the lock.
//! Never decides whether a lock may be taken over.

use crate::aws::ApiError;
use crate::aws::dynamodb::{Condition, ItemTable, StoredItem, WriteResult};
use crate::lock::record::{HELD, RELEASED};
use crate::lock::{LeaseWatch, LockDecision, LockRecord};

mod clock;
mod held;
mod keeper;
mod table;

pub use clock::WatchClock;
pub use held::HeldLock;
pub use keeper::keep;
pub use table::create_table;

/// What became of an attempt to take a lock.
#[derive(Clone, Debug)]
pub enum LockAttempt {
    /// It is taken.
    Taken,
    /// Another one has it.
    Busy { other: Box<LockRecord>, decision: LockDecision },
    /// The item of the lock was not written by ecsail.
    Unreadable,
}

/// Returns an identifier that no other process or write has.
pub fn unique_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// Takes a lock that is free; returns who has it otherwise.
///
/// # Errors
/// The call failed.
pub async fn try_take(
    table: &ItemTable,
    record: &LockRecord,
    watch: &mut LeaseWatch,
    clock: &WatchClock,
) -> Result<LockAttempt, ApiError> {
    let free = Condition {
        expression: "attribute_not_exists(id) OR #state = :released",
        names: &[("#state", "state")],
        values: &[(":released", RELEASED)],
    };
    let now = clock.now();
    match table.put_item(&record.to_item(), &free).await? {
        WriteResult::Written => Ok(LockAttempt::Taken),
        WriteResult::Refused(stored) => Ok(judge(stored, record, watch, now)),
    }
}

fn judge(
    stored: StoredItem,
    record: &LockRecord,
    watch: &mut LeaseWatch,
    now: std::time::Duration,
) -> LockAttempt {
    let StoredItem { item, answered_at } = stored;
    // Without a time in the answer, that of this machine has to do.
    let store_seconds = answered_at.unwrap_or_else(|| jiff::Timestamp::now().as_second());
    let Some(other) = item.as_ref().and_then(LockRecord::from_item) else { return LockAttempt::Unreadable };
    match watch.decide(Some(&other), &record.owner, now, store_seconds) {
        LockDecision::Own => LockAttempt::Taken,
        decision => LockAttempt::Busy { other: Box::new(other), decision },
    }
}

/// Writes a record in the place of the one with this version. Returns false where another write was faster.
///
/// # Errors
/// The call failed.
pub async fn replace(table: &ItemTable, record: &LockRecord, version: &str) -> Result<bool, ApiError> {
    let same = Condition {
        expression: "#version = :seen",
        names: &[("#version", "version")],
        values: &[(":seen", version)],
    };
    match table.put_item(&record.to_item(), &same).await? {
        WriteResult::Written => Ok(true),
        // The write itself, whose answer was lost, may be what refuses its repetition.
        WriteResult::Refused(stored) => Ok(version_of(&stored) == Some(&record.version)),
    }
}

/// Writes a record in the place of the own one. Returns who has the lock where it is lost.
///
/// # Errors
/// The call failed.
pub async fn replace_own(
    table: &ItemTable,
    record: &LockRecord,
) -> Result<Result<(), Option<LockRecord>>, ApiError> {
    let own = Condition {
        expression: "#owner = :me AND #state = :held",
        names: &[("#owner", "owner"), ("#state", "state")],
        values: &[(":me", &record.owner), (":held", HELD)],
    };
    match table.put_item(&record.to_item(), &own).await? {
        WriteResult::Written => Ok(Ok(())),
        WriteResult::Refused(stored) if version_of(&stored) == Some(&record.version) => Ok(Ok(())),
        WriteResult::Refused(stored) => Ok(Err(stored.item.as_ref().and_then(LockRecord::from_item))),
    }
}

fn version_of(stored: &StoredItem) -> Option<&String> {
    stored.item.as_ref()?.get("version")
}
