//! Definition files as the AWS CLI and the actions of AWS take them: task definitions, and services beside them.

use serde_json::{Map, Value};

use super::definition::{
    DefinitionScope, ServiceScope, import_service, import_task_definition, member, task_definition,
};
use super::document::SourceDocument;
use super::draft::Draft;
use super::go_text::GoText;
use super::session::Session;
use super::source::folder_of;
use super::tools::{FoundFile, ToolInput};
use crate::document::model::{DocumentKind, model};
use crate::document::tree::{Node, NodeKind};
use crate::error::{Failure, Result};
use crate::template::go_call::{self, GoFunctions};

/// Members that only service files have.
const OF_SERVICES: &[&str] = &[
    "desiredCount",
    "loadBalancers",
    "deploymentController",
    "deploymentConfiguration",
    "schedulingStrategy",
    "serviceRegistries",
    "serviceName",
    "enableExecuteCommand",
];

/// Returns whether a file is a task definition or a service file.
pub fn recognises(file: &FoundFile) -> bool {
    if !file.text.contains("ontainerDefinitions") && !OF_SERVICES.iter().any(|name| file.text.contains(name))
    {
        return false;
    }
    read(file).is_ok_and(|(document, _)| kind(&document.root).is_some())
}

/// Reads a file, and whether it is a template of Go: one that stands alone has no configuration that says so.
fn read(file: &FoundFile) -> Result<(SourceDocument, bool)> {
    let has_call = |go: &GoText| {
        go.tags.iter().any(|tag| {
            !tag.is_placeholder && go_call::expression_of(&tag.inner, &GoFunctions::default()).is_some()
        })
    };
    if GoText::parse(&file.text).is_ok_and(|go| has_call(&go)) {
        return Ok((SourceDocument::with_tags(&file.path, &file.text)?, true));
    }
    Ok((SourceDocument::with_placeholders(&file.path, &file.text)?, false))
}

/// What a file describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    Task,
    Service,
}

fn kind(root: &Node) -> Option<FileKind> {
    let definition = task_definition(root);
    if member(definition, "containerDefinitions").is_some() && member(definition, "family").is_some() {
        return Some(FileKind::Task);
    }
    let service = service(root);
    let shape = DocumentKind::Service.input_shape();
    let names: Vec<&str> = model().member_names(shape).collect();
    let is_known = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let known = service.entries().iter().filter(|(key, _)| is_known(&key.name)).count();
    let is_service = OF_SERVICES.iter().any(|name| member(service, name).is_some());
    (is_service && known * 2 > service.entries().len()).then_some(FileKind::Service)
}

/// Returns the members of a service: they are in `service` where the AWS CLI described it.
fn service(root: &Node) -> &Node {
    root.get("service").filter(|inner| !inner.entries().is_empty()).unwrap_or(root)
}

/// A service file, or a task definition.
struct DefinitionFile {
    document: SourceDocument,
    /// The family of the definition, or that of the service's.
    family: Option<String>,
    is_template: bool,
}

/// Adds what the files say: a service file and the definition that it names become one service.
///
/// # Errors
/// A file cannot be read, or is neither a task definition nor a service.
pub fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    let functions = GoFunctions::default();
    let mut tasks: Vec<DefinitionFile> = Vec::new();
    let mut services: Vec<DefinitionFile> = Vec::new();
    for file in input.files {
        let (document, is_template) = read(file)?;
        session.mark_used(&file.path);
        if is_template && file.text.contains("tfstate") {
            session.missing(
                &file.path,
                None,
                "tfstate",
                "the file does not say where the Terraform state is: write `lookups: { tfstate: { default: { path: FILE } } }`",
            );
        }
        match kind(&document.root) {
            Some(FileKind::Task) => {
                let family = text(&document, task_definition(&document.root), "family", &functions);
                tasks.push(DefinitionFile { document, family, is_template });
            }
            Some(FileKind::Service) => {
                let named = text(&document, service(&document.root), "taskDefinition", &functions);
                let family = named.and_then(|name| family_of(&name));
                services.push(DefinitionFile { document, family, is_template });
            }
            None => return Err(no_definition(&document)),
        }
    }
    let mut used = Vec::new();
    for file in &services {
        let task = tasks.iter().position(|task| belongs(task, file));
        used.extend(task);
        add_service(session, file, task.map(|index| &tasks[index]), &functions)?;
    }
    for (index, task) in tasks.iter().enumerate() {
        if !used.contains(&index) {
            add_task(session, task, &functions)?;
        }
    }
    Ok(())
}

fn no_definition(document: &SourceDocument) -> Failure {
    let (message, hint) = match &document.root.kind {
        NodeKind::Seq(_) => (
            "a list of containers without a family, as `container_definitions` of Terraform takes it",
            "write `family:` and `containerDefinitions:` around it, or run `ecsail init --cluster NAME`",
        ),
        _ => (
            "neither a task definition with `family` and `containerDefinitions` nor a service",
            "name another file",
        ),
    };
    document.failure(&document.root, message, hint)
}

