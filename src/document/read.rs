//! Reads a tree as a document of the ECS model and reports every problem in it.
//!
//! The result is canonical: keys are spelled as in the API, scalars have the type that the API expects, mappings are
//! converted to the lists that the API takes, and read-only members are removed. A [`Reader`] reads one layer;
//! [`complete`] checks for required members once the layers are merged.

use serde_json::Number;

use super::model::{Root, Schema, Shape, member_of, model};
use super::problem::{Problem, Problems, did_you_mean, nearest};
use super::rules::{MAPPINGS, identity};
use super::source::Span;
use super::tree::{Key, Kind, Node, Scalar};

/// A reader of documents of one kind.
pub struct Reader<'a> {
    root: Root,
    /// Members that are newer than the model, as paths without item names: `containerDefinitions.newField`.
    allow_unknown: &'a [String],
    problems: &'a mut Problems,
}

/// The path of a value in two spellings: with item names for messages, and without for `allow_unknown`.
#[derive(Clone, Debug, Default)]
struct Path {
    shown: String,
    plain: String,
}

impl Path {
    fn member(&self, name: &str) -> Path {
        let join = |path: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        Path { shown: join(&self.shown), plain: join(&self.plain) }
    }

    fn item(&self, name: &str) -> Path {
        Path { shown: format!("{}[{name}]", self.shown), plain: self.plain.clone() }
    }
}

