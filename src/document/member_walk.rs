//! Walks a document along the ECS model, and calls back with every value and the member that holds it.

use super::layer::item_name;
use super::model::{Shape, model};
use super::shape_facts::item_identity;
use super::tree::{Node, NodeKind};

/// A value of a document, with the member that holds it. The items of a list have the member of the list.
#[derive(Clone, Copy)]
pub(crate) struct MemberValue<'a> {
    /// The shape of the structure, or of the map with keys of the user.
    pub(crate) structure: &'a str,
    pub(crate) member: &'a str,
    pub(crate) node: &'a Node,
    path: &'a MemberPath<'a>,
}

impl MemberValue<'_> {
    /// Returns the path of the value in the document.
    pub(crate) fn path(&self) -> String {
        self.path.text()
    }
}

/// A structure of a document.
#[derive(Clone, Copy)]
pub(crate) struct StructureValue<'a> {
    pub(crate) shape: &'a str,
    pub(crate) node: &'a Node,
    path: &'a MemberPath<'a>,
}

impl StructureValue<'_> {
    /// Returns the path of a member of the structure.
    pub(crate) fn member_path(&self, member: &str) -> String {
        MemberPath { parent: Some(self.path), step: PathStep::Member(member) }.text()
    }
}

/// A list of a document.
#[derive(Clone, Copy)]
pub(crate) struct ListValue<'a> {
    /// The shape of the items.
    pub(crate) item: &'a str,
    pub(crate) items: &'a [Node],
    path: &'a MemberPath<'a>,
}

impl ListValue<'_> {
    /// Returns the path of an item.
    pub(crate) fn item_path(&self, index: usize, node: &Node) -> String {
        MemberPath { parent: Some(self.path), step: PathStep::Item { index, shape: self.item, node } }.text()
    }
}

/// The path of a value; it is made into a text only for a problem.
struct MemberPath<'a> {
    parent: Option<&'a MemberPath<'a>>,
    step: PathStep<'a>,
}

enum PathStep<'a> {
    Root,
    Member(&'a str),
    Item { index: usize, shape: &'a str, node: &'a Node },
}

impl MemberPath<'_> {
    fn text(&self) -> String {
        let before = self.parent.map(MemberPath::text).unwrap_or_default();
        match &self.step {
            PathStep::Root => before,
            PathStep::Member(name) if before.is_empty() => (*name).to_owned(),
            PathStep::Member(name) => format!("{before}.{name}"),
            PathStep::Item { index, shape, node } => {
                let identity = item_identity(shape);
                // The value of an expression is not shown.
                let shown = |member: &str| node.get(member).is_none_or(|node| !node.span.from_expression);
                let identity =
                    identity.filter(|identity| identity.members.iter().all(|(member, _)| shown(member)));
                let name = identity.and_then(|identity| item_name(node, identity));
                format!("{before}[{}]", name.unwrap_or_else(|| index.to_string()))
            }
        }
    }
}

/// What a walk calls back with.
pub(crate) trait MemberVisitor {
    /// A scalar.
    fn value(&mut self, _: MemberValue<'_>) {}
    /// A structure, before its members.
    fn structure(&mut self, _: StructureValue<'_>) {}
    /// A list, before its items.
    fn list(&mut self, _: ListValue<'_>) {}
}

/// Walks a document of this shape.
pub(crate) fn walk(node: &Node, shape: &str, visitor: &mut dyn MemberVisitor) {
    let path = MemberPath { parent: None, step: PathStep::Root };
    visit(node, shape, ("", ""), &path, visitor);
}

fn visit(
    node: &Node,
    shape: &str,
    (structure, member): (&str, &str),
    path: &MemberPath<'_>,
    visitor: &mut dyn MemberVisitor,
) {
    match &node.kind {
        NodeKind::Scalar(_) => visitor.value(MemberValue { structure, member, node, path }),
        NodeKind::Seq(items) => {
            let Shape::List(item) = model().shape(shape) else { return };
            visitor.list(ListValue { item, items, path });
            for (index, node) in items.iter().enumerate() {
                let path =
                    MemberPath { parent: Some(path), step: PathStep::Item { index, shape: item, node } };
                visit(node, item, (structure, member), &path, visitor);
            }
        }
        NodeKind::Map(entries) => {
            let value = match model().shape(shape) {
                Shape::Structure(_) => None,
                Shape::Map(value) => Some(value),
                _ => return,
            };
            if value.is_none() {
                visitor.structure(StructureValue { shape, node, path });
            }
            for (key, node) in entries {
                let target = value.or_else(|| model().member_shape(shape, &key.name)).unwrap_or_default();
                let path = MemberPath { parent: Some(path), step: PathStep::Member(key.display_name()) };
                visit(node, target, (shape, &key.name), &path, visitor);
            }
        }
        NodeKind::Null | NodeKind::Undefined => {}
    }
}
