//! The types of the manifest, and how they are read from a tree. Reading reports every problem and stops at none.

use serde::{Deserialize, Serialize};

use super::autoscaling::{ManifestAutoscaling, read_autoscaling};
use super::express::read_express;
use super::fields::{FieldReader, LocatedValue};
use super::github::{ManifestGitHub, read_github};
use super::hooks::{self, ManifestHooks};
use super::ignore::ignored;
use super::images::{containers_with_unknown_image, read_images};
use super::keys::ManifestKeys;
use super::kms_environment::KmsEnvironment;
use super::layers::{Layer, layers};
use super::lock::{ManifestLock, read_lock};
use super::lookups::{ManifestLookups, read_lookups};
use super::notify::{ManifestNotification, read_notifications};
use super::patience::{Patience, read_patience};
use super::protection::read_protection;
use super::schedules::{self, ManifestSchedule, TargetTask};
use super::task_spec::TaskSpec;
use super::tasks::{self, ManifestTask};
use crate::approval::Protection;
use crate::document::problem::{Problem, Problems};
use crate::document::source::{SourceId, SourceSpan, Sources};
use crate::document::tree::{Node, NodeKind};
use crate::image::ImageReference;
use crate::service_arn::ServiceArn;
use crate::settings::ImageTags;
use crate::template::TemplateContext;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The manifest format that this version reads.
const FORMAT_VERSION: &str = "1";

/// The top-level keys of the manifest; those of a stage are [`STAGE_KEYS`].
const ROOT_KEYS: &[&str] = &[
    "ecsail",
    "app",
    "region",
    "cluster",
    "account",
    "role",
    "images",
    "vars",
    "stages",
    "services",
    "tasks",
    "schedules",
    "schedule_role",
    "hooks",
    "timeout",
    "on_failure",
    "on_timeout",
    "patience",
    "strict_images",
    "verify",
    "allow_unknown",
    "ignore",
    "lock",
    "lookups",
    "notify",
    "github",
    "protected",
    "kms_environment",
];
const STAGE_KEYS: &[&str] = &[
    "region",
    "cluster",
    "account",
    "role",
    "images",
    "vars",
    "services",
    "tasks",
    "schedules",
    "schedule_role",
    "hooks",
    "timeout",
    "on_failure",
    "on_timeout",
    "patience",
    "strict_images",
    "verify",
    "allow_unknown",
    "ignore",
    "lock",
    "lookups",
    "notify",
    "github",
    "protected",
    "kms_environment",
];
const SERVICE_KEYS: &[&str] = &[
    "name",
    "cluster",
    "task_definition",
    "service",
    "express",
    "autoscaling",
    "enforce_desired_count",
    "ignore_tags",
    "before",
    "after",
    "needs",
    "timeout",
    "on_failure",
    "on_timeout",
    "patience",
    "ignore",
];