impl<'a> Reader<'a> {
    /// Returns a reader of `root` documents that adds to `problems`.
    pub fn new(root: Root, allow_unknown: &'a [String], problems: &'a mut Problems) -> Reader<'a> {
        Reader { root, allow_unknown, problems }
    }

    /// Returns the canonical form of one layer of a document.
    ///
    /// The output of DescribeTaskDefinition is accepted too, with or without the `taskDefinition` around it.
    pub fn document(&mut self, node: &Node) -> Node {
        let unwrapped = self.unwrap(node);
        let node = unwrapped.as_ref().unwrap_or(node);
        if !matches!(node.kind, Kind::Map(_) | Kind::Unknown) {
            let noun = self.root.noun();
            self.report(
                node,
                &Path::default(),
                format!("a {noun} must be a mapping, found {}", node.describe()),
            );
            return Node { kind: Kind::Unknown, span: node.span };
        }
        let bare = self.without_read_only(node);
        self.value(&bare, self.root.shape(), &Path::default())
    }

    /// Returns the content of `taskDefinition:` together with the `tags` beside it, or a definition with a bare list of
    /// containers; `None` if the node is neither.
    fn unwrap(&mut self, node: &Node) -> Option<Node> {
        if self.root != Root::TaskDefinition {
            return None;
        }
        if is_container_list(node) {
            self.problems
                .push(Problem::note(node.span, "a list of containers is read as `containerDefinitions`"));
            let key = Key { name: "containerDefinitions".to_owned(), span: node.span };
            return Some(Node { kind: Kind::Map(vec![(key, node.clone())]), span: node.span });
        }
        let is = |key: &Key, name: &str| key.name.eq_ignore_ascii_case(name);
        let (_, inner) = node.entries().iter().find(|(key, _)| is(key, "taskDefinition"))?;
        let Kind::Map(entries) = &inner.kind else { return None };
        let mut entries = entries.clone();
        for (key, value) in node.entries().iter().filter(|(key, _)| !is(key, "taskDefinition")) {
            if is(key, "tags") {
                entries.push((key.clone(), value.clone()));
            } else {
                let message = format!("ignored `{}`: it is beside `taskDefinition`, not in it", key.shown());
                self.problems.push(Problem::warning(key.span, message));
            }
        }
        Some(Node { kind: Kind::Map(entries), span: inner.span })
    }

    /// Returns a document without its read-only members, and reports them in one note.
    fn without_read_only(&mut self, node: &Node) -> Node {
        let Kind::Map(entries) = &node.kind else { return node.clone() };
        // `x-…` keys hold YAML anchors, as in Compose files.
        let entries: Vec<_> =
            entries.iter().filter(|(key, _)| !key.name.starts_with("x-")).cloned().collect();
        let read_only = |key: &Key| {
            let name = first_lower(&key.name);
            model().is_read_only(self.root, &key.name) || model().is_read_only(self.root, &name)
        };
        let (dropped, kept): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|(key, _)| read_only(key));
        if let Some((first, _)) = dropped.first() {
            let names: Vec<_> = dropped.iter().map(|(key, _)| format!("`{}`", key.shown())).collect();
            let message = format!("ignored members that ECS sets itself: {}", names.join(", "));
            self.problems.push(Problem::note(first.span, message));
        }
        Node { kind: Kind::Map(kept), span: node.span }
    }

    fn value(&mut self, node: &Node, shape: &str, path: &Path) -> Node {
        if matches!(node.kind, Kind::Null | Kind::Unknown) {
            return node.clone();
        }
        match model().shape(shape) {
            Shape::Any => node.clone(),
            Shape::Structure(schema) => self.structure(node, shape, schema, path),
            Shape::List(item) => self.list(node, item, path),
            Shape::Map(value) => self.map(node, value, path),
            Shape::String(schema) => self.string(node, schema, path),
            Shape::Integer(schema) => self.integer(node, schema, path),
            Shape::Number => self.number(node, path),
            Shape::Boolean => self.boolean(node, path),
        }
    }

    fn structure(&mut self, node: &Node, shape: &str, schema: &Schema, path: &Path) -> Node {
        let Kind::Map(entries) = &node.kind else { return self.mismatch(node, "a mapping", path, None) };
        let mut read: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let member = member_of(schema, &key.name);
            let name = member.unwrap_or(key.name.as_str());
            let here = path.member(member.unwrap_or(key.shown()));
            if read.iter().any(|(known, _)| known.name == name) {
                let message =
                    format!("duplicate key `{}`: it means `{name}`, which is already set", key.name);
                self.problems.push(Problem::error(key.span, message).path(&here.shown));
                continue;
            }
            let value = match member.and_then(|name| schema.properties[name].target()) {
                Some(target) if is_empty_enum(value, target) => continue,
                Some(target) => self.value(value, target, &here),
                None if self.allow_unknown.contains(&here.plain) => value.clone(),
                None => {
                    self.unknown_member(key, shape, schema, &here);
                    continue;
                }
            };
            read.push((Key { name: name.to_owned(), span: key.span }, value));
        }
        if schema.max_properties == Some(1) && read.iter().filter(|(_, value)| !value.is_null()).count() > 1 {
            let names: Vec<_> = read.iter().map(|(key, _)| format!("`{}`", key.name)).collect();
            self.report(node, path, format!("only one of {} can be set", names.join(", ")));
        }
        Node { kind: Kind::Map(read), span: node.span }
    }

    fn unknown_member(&mut self, key: &Key, shape: &str, schema: &Schema, path: &Path) {
        let belongs = |name: &str| {
            let place = model().where_else(self.root, shape, name)?;
            Some(format!("`{name}` belongs to {place}"))
        };
        let hint = did_you_mean(&key.name, schema.properties.keys().map(String::as_str))
            .or_else(|| belongs(&key.name))
            .or_else(|| belongs(&first_lower(&key.name)));
        let message = format!("unknown key `{}`", key.shown());
        let hint = hint.unwrap_or_else(|| {
            format!(
                "if ECS has this member and ecsail does not yet, add `allow_unknown: [{}]` to the manifest",
                path.plain
            )
        });
        self.problems.push(Problem::error(key.span, message).path(&path.shown).hint(hint));
    }

    fn list(&mut self, node: &Node, item: &str, path: &Path) -> Node {
        let mapping = MAPPINGS.iter().find(|(shape, ..)| *shape == item);
        let items = match (&node.kind, mapping) {
            (Kind::Seq(items), _) => items.clone(),
            (Kind::Map(entries), Some((_, key, value))) => {
                entries.iter().map(|entry| pair(entry, key, value)).collect()
            }
            (Kind::Map(_), None) => return self.mismatch(node, "a list", path, None),
            _ => {
                let text = node.text().filter(|_| !node.span.expression);
                let hint = text.map(|text| format!("write it as a list: `[ {text} ]`"));
                return self.mismatch(node, "a list", path, hint);
            }
        };
        let mut read: Vec<Node> = Vec::with_capacity(items.len());
        for (index, node) in items.iter().enumerate() {
            if node.is_null() {
                self.report(node, &path.item(&index.to_string()), "a list item cannot be `null`".to_owned());
                continue;
            }
            let name = identity(item).and_then(|identity| super::layer::name_of(node, identity));
            let here = path.item(&name.clone().unwrap_or_else(|| index.to_string()));
            let value = self.value(node, item, &here);
            // One container port may be mapped to several host ports.
            let once = identity(item).filter(|identity| identity.shape != "PortMapping");
            let again = once.is_some_and(|identity| {
                let name = super::layer::name_of(&value, identity);
                name.is_some() && read.iter().any(|known| super::layer::name_of(known, identity) == name)
            });
            if again {
                let name = name.unwrap_or_default();
                self.report(node, &here, format!("duplicate `{name}` in this list"));
                continue;
            }
            read.push(value);
        }
        Node { kind: Kind::Seq(read), span: node.span }
    }

    fn map(&mut self, node: &Node, value: &str, path: &Path) -> Node {
        let Kind::Map(entries) = &node.kind else { return self.mismatch(node, "a mapping", path, None) };
        let read =
            entries.iter().map(|(key, node)| (key.clone(), self.value(node, value, &path.item(&key.name))));
        Node { kind: Kind::Map(read.collect()), span: node.span }
    }

    fn string(&mut self, node: &Node, schema: &Schema, path: &Path) -> Node {
        let Some(text) = node.text() else { return self.mismatch(node, "a string", path, None) };
        if !schema.values.is_empty() && !schema.values.iter().any(|value| value == text) {
            let allowed: Vec<_> = schema.values.iter().map(|value| format!("`{value}`")).collect();
            let near = nearest(text, schema.values.iter().map(String::as_str));
            let found = if node.span.expression {
                "the value of `{{ … }}`".to_owned()
            } else {
                format!("`{text}`")
            };
            let message = format!("{found} is not one of {}", shortened(&allowed));
            let problem = Problem::error(node.span, message).path(&path.shown);
            self.problems.push(problem.hint(near.map(|near| format!("did you mean `{near}`?"))));
        }
        Node::string(text, node.span)
    }

    fn integer(&mut self, node: &Node, schema: &Schema, path: &Path) -> Node {
        let number = match &node.kind {
            Kind::Scalar(Scalar::Number(number, _)) => number.as_i64(),
            Kind::Scalar(Scalar::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let Some(number) = number else { return self.mismatch(node, "a whole number", path, None) };
        let (low, high) = (schema.minimum.unwrap_or(i64::MIN), schema.maximum.unwrap_or(i64::MAX));
        if number < low || number > high {
            self.report(node, path, format!("{} is not between {low} and {high}", node.describe()));
        }
        let kind = Kind::Scalar(Scalar::Number(number.into(), number.to_string()));
        Node { kind, span: node.span }
    }

    fn number(&mut self, node: &Node, path: &Path) -> Node {
        let number = match &node.kind {
            Kind::Scalar(Scalar::Number(number, _)) => Some(number.clone()),
            Kind::Scalar(Scalar::String(text)) => text.trim().parse().ok().and_then(Number::from_f64),
            _ => None,
        };
        let Some(number) = number else { return self.mismatch(node, "a number", path, None) };
        let text = number.to_string();
        Node { kind: Kind::Scalar(Scalar::Number(number, text)), span: node.span }
    }

    fn boolean(&mut self, node: &Node, path: &Path) -> Node {
        let value = match (&node.kind, node.text()) {
            (Kind::Scalar(Scalar::Bool(value, _)), _) => Some(*value),
            (Kind::Scalar(Scalar::String(_)), Some("true")) => Some(true),
            (Kind::Scalar(Scalar::String(_)), Some("false")) => Some(false),
            _ => None,
        };
        let Some(value) = value else {
            let meant = match node.text().map(str::to_lowercase).as_deref() {
                Some("yes" | "y" | "on" | "1") => Some("write `true`".to_owned()),
                Some("no" | "n" | "off" | "0") => Some("write `false`".to_owned()),
                _ => None,
            };
            return self.mismatch(node, "`true` or `false`", path, meant);
        };
        Node { kind: Kind::Scalar(Scalar::Bool(value, value.to_string())), span: node.span }
    }

    /// Reports a value of the wrong type, and returns an unknown value, which causes no further problems.
    fn mismatch(&mut self, node: &Node, expected: &str, path: &Path, hint: Option<String>) -> Node {
        let name = path.shown.rsplit('.').next().unwrap_or_default();
        let message = format!("`{name}` must be {expected}, found {}", node.describe());
        let problem = Problem::error(node.span, message).label(format!("expected {expected}"));
        self.problems.push(problem.path(&path.shown).hint(hint));
        Node { kind: Kind::Unknown, span: node.span }
    }

    fn report(&mut self, node: &Node, path: &Path, message: String) {
        self.problems.push(Problem::error(node.span, message).path(&path.shown));
    }
}

/// Returns the kind of document that a tree is: a task definition if it has members of one, otherwise a service.
pub fn root_of(node: &Node) -> Root {
    let is = |key: &Key, names: &[&str]| {
        names.iter().any(|name| key.name.replace('_', "").eq_ignore_ascii_case(name))
    };
    let entries = node.entries();
    let wrapped =
        entries.iter().any(|(key, value)| is(key, &["taskDefinition"]) && matches!(value.kind, Kind::Map(_)));
    let own = entries.iter().any(|(key, _)| is(key, &["containerDefinitions", "family"]));
    if wrapped || own || is_container_list(node) { Root::TaskDefinition } else { Root::Service }
}

/// Returns whether a tree is a bare list of containers, as some tools store it.
fn is_container_list(node: &Node) -> bool {
    let container =
        |node: &Node| node.entries().iter().any(|(key, _)| key.name.eq_ignore_ascii_case("image"));
    !node.items().is_empty() && node.items().iter().all(container)
}

/// Returns whether a value is an empty string in place of an enum: API output contains them, and they mean "not set".
fn is_empty_enum(node: &Node, target: &str) -> bool {
    let empty = matches!(&node.kind, Kind::Scalar(Scalar::String(text)) if text.is_empty());
    empty && matches!(model().shape(target), Shape::String(schema) if !schema.values.is_empty())
}

/// Returns the list item for an entry of a mapping: `FOO: bar` becomes `{name: FOO, value: bar}`.
fn pair((key, value): &(Key, Node), key_member: &str, value_member: &str) -> Node {
    let member = |name: &str| Key { name: name.to_owned(), span: key.span };
    let entries = vec![
        (member(key_member), Node::string(key.name.clone(), key.span)),
        (member(value_member), value.clone()),
    ];
    Node { kind: Kind::Map(entries), span: Span::new(key.span.source, key.span.start..key.span.end) }
}

fn first_lower(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn shortened(allowed: &[String]) -> String {
    match allowed {
        [shown @ .., _, _] if allowed.len() > 12 => format!("{}, …", shown[..10].join(", ")),
        _ => allowed.join(", "),
    }
}

/// Reports the required members that a merged document lacks, except those in `given`, which are set elsewhere.
pub fn complete(node: &Node, root: Root, given: &[&str], problems: &mut Problems) {
    required(node, root.shape(), "", given, problems);
}

fn required(node: &Node, shape: &str, path: &str, given: &[&str], problems: &mut Problems) {
    match (model().shape(shape), &node.kind) {
        (Shape::Structure(schema), Kind::Map(entries)) => {
            for name in &schema.required {
                if node.get(name).is_none() && !given.contains(&name.as_str()) {
                    let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
                    problems
                        .push(Problem::error(node.span, format!("`{name}` is missing{place}")).path(path));
                }
            }
            for (key, value) in entries {
                let target = model().member(shape, &key.name).unwrap_or_default();
                let dot = if path.is_empty() { "" } else { "." };
                required(value, target, &format!("{path}{dot}{}", key.name), &[], problems);
            }
        }
        (Shape::List(item), Kind::Seq(items)) => {
            for (index, node) in items.iter().enumerate() {
                let name = identity(item).and_then(|identity| super::layer::name_of(node, identity));
                let name = name.unwrap_or_else(|| index.to_string());
                required(node, item, &format!("{path}[{name}]"), &[], problems);
            }
        }
        _ => {}
    }
}
