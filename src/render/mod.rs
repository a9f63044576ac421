//! Renders a manifest into the desired services, tasks and schedules.
//!
//! Rendering does no IO: all files have been read before.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::document::model::DocumentKind;
use crate::document::problem::{InvalidFiles, Problem, Problems};
use crate::document::reader;
use crate::document::source::SourceSpan;
use crate::document::tree::Node;
use crate::image::{ImageReference, images};
use crate::lint;
use crate::manifest::fields::LocatedValue;
use crate::manifest::task_spec::registered_definition;
use crate::manifest::template_names::{MISSING_TAG_HINT, resolve_image};
use crate::manifest::{FailureAction, Layer, Manifest, ManifestService, Patience};
use crate::service_arn::ServiceArn;
use crate::settings::ImageTags;
use crate::verification::{Definition, References};
use definition_edits::DefinitionEdits;
use definition_files::{DefinitionFiles, DefinitionOwner};

pub mod autoscaling;
mod container_images;
pub mod definition_edits;
mod definition_files;
pub mod express;
pub mod overrides;
mod schedule_limits;
mod schedule_times;
pub mod schedules;
mod secret_tags;
mod service_document;
mod task_checks;
pub mod task_spec;
mod unused_images;

pub use autoscaling::DesiredAutoscaling;
pub use schedules::{DesiredSchedule, DesiredScheduleTarget};
pub use task_spec::{DesiredTask, DesiredTaskSpec};
pub use unused_images::unused_images;

/// The desired services, tasks and schedules of a manifest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DesiredState {
    pub services: Vec<DesiredService>,
    /// Services that stay unchanged, and whose definition and network are used by tasks that are `like` them.
    pub like_services: Vec<DesiredService>,
    pub tasks: Vec<DesiredTask>,
    pub schedules: Vec<DesiredSchedule>,
    /// The schedule group of the app and stage; `None` without an app.
    pub app_group: Option<String>,
    /// The warnings and notes of the files; never errors.
    #[serde(skip)]
    pub file_problems: InvalidFiles,
    /// What the documents name in AWS; none of a saved plan.
    #[serde(skip)]
    pub references: References,
}

/// A desired service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DesiredService {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    /// The name in ECS.
    pub name: String,
    pub cluster: String,
    pub definition: DefinitionSource,
    /// Changes of the running definition by flags; none where the manifest has the definition.
    pub edits: DefinitionEdits,
    /// The members of the service in the manifest, as `CreateService` takes them.
    pub service: Option<Value>,
    /// `None` to leave the autoscaling of the service as it is.
    pub autoscaling: Option<DesiredAutoscaling>,
    /// Whether a deploy sets the number of tasks of a service that exists.
    pub enforce_desired_count: bool,
    /// The keys of tags that others set, although the manifest has them.
    pub ignore_tags: Vec<String>,
    /// The keys of the tasks that run before and after it, and of the services that it needs.
    pub before: Vec<String>,
    pub after: Vec<String>,
    pub needs: Vec<String>,
    pub timeout: Option<Duration>,
    pub on_failure: Option<FailureAction>,
    pub on_timeout: Option<FailureAction>,
    pub patience: Option<Patience>,
}

impl DesiredService {
    /// Returns the document in the manifest that has the tags of the service; null where there is none.
    pub fn tagged_document(&self) -> &Value {
        match &self.definition {
            DefinitionSource::Express(document) => document,
            _ => self.service.as_ref().unwrap_or(&Value::Null),
        }
    }

    /// Returns the ARNs of the target groups that the manifest names, with the alternate ones of a blue/green deployment.
    pub fn target_groups(&self) -> Vec<String> {
        let document = self.service.as_ref().unwrap_or(&Value::Null);
        let balancers = document["loadBalancers"].as_array().into_iter().flatten();
        let named = balancers.flat_map(|balancer| {
            [&balancer["targetGroupArn"], &balancer["advancedConfiguration"]["alternateTargetGroupArn"]]
        });
        named.filter_map(|arn| arn.as_str().map(str::to_owned)).collect()
    }

