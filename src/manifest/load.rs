//! Finds and loads a manifest, and reads every file that it refers to.

use super::layers::Layer;
use super::project::ProjectFolder;
use super::render_passes;
use super::request::{Request, Scope};
use super::service_names::{adopt_place, has_cluster};
use super::types::{self, Manifest, on_the_fly};
use super::{references as named, select, template_names};
use crate::document::problem::{Problem, did_you_mean};
use crate::document::source::{SourceId, SourceSpan};
use crate::document::tree::Node;
use crate::error::Failure;
use crate::error::Result;
use crate::file_limits::FileLimits;
use crate::settings::{ImageTags, Settings};
use crate::template::tags::{UNREADABLE_FILE, included_names};
use crate::template::{TemplateContext, UndefinedNames};
use crate::text_file;
use std::fs;
use std::path::{Path, PathBuf};

/// The file names of a manifest, in the order in which they are searched.
const FILE_NAMES: &[&str] = &["ecsail.yml", "ecsail.yaml"];

/// Returns the manifest with its stage applied, and the texts of all files that the requested services need.
///
/// Problems in the files are in [`Manifest::problems`], so that the definitions are checked in the same run.
///
/// # Errors
/// No manifest, a manifest that cannot be parsed, or a requested name that it does not have.
pub fn load(settings: &Settings, request: &Request) -> Result<Manifest> {
    let _limits = FileLimits::start();
    let Some(path) = find_manifest(settings)? else { return without_manifest(settings, request) };
    let text = read_manifest(&path)?;
    let mut manifest =
        Manifest { path: Some(path.clone()), tags: request.tags.clone(), ..Manifest::default() };
    let name = path.display().to_string();
    let id = manifest.sources.add(&name, text);
    manifest.templates.insert(name.clone(), id);
    let project = project(&path, settings);
    load_included_files(&project, id, &mut manifest);
    let root = render_passes::render_manifest(&name, settings, request, &mut manifest)?;
    types::read_manifest(&root, &mut manifest);
    manifest.vars.extend(settings.set_vars.iter().cloned());
    named::check_references(&mut manifest);
    check_tag_images(request, &manifest)?;
    select::select_scope(&mut manifest, settings, request)?;
    if !request.names_only {
        load_definitions(&project, &mut manifest);
    }
    Ok(manifest)
}

/// Checks that the manifest has the images for which there are tags. An image that depends on a look-up without an answer is not
/// known yet.
fn check_tag_images(request: &Request, manifest: &Manifest) -> Result<()> {
    if request.lookups.has_placeholders() {
        return Ok(());
    }
    template_names::check_tag_images(&request.tags, &manifest.images)
}

/// Returns the text of a file that a template of the manifest reads with `file`.
///
/// # Errors
/// Why it cannot be read.
pub fn read_file(manifest: &Path, name: &str, settings: &Settings) -> Result<String, String> {
    let project = project(manifest, settings);
    let path = project.directory.join(name);
    if !project.may_include(&path) {
        return Err("it is outside the folder of the manifest".to_owned());
    }
    text_file::read_regular(&path).map_err(|error| error.to_string())
}

/// Returns the manifest of a run without a manifest file: the services given on the command line.
///
/// # Errors
/// No cluster or no services are given.
pub fn without_manifest(settings: &Settings, request: &Request) -> Result<Manifest> {
    let hint =
        "go to its directory, name it with `-f`, or name a cluster and a service: `--cluster main web`";
    let failure =
        Failure::usage("no `ecsail.yml` in this directory or its parents").with_hint(hint.to_owned());
    let tags = request.tags.clone();
    let mut manifest = Manifest { cluster: settings.cluster.clone(), tags, ..Manifest::default() };
    let names = request.service_names();
    let are_in_cluster = settings.cluster.is_some() || names.iter().all(|name| has_cluster(name));
    adopt_place(&mut manifest, settings, &names)?;
    match &request.scope {
        Scope::Task { name: None, like: Some(like) } if are_in_cluster => {
            manifest.keep_running_definitions = request.tags.is_empty();
            manifest.like_services = vec![on_the_fly(like)];
        }
        Scope::Services | Scope::Release | Scope::Named(_) if are_in_cluster && !names.is_empty() => {
            manifest.services = names.iter().map(|name| on_the_fly(name)).collect();
        }
        _ => return Err(failure),
    }
    Ok(manifest)
}

/// Returns the path of the manifest: the one given, or the nearest one in this directory and its parents.
fn find_manifest(settings: &Settings) -> Result<Option<PathBuf>> {
    if let Some(path) = &settings.manifest {
        return if path.is_dir() {
            Ok(Some(manifest_in_directory(path).unwrap_or_else(|| path.join(FILE_NAMES[0]))))
        } else {
            Ok(Some(path.clone()))
        };
    }
    if let Some(here) = manifest_in_directory(Path::new("")) {
        return Ok(Some(here));
    }
    let current = std::env::current_dir()
        .map_err(|error| Failure::error("failed to read the current directory").with_cause(error))?;
    Ok(current.ancestors().skip(1).find_map(manifest_in_directory))
}