/// A manifest with its stage applied.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// The path of the file; `None` for a run without a manifest.
    pub path: Option<PathBuf>,
    pub app: Option<String>,
    pub stage: Option<String>,
    pub region: Option<String>,
    pub cluster: Option<String>,
    pub account: Option<LocatedValue<String>>,
    pub role: Option<String>,
    pub images: BTreeMap<String, ManifestImage>,
    /// The containers that get an image whose repository is not known yet.
    pub containers_with_unknown_image: Vec<String>,
    pub services: Vec<ManifestService>,
    /// The names in ECS of all services, also of those that this run does not deploy.
    pub service_names: BTreeSet<String>,
    /// The keys of all entries, by what they are.
    pub keys: ManifestKeys,
    /// Services that this run does not deploy, and whose definition and network are used by tasks that are `like` them.
    pub like_services: Vec<ManifestService>,
    /// Whether services keep the task definitions that they run, because no tag was given for a task.
    pub keep_running_definitions: bool,
    /// Whether flags change the running definition of a service, so that it needs no tag.
    pub edits_running_definition: bool,
    pub tasks: Vec<ManifestTask>,
    /// The keys of all tasks that run before or after services, also of those that this run does not deploy.
    pub release_tasks: BTreeSet<String>,
    pub schedules: Vec<ManifestSchedule>,
    /// The name or ARN of the role that starts the tasks of schedules without a `role`.
    pub schedule_role: Option<LocatedValue<String>>,
    pub hooks: ManifestHooks,
    /// The variables that are scalars, overridden by those of `--set`.
    pub vars: BTreeMap<String, String>,
    pub timeout: Option<Duration>,
    pub on_failure: Option<FailureAction>,
    pub on_timeout: Option<FailureAction>,
    pub patience: Option<Patience>,
    /// Whether images that cannot be checked are refused too; no image is refused where it is `false`.
    pub strict_images: Option<bool>,
    /// Whether a plan and a deploy look up what the documents name first.
    pub verify: bool,
    pub allow_unknown: Vec<String>,
    /// The ids of the checks that are not run.
    pub ignore: Vec<String>,
    /// `None` where commands of several people may change the stage at once.
    pub lock: Option<ManifestLock>,
    /// Where templates take values from.
    pub lookups: ManifestLookups,
    pub notify: Vec<ManifestNotification>,
    /// `None` where releases leave nothing on GitHub.
    pub github: Option<ManifestGitHub>,
    /// `None` where one person may change the stage.
    pub protection: Option<Protection>,
    /// The names for templates.
    pub context: TemplateContext,
    /// Every text that was read, and the ids of the templates among them by name.
    pub sources: Sources,
    pub templates: BTreeMap<String, SourceId>,
    /// The tags that the run was given.
    pub tags: ImageTags,
    /// The time of a run that asks whether schedules run in the future.
    pub now: Option<jiff::Timestamp>,
    /// What becomes of ciphertexts of KMS in `environment`.
    pub kms_environment: KmsEnvironment,
    /// The problems found so far. Commands stop at errors once everything has been checked.
    pub problems: Problems,
}

/// An image of the manifest, whose tag `--tag` sets.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestImage {
    /// The repository, and the tag if the manifest has one.
    pub reference: ImageReference,
    /// The containers that get the image in every definition, whatever the definition has.
    pub containers: Vec<LocatedValue<String>>,
    pub span: SourceSpan,
}

/// A service of the manifest.
#[derive(Clone, Debug)]
pub struct ManifestService {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    /// The service's name in ECS.
    pub name: String,
    pub cluster: Option<String>,
    /// Empty to keep the definition that the service runs, with its image tags replaced.
    pub task_definition: Vec<Layer>,
    /// Empty to change nothing but the definition of the service.
    pub service: Vec<Layer>,
    /// The members of an Express service, in place of the definition and the service; empty for any other service.
    pub express: Vec<Layer>,
    /// `None` to leave the autoscaling of the service as it is.
    pub autoscaling: Option<ManifestAutoscaling>,
    /// Whether a deploy sets the number of tasks of a service that exists.
    pub enforce_desired_count: bool,
    /// The keys of tags that others set, although the manifest has them.
    pub ignore_tags: Vec<String>,
    /// The tasks that must succeed before any service changes, and those that run after all rollouts have succeeded.
    pub before: Vec<LocatedValue<String>>,
    pub after: Vec<LocatedValue<String>>,
    /// The services whose rollouts must succeed before this service changes.
    pub needs: Vec<LocatedValue<String>>,
    pub timeout: Option<Duration>,
    pub on_failure: Option<FailureAction>,
    pub on_timeout: Option<FailureAction>,
    pub patience: Option<Patience>,
    /// The ids of the checks that are not run for this service, in addition to those of the manifest.
    pub ignore: Vec<String>,
    /// The span of the key; `None` for a service given on the command line.
    pub span: Option<SourceSpan>,
}

/// Returns a service that is not in a manifest, by its name or its ARN.
pub(super) fn on_the_fly(name: &str) -> ManifestService {
    let arn = ServiceArn::parse(name);
    let (name, cluster) = arn.map_or((name.to_owned(), None), |arn| (arn.name, arn.cluster));
    ManifestService {
        key: name.clone(),
        name,
        cluster,
        task_definition: Vec::new(),
        service: Vec::new(),
        express: Vec::new(),
        autoscaling: None,
        enforce_desired_count: false,
        ignore_tags: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
        needs: Vec::new(),
        timeout: None,
        on_failure: None,
        on_timeout: None,
        patience: None,
        ignore: Vec::new(),
        span: None,
    }
}