    /// Returns whether a command line names it: by its key, or by its ARN.
    pub fn is_named(&self, name: &str) -> bool {
        self.key == name
            || ServiceArn::parse(name).is_some_and(|arn| arn.is_of(&self.name, Some(&self.cluster)))
    }
}

/// The source of a task definition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DefinitionSource {
    /// A document from the manifest.
    Rendered(Value),
    /// ECS makes the definition from these members, as `CreateExpressGatewayService` takes them.
    Express(Value),
    /// The running definition, with the tags of images replaced.
    RunningWithTags(ImageReplacements),
    /// The running definition, unchanged.
    RunningUnchanged,
    /// A definition that is registered elsewhere: its family, for the newest ACTIVE revision, or one revision.
    Registered(String),
}

/// The new tags for images of a running definition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageReplacements {
    /// The manifest's `images` with their tags; they are matched by repository.
    pub definition_images: Vec<ImageReference>,
    /// The manifest's images without a tag. A service that runs one of them cannot be deployed.
    pub untagged: Vec<ImageReference>,
    /// The images that the manifest has for containers, by their names.
    #[serde(default)]
    pub by_container: BTreeMap<String, ImageReference>,
    /// Without `images` in a manifest: the tags given, by container or repository name.
    pub tags: ImageTags,
}

/// Renders a manifest.
///
/// # Errors
/// All problems of the manifest and the definitions, if one of them is an error.
pub fn render_desired(manifest: &Manifest) -> Result<DesiredState, InvalidFiles> {
    let mut problems = manifest.problems.clone();
    let mut files = DefinitionFiles::new(manifest);
    let mut of = |service: &ManifestService, problems: &mut Problems| {
        render_service(service, manifest, &mut files, problems)
    };
    let services: Vec<_> =
        manifest.services.iter().filter_map(|service| of(service, &mut problems)).collect();
    let lenders: Vec<_> =
        manifest.like_services.iter().filter_map(|service| of(service, &mut problems)).collect();
    let known = task_checks::KnownServices { services: &services, like_services: &lenders };
    let tasks = task_spec::render_tasks(manifest, known, &mut files, &mut problems);
    let schedules = schedules::render_schedules(manifest, &tasks, known, &mut files, &mut problems);
    let own_group =
        manifest.app.as_ref().map(|app| schedules::app_group_name(app, manifest.stage.as_deref()));
    let desired = DesiredState {
        services,
        like_services: lenders,
        tasks,
        schedules,
        app_group: own_group,
        file_problems: InvalidFiles::default(),
        references: std::mem::take(&mut files.references),
    };
    check_tags_used(&desired, manifest, &mut problems);
    secret_tags::check(&desired, manifest, &mut problems);
    manifest.context.add_member_hints(&mut problems, &manifest.sources);
    let remarks = InvalidFiles { problems, sources: manifest.sources.clone() };
    if remarks.problems.has_errors() {
        Err(remarks)
    } else {
        Ok(DesiredState { file_problems: remarks, ..desired })
    }
}

impl DesiredState {
    /// Returns all services, including those that only lend their definition to tasks.
    pub fn all_services(&self) -> impl Iterator<Item = &DesiredService> {
        self.services.iter().chain(&self.like_services)
    }

    /// Returns what the tasks and the targets of schedules run.
    pub fn task_specs(&self) -> impl Iterator<Item = &DesiredTaskSpec> {
        let targets = self.schedules.iter().flat_map(|schedule| &schedule.targets);
        self.tasks.iter().map(|task| &task.spec).chain(targets.map(|target| &target.spec))
    }

    /// Returns the task definitions of all services, tasks and targets.
    pub fn definitions(&self) -> impl Iterator<Item = &DefinitionSource> {
        let own = self.task_specs().filter_map(|work| work.definition.as_ref());
        self.all_services().map(|service| &service.definition).chain(own)
    }
}

