//! Runs the hooks of a release and builds their payload.

use serde_json::json;

use super::Carrier;
use crate::error::Failure;
use crate::hooks::{self, Moment, Told};
use crate::release::Kind;

impl Carrier<'_> {
    /// Runs the commands of a hook point, if the manifest has any.
    pub(super) async fn hook(&self, moment: Moment) -> Result<(), Failure> {
        let own = &self.manifest.hooks;
        let commands = match moment {
            Moment::BeforeDeploy => &own.before_deploy,
            Moment::AfterDeploy => &own.after_deploy,
            Moment::OnFailure => &own.on_failure,
        };
        let commands: Vec<String> = commands.iter().map(|command| command.value.clone()).collect();
        if commands.is_empty() {
            return Ok(());
        }
        let directory = self.manifest.path.as_deref().and_then(std::path::Path::parent);
        let directory = directory.unwrap_or(std::path::Path::new(""));
        let report = self.context.report.as_ref();
        let environment = self.context.environment();
        hooks::run(moment, &commands, &self.told(moment), directory, &environment, report).await
    }

    fn told(&self, moment: Moment) -> Told {
        let noun = |kind: Kind| match kind {
            Kind::Before | Kind::After => "task",
            Kind::Service => "service",
            Kind::Schedule => "schedule",
        };
        let targets = &self.release.targets;
        let after = moment != Moment::BeforeDeploy;
        let value = |target: &crate::release::Target| match after {
            true => {
                json!({"kind": noun(target.kind), "name": target.key, "state": target.state, "detail": target.detail})
            }
            false => json!({"kind": noun(target.kind), "name": target.key}),
        };
        Told {
            app: self.manifest.app.clone(),
            stage: self.manifest.stage.clone(),
            tag: self.release.tag.clone(),
            release: self.release.id.clone(),
            performer: self.performer.clone(),
            verdict: after.then(|| self.release.verdict().word().to_owned()),
            vars: self.manifest.vars.clone(),
            sandbox: self.context.settings.sandbox.is_some(),
            targets: targets.iter().map(value).collect(),
            names: targets.iter().map(|target| format!("{}/{}", noun(target.kind), target.key)).collect(),
        }
    }
}
