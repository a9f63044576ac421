//! The record of a lock, as it is stored: attributes that are all strings. An unknown attribute is ignored, so that a later
//! version may add some.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{DEFAULT_LEASE, Holder};

/// The value of `state` of a lock that is held; any other is free.
pub const HELD: &str = "held";
pub const RELEASED: &str = "released";

/// What a lock is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// A command that runs, and renews the lease.
    Run,
    /// A person, until a time; nothing is renewed.
    Hold,
}

impl LockKind {
    /// Returns the name in the record and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            LockKind::Run => "run",
            LockKind::Hold => "hold",
        }
    }
}

/// The record of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRecord {
    pub key: String,
    pub kind: LockKind,
    pub is_held: bool,
    /// Identifies the process or person that took it: no two have the same.
    pub owner: String,
    /// Another one after each write.
    pub version: String,
    pub lease: Duration,
    pub holder: Holder,
    /// When it was taken, as RFC 3339, for people.
    pub since: String,
    /// Of a hold: when it ends by the clock of DynamoDB, in seconds since 1970.
    pub until: Option<i64>,
    /// The clusters of the stage, the services as `cluster/name`, and the `startedBy` of the tasks that a release starts.
    pub clusters: Vec<String>,
    pub services: Vec<String>,
    pub tasks: Vec<String>,
    /// What became of the holder before, for people: who released it by force, or took it over.
    pub note: Option<String>,
}

impl LockRecord {
    /// Returns the attributes of the record.
    pub fn to_item(&self) -> BTreeMap<String, String> {
        let texts = |list: &[String]| Some(list.join(" ")).filter(|text| !text.is_empty());
        let state = if self.is_held { HELD } else { RELEASED };
        let holder = &self.holder;
        let attributes = [
            ("id", Some(self.key.clone())),
            ("kind", Some(self.kind.as_str().to_owned())),
            ("state", Some(state.to_owned())),
            ("owner", Some(self.owner.clone())),
            ("version", Some(self.version.clone())),
            ("lease_ms", Some(self.lease.as_millis().to_string())),
            ("since", Some(self.since.clone())),
            ("until", self.until.map(|until| until.to_string())),
            ("who", holder.who.clone()),
            ("principal", holder.principal.clone()),
            ("host", holder.host.clone()),
            ("run_url", holder.run_url.clone()),
            ("command", Some(holder.command.clone())),
            ("release", holder.release.clone()),
            ("reason", holder.reason.clone()),
            ("clusters", texts(&self.clusters)),
            ("services", texts(&self.services)),
            ("tasks", texts(&self.tasks)),
            ("note", self.note.clone()),
        ];
        let known = attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        known.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Returns the record of attributes; `None` for an item that is no lock.
    pub fn from_item(item: &BTreeMap<String, String>) -> Option<LockRecord> {
        let text = |name: &str| item.get(name).filter(|value| !value.is_empty()).cloned();
        let texts = |name: &str| -> Vec<String> {
            item.get(name).map(|list| list.split(' ').map(str::to_owned).collect()).unwrap_or_default()
        };
        let lease = text("lease_ms").and_then(|lease| lease.parse().ok()).map(Duration::from_millis);
        Some(LockRecord {
            key: text("id")?,
            kind: if text("kind").as_deref() == Some("hold") { LockKind::Hold } else { LockKind::Run },
            is_held: text("state")? == HELD,
            owner: text("owner")?,
            version: text("version")?,
            lease: lease.unwrap_or(DEFAULT_LEASE),
            holder: Holder {
                who: text("who"),
                principal: text("principal"),
                host: text("host"),
                run_url: text("run_url"),
                command: text("command").unwrap_or_default(),
                release: text("release"),
                reason: text("reason"),
            },
            since: text("since").unwrap_or_default(),
            until: text("until").and_then(|until| until.parse().ok()),
            clusters: texts("clusters"),
            services: texts("services"),
            tasks: texts("tasks"),
            note: text("note"),
        })
    }
}

#[cfg(test)]
pub(super) fn held(owner: &str, version: &str) -> LockRecord {
    LockRecord {
        key: "shop/production".to_owned(),
        kind: LockKind::Run,
        is_held: true,
        owner: owner.to_owned(),
        version: version.to_owned(),
        lease: DEFAULT_LEASE,
        holder: Holder { who: Some("alice".to_owned()), command: "deploy".to_owned(), ..Holder::default() },
        since: "2026-11-30T12:00:00Z".to_owned(),
        until: None,
        clusters: vec!["main".to_owned()],
        services: vec!["main/web".to_owned(), "main/api".to_owned()],
        tasks: Vec::new(),
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let hold = LockRecord { kind: LockKind::Hold, until: Some(1_800_000_000), ..held("me", "1") };
        for record in [held("me", "1"), hold] {
            assert_eq!(LockRecord::from_item(&record.to_item()), Some(record));
        }
    }

    #[test]
    fn an_item_of_others_is_no_lock() {
        let item = BTreeMap::from([("id".to_owned(), "shop".to_owned())]);
        assert_eq!(LockRecord::from_item(&item), None);
    }
}
