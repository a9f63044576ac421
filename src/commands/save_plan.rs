//! Saves a plan to a file, for `ecsail apply`. Never changes anything in AWS.

use std::path::{Path, PathBuf};

use super::approvals::{identities, terms};
use super::planning::{Planned, PlanningOptions};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::manifest::{Manifest, Request, Scope};
use crate::private_file;
use crate::report::{Event, plan as plan_report};
use crate::saved_plan::{
    SavedOptions, SavedPlan, SavedRequest, SavedScope, file_hashes, image_digests, service_states,
};
use crate::shell::quote;

/// Saves a plan to a file that only the user may read.
///
/// # Errors
/// The file cannot be written.
pub async fn save(
    path: &Path,
    planned: &Planned,
    how: &PlanningOptions,
    context: &CommandContext,
) -> Result<()> {
    let mut saved = saved_plan(planned, how, context);
    if saved.has_looked_up_secret() {
        let hint =
            "reference the parameter under `secrets` of the container, in place of its value".to_owned();
        let message = "the plan would have the value of a secret that a template looked up";
        return Err(Failure::refused(message).with_hint(hint));
    }
    if planned.manifest.protection.is_some() {
        saved.planners = identities(&planned.manifest, &planned.aws, context).await?;
        let account = saved.planners.first().map(|identity| identity.account.as_str()).unwrap_or_default();
        saved.terms = terms(&planned.manifest, account, &planned.aws.region);
    }
    private_file::write(path, &saved.to_text()?).map_err(|error| {
        Failure::error(format!("failed to write plan `{}`", path.display())).with_cause(error)
    })?;
    let secrets = saved.plain_secrets();
    if !secrets.is_empty() {
        let text = format!(
            "`{}` has values in plain text that look like secrets ({}); use `secrets` in the definition, or keep the \
             file private",
            path.display(),
            secrets.join(", ")
        );
        context.reporter.report(&Event::Note(&text));
    }
    let file = quote(&path.display().to_string());
    let command = format!("`ecsail apply {file}`");
    if saved.terms.is_some() {
        let note = format!(
            "saved the plan; have another person approve it with `ecsail approve {file}`, then apply it with {command}"
        );
        context.reporter.report(&Event::Note(&note));
        return Ok(());
    }
    context.reporter.report(&Event::Note(&format!("saved the plan; apply it with {command}")));
    Ok(())
}

/// Returns what is saved of a plan.
pub(super) fn saved_plan(planned: &Planned, how: &PlanningOptions, context: &CommandContext) -> SavedPlan {
    let settings = &context.settings;
    let plan = serde_json::to_value(plan_report::event(&planned.plan));
    SavedPlan {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        planned_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        planned_by: planned.plan.record.performer.clone(),
        release: how.release.clone().unwrap_or_default(),
        request: SavedRequest {
            stage: settings.stage.clone(),
            cluster: settings.cluster.clone(),
            region: settings.region.clone(),
            vars: settings.set_vars.clone(),
            tags: planned.request.tags.clone(),
            services: planned.request.services.clone(),
            scope: saved_scope(&planned.request.scope),
        },
        options: SavedOptions { force: how.force, create: how.create, strict_images: how.images.setting() },
        files: files_of(&planned.manifest),
        desired: planned.desired.clone(),
        images: image_digests(&planned.observed),
        services: service_states(&planned.plan),
        // The event is one struct of strings, numbers and lists, which JSON can have.
        plan: plan.unwrap_or_default(),
        planners: Vec::new(),
        terms: None,
    }
}

fn saved_scope(scope: &Scope) -> SavedScope {
    match scope {
        Scope::Services | Scope::Task { .. } => SavedScope::Services,
        Scope::Release => SavedScope::Release,
        Scope::Named(names) => SavedScope::Named(names.clone()),
        Scope::Schedules(names) => SavedScope::Schedules(names.clone()),
    }
}

/// Returns the request of a saved plan.
pub(super) fn request_of(saved: &SavedRequest) -> Request {
    let scope = match &saved.scope {
        SavedScope::Services => Scope::Services,
        SavedScope::Release => Scope::Release,
        SavedScope::Named(names) => Scope::Named(names.clone()),
        SavedScope::Schedules(names) => Scope::Schedules(names.clone()),
    };
    Request { tags: saved.tags.clone(), services: saved.services.clone(), scope, ..Request::default() }
}

/// Returns the hashes of the files that a manifest consists of.
pub(super) fn files_of(manifest: &Manifest) -> std::collections::BTreeMap<String, String> {
    let folder = manifest.path.as_deref().and_then(Path::parent).map(PathBuf::from).unwrap_or_default();
    let files =
        manifest.templates.iter().map(|(name, id)| (name.as_str(), manifest.sources.get(*id).text.as_str()));
    file_hashes(files, &folder.display().to_string())
}
