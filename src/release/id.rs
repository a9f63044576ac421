//! Creates the id of a release: unique, sortable by time, and short enough for the `startedBy` of its tasks.

use jiff::Timestamp;

/// The longest `startedBy` that every version of ECS accepts, in characters (API reference, `RunTask`, `startedBy`).
pub const MAX_STARTED_BY: usize = 36;

/// Returns the id of a release that begins at a time, such as `20261122T031500Z-5f1a9c`.
pub fn release_id(now: Timestamp, random: u64) -> String {
    format!("{}-{:06x}", now.strftime("%Y%m%dT%H%M%SZ"), random & 0xff_ffff)
}

/// Returns the `startedBy` of the tasks of a release: `ecsail/` and its id.
pub fn started_by(id: &str) -> String {
    format!("ecsail/{id}").chars().take(MAX_STARTED_BY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_tasks_fits_into_its_36_characters_and_keeps_the_whole_id() {
        let now: Timestamp = "2026-11-22T03:15:00Z".parse().expect("a time");
        let id = release_id(now, u64::MAX);
        assert_eq!(id, "20261122T031500Z-ffffff");
        assert_eq!(started_by(&id), "ecsail/20261122T031500Z-ffffff");
        assert!(started_by(&id).len() <= MAX_STARTED_BY);
    }
}
