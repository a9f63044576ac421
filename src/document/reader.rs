//! Reads a tree as a document of the ECS model and reports every problem in it.
//!
//! The result is canonical: keys are spelled as in the API, scalars have the type that the API expects, mappings are
//! converted to the lists that the API takes, and read-only members are removed. A [`Reader`] reads one layer;
//! [`complete`] checks for required members once the layers are merged.

use serde_json::Number;

use super::model::{DocumentKind, Shape, ShapeSchema, model, resolve_member};
use super::placeholder::placeholder_in;
use super::problem::{Problem, Problems, did_you_mean, most_similar};
use super::shape_facts::{LENIENT_ENUMS, PAIR_SHAPES, item_identity};
use super::source::SourceSpan;
use super::tree::{Node, NodeKey, NodeKind, Scalar};

/// Items of which ECS refuses two with one name. Other lists are compared by the checks, or may have several.
const REFUSED_DUPLICATES: &[&str] = &["ContainerDefinition", "Secret", "Tag"];
/// Items of which the last one with a name counts.
const VARIABLE: &str = "KeyValuePair";

/// A reader of documents of one kind.
pub struct DocumentReader<'a> {
    root: DocumentKind,
    /// Members that are newer than the model, as paths without item names: `containerDefinitions.newField`.
    allow_unknown: &'a [String],
    problems: &'a mut Problems,
}

/// The path of a value in two spellings: with item names for messages, and without for `allow_unknown`.
#[derive(Clone, Debug, Default)]
struct MemberPath {
    with_item_names: String,
    without_item_names: String,
}

impl MemberPath {
    fn member(&self, name: &str) -> MemberPath {
        let join = |path: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        MemberPath {
            with_item_names: join(&self.with_item_names),
            without_item_names: join(&self.without_item_names),
        }
    }

    fn item(&self, name: &str) -> MemberPath {
        MemberPath {
            with_item_names: format!("{}[{name}]", self.with_item_names),
            without_item_names: self.without_item_names.clone(),
        }
    }
}

