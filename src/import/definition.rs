//! The definition files that other tools use: which of them ecsail reads as they are, and what has to change in the others. Pure.

use std::ops::Range;

use super::document::SourceDocument;
use super::edits::{apply, member_range};
use super::go_text::{GoPart, GoTag};
use super::session::Session;
use crate::document::model::{DocumentKind, model};
use crate::document::tree::{Node, NodeKey};
use crate::error::Result;
use crate::jsonnet::is_jsonnet;
use crate::template::go_call::{self, GoFunctions};

/// Members of which the text is a command: `${NAME}` in it is for a shell.
const COMMANDS: &[&str] = &["command", "entryPoint", "healthCheck"];
/// Members of a service file that the manifest has.
const SET_BY_MANIFEST: &[&str] = &["serviceName", "cluster", "taskDefinition"];

/// The image of a container whose tag comes from a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedImage {
    pub container: String,
    /// The variable of its tag.
    pub variable: String,
    /// The tag that is used while the variable is not set.
    pub default: Option<String>,
    /// The text in front of the tag, as it was read.
    repository: String,
    range: Range<usize>,
    line: Option<usize>,
}

/// Returns the parts of a definition: the containers are in `taskDefinition` where AWS described it.
pub fn task_definition(root: &Node) -> &Node {
    root.get("taskDefinition").filter(|inner| !inner.entries().is_empty()).unwrap_or(root)
}

/// Returns the containers of a definition; keys may begin with an upper-case letter.
pub fn containers(root: &Node) -> &[Node] {
    let definition = task_definition(root);
    let list = definition.get("containerDefinitions").or_else(|| definition.get("ContainerDefinitions"));
    list.map_or(&[], Node::items)
}

/// Returns a member by its name, in any of the spellings that AWS uses.
pub fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.entries().iter().find(|(key, _)| folded(&key.name) == folded(name)).map(|(_, node)| node)
}

/// Returns the images whose tags come from variables.
pub fn tagged_images(document: &SourceDocument) -> Vec<TaggedImage> {
    containers(&document.root).iter().filter_map(|container| tagged_image(document, container)).collect()
}

fn tagged_image(document: &SourceDocument, container: &Node) -> Option<TaggedImage> {
    let image = member(container, "image")?;
    let text = image.text()?;
    let parts = document.go.parts(text);
    let [before @ .., GoPart::Text(colon), GoPart::Tag(tag)] = parts.as_slice() else { return None };
    let colon = colon.strip_suffix(':').filter(|_| !tag.is_placeholder)?;
    let [(variable, default)] = <[_; 1]>::try_from(go_call::variables(&tag.inner)).ok()?;
    if before.is_empty() && colon.is_empty() {
        return None;
    }
    let length = text.len() - tag.range.len() - 1;
    Some(TaggedImage {
        container: member(container, "name")
            .and_then(Node::text)
            .map(|name| document.go.original(name))
            .unwrap_or_default(),
        variable,
        default,
        repository: text.get(..length)?.to_owned(),
        range: content_range(document, image)?,
        line: document.line(image),
    })
}

/// Returns the range of the text of a scalar, without its quotes.
pub fn content_range(document: &SourceDocument, node: &Node) -> Option<Range<usize>> {
    let span = node.span;
    let text = document.go.text.get(span.start..span.end)?;
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    match quote {
        Some(quote) if text.len() > 1 && text.ends_with(quote) => Some(span.start + 1..span.end - 1),
        _ => Some(span.start..span.end),
    }
}

/// A definition that is imported: for which stage, and what its functions stand for.
#[derive(Clone, Copy, Debug)]
pub struct DefinitionScope<'a> {
    pub stage: Option<&'a str>,
    pub functions: &'a GoFunctions,
    /// Whether the definition is a template of Go; what is none has placeholders at most.
    pub is_template: bool,
}

/// An imported definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedDefinition {
    /// Its path as the manifest has it.
    pub reference: String,
    /// The images that the manifest has to have: each name with its repository.
    pub images: Vec<(String, String)>,
}

