//! Reads the file beside the manifest with what the sandbox has: what templates look up, and what documents name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ecsail_sandbox::{Seed, SeedKind, SeedObject, SeedParameter, SeedStack};
use serde_json::{Value, json};

use crate::document::problem::{InvalidFiles, Problem, Problems, did_you_mean};
use crate::document::rendered_text::RenderedText;
use crate::document::source::{SourceId, SourceSpan, Sources};
use crate::document::tree::{self, Node, NodeKind};
use crate::error::{Failure, Result};
use crate::manifest::Manifest;
use crate::secret_store::Ciphertext;
use crate::text_file;

/// The name of the file.
const FILE: &str = "ecsail.sandbox.yml";
/// The keys of the file for templates, and those of what documents name.
const KEYS: &[&str] = &[
    "parameters",
    "secrets",
    "key_aliases",
    "ciphertexts",
    "stacks",
    "objects",
    "roles",
    "images",
    "log_groups",
    "target_groups",
    "subnets",
    "security_groups",
    "capacity_providers",
    "file_systems",
    "access_points",
    "namespaces",
    "functions",
    "alarms",
];
/// The members of a target group, and what `DescribeTargetGroups` calls them.
const TARGET_GROUP_KEYS: &[(&str, &str)] =
    &[("type", "TargetType"), ("protocol", "Protocol"), ("port", "Port"), ("vpc", "VpcId")];

/// What the file declares.
#[derive(Debug, Default)]
pub(crate) struct SandboxValues {
    pub(crate) seed: Seed,
    /// The kinds of which nothing else exists.
    pub(crate) kinds: BTreeSet<String>,
}

/// Returns what the file beside the manifest has; `None` where there is no file.
///
/// # Errors
/// The file cannot be read, or every problem in it.
pub(crate) fn read(manifest: &Manifest, region: &str) -> Result<Option<SandboxValues>> {
    let Some(folder) = manifest.path.as_deref().and_then(Path::parent) else { return Ok(None) };
    let path = folder.join(FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let text = text_file::read(&path).map_err(|error| error.of(&path))?;
    let mut sources = Sources::default();
    let id = sources.add(path.display().to_string(), text.clone());
    let mut problems = Problems::default();
    let values = match tree::parse(&RenderedText::from_source(id, text)) {
        Ok(node) if node.is_null() => return Ok(None),
        Ok(node) => Reader { problems: &mut problems, folder, id }.values(&node, region),
        Err(found) => {
            problems.extend(found);
            SandboxValues::default()
        }
    };
    if problems.has_errors() {
        return Err(Failure::from(InvalidFiles { problems, sources }));
    }
    Ok(Some(values))
}

/// Reads the values, and collects all problems.
struct Reader<'a> {
    problems: &'a mut Problems,
    folder: &'a Path,
    id: SourceId,
}