/// What to do when a rollout fails, or does not end in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum FailureAction {
    /// Roll back to the previous revision
    Rollback,
    /// Leave the service as it is
    Leave,
}

/// Returns the tree with a stage merged into it, and without `stages`.
///
/// Mappings are merged recursively, and `null` removes a member. Layers of definitions are appended to those of the
/// manifest; every other list is replaced.
pub fn apply_stage(root: &Node, stage: Option<&str>) -> Node {
    let NodeKind::Map(entries) = &root.kind else { return root.clone() };
    let overlay = stage.and_then(|stage| root.get("stages")?.get(stage));
    let kept = entries.iter().filter(|(key, _)| key.name != "stages").cloned().collect();
    let base = Node { kind: NodeKind::Map(kept), span: root.span };
    match overlay {
        Some(overlay) if !overlay.is_null() => merge_stage(base, overlay, &[]),
        _ => base,
    }
}

fn merge_stage(base: Node, over: &Node, path: &[&str]) -> Node {
    if is_layers_path(path) && !over.is_null() {
        let span = over.span;
        let layers = |node: &Node| match &node.kind {
            NodeKind::Seq(items) => items.clone(),
            NodeKind::Null => Vec::new(),
            _ => vec![node.clone()],
        };
        return Node { kind: NodeKind::Seq([layers(&base), layers(over)].concat()), span };
    }
    let (NodeKind::Map(mut merged), NodeKind::Map(entries)) = (base.kind.clone(), &over.kind) else {
        return over.clone();
    };
    for (key, value) in entries {
        match merged.iter().position(|(known, _)| known.name == key.name) {
            Some(at) if value.is_null() => {
                merged.remove(at);
            }
            Some(at) => {
                merged[at].1 = merge_stage(merged[at].1.clone(), value, &[path, &[&key.name]].concat());
            }
            None => merged.push((key.clone(), value.clone())),
        }
    }
    Node { kind: NodeKind::Map(merged), span: base.span }
}

/// Returns whether a path is that of the layers of a document, to which a stage appends.
fn is_layers_path(path: &[&str]) -> bool {
    match path {
        ["services", _, last] => matches!(*last, "task_definition" | "service" | "express"),
        ["tasks", _, last] => matches!(*last, "task_definition" | "run_task"),
        ["schedules", _, "task", last] | ["schedules", _, "targets", _, "task", last] => {
            matches!(*last, "task_definition" | "run_task")
        }
        _ => false,
    }
}

/// Reports unknown keys in all stages, including those that this run does not use.
pub fn check_stages(root: &Node, problems: &mut Problems) {
    let fields = FieldReader::new(root, "", ROOT_KEYS, &[], problems);
    for (name, stage) in fields.entries("stages", problems) {
        let path = format!("stages.{}", name.name);
        let fields = FieldReader::new(stage, &path, STAGE_KEYS, &[], problems);
        ignored(&fields, problems);
        for (key, service) in stage.get("services").map(Node::entries).unwrap_or_default() {
            let fields = FieldReader::new(
                service,
                &format!("{path}.services.{}", key.name),
                SERVICE_KEYS,
                &[],
                problems,
            );
            ignored(&fields, problems);
        }
    }
}

