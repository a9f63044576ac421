//! Renders a manifest in several passes: each pass defines more names, and the last pass has all of them.
//!
//! `app` is defined first, then `vars`, then `image`. This module reads no file.

use super::kms_environment::{CiphertextScope, KmsEnvironment};
use super::request::{Request, Scope};
use super::types::{self, Manifest};
use super::{commit, template_names};
use crate::document::hidden_values::hidden_value_warnings;
use crate::document::problem::{InvalidFiles, Problem, Problems, did_you_mean};
use crate::document::tree::{self, Node};
use crate::error::Failure;
use crate::error::Result;
use crate::settings::Settings;
use crate::shell;
use crate::template::{TemplateContext, TemplateEngine, UndefinedNames, blank_tag};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Returns the tree of the manifest, rendered with all names and with the stage applied.
pub(super) fn render_manifest(
    name: &str,
    settings: &Settings,
    request: &Request,
    manifest: &mut Manifest,
) -> Result<Node> {
    // The names of stages are keys, so they can be read before any name is defined.
    let empty = render_pass(name, &TemplateContext::default(), manifest, UndefinedNames::Lenient)?;
    let stages = template_names::stage_names(&empty);
    check_stage(&stages, settings)?;
    let git_sha = manifest.path.as_deref().and_then(|path| {
        let asked = manifest.templates.values().any(|id| manifest.sources.get(*id).text.contains("git"));
        let directory = directory(path);
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { &directory };
        asked.then(|| commit::commit_sha(directory, &settings.environment)).flatten()
    });
    let mut context = template_names::base_context(settings, &stages, &request.tags, git_sha.as_deref());
    context.set_lookups(request.lookups.clone());
    let stage = settings.stage.as_deref();
    let root = types::apply_stage(&render_pass(name, &context, manifest, UndefinedNames::Lenient)?, stage);
    template_names::set_app(&mut context, &root);
    template_names::set_placeholders(&mut context, &root, &["app"]);
    let with_app =
        types::apply_stage(&render_pass(name, &context, manifest, UndefinedNames::Lenient)?, stage);
    template_names::set_vars(&mut context, &with_app, settings);
    template_names::set_placeholders(&mut context, &with_app, &["app", "vars"]);
    let with_vars =
        types::apply_stage(&render_pass(name, &context, manifest, UndefinedNames::Lenient)?, stage);
    let images = super::images::read_images(&with_vars, &mut Problems::default());
    template_names::set_images(&mut context, &images, &request.tags);
    template_names::set_placeholders(&mut context, &with_vars, &["app", "vars", "images"]);
    // A command that renders nothing must not fail because of an undefined name in a value that it does not use.
    let mode = if request.is_lenient() { UndefinedNames::Lenient } else { UndefinedNames::Strict };
    let whole = render_pass(name, &context, manifest, mode)?;
    types::check_stages(&whole, &mut manifest.problems);
    manifest.problems.extend(hidden_value_warnings(&whole, &manifest.sources));
    let root = types::apply_stage(&whole, stage);
    if request.is_lenient() {
        report_undefined_names(&root, request, manifest);
    } else {
        report_late_vars(&with_app, &root, manifest);
    }
    let root = resolve_ciphertexts(root, request, manifest);
    manifest.context = context;
    manifest.stage = settings.stage.clone();
    Ok(root)
}

/// Returns the tree with the ciphertexts in the overrides of tasks resolved. A command that renders nothing leaves them as they are.
fn resolve_ciphertexts(root: Node, request: &Request, manifest: &mut Manifest) -> Node {
    if request.names_only || request.keeps_ciphertexts {
        return root;
    }
    let given = root.get("kms_environment").and_then(Node::text);
    // Any other value is reported where the manifest is read.
    let mode = given.and_then(|text| KmsEnvironment::from_str(text, false).ok()).unwrap_or_default();
    let scope = CiphertextScope { mode, lookups: &request.lookups };
    scope.resolve_overrides(root, &mut manifest.problems)
}

