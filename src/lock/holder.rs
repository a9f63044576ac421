//! Who holds a lock: for people, and to tell whether a lock is one's own.

/// Who holds a lock, and for what. What is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The user who started the CI job, or the user of the machine.
    pub who: Option<String>,
    /// The ARN of the credentials.
    pub principal: Option<String>,
    pub host: Option<String>,
    /// The address of the CI job.
    pub run_url: Option<String>,
    /// The command, such as `deploy`.
    pub command: String,
    /// The id of the release.
    pub release: Option<String>,
    pub reason: Option<String>,
}

impl Holder {
    /// Returns whether this is the same user, with the same credentials, in the same CI job where there is one.
    ///
    /// The address of a job alone is no proof, and one user of a CI system has many jobs.
    pub fn is_same_person(&self, other: &Holder) -> bool {
        self.who == other.who && self.principal == other.principal && self.run_url == other.run_url
    }

    /// Returns who it is, in a few words: `alice on build-7`.
    pub fn name(&self) -> String {
        let principal = self.principal.as_deref().and_then(|arn| arn.rsplit(':').next());
        let who = self.who.as_deref().or(principal).unwrap_or("an unknown user");
        match self.host.as_deref() {
            Some(host) => format!("{who} on {host}"),
            None => who.to_owned(),
        }
    }

    /// Returns who it is and for what: `alice on build-7 (deploy, release 2026…, https://…)`.
    pub fn in_words(&self) -> String {
        let release = self.release.as_ref().map(|release| format!("release {release}"));
        let details: Vec<String> =
            [Some(self.command.clone()).filter(|command| !command.is_empty()), release, self.run_url.clone()]
                .into_iter()
                .flatten()
                .collect();
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} ({}){reason}", self.name(), details.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_named_with_what_it_does() {
        let holder = Holder {
            who: Some("alice".to_owned()),
            host: Some("build-7".to_owned()),
            command: "deploy".to_owned(),
            release: Some("r1".to_owned()),
            ..Holder::default()
        };
        assert_eq!(holder.in_words(), "alice on build-7 (deploy, release r1)");
        assert_eq!(Holder::default().name(), "an unknown user");
    }

    #[test]
    fn another_job_of_the_same_user_is_another_person() {
        let job = |url: &str| Holder { run_url: Some(url.to_owned()), ..Holder::default() };
        assert!(!job("https://ci/1").is_same_person(&job("https://ci/2")));
        assert!(
            job("https://ci/1")
                .is_same_person(&Holder { host: Some("other".to_owned()), ..job("https://ci/1") })
        );
    }
}