/// Reads the members of the manifest from its tree, in which the stage is applied.
pub fn read_manifest(root: &Node, manifest: &mut Manifest) {
    let mut problems = std::mem::take(&mut manifest.problems);
    let fields = FieldReader::new(root, "", ROOT_KEYS, &[], &mut problems);
    check_format(root, &fields, &mut problems);
    let value = |located: Option<LocatedValue<String>>| located.map(|located| located.value);
    manifest.app = value(fields.text("app", &mut problems));
    manifest.region = value(fields.text("region", &mut problems));
    manifest.cluster = value(fields.text("cluster", &mut problems));
    manifest.role = value(fields.text("role", &mut problems));
    manifest.account = fields.text("account", &mut problems);
    check_account(manifest.account.as_ref(), &mut problems);
    manifest.timeout = fields.duration("timeout", &mut problems);
    manifest.on_failure = fields.enum_value("on_failure", &mut problems);
    manifest.on_timeout = fields.enum_value("on_timeout", &mut problems);
    manifest.patience = read_patience(&fields, &mut problems);
    manifest.strict_images = fields.boolean("strict_images", &mut problems);
    manifest.verify = fields.boolean("verify", &mut problems).unwrap_or_default();
    manifest.allow_unknown = fields.text_list("allow_unknown", &mut problems);
    manifest.ignore = ignored(&fields, &mut problems);
    let vars = fields.entries("vars", &mut problems).iter();
    manifest.vars =
        vars.filter_map(|(key, value)| Some((key.name.clone(), value.text()?.to_owned()))).collect();
    manifest.images = read_images(root, &mut problems);
    manifest.containers_with_unknown_image = containers_with_unknown_image(root);
    manifest.services = read_services(&fields, &mut problems);
    manifest.tasks = tasks::read_tasks(&fields, &mut problems);
    manifest.schedules = schedules::read_schedules(&fields, &mut problems);
    manifest.schedule_role = fields.text("schedule_role", &mut problems);
    manifest.hooks = hooks::read_hooks(&fields, &manifest.sources, &mut problems);
    manifest.lock = read_lock(&fields, &mut problems);
    manifest.lookups = read_lookups(&fields, &mut problems);
    manifest.notify = read_notifications(&fields, &mut problems);
    manifest.github = read_github(&fields, &mut problems);
    manifest.protection = read_protection(&fields, &mut problems);
    if manifest.kms_environment != KmsEnvironment::Keep {
        manifest.kms_environment = fields.enum_value("kms_environment", &mut problems).unwrap_or_default();
    }
    manifest.problems = problems;
}

fn check_format(root: &Node, fields: &FieldReader<'_>, problems: &mut Problems) {
    let hint = format!("begin the manifest with `ecsail: {FORMAT_VERSION}`");
    match fields.get("ecsail") {
        Some(node) if node.text() == Some(FORMAT_VERSION) => {}
        Some(node) => {
            let message =
                format!("this version reads manifest format {FORMAT_VERSION}, found {}", node.describe());
            problems.push(Problem::error(node.span, message).path("ecsail"));
        }
        None if root.is_undefined() => {}
        None => problems.push(Problem::error(root.span, "the manifest has no format version").hint(hint)),
    }
}

fn check_account(account: Option<&LocatedValue<String>>, problems: &mut Problems) {
    let Some(account) = account else { return };
    if account.value.len() != 12 || !account.value.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("`{}` is not an account id of 12 digits", account.value);
        problems.push(Problem::error(account.span, message).path("account"));
    }
}

fn read_services(fields: &FieldReader<'_>, problems: &mut Problems) -> Vec<ManifestService> {
    let mut services = Vec::new();
    for (key, node) in fields.entries("services", problems) {
        let path = format!("services.{}", key.name);
        let fields = FieldReader::new(node, &path, SERVICE_KEYS, &[], problems);
        let name = fields.text("name", problems).map_or(key.name.clone(), |name| name.value);
        let cluster = fields.text("cluster", problems).map(|cluster| cluster.value);
        let same = |known: &&ManifestService| known.name == name && known.cluster == cluster;
        if let Some(known) = services.iter().find(same) {
            let message = format!("`{}` and `{}` are the same service, `{name}`", known.key, key.name);
            problems
                .push(Problem::error(key.span, message).path(&path).hint("remove one of them".to_owned()));
        }
        services.push(ManifestService {
            key: key.name.clone(),
            name,
            cluster,
            task_definition: layers(&fields, "task_definition", problems),
            service: layers(&fields, "service", problems),
            express: read_express(&fields, problems),
            autoscaling: read_autoscaling(&fields, problems),
            enforce_desired_count: fields.boolean("enforce_desired_count", problems).unwrap_or(false),
            ignore_tags: fields.text_list("ignore_tags", problems),
            before: fields.name_list("before", problems),
            after: fields.name_list("after", problems),
            needs: fields.name_list("needs", problems),
            timeout: fields.duration("timeout", problems),
            on_failure: fields.enum_value("on_failure", problems),
            on_timeout: fields.enum_value("on_timeout", problems),
            patience: read_patience(&fields, problems),
            ignore: ignored(&fields, problems),
            span: Some(key.span),
        });
    }
    services
}

