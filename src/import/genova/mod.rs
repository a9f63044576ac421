//! genova: `config/deploy.yml` and its definitions become a manifest, a script that builds the images, and a workflow. Pure.
//!
//! What genova did with its files is not always what its documentation says; where the two differ, the code counts:
//! metaps/genova, `lib/autoloads/genova`.

mod alone;
mod app;
mod cluster;
mod definition;
mod images;
mod layers;
mod merge;
mod pipeline;
mod spelling;
mod stages;
mod steps;
mod targets;

pub(super) use alone::{has_variables, images_alone, report_alone, rewrite_alone};
pub(super) use definition::escaped_braces;

use super::Session;
use super::tools::{FoundFile, ToolInput};
use super::yaml_file::YamlFile;
use crate::error::Result;

/// Returns whether a file is genova's `deploy.yml`: clusters with services, run tasks or scheduled tasks.
pub(super) fn recognises(file: &FoundFile) -> bool {
    let is_named = file.path.ends_with(".yml") || file.path.ends_with(".yaml");
    if !is_named || !file.text.contains("clusters") || !file.text.contains("path") {
        return false;
    }
    let Ok(file) = YamlFile::parse(&file.path, &file.text) else { return false };
    let clusters = file.root.get("clusters").map(|clusters| clusters.items().to_vec()).unwrap_or_default();
    let sections = ["services", "run_tasks", "scheduled_tasks"];
    clusters.iter().any(|cluster| {
        cluster.get("name").is_some() && sections.iter().any(|name| cluster.get(name).is_some())
    })
}

/// Imports `deploy.yml` files.
///
/// # Errors
/// A file is missing or no YAML, or a key that has to be there is not.
pub(super) fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    for file in input.files {
        import_file(session, file)?;
    }
    Ok(())
}

fn import_file(session: &mut Session<'_>, file: &FoundFile) -> Result<()> {
    let app = app::App::read(session, file)?;
    let branches = steps::branches(&app.file);
    for (index, cluster) in app.clusters.iter().enumerate() {
        if let Some(draft) = cluster::draft(session, &app, index, &branches) {
            session.add_draft(cluster.stage.clone(), &file.path, draft);
        }
    }
    let has_builds = pipeline::add_build_script(session, &app);
    pipeline::add_workflow(session, &app, &branches, has_builds);
    report_operation(session, &app);
    Ok(())
}

/// Reports what genova does in general otherwise than ecsail.
fn report_operation(session: &mut Session<'_>, app: &app::App) {
    let path = app.file.path.clone();
    for (key, node) in app.file.root.entries() {
        let line = Some(app.file.line(node.span));
        match key.name.as_str() {
            "clusters" | "auto_deploy" => {}
            name if name.starts_with("x-") => {}
            "targets" => {
                session.changed(&path, line, "targets", "the keys of the manifest are the short names");
            }
            name => session.missing(&path, line, name, "genova has no such key"),
        }
    }
    let why = "genova registered a revision at each deploy; ecsail registers where something changed, and adds no `genova.*` tags";
    session.changed(&path, None, "registration", why);
    let why = "genova waited 900 s and left a failed rollout to ECS; ecsail watches for 15 minutes and rolls back what is stuck";
    session.changed(&path, None, "waiting", why);
}
