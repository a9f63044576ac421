//! The data that a hook gets: environment variables, and JSON on stdin.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::outcome::Outcome;

/// The data that a hook gets.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub app: Option<String>,
    pub stage: Option<String>,
    pub tag: Option<String>,
    /// The id of the release.
    pub release: String,
    pub performer: Option<String>,
    /// The outcome of the deploy; `None` before it.
    pub outcome: Option<Outcome>,
    pub targets: Vec<HookTarget>,
    /// Whether the deploy runs in the sandbox.
    pub sandbox: bool,
    /// Variables that are not passed to the hook; the secret-looking ones among them are masked in its output.
    pub vars: BTreeMap<String, String>,
}

/// A target of a release, as a hook reads it.
#[derive(Clone, Debug, Serialize)]
pub struct HookTarget {
    /// `task`, `service` or `schedule`.
    pub kind: &'static str,
    pub name: String,
    /// How it ended; absent before a deploy.
    #[serde(flatten)]
    pub end: Option<HookTargetEnd>,
}

/// How a target of a release ended, as a hook reads it.
#[derive(Clone, Debug, Serialize)]
pub struct HookTargetEnd {
    pub outcome: Outcome,
    /// The revision that the target runs, or why it ended as it did.
    pub detail: Option<String>,
}

/// What a hook reads from stdin; what is not known is null.
#[derive(Serialize)]
struct Input<'a> {
    hook: &'a str,
    app: Option<&'a str>,
    stage: Option<&'a str>,
    tag: Option<&'a str>,
    release: &'a str,
    performer: Option<&'a str>,
    outcome: Option<Outcome>,
    sandbox: bool,
    targets: &'a [HookTarget],
}

impl Told {
    /// The targets as `ECSAIL_TARGETS` has them: `service/web schedule/nightly`.
    fn target_names(&self) -> String {
        let names = self.targets.iter().map(|target| format!("{}/{}", target.kind, target.name));
        names.collect::<Vec<_>>().join(" ")
    }

    /// Returns the environment of a hook: the given one, and the hook's variables.
    ///
    /// Unknown values are unset, so that a deploy within another's hook does not get the values of the outer one.
    pub(super) fn environment(
        &self,
        hook: &str,
        around: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let variables = [
            ("ECSAIL_HOOK", Some(hook.to_owned())),
            ("ECSAIL_APP", self.app.clone()),
            ("ECSAIL_STAGE", self.stage.clone()),
            ("ECSAIL_TAG", self.tag.clone()),
            ("ECSAIL_RELEASE", Some(self.release.clone())),
            ("ECSAIL_TARGETS", Some(self.target_names())),
            ("ECSAIL_PERFORMER", self.performer.clone()),
            ("ECSAIL_OUTCOME", self.outcome.map(|outcome| outcome.name().to_owned())),
            ("ECSAIL_SANDBOX", self.sandbox.then(|| "true".to_owned())),
        ];
        let mut environment = around.clone();
        for (name, value) in variables {
            match value {
                Some(value) => environment.insert(name.to_owned(), value),
                None => environment.remove(name),
            };
        }
        environment
    }

    /// Returns the stdin of a hook: one line of JSON, with null for unknown values.
    pub(super) fn input(&self, hook: &str) -> String {
        let input = Input {
            hook,
            app: self.app.as_deref(),
            stage: self.stage.as_deref(),
            tag: self.tag.as_deref(),
            release: &self.release,
            performer: self.performer.as_deref(),
            outcome: self.outcome,
            sandbox: self.sandbox,
            targets: &self.targets,
        };
        // All keys are strings: nothing of it can fail.
        let input = serde_json::to_string(&input).unwrap_or_default();
        format!("{input}\n")
    }
}