/// Returns a manifest with only a definition file and the files that it includes, and the name of the file in it.
///
/// # Errors
/// A file that cannot be read.
pub fn load_definition(settings: &Settings, path: &Path, tags: &ImageTags) -> Result<(String, Manifest)> {
    let _limits = FileLimits::start();
    let mut manifest = Manifest::default();
    let mut context = template_names::base_context(settings, &[], tags, None);
    let nothing = Node::string("", SourceSpan::new(SourceId::from_index(0), 0..0));
    template_names::set_vars(&mut context, &nothing, settings);
    for (name, has) in [
        ("image", "the images"),
        ("service", "the service"),
        ("task", "the task"),
        ("schedule", "the schedule"),
    ] {
        let hint = format!("check this definition with `ecsail check` and its manifest, which has {has}");
        context.set_missing_name_hint(name, &hint);
    }
    manifest.context = context;
    let text = text_file::read(path).map_err(|error| error.of(path))?;
    let name = path.display().to_string();
    let id = manifest.sources.add(&name, text);
    manifest.templates.insert(name.clone(), id);
    load_included_files(&project(path, settings), id, &mut manifest);
    Ok((name, manifest))
}

/// Returns the path of the manifest that a run loads.
///
/// # Errors
/// The current directory cannot be read.
pub fn manifest_path(settings: &Settings) -> Result<Option<PathBuf>> {
    find_manifest(settings)
}

/// Returns the names of the manifest's stages, or none if there is no manifest or it cannot be parsed.
///
/// # Errors
/// The manifest cannot be read.
pub fn stages(settings: &Settings) -> Result<Vec<String>> {
    let _limits = FileLimits::start();
    let Some(path) = find_manifest(settings)? else { return Ok(Vec::new()) };
    let mut manifest = Manifest::default();
    let name = path.display().to_string();
    let id = manifest.sources.add(&name, read_manifest(&path)?);
    manifest.templates.insert(name.clone(), id);
    load_included_files(&project(&path, settings), id, &mut manifest);
    let root = render_passes::render_pass(
        &name,
        &TemplateContext::default(),
        &mut manifest,
        UndefinedNames::Lenient,
    );
    Ok(root.map(|root| template_names::stage_names(&root)).unwrap_or_default())
}

/// The names in a manifest that are plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestKeys {
    pub services: Vec<String>,
    pub tasks: Vec<String>,
    pub schedules: Vec<String>,
    pub load_stage_names: Vec<String>,
    pub cluster: Option<String>,
}

/// Returns the names in the manifest, or none if there is no manifest or it cannot be parsed.
///
/// Reads only the manifest itself. If no stage is chosen, the names of all stages are included.
///
/// # Errors
/// The manifest cannot be read.
pub fn load_keys(settings: &Settings) -> Result<ManifestKeys> {
    let _limits = FileLimits::start();
    let Some(path) = find_manifest(settings)? else { return Ok(ManifestKeys::default()) };
    let mut manifest = Manifest::default();
    let name = path.display().to_string();
    let id = manifest.sources.add(&name, read_manifest(&path)?);
    manifest.templates.insert(name.clone(), id);
    load_included_files(&project(&path, settings), id, &mut manifest);
    let context = template_names::base_context(settings, &[], &ImageTags::default(), None);
    let Ok(root) = render_passes::render_pass(&name, &context, &mut manifest, UndefinedNames::Lenient) else {
        return Ok(ManifestKeys::default());
    };
    let stages = template_names::stage_names(&root);
    let chosen = stages.iter().filter(|stage| settings.stage.as_ref().is_none_or(|chosen| *stage == chosen));
    let roots: Vec<Node> = std::iter::once(types::apply_stage(&root, None))
        .chain(chosen.map(|stage| types::apply_stage(&root, Some(stage))))
        .collect();
    let [services, tasks, schedules] =
        ["services", "tasks", "schedules"].map(|name| mapping_keys(&roots, name));
    let cluster = types::apply_stage(&root, settings.stage.as_deref())
        .get("cluster")
        .and_then(Node::text)
        .map(str::to_owned);
    Ok(ManifestKeys { services, tasks, schedules, load_stage_names: stages, cluster })
}

/// Returns the keys of a mapping in several trees, without duplicates.
fn mapping_keys(roots: &[Node], name: &str) -> Vec<String> {
    let entries = roots.iter().filter_map(|root| root.get(name)).flat_map(Node::entries);
    let mut seen = std::collections::BTreeSet::new();
    let keys = entries.map(|(key, _)| key.name.clone());
    keys.filter(|key| seen.insert(key.clone())).collect()
}

/// Returns the folder of a manifest or definition, and which files templates may include.
fn project(path: &Path, settings: &Settings) -> ProjectFolder {
    ProjectFolder::of(path, settings.allow_includes_outside)
}