impl Reader<'_> {
    fn error(&mut self, span: SourceSpan, message: String, hint: impl Into<Option<String>>) {
        self.problems.push(Problem::error(span, message).hint(hint));
    }

    fn values(&mut self, node: &Node, region: &str) -> SandboxValues {
        let mut values = SandboxValues::default();
        values.seed.region = Some(region.to_owned());
        if !matches!(node.kind, NodeKind::Map(_)) {
            let message = format!("`{FILE}` must be a mapping, found {}", node.describe());
            self.error(node.span, message, HINT.to_owned());
        }
        for (key, node) in node.entries() {
            if !KEYS.contains(&key.name.as_str()) {
                let hint = did_you_mean(&key.name, KEYS.iter().copied()).unwrap_or_else(|| HINT.to_owned());
                self.error(key.span, format!("unknown key `{}` in `{FILE}`", key.name), hint);
                continue;
            }
            self.add(&key.name, node, &mut values);
        }
        values
    }

    fn add(&mut self, key: &str, node: &Node, values: &mut SandboxValues) {
        let seed = &mut values.seed;
        match key {
            "parameters" => {
                for (name, node) in self.entries(key, node) {
                    seed.parameters.extend(self.parameter(&name, node));
                }
            }
            "secrets" => {
                let mut keys = SeedKind { is_complete: true, ..SeedKind::default() };
                for (name, node) in self.names_with_values(key, node) {
                    seed.secrets.push(name.clone());
                    if let Some(node) = node {
                        keys.items.insert(name, json!(self.texts(key, node)));
                    }
                }
                seed.inventory.insert("secret_keys".to_owned(), keys);
                values.kinds.insert("secret_keys".to_owned());
            }
            "key_aliases" => {
                let aliases = self.texts(key, node);
                values.seed.key_aliases.extend(aliases);
                return;
            }
            "ciphertexts" => {
                for (text, node) in self.entries(key, node) {
                    let Some(ciphertext) = Ciphertext::parse(&text) else {
                        let hint = "write `${…}` as it stands in the definition".to_owned();
                        self.error(
                            node.span,
                            "a key of `ciphertexts` is no ciphertext of KMS".to_owned(),
                            hint,
                        );
                        continue;
                    };
                    if let Some(value) = self.text(key, node) {
                        values.seed.ciphertexts.insert(ciphertext.0, value);
                    }
                }
                return;
            }
            "stacks" => {
                for (name, node) in self.entries(key, node) {
                    let stack = self.stack(name, node);
                    seed.stacks.push(stack);
                }
                return;
            }
            "objects" => {
                for (url, node) in self.entries(key, node) {
                    seed.objects.extend(self.object(&url, node));
                }
            }
            kind => {
                let items = self.items(kind, node);
                seed.inventory.insert(kind.to_owned(), SeedKind { items, is_complete: true });
            }
        }
        if matches!(key, "parameters" | "secrets" | "objects") {
            values.seed.replaced.push(key.to_owned());
        }
        values.kinds.insert(key.to_owned());
    }

    /// Returns the things of a kind that documents name.
    fn items(&mut self, kind: &str, node: &Node) -> BTreeMap<String, Value> {
        let mut items = BTreeMap::new();
        for (name, node) in self.names_with_values(kind, node) {
            let value = match (kind, node) {
                ("roles", Some(node)) => json!(self.texts(kind, node)),
                ("roles", None) => json!(["*"]),
                ("images" | "capacity_providers", Some(node)) => json!(self.texts(kind, node)),
                ("target_groups", Some(node)) => self.target_group(node),
                ("subnets" | "security_groups" | "access_points", Some(node)) => {
                    json!(self.text(kind, node).unwrap_or_default())
                }
                ("subnets" | "security_groups", None) => json!("vpc-0a1b2c3d"),
                _ => Value::Null,
            };
            items.insert(name, value);
        }
        items
    }

    fn target_group(&mut self, node: &Node) -> Value {
        let mut members = json!({});
        for (key, node) in node.entries() {
            let member = TARGET_GROUP_KEYS.iter().find(|(name, _)| *name == key.name);
            match (member, key.name.as_str()) {
                (Some((_, member)), _) => members[*member] = node.to_value(),
                // How many load balancers there are is all that is declared of them.
                (None, "load_balancers") => members["LoadBalancerArns"] = node.to_value(),
                (None, name) => {
                    let known = TARGET_GROUP_KEYS.iter().map(|(name, _)| *name).chain(["load_balancers"]);
                    let hint = did_you_mean(name, known);
                    self.error(key.span, format!("unknown key `{name}` of a target group"), hint);
                }
            }
        }
        members
    }

    /// Returns the entries of a mapping.
    fn entries<'n>(&mut self, key: &str, node: &'n Node) -> Vec<(String, &'n Node)> {
        if !matches!(node.kind, NodeKind::Map(_) | NodeKind::Null) {
            self.error(node.span, format!("`{key}` must be a mapping, found {}", node.describe()), None);
        }
        node.entries().iter().map(|(key, node)| (key.name.clone(), node)).collect()
    }

    /// Returns the names in a list, or those in a mapping with their values.
    fn names_with_values<'n>(&mut self, key: &str, node: &'n Node) -> Vec<(String, Option<&'n Node>)> {
        match &node.kind {
            NodeKind::Map(entries) => {
                let value = |node: &'n Node| Some(node).filter(|node| !node.is_null());
                entries.iter().map(|(key, node)| (key.name.clone(), value(node))).collect()
            }
            NodeKind::Seq(items) => {
                items.iter().filter_map(|item| Some((self.text(key, item)?, None))).collect()
            }
            NodeKind::Null => Vec::new(),
            _ => {
                let message =
                    format!("`{key}` must be a list of names or a mapping, found {}", node.describe());
                self.error(node.span, message, None);
                Vec::new()
            }
        }
    }

    fn texts(&mut self, key: &str, node: &Node) -> Vec<String> {
        if !matches!(node.kind, NodeKind::Seq(_)) {
            self.error(
                node.span,
                format!("a value of `{key}` must be a list, found {}", node.describe()),
                None,
            );
        }
        node.items().iter().filter_map(|item| self.text(key, item)).collect()
    }

    fn text(&mut self, key: &str, node: &Node) -> Option<String> {
        let text = node.text().map(str::to_owned);
        if text.is_none() {
            self.error(
                node.span,
                format!("a value of `{key}` must be a text, found {}", node.describe()),
                None,
            );
        }
        text
    }

    /// Returns a parameter: a list is a `StringList`, `{ secure: VALUE }` a `SecureString`, and anything else a `String`.
    fn parameter(&mut self, name: &str, node: &Node) -> Option<SeedParameter> {
        let (kind, value) = match &node.kind {
            NodeKind::Seq(_) => ("StringList", self.texts("parameters", node).join(",")),
            NodeKind::Map(entries) => match entries.as_slice() {
                [(key, node)] if key.name == "secure" => ("SecureString", self.text("parameters", node)?),
                _ => {
                    let message = format!("parameter `{name}` is a mapping without `secure`");
                    self.error(node.span, message, "write `{ secure: VALUE }`, a text or a list".to_owned());
                    return None;
                }
            },
            _ => ("String", self.text("parameters", node)?),
        };
        Some(SeedParameter { name: name.to_owned(), kind: kind.to_owned(), value })
    }

    fn stack(&mut self, name: String, node: &Node) -> SeedStack {
        let mut stack = SeedStack { name, ..SeedStack::default() };
        for (key, node) in node.entries() {
            let mut texts = BTreeMap::new();
            for (name, node) in self.entries(&key.name, node) {
                texts.extend(self.text(&key.name, node).map(|text| (name, text)));
            }
            match key.name.as_str() {
                "outputs" => stack.outputs = texts,
                "exports" => stack.exports = texts,
                other => {
                    let hint = did_you_mean(other, ["outputs", "exports"]);
                    self.error(key.span, format!("unknown key `{other}` of a stack"), hint);
                }
            }
        }
        stack
    }

    fn object(&mut self, url: &str, node: &Node) -> Option<SeedObject> {
        let place = url.strip_prefix("s3://").and_then(|place| place.split_once('/'));
        let Some((bucket, key)) = place else {
            self.error(node.span, format!("`{url}` names no object"), "write `s3://BUCKET/KEY`".to_owned());
            return None;
        };
        let Some(file) = node.get("file").and_then(Node::text).map(str::to_owned) else {
            self.error(
                node.span,
                format!("object `{url}` has no `file`"),
                "write `{ file: PATH }`".to_owned(),
            );
            return None;
        };
        let path = self.folder.join(&file);
        match text_file::read(&path) {
            Ok(text) => Some(SeedObject { bucket: bucket.to_owned(), key: key.to_owned(), text }),
            Err(error) => {
                let failure: Failure = error.of(&path);
                let span = SourceSpan { source: self.id, ..node.span };
                self.error(span, failure.one_line(), failure.hints.first().cloned());
                None
            }
        }
    }
}

const HINT: &str = "see `ecsail docs sandbox` for what the file may have";
