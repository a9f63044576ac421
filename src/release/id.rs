//! Creates the id of a release: unique, sortable by time, and short enough for the `startedBy` of its tasks.

use jiff::Timestamp;

/// Returns the id of a release that begins at a time, such as `20261122T031500Z-5f1a9c`.
pub fn release_id(now: Timestamp, random: u64) -> String {
    format!("{}-{:06x}", now.strftime("%Y%m%dT%H%M%SZ"), random & 0xff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_begins_with_its_time() {
        let now: Timestamp = "2026-11-22T03:15:00Z".parse().expect("a time");
        let id = release_id(now, u64::MAX);
        assert_eq!(id, "20261122T031500Z-ffffff");
    }
}