/// Returns whether a service runs a definition: by its family, or as the only one of its folder.
fn belongs(task: &DefinitionFile, service: &DefinitionFile) -> bool {
    match &service.family {
        Some(family) => task.family.as_ref() == Some(family),
        None => folder_of(&task.document.path) == folder_of(&service.document.path),
    }
}

fn text(document: &SourceDocument, node: &Node, name: &str, functions: &GoFunctions) -> Option<String> {
    document.go.value(member(node, name)?.text()?, functions).ok()
}

fn family_of(name: &str) -> Option<String> {
    name.rsplit('/').next()?.split(':').next().map(str::to_owned)
}

fn add_service(
    session: &mut Session<'_>,
    file: &DefinitionFile,
    task: Option<&DefinitionFile>,
    functions: &GoFunctions,
) -> Result<()> {
    let document = &file.document;
    let stage = session.stage(&document.path);
    let scope = DefinitionScope { stage: stage.as_deref(), functions, is_template: file.is_template };
    let members = service(&document.root);
    let name = text(document, members, "serviceName", functions);
    let cluster = text(document, members, "cluster", functions)
        .or_else(|| text(document, members, "clusterArn", functions))
        .map(|name| name.rsplit('/').next().unwrap_or_default().to_owned());
    let family = task.and_then(|task| task.family.clone()).or_else(|| file.family.clone());
    let name = name.or_else(|| family.clone()).unwrap_or_else(|| "app".to_owned());
    let key = key(session, &name, stage.as_deref());
    let mut draft = Draft::default();
    let mut entry = Map::new();
    if name != key {
        entry.insert("name".to_owned(), name.clone().into());
    }
    match task {
        Some(task) => {
            let imported = import_task_definition(session, &task.document, scope)?;
            for (name, repository) in imported.images {
                draft.set(&["images", name.as_str()], repository);
            }
            entry.insert("task_definition".to_owned(), imported.reference.into());
        }
        None => session.changed(
            &document.path,
            None,
            "task definition",
            "there is no file of it here: the service keeps the one that it runs",
        ),
    }
    if members.span == document.root.span {
        let known = ServiceScope {
            name: &name,
            cluster: cluster.as_deref().unwrap_or("default"),
            family: family.as_deref(),
        };
        let reference = import_service(session, document, scope, known);
        entry.insert("service".to_owned(), reference.into());
    } else {
        session.missing(
            &document.path,
            None,
            "service",
            "what the AWS CLI described, not what it takes: run `ecsail init --cluster NAME` to have its attributes",
        );
    }
    draft.set(&["cluster"], cluster.unwrap_or_else(|| "default".to_owned()));
    finish(session, draft, &key, entry, &document.path, stage, family.as_deref());
    Ok(())
}

/// Adds a definition that no service file names.
fn add_task(session: &mut Session<'_>, file: &DefinitionFile, functions: &GoFunctions) -> Result<()> {
    let document = &file.document;
    let stage = session.stage(&document.path);
    let scope = DefinitionScope { stage: stage.as_deref(), functions, is_template: file.is_template };
    let family = file.family.clone().unwrap_or_else(|| "app".to_owned());
    let key = key(session, &family, stage.as_deref());
    let mut draft = Draft::default();
    let mut entry = Map::new();
    if family != key {
        entry.insert("name".to_owned(), family.clone().into());
    }
    let imported = import_task_definition(session, document, scope)?;
    for (name, repository) in imported.images {
        draft.set(&["images", name.as_str()], repository);
    }
    entry.insert("task_definition".to_owned(), imported.reference.into());
    session.missing(
        &document.path,
        None,
        "service and cluster",
        &format!("the file does not name them: `services.{key}` is named for the family; correct it, and the cluster"),
    );
    draft.set(&["cluster"], "default");
    finish(session, draft, &key, entry, &document.path, stage, Some(&family));
    Ok(())
}

/// Returns the key of a service: what is literal in its name.
fn key(session: &Session<'_>, name: &str, stage: Option<&str>) -> String {
    let literal = super::images::literal_text(name);
    let literal = literal.trim_matches(['-', '_', '.']);
    session.key(if literal.is_empty() { "app" } else { literal }, stage)
}

fn finish(
    session: &mut Session<'_>,
    mut draft: Draft,
    key: &str,
    entry: Map<String, Value>,
    path: &str,
    stage: Option<String>,
    family: Option<&str>,
) {
    if let Some(family) = family {
        session.add_family(stage.as_deref(), family, key, true);
    }
    draft.set(&["services", key], Value::Object(entry));
    session.carried(path, None, "file", &format!("`services.{key}`"));
    session.add_draft(stage, path, draft);
}