/// Imports a task definition: images whose tag is the variable of `--tag` become images of the manifest.
///
/// # Errors
/// A value in it cannot be read.
pub fn import_task_definition(
    session: &mut Session<'_>,
    document: &SourceDocument,
    scope: DefinitionScope<'_>,
) -> Result<ImportedDefinition> {
    let mut edits = Vec::new();
    let mut images = Vec::new();
    for image in tagged_images(document) {
        if scope.functions.tag_variable.as_ref() != Some(&image.variable) {
            continue;
        }
        let Ok(repository) = document.go.value(&image.repository, scope.functions) else { continue };
        let name = session.images.claim(scope.stage, &repository, None, &image.container);
        edits.push((image.range, format!("{{{{ image.{name} }}}}")));
        match &image.default {
            None => session.carried(
                &document.path,
                image.line,
                &format!("image of `{}`", image.container),
                &format!("`images.{name}`; `--tag` takes the place of `{}`", image.variable),
            ),
            Some(default) => session.changed(
                &document.path,
                image.line,
                &format!("image of `{}`", image.container),
                &format!(
                    "`images.{name}`; `--tag` takes the place of `{}`, and is required where `{default}` was the default",
                    image.variable
                ),
            ),
        }
        images.push((name, repository));
    }
    let reference = finish(session, document, scope, edits);
    Ok(ImportedDefinition { reference, images })
}

/// What the manifest says about a service, for its file.
#[derive(Clone, Copy, Debug)]
pub struct ServiceScope<'a> {
    pub name: &'a str,
    pub cluster: &'a str,
    /// The family of its definition, where that is known.
    pub family: Option<&'a str>,
}

/// Imports a service file: members that the manifest has go where they say something else, and unknown ones in any case.
/// Returns its path as the manifest has it.
pub fn import_service(
    session: &mut Session<'_>,
    document: &SourceDocument,
    scope: DefinitionScope<'_>,
    service: ServiceScope<'_>,
) -> String {
    let mut edits = Vec::new();
    for (key, value) in document.root.entries() {
        let line = document.key_line(key);
        let name = unfolded(&key.name);
        let is_other = SET_BY_MANIFEST.contains(&name.as_str())
            && !says_the_same(&name, value, document, scope, service);
        if is_other {
            session.carried(&document.path, line, &key.name, "left out: the manifest has it");
            edits.push((removed(document, key, value), String::new()));
        } else if !is_known(&key.name) {
            session.changed(&document.path, line, &key.name, "left out: no member of that name in ECS");
            edits.push((removed(document, key, value), String::new()));
        }
    }
    report_service(session, document);
    finish(session, document, scope, edits)
}

fn says_the_same(
    name: &str,
    value: &Node,
    document: &SourceDocument,
    scope: DefinitionScope<'_>,
    service: ServiceScope<'_>,
) -> bool {
    let Some(text) = value.text() else { return false };
    let Ok(text) = document.go.value(text, scope.functions) else { return false };
    match name {
        "serviceName" => text == service.name,
        "cluster" => text == service.cluster || text.rsplit('/').next() == Some(service.cluster),
        _ => {
            let family = text.rsplit('/').next().and_then(|revision| revision.split(':').next());
            // A revision is a leftover of the last deploy; a family of another definition would be a contradiction.
            service.family.is_none() || family == service.family
        }
    }
}

fn removed(document: &SourceDocument, key: &NodeKey, value: &Node) -> Range<usize> {
    member_range(&document.go.text, key.span.start..key.span.end, value.span.start..value.span.end)
}

/// Reports what is in a service file and has another meaning for ecsail.
fn report_service(session: &mut Session<'_>, document: &SourceDocument) {
    let line = |name: &str| {
        document
            .root
            .entries()
            .iter()
            .find(|(key, _)| folded(&key.name) == folded(name))
            .and_then(|(key, _)| document.key_line(key))
    };
    if let Some(line) = line("desiredCount") {
        session.changed(
            &document.path,
            Some(line),
            "desiredCount",
            "used when the service is created; a deploy sets it again only with `enforce_desired_count: true`",
        );
    }
    let controller = member(&document.root, "deploymentController").and_then(|node| member(node, "type"));
    if let Some(kind @ ("CODE_DEPLOY" | "EXTERNAL")) = controller.and_then(Node::text) {
        session.missing(
            &document.path,
            line("deploymentController"),
            "deploymentController",
            &format!("ecsail deploys with ECS's own controller: with `{kind}` a deploy is refused; `deploymentConfiguration: {{ strategy: BLUE_GREEN }}` is ECS's own way"),
        );
    }
}

