//! What is told of a release, and in which form: pure. Never sends anything.

use serde::Serialize;

pub mod slack;
pub mod webhook;

/// The events of a release that are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationKind {
    Started,
    Succeeded,
    Failed,
    RolledBack,
    /// The release waits for a person or for another command.
    Waiting,
}

impl NotificationKind {
    pub const ALL: &[NotificationKind] = &[
        NotificationKind::Started,
        NotificationKind::Succeeded,
        NotificationKind::Failed,
        NotificationKind::RolledBack,
        NotificationKind::Waiting,
    ];

    /// Returns the name in the manifest and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            NotificationKind::Started => "started",
            NotificationKind::Succeeded => "succeeded",
            NotificationKind::Failed => "failed",
            NotificationKind::RolledBack => "rolled_back",
            NotificationKind::Waiting => "waiting",
        }
    }

    /// Returns what the release does, for a sentence.
    fn words(self) -> &'static str {
        match self {
            NotificationKind::RolledBack => "rolled back",
            other => other.name(),
        }
    }
}

/// What is told of a release. What is not known is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReleaseNotice {
    pub app: Option<String>,
    pub stage: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub tag: Option<String>,
    /// The id of the release; null while it waits for its lock.
    pub release: Option<String>,
    pub who: Option<String>,
    /// The address of the CI job.
    pub run_url: Option<String>,
    /// Why it goes without approval to a protected stage.
    pub emergency: Option<String>,
    /// What it waits for, or why it failed.
    pub reason: Option<String>,
    pub targets: Vec<TargetNotice>,
}

/// What is told of one target of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetNotice {
    /// `task`, `service`, `autoscaling` or `schedule`.
    pub kind: String,
    pub name: String,
    /// How it ended; null before the end.
    pub outcome: Option<String>,
    /// The revision that it runs, or why it ended as it did.
    pub detail: Option<String>,
}

impl ReleaseNotice {
    /// Returns the sentence about the event: ``Deploy of shop (production) to v2 succeeded``.
    pub fn headline(&self, kind: NotificationKind) -> String {
        let app = self.app.as_deref().unwrap_or("the app");
        let stage = self.stage.as_ref().map(|stage| format!(" ({stage})")).unwrap_or_default();
        let tag = self.tag.as_ref().map(|tag| format!(" to {tag}")).unwrap_or_default();
        let emergency = self.emergency.as_ref().map(|reason| format!(", in an emergency: {reason}"));
        format!("Deploy of {app}{stage}{tag} {}{}", kind.words(), emergency.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_headline_says_that_it_is_an_emergency() {
        let emergency = Some("checkout is down".to_owned());
        let notice = ReleaseNotice { app: Some("shop".to_owned()), emergency, ..ReleaseNotice::default() };
        for kind in NotificationKind::ALL {
            assert!(notice.headline(*kind).ends_with(", in an emergency: checkout is down"));
        }
    }
}
