//! Renders a manifest into the desired services, tasks and schedules.
//!
//! Rendering does no IO: all files have been read before.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::document::model::Root;
use crate::document::problem::{Invalid, Problem, Problems};
use crate::document::read;
use crate::document::source::Span;
use crate::document::tree::Node;
use crate::image::{Reference, images};
use crate::lint;
use crate::manifest::fields::Located;
use crate::manifest::names::tagged;
use crate::manifest::{Layer, Manifest, OnFailure, Service};
use crate::settings::Tags;
use crate::template::Engine;
use files::Files;

mod files;
mod schedule_limits;
pub mod schedules;
pub mod work;

pub use schedules::{DesiredSchedule, DesiredTarget};
pub use work::{DesiredTask, DesiredWork};

/// The desired services, tasks and schedules of a manifest.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    pub services: Vec<DesiredService>,
    /// Services that stay unchanged, and whose definition and network are used by tasks that are `like` them.
    pub lenders: Vec<DesiredService>,
    pub tasks: Vec<DesiredTask>,
    pub schedules: Vec<DesiredSchedule>,
    /// The schedule group of the app and stage; `None` without an app.
    pub own_group: Option<String>,
    /// The warnings and notes of the files; never errors.
    pub remarks: Invalid,
}

/// A desired service.
#[derive(Clone, Debug)]
pub struct DesiredService {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    /// The name in ECS.
    pub name: String,
    pub cluster: String,
    pub definition: Definition,
    /// The members of the service in the manifest, as CreateService takes them.
    pub service: Option<Value>,
    /// The keys of the tasks that run before and after it, and of the services that it needs.
    pub before: Vec<String>,
    pub after: Vec<String>,
    pub needs: Vec<String>,
    pub timeout: Option<Duration>,
    pub on_failure: Option<OnFailure>,
    pub on_timeout: Option<OnFailure>,
}

/// The source of a task definition.
#[derive(Clone, Debug)]
pub enum Definition {
    /// A document from the manifest.
    Rendered(Value),
    /// The running definition, with the tags of images replaced.
    Running(Replacements),
    /// The running definition, unchanged.
    Kept,
}

/// The new tags for images of a running definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replacements {
    /// The manifest's `images` with their tags; they are matched by repository.
    pub images: Vec<Reference>,
    /// The manifest's images without a tag. A service that runs one of them cannot be deployed.
    pub untagged: Vec<Reference>,
    /// Without `images` in a manifest: the tags given, by container or repository name.
    pub tags: Tags,
}

/// Renders a manifest.
///
/// # Errors
/// All problems of the manifest and the definitions, if one of them is an error.
pub fn desired(manifest: &Manifest) -> Result<Desired, Invalid> {
    let mut problems = manifest.problems.clone();
    let mut files = Files {
        engine: Engine::new(manifest.context.clone(), &manifest.templates, &manifest.sources),
        trees: BTreeMap::new(),
    };
    let mut of =
        |service: &Service, problems: &mut Problems| desired_service(service, manifest, &mut files, problems);
    let services: Vec<_> =
        manifest.services.iter().filter_map(|service| of(service, &mut problems)).collect();
    let lenders: Vec<_> = manifest.lenders.iter().filter_map(|service| of(service, &mut problems)).collect();
    let tasks = work::tasks(manifest, &mut files, &mut problems);
    let schedules = schedules::desired(manifest, &tasks, &mut files, &mut problems);
    let own_group = manifest.app.as_ref().map(|app| schedules::group_of(app, manifest.stage.as_deref()));
    let desired = Desired { services, lenders, tasks, schedules, own_group, remarks: Invalid::default() };
    check_tags_arrive(&desired, manifest, &mut problems);
    let remarks = Invalid { problems, sources: manifest.sources.clone() };
    if remarks.problems.any_error() { Err(remarks) } else { Ok(Desired { remarks, ..desired }) }
}

impl Desired {
    /// Returns all services, including those that only lend their definition to tasks.
    pub fn all_services(&self) -> impl Iterator<Item = &DesiredService> {
        self.services.iter().chain(&self.lenders)
    }

    /// Returns what the tasks and the targets of schedules run.
    pub fn works(&self) -> impl Iterator<Item = &DesiredWork> {
        let targets = self.schedules.iter().flat_map(|schedule| &schedule.targets);
        self.tasks.iter().map(|task| &task.work).chain(targets.map(|target| &target.work))
    }

    /// Returns the task definitions of all services, tasks and targets.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        let own = self.works().filter_map(|work| work.definition.as_ref());
        self.all_services().map(|service| &service.definition).chain(own)
    }
}

/// Reports tags that no definition uses: the deploy would succeed and change nothing.
fn check_tags_arrive(desired: &Desired, manifest: &Manifest, problems: &mut Problems) {
    let tags = &manifest.tags;
    let given: Vec<&String> =
        tags.all.iter().filter(|_| !tags.placeholder).chain(tags.one.values()).collect();
    let arrives = |definition: &Definition| match definition {
        Definition::Running(_) | Definition::Kept => true,
        Definition::Rendered(document) => {
            images(document).any(|image| given.iter().any(|tag| image.version() == Some(tag.as_str())))
        }
    };
    let nothing = desired.definitions().next().is_none();
    if given.is_empty() || nothing || problems.any_error() || desired.definitions().any(arrives) {
        return;
    }
    let span =
        manifest.images.values().next().map(|image| image.span).or_else(|| manifest.services.first()?.span);
    let message = format!("no definition uses the tag `{}`", tags.label().unwrap_or_default());
    let hint = "set the image of the container to an expression: `image: {{ image.NAME }}`".to_owned();
    problems.push(Problem::error(span, message).hint(hint));
}