/// Returns the path of a definition as the manifest has it: of the file itself, or of a rewritten one.
fn finish(
    session: &mut Session<'_>,
    document: &SourceDocument,
    scope: DefinitionScope<'_>,
    mut edits: Vec<(Range<usize>, String)>,
) -> String {
    let commands = command_ranges(&document.root);
    let is_for_shell =
        |tag: &GoTag| tag.is_placeholder && commands.iter().any(|range| range.contains(&tag.range.start));
    let kept: Vec<Range<usize>> =
        document.go.tags.iter().filter(|tag| is_for_shell(tag)).map(|tag| tag.range.clone()).collect();
    let (replacements, unknown) = document.go.replacements(scope.functions);
    let count = replacements.len();
    edits.extend(replacements.into_iter().filter(|(range, _)| !kept.contains(range)));
    for tag in &document.go.tags {
        if tag.is_placeholder && !is_for_shell(tag) {
            let name = go_call::variables(&tag.inner).pop().map(|(name, _)| name).unwrap_or_default();
            session.changed(
                &document.path,
                document.line_at(tag.range.start),
                &document.go.text[tag.range.clone()],
                &format!("another program fills it in: now the variable `{name}` of the environment"),
            );
        }
    }
    for tag in unknown {
        session.missing(
            &document.path,
            document.line_at(tag.offset),
            &tag.tag,
            "no translation: write the value, or a look-up",
        );
    }
    let is_program = is_jsonnet(&document.path);
    // A program runs the same in a manifest, but for the variables of the command line.
    let runs_the_same = !is_program || session.options.ext_vars.is_empty();
    if edits.is_empty() && runs_the_same {
        session.carried(&document.path, None, "definition", "used as it is");
        return session.reference(&document.path);
    }
    if count > 0 && scope.is_template {
        session.carried(&document.path, None, "templates", &format!("{} translated", counted(count)));
    }
    if is_program {
        let why = "the JSON that it gives is written; it does not run again, so change that from now on";
        session.changed(&document.path, None, "Jsonnet", why);
    }
    let name = document.path.strip_suffix(".jsonnet").map(|name| format!("{name}.json"));
    let path = session.rewritten(name.as_deref().unwrap_or(&document.path), apply(&document.go.text, edits));
    session.carried(&document.path, None, "definition", &format!("rewritten as `{path}`"));
    path
}

fn counted(count: usize) -> String {
    if count == 1 { "1 tag".to_owned() } else { format!("{count} tags") }
}

/// Returns the ranges of the commands in a definition.
fn command_ranges(root: &Node) -> Vec<Range<usize>> {
    let of_container = |container: &Node| {
        let found = container
            .entries()
            .iter()
            .filter(|(key, _)| COMMANDS.iter().any(|name| folded(name) == folded(&key.name)));
        found.flat_map(|(_, node)| scalar_ranges(node)).collect::<Vec<_>>()
    };
    containers(root).iter().flat_map(of_container).collect()
}

/// Returns the ranges of the scalars in a value: the span of a list is where it begins.
fn scalar_ranges(node: &Node) -> Vec<Range<usize>> {
    let inner = node.items().iter().chain(node.entries().iter().map(|(_, value)| value));
    let mut found: Vec<Range<usize>> = inner.flat_map(scalar_ranges).collect();
    if found.is_empty() {
        found.push(node.span.start..node.span.end);
    }
    found
}

/// Returns whether ECS has a member of this name in what creates a service, or in what describes one.
fn is_known(name: &str) -> bool {
    let shapes = [DocumentKind::Service.input_shape(), DocumentKind::Service.described_shape()];
    let is_one = |shape: &str| model().member_names(shape).any(|known| folded(known) == folded(name));
    name.starts_with("x-") || shapes.iter().any(|shape| is_one(shape)) || folded(name) == "clienttoken"
}

/// Returns a name without its spelling: `taskDefinition`, `TaskDefinition` and `task_definition` are the same.
fn folded(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

fn unfolded(name: &str) -> String {
    SET_BY_MANIFEST
        .iter()
        .find(|known| folded(known) == folded(name))
        .map_or_else(|| name.to_owned(), |known| (*known).to_owned())
}
