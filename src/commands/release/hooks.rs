//! Runs the hooks of a release and builds their payload.

use super::ReleaseRunner;
use crate::error::Failure;
use crate::hooks::{self, HookPayload, HookPoint, HookTarget, HookTargetEnd};
use crate::release::{ReleaseTarget, TargetKind};

impl ReleaseRunner<'_> {
    /// Runs the commands of a hook point, if the manifest has any.
    pub(super) async fn run_hook(&self, moment: HookPoint) -> Result<(), Failure> {
        let own = &self.manifest.hooks;
        let commands = match moment {
            HookPoint::BeforeDeploy => &own.before_deploy,
            HookPoint::AfterDeploy => &own.after_deploy,
            HookPoint::OnFailure => &own.on_failure,
        };
        let commands: Vec<String> = commands.iter().map(|command| command.value.clone()).collect();
        if commands.is_empty() {
            return Ok(());
        }
        let directory = self.manifest.path.as_deref().and_then(std::path::Path::parent);
        let directory = directory.unwrap_or(std::path::Path::new(""));
        let report = self.context.reporter.as_ref();
        let environment = self.context.program_environment();
        hooks::run_hook(moment, &commands, &self.hook_payload(moment), directory, &environment, report).await
    }

    fn hook_payload(&self, moment: HookPoint) -> HookPayload {
        let after = moment != HookPoint::BeforeDeploy;
        let target = |target: &ReleaseTarget| HookTarget {
            kind: kind_name(target.kind),
            name: target.key.clone(),
            end: after
                .then(|| HookTargetEnd { outcome: target.state.outcome(), detail: target.detail.clone() }),
        };
        HookPayload {
            app: self.manifest.app.clone(),
            stage: self.manifest.stage.clone(),
            tag: self.release.tag.clone(),
            release: self.release.id.clone(),
            performer: self.performer.clone(),
            outcome: after.then(|| self.release.outcome()),
            unset_variables: self.manifest.vars.clone(),
            sandbox: self.context.settings.sandbox.is_some(),
            targets: self.release.targets.iter().map(target).collect(),
        }
    }
}

/// Returns the noun for a kind of target, for programs.
pub(super) fn kind_name(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Before | TargetKind::After => "task",
        TargetKind::Service => "service",
        TargetKind::Autoscaling => "autoscaling",
        TargetKind::Schedule => "schedule",
    }
}