impl<'a> DocumentReader<'a> {
    /// Returns a reader of `root` documents that adds to `problems`.
    pub fn new(
        root: DocumentKind,
        allow_unknown: &'a [String],
        problems: &'a mut Problems,
    ) -> DocumentReader<'a> {
        DocumentReader { root, allow_unknown, problems }
    }

    /// Returns the canonical form of one layer of a document.
    ///
    /// The output of `DescribeTaskDefinition` is accepted too, with or without the `taskDefinition` around it.
    pub fn read_document(&mut self, node: &Node) -> Node {
        let unwrapped = self.unwrap_definition(node);
        let node = unwrapped.as_ref().unwrap_or(node);
        if !matches!(node.kind, NodeKind::Map(_) | NodeKind::Undefined) {
            let noun = self.root.noun();
            self.report_error(
                node,
                &MemberPath::default(),
                format!("a {noun} must be a mapping, found {}", node.describe()),
            );
            return Node { kind: NodeKind::Undefined, span: node.span };
        }
        let bare = self.remove_read_only(node);
        self.read_value(&bare, self.root.input_shape(), &MemberPath::default())
    }

    /// Returns the content of `taskDefinition:` together with the `tags` beside it, or a definition with a bare list of
    /// containers; `None` if the node is neither.
    fn unwrap_definition(&mut self, node: &Node) -> Option<Node> {
        if self.root != DocumentKind::TaskDefinition {
            return None;
        }
        if is_container_list(node) {
            self.problems
                .push(Problem::note(node.span, "a list of containers is read as `containerDefinitions`"));
            let key = NodeKey { name: "containerDefinitions".to_owned(), span: node.span };
            return Some(Node { kind: NodeKind::Map(vec![(key, node.clone())]), span: node.span });
        }
        let is = |key: &NodeKey, name: &str| key.name.eq_ignore_ascii_case(name);
        let (_, inner) = node.entries().iter().find(|(key, _)| is(key, "taskDefinition"))?;
        let NodeKind::Map(entries) = &inner.kind else { return None };
        let mut entries = entries.clone();
        for (key, value) in node.entries().iter().filter(|(key, _)| !is(key, "taskDefinition")) {
            if is(key, "tags") {
                entries.push((key.clone(), value.clone()));
            } else {
                let message =
                    format!("ignored `{}`: it is beside `taskDefinition`, not in it", key.display_name());
                self.problems.push(Problem::warning(key.span, message));
            }
        }
        Some(Node { kind: NodeKind::Map(entries), span: inner.span })
    }

    /// Returns a document without its read-only members, and reports them in one note.
    fn remove_read_only(&mut self, node: &Node) -> Node {
        let NodeKind::Map(entries) = &node.kind else { return node.clone() };
        // `x-…` keys hold YAML anchors, as in Compose files.
        let entries: Vec<_> =
            entries.iter().filter(|(key, _)| !key.name.starts_with("x-")).cloned().collect();
        let read_only = |key: &NodeKey| {
            let name = lowercase_first(&key.name);
            model().is_read_only(self.root, &key.name) || model().is_read_only(self.root, &name)
        };
        let (dropped, kept): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|(key, _)| read_only(key));
        if let Some((first, _)) = dropped.first() {
            let names: Vec<_> = dropped.iter().map(|(key, _)| format!("`{}`", key.display_name())).collect();
            let service = self.root.service();
            let message = format!("ignored members that {service} sets itself: {}", names.join(", "));
            self.problems.push(Problem::note(first.span, message));
        }
        Node { kind: NodeKind::Map(kept), span: node.span }
    }

    fn read_value(&mut self, node: &Node, shape: &str, path: &MemberPath) -> Node {
        if matches!(node.kind, NodeKind::Null | NodeKind::Undefined) {
            return node.clone();
        }
        match model().shape(shape) {
            Shape::Any => {
                self.report_numbers_without_json(node, path);
                node.clone()
            }
            Shape::Structure(schema) => self.read_structure(node, shape, schema, path),
            Shape::List(item) => self.read_list(node, item, path),
            Shape::Map(value) => self.read_map(node, value, path),
            Shape::String(schema) => self.read_string(node, shape, schema, path),
            Shape::Integer(schema) => self.read_integer(node, schema, path),
            Shape::Number => self.read_number(node, path),
            Shape::Boolean => self.read_boolean(node, path),
        }
    }

    fn read_structure(&mut self, node: &Node, shape: &str, schema: &ShapeSchema, path: &MemberPath) -> Node {
        let NodeKind::Map(entries) = &node.kind else {
            return self.report_mismatch(node, "a mapping", path, None);
        };
        let mut read: Vec<(NodeKey, Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let member = resolve_member(schema, &key.name);
            let name = member.unwrap_or(key.name.as_str());
            let here = path.member(member.unwrap_or(key.display_name()));
            if read.iter().any(|(known, _)| known.name == name) {
                let message =
                    format!("duplicate key `{}`: it means `{name}`, which is already set", key.name);
                self.problems.push(Problem::error(key.span, message).path(&here.with_item_names));
                continue;
            }
            let value = match member.and_then(|name| schema.properties[name].target_shape()) {
                Some(target) if is_empty_enum(value, target) => continue,
                Some(target) => self.read_value(value, target, &here),
                None if self.allow_unknown.contains(&here.without_item_names) => {
                    self.report_numbers_without_json(value, &here);
                    value.clone()
                }
                None => {
                    self.report_unknown_member(key, shape, schema, &here);
                    continue;
                }
            };
            read.push((NodeKey { name: name.to_owned(), span: key.span }, value));
        }
        if schema.max_properties == Some(1) && read.iter().filter(|(_, value)| !value.is_null()).count() > 1 {
            let names: Vec<_> = read.iter().map(|(key, _)| format!("`{}`", key.name)).collect();
            self.report_error(node, path, format!("only one of {} can be set", names.join(", ")));
        }
        Node { kind: NodeKind::Map(read), span: node.span }
    }

    fn report_unknown_member(&mut self, key: &NodeKey, shape: &str, schema: &ShapeSchema, path: &MemberPath) {
        let belongs = |name: &str| {
            let place = model().find_member_elsewhere(self.root, shape, name)?;
            Some(format!("`{name}` belongs to {place}"))
        };
        let hint = did_you_mean(&key.name, schema.properties.keys().map(String::as_str))
            .or_else(|| belongs(&key.name))
            .or_else(|| belongs(&lowercase_first(&key.name)));
        let message = format!("unknown key `{}`", key.display_name());
        let hint = hint.unwrap_or_else(|| {
            format!(
                "if {} has this member and ecsail does not yet, add `allow_unknown: [{}]` to the manifest",
                self.root.service(),
                path.without_item_names
            )
        });
        self.problems.push(Problem::error(key.span, message).path(&path.with_item_names).hint(hint));
    }

    fn read_list(&mut self, node: &Node, item: &str, path: &MemberPath) -> Node {
        let mapping = PAIR_SHAPES.iter().find(|(shape, ..)| *shape == item);
        let items = match (&node.kind, mapping) {
            (NodeKind::Seq(items), _) => items.clone(),
            (NodeKind::Map(entries), Some((_, key, value))) => {
                entries.iter().map(|entry| pair_item(entry, key, value)).collect()
            }
            (NodeKind::Map(_), None) => return self.report_mismatch(node, "a list", path, None),
            _ => {
                let text = node.text().filter(|_| !node.span.from_expression);
                let hint = text.map(|text| format!("write it as a list: `[ {text} ]`"));
                return self.report_mismatch(node, "a list", path, hint);
            }
        };
        let mut read: Vec<Node> = Vec::with_capacity(items.len());
        for (index, node) in items.iter().enumerate() {
            if node.is_null() {
                self.report_error(
                    node,
                    &path.item(&index.to_string()),
                    "a list item cannot be `null`".to_owned(),
                );
                continue;
            }
            let name = item_identity(item).and_then(|identity| super::layer::item_name(node, identity));
            let here = path.item(&name.clone().unwrap_or_else(|| index.to_string()));
            let value = self.read_value(node, item, &here);
            let known = find_same_name(&read, &value, item);
            match known {
                Some(_) if REFUSED_DUPLICATES.contains(&item) => {
                    let name = name.unwrap_or_default();
                    self.report_error(node, &here, format!("duplicate `{name}` in this list"));
                    continue;
                }
                Some(known) if item == VARIABLE => {
                    let name = name.unwrap_or_default();
                    let message = format!("duplicate `{name}` in this list: the last one is used");
                    self.problems.push(Problem::warning(node.span, message).path(&here.with_item_names));
                    read.remove(known);
                }
                _ => {}
            }
            read.push(value);
        }
        Node { kind: NodeKind::Seq(read), span: node.span }
    }

    fn read_map(&mut self, node: &Node, value: &str, path: &MemberPath) -> Node {
        let NodeKind::Map(entries) = &node.kind else {
            return self.report_mismatch(node, "a mapping", path, None);
        };
        let read = entries
            .iter()
            .map(|(key, node)| (key.clone(), self.read_value(node, value, &path.item(&key.name))));
        Node { kind: NodeKind::Map(read.collect()), span: node.span }
    }

    fn read_string(&mut self, node: &Node, shape: &str, schema: &ShapeSchema, path: &MemberPath) -> Node {
        let Some(text) = node.text() else { return self.report_mismatch(node, "a string", path, None) };
        if !schema.values.is_empty() && !schema.values.iter().any(|value| value == text) {
            let allowed: Vec<_> = schema.values.iter().map(|value| format!("`{value}`")).collect();
            let near = most_similar(text, schema.values.iter().map(String::as_str));
            let found = if node.span.from_expression {
                "the value of `{{ … }}`".to_owned()
            } else {
                format!("`{text}`")
            };
            if let Some((_, used)) = LENIENT_ENUMS.iter().find(|(name, _)| *name == shape) {
                let message =
                    format!("{found} is not one of {}: ECS takes it for `{used}`", join_shortened(&allowed));
                self.problems.push(Problem::warning(node.span, message).path(&path.with_item_names));
                return Node::string(*used, node.span);
            }
            let message = format!("{found} is not one of {}", join_shortened(&allowed));
            let problem = Problem::error(node.span, message).path(&path.with_item_names);
            let near = near.map(|near| format!("did you mean `{near}`?"));
            self.problems.push(problem.hint(near.or_else(|| placeholder_hint(node))));
        }
        Node::string(text, node.span)
    }

    fn read_integer(&mut self, node: &Node, schema: &ShapeSchema, path: &MemberPath) -> Node {
        let number = match &node.kind {
            NodeKind::Scalar(Scalar::Number(number, _)) => number.as_i64(),
            NodeKind::Scalar(Scalar::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let hint = node.text().and_then(leading_zeros_hint).filter(|_| !node.span.from_expression);
        let Some(number) = number.filter(|_| hint.is_none()) else {
            return self.report_mismatch(node, "a whole number", path, hint);
        };
        let (low, high) = (schema.minimum.unwrap_or(i64::MIN), schema.maximum.unwrap_or(i64::MAX));
        if number < low || number > high {
            self.report_error(node, path, format!("{} is not between {low} and {high}", node.describe()));
        }
        let kind = NodeKind::Scalar(Scalar::Number(number.into(), number.to_string()));
        Node { kind, span: node.span }
    }

    /// Reports the numbers in a JSON value that JSON cannot spell, such as `0755`: they would become other numbers.
    fn report_numbers_without_json(&mut self, node: &Node, path: &MemberPath) {
        for node in node.numbers_without_json() {
            let message = format!("{} cannot be written in JSON", node.describe());
            let problem = Problem::error(node.span, message).path(&path.with_item_names);
            self.problems.push(problem.hint("put it in quotes if it is a string".to_owned()));
        }
    }

    fn read_number(&mut self, node: &Node, path: &MemberPath) -> Node {
        let number = match &node.kind {
            NodeKind::Scalar(Scalar::Number(number, _)) => Some(number.clone()),
            NodeKind::Scalar(Scalar::String(text)) => text.trim().parse().ok().and_then(Number::from_f64),
            _ => None,
        };
        let Some(number) = number else { return self.report_mismatch(node, "a number", path, None) };
        let text = number.to_string();
        Node { kind: NodeKind::Scalar(Scalar::Number(number, text)), span: node.span }
    }

    fn read_boolean(&mut self, node: &Node, path: &MemberPath) -> Node {
        let value = match (&node.kind, node.text()) {
            (NodeKind::Scalar(Scalar::Bool(value, _)), _) => Some(*value),
            (NodeKind::Scalar(Scalar::String(_)), Some("true")) => Some(true),
            (NodeKind::Scalar(Scalar::String(_)), Some("false")) => Some(false),
            _ => None,
        };
        let Some(value) = value else {
            let meant = match node.text().map(str::to_lowercase).as_deref() {
                Some("yes" | "y" | "on" | "1") => Some("write `true`".to_owned()),
                Some("no" | "n" | "off" | "0") => Some("write `false`".to_owned()),
                _ => None,
            };
            return self.report_mismatch(node, "`true` or `false`", path, meant);
        };
        Node { kind: NodeKind::Scalar(Scalar::Bool(value, value.to_string())), span: node.span }
    }

    /// Reports a value of the wrong type, and returns an unknown value, which causes no further problems.
    fn report_mismatch(
        &mut self,
        node: &Node,
        expected: &str,
        path: &MemberPath,
        hint: Option<String>,
    ) -> Node {
        let undefined = Node { kind: NodeKind::Undefined, span: node.span };
        // An undefined part has been reported, and may have another type than it seems.
        if node.has_undefined() {
            return undefined;
        }
        let name = path.with_item_names.rsplit('.').next().unwrap_or_default();
        let message = format!("`{name}` must be {expected}, found {}", node.describe());
        let hint = placeholder_hint(node).or(hint);
        let problem = Problem::error(node.span, message).label(format!("expected {expected}"));
        let hint = hint.or_else(|| node.unquoted_text_hint().map(str::to_owned));
        self.problems.push(problem.path(&path.with_item_names).hint(hint));
        undefined
    }

    fn report_error(&mut self, node: &Node, path: &MemberPath, message: String) {
        self.problems.push(Problem::error(node.span, message).path(&path.with_item_names));
    }
}

/// Returns the kind of document that a tree is: a task definition or an Express service if it has members of one, otherwise
/// a service.
pub fn detect_kind(node: &Node) -> DocumentKind {
    let is = |key: &NodeKey, names: &[&str]| {
        names.iter().any(|name| key.name.replace('_', "").eq_ignore_ascii_case(name))
    };
    let entries = node.entries();
    let wrapped = entries
        .iter()
        .any(|(key, value)| is(key, &["taskDefinition"]) && matches!(value.kind, NodeKind::Map(_)));
    let own = entries.iter().any(|(key, _)| is(key, &["containerDefinitions", "family"]));
    let is_express = entries
        .iter()
        .any(|(key, _)| is(key, &["primaryContainer", "infrastructureRoleArn", "scalingTarget"]));
    if wrapped || own || is_container_list(node) {
        DocumentKind::TaskDefinition
    } else if is_express {
        DocumentKind::Express
    } else {
        DocumentKind::Service
    }
}

/// Returns whether a tree is a bare list of containers, as some tools store it.
fn is_container_list(node: &Node) -> bool {
    let container =
        |node: &Node| node.entries().iter().any(|(key, _)| key.name.eq_ignore_ascii_case("image"));
    !node.items().is_empty() && node.items().iter().all(container)
}

/// Returns the hint for a value that is a placeholder.
fn placeholder_hint(node: &Node) -> Option<String> {
    let found = placeholder_in(node.text()?)?;
    let shown = if node.span.from_expression { "{{ … }}" } else { found };
    Some(format!("`{shown}` is a placeholder that was not replaced"))
}

/// Returns the position of the item in a list that has the name of another item.
fn find_same_name(read: &[Node], value: &Node, item: &str) -> Option<usize> {
    let identity = item_identity(item)?;
    let name = super::layer::item_name(value, identity)?;
    read.iter().position(|known| super::layer::item_name(known, identity).as_ref() == Some(&name))
}

/// Returns whether a value is an empty string in place of an enum: API output contains them, and they mean "not set".
fn is_empty_enum(node: &Node, target: &str) -> bool {
    let empty = matches!(&node.kind, NodeKind::Scalar(Scalar::String(text)) if text.is_empty());
    empty && matches!(model().shape(target), Shape::String(schema) if !schema.values.is_empty())
}

/// Returns the list item for an entry of a mapping: `FOO: bar` becomes `{name: FOO, value: bar}`.
fn pair_item((key, value): &(NodeKey, Node), key_member: &str, value_member: &str) -> Node {
    let member = |name: &str| NodeKey { name: name.to_owned(), span: key.span };
    let entries = vec![
        (member(key_member), Node::string(key.name.clone(), key.span)),
        (member(value_member), value.clone()),
    ];
    Node {
        kind: NodeKind::Map(entries),
        span: SourceSpan::new(key.span.source, key.span.start..key.span.end),
    }
}

/// Returns the hint for a whole number that begins with 0, which could be decimal or octal.
fn leading_zeros_hint(text: &str) -> Option<String> {
    let digits = text.trim().trim_start_matches(['-', '+']);
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.trim_start_matches('0');
    let is_ambiguous = is_digits && digits.len() > 1 && digits.starts_with('0') && !number.is_empty();
    is_ambiguous.then(|| format!("write `{number}`, or `0o{number}` for an octal number"))
}

fn lowercase_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn join_shortened(allowed: &[String]) -> String {
    match allowed {
        [shown @ .., _, _] if allowed.len() > 12 => format!("{}, …", shown[..10].join(", ")),
        _ => allowed.join(", "),
    }
}
