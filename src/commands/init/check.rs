//! Plans the written files with the tags that run: what a deploy would change is what the files do not describe.

use std::collections::BTreeSet;

use crate::adopt::{AdoptedApp, AdoptedStage, IgnoredChecks};
use crate::aws::Aws;
use crate::commands::{ImageArgs, plan_options, render_manifest};
use crate::context::CommandContext;
use crate::document::problem::Severity;
use crate::error::Result;
use crate::file_limits::FileLimits;
use crate::manifest::{self, Manifest, Request, Scope};
use crate::observe::observe;
use crate::plan::{self, Plan};
use crate::render::render_desired;
use crate::settings::{ImageTags, Settings};

use super::InitFolder;

/// Plans a stage of the written files.
///
/// # Errors
/// The files have problems, or a deploy of them would be refused.
pub(super) async fn plan(
    destination: &InitFolder,
    stage: &AdoptedStage,
    aws: &Aws,
    context: &CommandContext,
) -> Result<Plan> {
    let settings = settings_of(destination, stage, &context.settings);
    let tags = ImageTags::parse(&stage.tags)?;
    let request = Request { tags, scope: Scope::Release, ..Request::default() };
    let limits = FileLimits::start();
    let loaded = manifest::load(&settings, &request)?;
    let manifest = Manifest { now: Some(jiff::Timestamp::now()), ..loaded };
    let desired = render_manifest(&manifest)?;
    drop(limits);
    let observed = observe(aws, &desired).await?;
    // What runs is described as it is, also where its image was deleted since.
    let images = ImageArgs::from_setting(Some(false));
    let options = plan_options(&manifest, &request, &settings, &images);
    plan::compare(&desired, &observed, &options)
}

/// Returns the checks that the written files do not pass, by service where they are of one.
///
/// # Errors
/// The files cannot be read.
pub(super) fn refusing_checks(
    destination: &InitFolder,
    app: &AdoptedApp,
    context: &CommandContext,
) -> Result<IgnoredChecks> {
    let _limits = FileLimits::start();
    let mut ignored = IgnoredChecks::default();
    for stage in &app.stages {
        let settings = settings_of(destination, stage, &context.settings);
        let request = Request { tags: ImageTags::parse(&stage.tags)?, ..Request::default() };
        let whole = manifest::load(&settings, &Request { scope: Scope::Release, ..request.clone() })?;
        let all = refusing(&whole);
        let mut found = BTreeSet::new();
        // Most files pass every check, so that each service is looked at alone only where they do not.
        for service in whole.services.iter().filter(|_| !all.is_empty()) {
            let services = vec![service.key.clone()];
            let of_service = refusing(&manifest::load(&settings, &Request { services, ..request.clone() })?);
            if !of_service.is_empty() {
                found.extend(of_service.clone());
                ignored.services.entry(service.key.clone()).or_default().extend(of_service);
            }
        }
        ignored.everywhere.extend(all.difference(&found).cloned());
    }
    Ok(ignored)
}

/// Returns the ids of the checks that refuse a part of the files.
fn refusing(manifest: &Manifest) -> BTreeSet<String> {
    let Err(invalid) = render_desired(manifest) else { return BTreeSet::new() };
    let errors = invalid.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.filter_map(|problem| problem.check_id.map(str::to_owned)).collect()
}

fn settings_of(destination: &InitFolder, stage: &AdoptedStage, settings: &Settings) -> Settings {
    let mut environment = settings.environment.clone();
    environment.extend(stage.secrets.clone());
    Settings {
        manifest: Some(destination.manifest_path()),
        stage: stage.stage.clone(),
        cluster: None,
        region: None,
        set_vars: Vec::new(),
        template_variables: None,
        environment,
        ..settings.clone()
    }
}