/// Reports tags that no definition uses: the deploy would succeed and change nothing.
fn check_tags_used(desired: &DesiredState, manifest: &Manifest, problems: &mut Problems) {
    let tags = &manifest.tags;
    let given: Vec<&String> =
        tags.default.iter().filter(|_| !tags.is_placeholder).chain(tags.by_image.values()).collect();
    let arrives = |definition: &DefinitionSource| match definition {
        DefinitionSource::RunningWithTags(_)
        | DefinitionSource::RunningUnchanged
        | DefinitionSource::Registered(_) => true,
        DefinitionSource::Rendered(document) => {
            images(document).any(|image| given.iter().any(|tag| image.version().as_ref() == Some(*tag)))
        }
        DefinitionSource::Express(document) => {
            let has = |image: ImageReference| given.iter().any(|tag| image.version().as_ref() == Some(*tag));
            express::express_images(document).into_iter().any(has)
        }
    };
    let nothing = desired.definitions().next().is_none();
    let is_known = !manifest.context.lookups().has_placeholders();
    if given.is_empty() || nothing || !is_known || problems.has_errors() || desired.definitions().any(arrives)
    {
        return;
    }
    let span =
        manifest.images.values().next().map(|image| image.span).or_else(|| manifest.services.first()?.span);
    let message = format!("no definition uses the tag `{}`", tags.summary().unwrap_or_default());
    let hint = "set the image of the container to an expression: `image: {{ image.NAME }}`".to_owned();
    problems.push(Problem::error(span, message).hint(hint));
}