fn desired_service(
    service: &Service,
    manifest: &Manifest,
    files: &mut Files,
    problems: &mut Problems,
) -> Option<DesiredService> {
    let cluster = manifest.cluster_of(service);
    if cluster.is_none() {
        let message = format!("service `{}` has no cluster", service.key);
        let hint = "set one with `cluster:` in the manifest, or `--cluster`".to_owned();
        problems.push(Problem::error(service.span, message).hint(hint));
    }
    let ignore = [manifest.ignore.as_slice(), &service.ignore].concat();
    let (definition, written) = definition(service, manifest, files, &ignore, problems);
    let document = match service.service.is_empty() {
        true => None,
        false => {
            let found = files.document(&service.service, Root::Service, manifest, problems)?;
            if found.sound {
                lint::service(&found.node, written.as_ref(), &ignore, problems);
            }
            Some(service_document(service, manifest, &found.node, problems))
        }
    };
    Some(DesiredService {
        key: service.key.clone(),
        name: service.name.clone(),
        cluster: cluster?,
        definition: definition?,
        service: document,
        before: keys(&service.before),
        after: keys(&service.after),
        needs: keys(&service.needs),
        timeout: service.timeout.or(manifest.timeout),
        on_failure: service.on_failure.or(manifest.on_failure),
        on_timeout: service.on_timeout.or(manifest.on_timeout),
    })
}

fn keys(names: &[Located<String>]) -> Vec<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

/// Returns the source of a service's task definition, and its tree if it is in the manifest and has no error.
fn definition(
    service: &Service,
    manifest: &Manifest,
    files: &mut Files,
    ignore: &[String],
    problems: &mut Problems,
) -> (Option<Definition>, Option<Node>) {
    if manifest.as_it_runs {
        return (Some(Definition::Kept), None);
    }
    if service.task_definition.is_empty() {
        return (Some(Definition::Running(replacements(service, manifest, problems))), None);
    }
    let Some(written) = files.document(&service.task_definition, Root::TaskDefinition, manifest, problems)
    else {
        return (None, None);
    };
    let definition = Definition::Rendered(written.node.to_value());
    // In a document with errors, checks would only report consequences of them.
    if !written.sound {
        return (Some(definition), None);
    }
    lint::task_definition(&written.node, ignore, problems);
    (Some(definition), Some(written.node))
}

/// Returns the service document, and reports a service name or cluster that differs from the manifest.
fn service_document(service: &Service, manifest: &Manifest, node: &Node, problems: &mut Problems) -> Value {
    let expected = [
        ("serviceName", Some(service.name.clone()), "name"),
        ("cluster", manifest.cluster_of(service), "cluster"),
    ];
    for (member, expected, key) in expected {
        let Some(found) = node.get(member) else { continue };
        if found.text() != expected.as_deref() {
            let message = format!(
                "`{member}` is {}, but the manifest has `{}`",
                found.describe(),
                expected.unwrap_or_default()
            );
            let hint = format!("remove it here: it is set by `{key}` in the manifest");
            problems.push(Problem::error(found.span, message).path(member).hint(hint));
        }
    }
    if let Some(found) = node.get("taskDefinition") {
        let message = "`taskDefinition` cannot be set here: the deploy sets it";
        problems.push(Problem::error(found.span, message).path("taskDefinition"));
    }
    let mut value = node.to_value();
    if let Value::Object(members) = &mut value {
        for member in ["serviceName", "cluster", "taskDefinition"] {
            members.remove(member);
        }
    }
    value
}

/// Returns the new tags for the running definition of a service.
fn replacements(service: &Service, manifest: &Manifest, problems: &mut Problems) -> Replacements {
    let tags = &manifest.tags;
    if manifest.images.is_empty() && !tags.is_empty() {
        return Replacements { tags: tags.clone(), ..Replacements::default() };
    }
    let count = manifest.images.len();
    let mut replacements = Replacements::default();
    for (name, image) in &manifest.images {
        match tagged(name, image, count, tags) {
            Some(reference) => replacements.images.push(reference),
            None => replacements.untagged.push(image.reference.clone()),
        }
    }
    if replacements.images.is_empty() {
        let message = format!("no tag to deploy for service `{}`", service.key);
        problems.push(Problem::error(service.span, message).hint("set one with `--tag 1.4.2`".to_owned()));
    }
    replacements
}

/// Returns the kind and the document of a single definition file, and reports its problems.
pub fn definition_file(name: &str, manifest: &Manifest, problems: &mut Problems) -> Option<(Root, Value)> {
    let engine = Engine::new(manifest.context.clone(), &manifest.templates, &manifest.sources);
    let mut files = Files { engine, trees: BTreeMap::new() };
    let root = read::root_of(&files.tree(name, manifest, problems)?);
    let span = Span::new(*manifest.templates.get(name)?, 0..0);
    let layers = [Layer::File(Located { value: name.to_owned(), span })];
    let document = files.document(&layers, root, manifest, problems)?;
    if document.sound {
        let ignore = &manifest.ignore;
        match root {
            Root::TaskDefinition => lint::task_definition(&document.node, ignore, problems),
            Root::Service | Root::RunTask => lint::service(&document.node, None, ignore, problems),
        }
    }
    Some((root, document.node.to_value()))
}