/// Returns the directory of a manifest; the files that it names are relative to it.
fn directory(manifest: &Path) -> PathBuf {
    manifest.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The maximum number of expressions that an early pass leaves out because they fail on undefined names.
const MAX_BLANKED_EXPRESSIONS: usize = 200;

/// Renders and parses the manifest with the names that are defined so far.
///
/// An early pass leaves out expressions and blocks that fail on names that are not defined yet, such as `vars.n * 2`.
/// The last pass evaluates them.
pub(super) fn render_pass(
    name: &str,
    context: &TemplateContext,
    manifest: &mut Manifest,
    mode: UndefinedNames,
) -> Result<Node> {
    let mut sources = manifest.sources.clone();
    let mut engine = TemplateEngine::new(context.clone(), &manifest.templates, &sources);
    let (mut text, mut found) = engine.render(name, &sources, mode);
    for _ in 0..MAX_BLANKED_EXPRESSIONS {
        let late = found
            .first()
            .and_then(|problem| problem.span)
            .filter(|_| mode == UndefinedNames::Lenient && text.is_none() && !engine.is_exhausted());
        let Some(blanked) =
            late.and_then(|span| Some((span, blank_tag(&sources.get(span.source).text, span.start)?)))
        else {
            break;
        };
        sources.replace(blanked.0.source, blanked.1);
        engine = TemplateEngine::new(context.clone(), &manifest.templates, &sources);
        (text, found) = engine.render(name, &sources, mode);
    }
    let node = text.map(|text| tree::parse(&text).map_err(|mut more| found.append(&mut more)));
    let mut problems = Problems::default();
    problems.extend(found);
    context.add_member_hints(&mut problems, &manifest.sources);
    manifest.problems.extend(problems);
    match node {
        Some(Ok(node)) => Ok(node),
        _ => {
            Err(InvalidFiles { problems: manifest.problems.clone(), sources: manifest.sources.clone() }
                .into())
        }
    }
}

fn check_stage(stages: &[String], settings: &Settings) -> Result<()> {
    match &settings.stage {
        Some(stage) if !stages.contains(stage) => {
            let several = || "only `deploy` takes several stages: name one".to_owned();
            let hint = stage.contains(',').then(several);
            let hint = hint.or_else(|| did_you_mean(stage, stages.iter().map(String::as_str)));
            let hint = hint.unwrap_or_else(|| match stages {
                [] => "the manifest has no `stages`".to_owned(),
                stages => format!("stages: {}", stages.join(", ")),
            });
            Err(Failure::usage(format!("no stage named `{stage}` in the manifest")).with_hint(hint))
        }
        None if !stages.is_empty() => {
            // Reported alone, because every other problem may be a consequence of the missing stage.
            let message = format!("the manifest has stages, and none was chosen: {}", stages.join(", "));
            let hint = format!("add `--stage {}`, or set `ECSAIL_STAGE`", shell::quote(&stages[0]));
            Err(Failure::usage(message).with_hint(hint))
        }
        _ => Ok(()),
    }
}

/// Reports values with undefined names that are needed even by a command that renders nothing.
fn report_undefined_names(root: &Node, request: &Request, manifest: &mut Manifest) {
    // A value that looks something up may be fetched, and without its lock a stage must not change.
    let of_lookups: &[&str] = if manifest_has_placeholders(request) { &["app", "lock"] } else { &[] };
    let own =
        ["region", "cluster", "role", "account"].iter().chain(of_lookups).filter_map(|key| root.get(key));
    let services = root.get("services").map(Node::entries).unwrap_or_default();
    let names =
        services.iter().flat_map(|(_, service)| [service.get("name"), service.get("cluster")]).flatten();
    let task = match &request.scope {
        Scope::Task { name: Some(name), .. } => root.get("tasks").and_then(|tasks| tasks.get(name)),
        _ => None,
    };
    let scheduled = match &request.scope {
        Scope::Schedules(names) => schedule_identity_nodes(root, names),
        _ => Vec::new(),
    };
    for node in own.chain(names).chain(task).chain(scheduled).filter(|node| node.has_undefined()) {
        let hint = "define it with `--stage`, `--set`, `--tag` or an environment variable".to_owned();
        manifest
            .problems
            .push(Problem::error(node.span, "this value uses a name that is not defined").hint(hint));
    }
}

/// Returns whether a value of the manifest depends on a look-up without an answer.
fn manifest_has_placeholders(request: &Request) -> bool {
    request.lookups.has_placeholders()
}

/// Returns the values that identify the named schedules in AWS, or all schedules if no names are given.
fn schedule_identity_nodes<'a>(root: &'a Node, names: &[String]) -> Vec<&'a Node> {
    let schedules = root.get("schedules").map(Node::entries).unwrap_or_default();
    let meant = schedules.iter().filter(|(key, _)| names.is_empty() || names.contains(&key.name));
    let keys = ["via", "name", "rule", "group", "target"];
    let places = meant.flat_map(|(_, schedule)| keys.iter().filter_map(|key| schedule.get(key)));
    root.get("app").into_iter().chain(places).collect()
}

/// Reports variables that use names which are defined after the variables.
fn report_late_vars(early: &Node, last: &Node, manifest: &mut Manifest) {
    for (key, value) in last.get("vars").map(Node::entries).unwrap_or_default() {
        if template_names::uses_later_names(&key.name, early, last) {
            let message = format!("variable `{}` uses a name that is not defined yet", key.name);
            let hint = "use only `env`, `stage`, `app`, `tag` and `git` in variables".to_owned();
            manifest.problems.push(Problem::error(value.span, message).hint(hint));
        }
    }
}
