//! The origin of a one-off task, as its `startedBy` records it: the release that started it, and the name of the task in
//! its app and stage. Pure; never decides what the origin means.

/// What every `startedBy` of a release begins with.
const PREFIX: &str = "ecsail/";
/// The longest `startedBy` that every version of ECS accepts, in characters (API reference, `RunTask`, `startedBy`).
#[cfg(test)]
const MAX_STARTED_BY: usize = 36;
/// How long the short form of a name is: with the prefix and the id of a release, 36 characters in all.
const NAME_LENGTH: usize = 5;

/// The release that started a task, and the short form of the task's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOrigin {
    pub release: String,
    /// The same for each task of this name, app and stage, and for no other.
    pub name: String,
}

impl TaskOrigin {
    /// Returns the origin of a task of the manifest that a release starts.
    pub fn new(release: &str, app: Option<&str>, stage: Option<&str>, task: &str) -> TaskOrigin {
        let scope = [app.unwrap_or_default(), stage.unwrap_or_default(), task].join("\n");
        TaskOrigin { release: release.to_owned(), name: short_name(&scope) }
    }

    /// Returns the origin in a `startedBy`, or `None` if no release of ecsail wrote it.
    pub fn parse(started_by: &str) -> Option<TaskOrigin> {
        let (release, name) = started_by.strip_prefix(PREFIX)?.split_once('/')?;
        Some(TaskOrigin { release: release.to_owned(), name: name.to_owned() })
    }

    /// Returns the origin as `startedBy`.
    pub fn as_started_by(&self) -> String {
        format!("{PREFIX}{}/{}", self.release, self.name)
    }
}

/// Returns a short form of a text, in letters and digits: its FNV-1a hash.
fn short_name(text: &str) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijkmnpqrstuvwx";
    let mut hash = text.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    hash ^= hash >> 32;
    let digit = |at: usize| char::from(DIGITS[(hash >> (5 * at)) as usize % DIGITS.len()]);
    (0..NAME_LENGTH).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_fits_into_started_by_and_is_read_from_it() {
        let origin = TaskOrigin::new("20261122T031500Z-ffffff", Some("shop"), Some("production"), "migrate");
        let started_by = origin.as_started_by();
        assert!(started_by.starts_with("ecsail/20261122T031500Z-ffffff/"), "{started_by}");
        assert_eq!(started_by.len(), MAX_STARTED_BY);
        assert_eq!(TaskOrigin::parse(&started_by), Some(origin));
    }

    #[test]
    fn what_no_release_started_has_no_origin() {
        for started_by in ["ecs-svc/1", "ecsail-run-1", "ecsail/20261122T031500Z-ffffff", ""] {
            assert_eq!(TaskOrigin::parse(started_by), None, "{started_by}");
        }
    }

    #[test]
    fn the_name_differs_with_the_app_the_stage_and_the_task() {
        let of = |app, stage, task| TaskOrigin::new("r", app, stage, task).name;
        let own = of(Some("shop"), Some("a"), "migrate");
        assert_eq!(own, of(Some("shop"), Some("a"), "migrate"));
        for other in [
            of(Some("shop"), Some("b"), "migrate"),
            of(Some("other"), Some("a"), "migrate"),
            of(Some("shop"), Some("a"), "warm"),
            of(Some("shop"), None, "migrate"),
        ] {
            assert_ne!(own, other);
        }
    }
}