impl Manifest {
    /// Returns the folder of the manifest; the current one where there is no manifest.
    pub fn folder(&self) -> &Path {
        let parent = self.path.as_deref().and_then(Path::parent);
        parent.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Returns the task specifications of the tasks, and those in targets of schedules.
    pub fn task_specs(&self) -> impl Iterator<Item = &TaskSpec> {
        let targets = self.schedules.iter().flat_map(|schedule| &schedule.targets);
        let scheduled = targets.filter_map(|target| match &target.spec {
            TargetTask::Inline(work) => Some(work.as_ref()),
            _ => None,
        });
        self.tasks.iter().map(|task| &task.spec).chain(scheduled)
    }

    /// Returns the cluster of a service: its own, or the manifest's.
    pub fn cluster_of(&self, service: &ManifestService) -> Option<String> {
        service.cluster.clone().or_else(|| self.cluster.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_schema_has_the_keys_that_are_read() {
        let schema: serde_json::Value = serde_json::from_str(crate::manifest::SCHEMA).expect("JSON");
        let keys = |properties: &serde_json::Value| -> Vec<String> {
            let mut keys: Vec<_> = properties.as_object().expect("an object").keys().cloned().collect();
            keys.sort();
            keys
        };
        let sorted = |keys: &[&str]| {
            let mut keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&schema["properties"]), sorted(ROOT_KEYS));
        assert_eq!(keys(&schema["$defs"]["stage"]["properties"]), sorted(STAGE_KEYS));
        assert_eq!(keys(&schema["$defs"]["service"]["properties"]), sorted(SERVICE_KEYS));
        assert_eq!(
            keys(&schema["$defs"]["autoscaling"]["properties"]),
            sorted(super::super::autoscaling::AUTOSCALING_KEYS)
        );
        assert_eq!(keys(&schema["$defs"]["task"]["properties"]), sorted(&tasks::task_keys()));
        assert_eq!(
            keys(&schema["$defs"]["work"]["properties"]),
            sorted(super::super::task_spec::TASK_SPEC_KEYS)
        );
        assert_eq!(keys(&schema["$defs"]["schedule"]["properties"]), sorted(schedules::SCHEDULE_KEYS));
        assert_eq!(keys(&schema["$defs"]["target"]["properties"]), sorted(schedules::TARGET_KEYS));
        assert_eq!(keys(&schema["$defs"]["hooks"]["properties"]), sorted(hooks::HOOK_KEYS));
        for (name, known) in [
            ("lookups", super::super::lookups::LOOKUP_KEYS),
            ("tfstate", super::super::lookups::STATE_KEYS),
            ("external", super::super::lookups::COMMAND_KEYS),
        ] {
            assert_eq!(keys(&schema["$defs"][name]["properties"]), sorted(known));
        }
        let [lock, notification] = [super::super::lock::LOCK_KEYS, super::super::notify::NOTIFICATION_KEYS];
        assert_eq!(keys(&schema["$defs"]["lock"]["properties"]), sorted(lock));
        assert_eq!(keys(&schema["$defs"]["notification"]["properties"]), sorted(notification));
        assert_eq!(keys(&schema["$defs"]["github"]["properties"]), sorted(super::super::github::GITHUB_KEYS));
        let protection = &schema["$defs"]["protected"]["oneOf"][1]["properties"];
        assert_eq!(keys(protection), sorted(super::super::protection::PROTECTION_KEYS));
    }
}