fn render_service(
    service: &ManifestService,
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<DesiredService> {
    let cluster = manifest.cluster_of(service);
    if cluster.is_none() {
        let message = format!("service `{}` has no cluster", service.key);
        let hint = "set one with `cluster:` in the manifest, or `--cluster`".to_owned();
        problems.push(Problem::error(service.span, message).hint(hint));
    }
    let value = json!({ "key": service.key, "name": service.name });
    files.set_owner(DefinitionOwner { name: "service", value });
    let ignore = [manifest.ignore.as_slice(), &service.ignore].concat();
    let (definition, written) = service_definition(service, manifest, files, &ignore, problems);
    let document = if service.service.is_empty() {
        None
    } else {
        let found = files.merge_layers(&service.service, DocumentKind::Service, manifest, problems)?;
        if found.is_valid {
            lint::check_service(&found.node, written.as_ref(), &ignore, problems);
            let cluster = manifest.cluster_of(service);
            let definition = Definition(written.as_ref());
            files.references.add_document(&found.node, DocumentKind::Service, definition, cluster.as_deref());
        }
        let family = match &definition {
            Some(DefinitionSource::Rendered(document)) => document["family"].as_str(),
            _ => None,
        };
        Some(service_document::render_service_document(service, manifest, family, &found.node, problems))
    };
    Some(DesiredService {
        key: service.key.clone(),
        name: service.name.clone(),
        cluster: cluster?,
        definition: definition?,
        edits: DefinitionEdits::default(),
        service: document,
        autoscaling: autoscaling::render_autoscaling(service, manifest, problems),
        enforce_desired_count: service.enforce_desired_count,
        ignore_tags: service.ignore_tags.clone(),
        before: name_values(&service.before),
        after: name_values(&service.after),
        needs: name_values(&service.needs),
        timeout: service.timeout.or(manifest.timeout),
        on_failure: service.on_failure.or(manifest.on_failure),
        on_timeout: service.on_timeout.or(manifest.on_timeout),
        patience: service.patience.or(manifest.patience),
    })
}

fn name_values(names: &[LocatedValue<String>]) -> Vec<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

/// Returns the source of a service's task definition, and its tree if it is in the manifest and has no error.
fn service_definition(
    service: &ManifestService,
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    ignore: &[String],
    problems: &mut Problems,
) -> (Option<DefinitionSource>, Option<Node>) {
    if manifest.keep_running_definitions {
        return (Some(DefinitionSource::RunningUnchanged), None);
    }
    if !service.express.is_empty() {
        return (express::render_express(service, manifest, files, problems), None);
    }
    if service.task_definition.is_empty() && manifest.edits_running_definition && manifest.tags.is_empty() {
        return (Some(DefinitionSource::RunningUnchanged), None);
    }
    if service.task_definition.is_empty() {
        for (name, image) in &manifest.images {
            if let Some(reference) = resolve_image(name, image, manifest.images.len(), &manifest.tags) {
                files.references.add_image(&reference, image.span, format!("images.{name}"));
            }
        }
        return (
            Some(DefinitionSource::RunningWithTags(image_replacements(service, manifest, problems))),
            None,
        );
    }
    if let Some(named) = registered_definition(&service.task_definition) {
        let message = format!("service `{}` has nothing but the family of its task definition", service.key);
        let hint = "add `containerDefinitions`, or leave `task_definition` out to keep the definition that runs; `{ family: … }` alone \
                    is for tasks and schedules";
        problems.push(Problem::error(named.span, message).hint(hint.to_owned()));
        return (None, None);
    }
    let Some(written) =
        files.merge_layers(&service.task_definition, DocumentKind::TaskDefinition, manifest, problems)
    else {
        return (None, None);
    };
    let definition = DefinitionSource::Rendered(written.node.to_value());
    // In a document with errors, checks would only report consequences of them.
    if !written.is_valid {
        return (Some(definition), None);
    }
    lint::check_task_definition(&written.node, ignore, problems);
    let own = Definition(Some(&written.node));
    files.references.add_document(&written.node, DocumentKind::TaskDefinition, own, None);
    (Some(definition), Some(written.node))
}

/// Returns the new tags for the running definition of a service.
fn image_replacements(
    service: &ManifestService,
    manifest: &Manifest,
    problems: &mut Problems,
) -> ImageReplacements {
    let tags = &manifest.tags;
    if manifest.images.is_empty() && !tags.is_empty() {
        return ImageReplacements { tags: tags.clone(), ..ImageReplacements::default() };
    }
    let count = manifest.images.len();
    let by_container = container_images::images_by_container(manifest);
    let mut replacements = ImageReplacements { by_container, ..ImageReplacements::default() };
    for (name, image) in &manifest.images {
        match resolve_image(name, image, count, tags) {
            Some(reference) => replacements.definition_images.push(reference),
            None => replacements.untagged.push(image.reference.clone()),
        }
    }
    if replacements.definition_images.is_empty() {
        let message = format!("no tag to deploy for service `{}`", service.key);
        problems.push(Problem::error(service.span, message).hint(MISSING_TAG_HINT.to_owned()));
    }
    replacements
}

/// Returns the kind and the document of a single definition file, and reports its problems.
pub fn render_definition_file(
    name: &str,
    manifest: &Manifest,
    problems: &mut Problems,
) -> Option<(DocumentKind, Value)> {
    let mut files = DefinitionFiles::new(manifest);
    let root = reader::detect_kind(&files.file_tree(name, manifest, problems)?);
    let span = SourceSpan::new(*manifest.templates.get(name)?, 0..0);
    let layers = [Layer::File(LocatedValue { value: name.to_owned(), span })];
    let document = files.merge_layers(&layers, root, manifest, problems)?;
    if document.is_valid {
        let ignore = &manifest.ignore;
        match root {
            DocumentKind::TaskDefinition => lint::check_task_definition(&document.node, ignore, problems),
            DocumentKind::Service | DocumentKind::RunTask => {
                lint::check_service(&document.node, None, ignore, problems);
            }
            DocumentKind::Express
            | DocumentKind::TaskOverride
            | DocumentKind::ScalingPolicy
            | DocumentKind::ScheduledAction => {}
        }
    }
    Some((root, document.node.to_value()))
}
