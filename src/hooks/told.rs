//! The data that a hook gets: environment variables, and JSON on stdin.

use std::collections::BTreeMap;

use serde_json::{Value, json};

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
    pub verdict: Option<String>,
    /// An object for each target (`kind`, `name` and more), for stdin.
    pub targets: Vec<Value>,
    /// Whether the deploy runs in the sandbox.
    pub sandbox: bool,
    /// Variables that are not passed to the hook; the secret-looking ones among them are masked in its output.
    pub vars: BTreeMap<String, String>,
    /// The targets as in `ECSAIL_TARGETS`, such as `service/web`.
    pub names: Vec<String>,
}

impl Told {
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

    /// Returns the stdin of a hook: one line of JSON, with null for unknown values.
    pub(super) fn input(&self, hook: &str) -> String {
        let value = json!({"hook": hook, "app": self.app, "stage": self.stage, "tag": self.tag,
            "release": self.release, "performer": self.performer, "verdict": self.verdict, "sandbox": self.sandbox,
            "targets": self.targets});
        format!("{value}\n")
    }
}