fn manifest_in_directory(directory: &Path) -> Option<PathBuf> {
    FILE_NAMES.iter().map(|name| directory.join(name)).find(|path| path.is_file())
}

fn read_manifest(path: &Path) -> Result<String, Failure> {
    text_file::read(path).map_err(|error| {
        let hint = "set the path of the manifest with `-f` or `ECSAIL_MANIFEST`".to_owned();
        error.of(path).with_hint(hint)
    })
}

/// Reads the files of all layers, and reports missing files at the place in the manifest.
fn load_definitions(project: &ProjectFolder, manifest: &mut Manifest) {
    let services = manifest.services.iter().chain(&manifest.like_services);
    let of_services = services
        .flat_map(|service| service.task_definition.iter().chain(&service.service).chain(&service.express));
    let of_tasks = manifest.task_specs().flat_map(|work| work.task_definition.iter().chain(&work.run_task));
    let layers: Vec<_> = of_services
        .chain(of_tasks)
        .filter_map(|layer| match layer {
            Layer::File(path) => Some((path.value.clone(), path.span)),
            Layer::Inline(_) => None,
        })
        .collect();
    for (name, span) in layers {
        load_file(project, &name, NamedBy::Layer(span), manifest);
    }
}

/// How a file is named.
#[derive(Clone, Copy)]
enum NamedBy {
    /// As a layer of a definition.
    Layer(SourceSpan),
    /// By an `include`, `import` or `extends` in a template, which may be optional.
    Include(SourceSpan),
}

/// Reads a file and the files that it includes, unless it has been read.
fn load_file(project: &ProjectFolder, name: &str, named_by: NamedBy, manifest: &mut Manifest) {
    if manifest.templates.contains_key(name) {
        return;
    }
    let path = project.directory.join(name);
    if let NamedBy::Include(span) = named_by
        && !project.may_include(&path)
    {
        return report_outside(name, &path, span, manifest);
    }
    match text_file::read_regular(&path) {
        Ok(text) => {
            let id = manifest.sources.add(path.display().to_string(), text);
            if !project.has_file(&path) {
                manifest.sources.hide(id);
            }
            manifest.templates.insert(name.to_owned(), id);
            load_included_files(project, id, manifest);
        }
        Err(error) => report_unreadable(name, &path, &error, named_by, manifest),
    }
}

/// Reports an included file outside the manifest's folder.
fn report_outside(name: &str, path: &Path, span: SourceSpan, manifest: &mut Manifest) {
    let id = manifest.sources.add(path.display().to_string(), UNREADABLE_FILE);
    manifest.templates.insert(name.to_owned(), id);
    let message = format!("`{}` is outside the folder of the manifest", path.display());
    let hint = "move it into the folder, or allow it with `--allow-includes-outside`".to_owned();
    manifest.problems.push(Problem::error(span, message).label("named here").hint(hint));
}

/// Reports a file that cannot be read. The template engine reports a missing include, unless it is optional.
fn report_unreadable(
    name: &str,
    path: &Path,
    error: &text_file::ReadError,
    named_by: NamedBy,
    manifest: &mut Manifest,
) {
    let is_there = path.exists();
    let span = match named_by {
        NamedBy::Include(_) if !is_there => return,
        NamedBy::Include(span) => {
            let id = manifest.sources.add(path.display().to_string(), UNREADABLE_FILE);
            manifest.templates.insert(name.to_owned(), id);
            span
        }
        NamedBy::Layer(span) => span,
    };
    let message = if is_there {
        format!("failed to read `{}`: {error}", path.display())
    } else {
        format!("no file named `{}`", path.display())
    };
    manifest.problems.push(Problem::error(span, message).label("named here").hint(similar_file_hint(path)));
}

fn load_included_files(project: &ProjectFolder, id: SourceId, manifest: &mut Manifest) {
    for (name, range) in included_names(&manifest.sources.get(id).text) {
        load_file(project, &name, NamedBy::Include(SourceSpan::new(id, range)), manifest);
    }
}

/// Returns the hint with the most similar file name in the directory of a missing file.
fn similar_file_hint(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(directory).ok()?;
    let names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    did_you_mean(wanted, names.iter().map(String::as_str))
}

/// Returns a manifest for tests, from a text without files.
///
/// # Errors
///
/// Fails where the manifest cannot be read.
#[cfg(test)]
pub fn from_text(text: &str, settings: &Settings, request: &Request) -> Result<Manifest> {
    let mut manifest = Manifest { tags: request.tags.clone(), ..Manifest::default() };
    let id = manifest.sources.add("ecsail.yml", text);
    manifest.templates.insert("ecsail.yml".to_owned(), id);
    let root = render_passes::render_manifest("ecsail.yml", settings, request, &mut manifest)?;
    types::read_manifest(&root, &mut manifest);
    manifest.vars.extend(settings.set_vars.iter().cloned());
    named::check_references(&mut manifest);
    check_tag_images(request, &manifest)?;
    select::select_scope(&mut manifest, settings, request)?;
    Ok(manifest)
}
