//! Owns what a hook is told: variables, and JSON on stdin.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Holds what a hook is told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub app: Option<String>,
    pub stage: Option<String>,
    pub tag: Option<String>,
    /// The release's id.
    pub release: String,
    pub performer: Option<String>,
    /// How the deploy ended; none before.
    pub verdict: Option<String>,
    /// An object for each target (`kind`, `name` and more), for stdin.
    pub targets: Vec<Value>,
    /// Nothing of it is real: it runs in the sandbox.
    pub sandbox: bool,
    /// Values that are named and not told: what looks secret among them is hidden in what a hook writes.
    pub vars: BTreeMap<String, String>,
    /// The targets as `ECSAIL_TARGETS` has them: `service/web`.
    pub names: Vec<String>,
}

impl Told {
    /// Returns the environment of a hook: the given one, and what the hook is told.
    ///
    /// What is not known is unset: a deploy within another's hook would else be told of the outer one.
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
            ("ECSAIL_TARGETS", Some(self.names.join(" "))),
            ("ECSAIL_PERFORMER", self.performer.clone()),
            ("ECSAIL_VERDICT", self.verdict.clone()),
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

    /// Returns what a hook reads from stdin: one line of JSON; what is not known is null.
    pub(super) fn input(&self, hook: &str) -> String {
        let value = json!({"hook": hook, "app": self.app, "stage": self.stage, "tag": self.tag,
            "release": self.release, "performer": self.performer, "verdict": self.verdict, "sandbox": self.sandbox,
            "targets": self.targets});
        format!("{value}\n")
    }
}
