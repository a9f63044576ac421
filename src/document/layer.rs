//! Merges the layers of a document into one.
//!
//! Mappings are merged recursively, list items that have a name are merged by name, every other list is replaced as a
//! whole, and `null` removes a member. Each value keeps the span of the layer that it comes from.

use super::model::{Shape, model};
use super::shape_facts::{ItemIdentity, PAIR_SHAPES, item_identity};
use super::tree::{Node, NodeKind};

/// Returns `base` with `over` merged into it, as values of the named shape.
pub fn merge(base: Node, over: Node, shape: &str) -> Node {
    match (model().shape(shape), &base.kind, &over.kind) {
        (Shape::Structure(_) | Shape::Map(_), NodeKind::Map(_), NodeKind::Map(_)) => {
            merge_maps(base, over, shape)
        }
        (Shape::List(item), NodeKind::Seq(_), NodeKind::Seq(_)) => match item_identity(item) {
            Some(identity) => merge_lists(base, over, item, identity),
            None => over,
        },
        _ => over,
    }
}

fn merge_maps(base: Node, over: Node, shape: &str) -> Node {
    let span = base.span;
    let (NodeKind::Map(mut merged), NodeKind::Map(over)) = (base.kind, over.kind) else {
        return Node { kind: NodeKind::Null, span };
    };
    for (key, value) in over {
        let Some(at) = merged.iter().position(|(known, _)| known.name == key.name) else {
            merged.push((key, value));
            continue;
        };
        if value.is_null() {
            merged.remove(at);
            continue;
        }
        let target = match model().shape(shape) {
            Shape::Map(value) => value,
            _ => model().member_shape(shape, &key.name).unwrap_or_default(),
        };
        let (_, slot) = &mut merged[at];
        let before = std::mem::replace(slot, Node { kind: NodeKind::Null, span });
        *slot = merge(before, value, target);
    }
    Node { kind: NodeKind::Map(merged), span }
}

fn merge_lists(base: Node, over: Node, item: &str, identity: &ItemIdentity) -> Node {
    let span = base.span;
    let (NodeKind::Seq(mut merged), NodeKind::Seq(over)) = (base.kind, over.kind) else {
        return Node { kind: NodeKind::Null, span };
    };
    for node in over {
        let name = item_name(&node, identity);
        let known = merged.iter().position(|known| name.is_some() && item_name(known, identity) == name);
        match known {
            None => merged.push(node),
            Some(at) if is_removal(&node, item) => {
                merged.remove(at);
            }
            Some(at) => {
                let before = std::mem::replace(&mut merged[at], Node { kind: NodeKind::Null, span });
                merged[at] = merge(before, node, item);
            }
        }
    }
    Node { kind: NodeKind::Seq(merged), span }
}

/// Returns the name of a list item, such as `web` or `80/tcp`, or `None` if it has no name.
pub fn item_name(node: &Node, identity: &ItemIdentity) -> Option<String> {
    let written = |member: &str| node.get(member).and_then(Node::text).filter(|text| !text.is_empty());
    identity.members.iter().find_map(|(member, _)| written(member))?;
    let parts = identity.members.iter().map(|(member, default)| written(member).unwrap_or(default));
    Some(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

/// Returns whether an item is a key-value pair whose value is `null`: `environment: { FOO: null }` removes the entry.
///
/// In other items, `null` removes only the member: `hostPort: null` does not remove the port mapping.
fn is_removal(node: &Node, item: &str) -> bool {
    let pair = PAIR_SHAPES.iter().find(|(shape, ..)| *shape == item);
    pair.is_some_and(|(_, _, value)| node.get(value).is_some_and(Node::is_null))
}

/// Returns a document without `null` members, without items that only removed an entry, and without an empty list of
/// tags, which `DescribeTaskDefinition` returns and `RegisterTaskDefinition` refuses.
pub fn remove_nulls(node: Node, shape: &str) -> Node {
    let span = node.span;
    let kind = match node.kind {
        NodeKind::Map(entries) => NodeKind::Map(
            entries
                .into_iter()
                .filter(|(key, value)| !value.is_null() && !is_empty_tags(shape, &key.name, value))
                .map(|(key, value)| {
                    let target = model().member_shape(shape, &key.name).unwrap_or_default();
                    (key, remove_nulls(value, target))
                })
                .collect(),
        ),
        NodeKind::Seq(items) => {
            let item = match model().shape(shape) {
                Shape::List(item) => item,
                _ => "",
            };
            NodeKind::Seq(
                items
                    .into_iter()
                    .filter(|node| !is_removal(node, item))
                    .map(|node| remove_nulls(node, item))
                    .collect(),
            )
        }
        other => other,
    };
    Node { kind, span }
}

fn is_empty_tags(shape: &str, member: &str, value: &Node) -> bool {
    let target = model().member_shape(shape, member).unwrap_or_default();
    matches!(model().shape(target), Shape::List("Tag"))
        && matches!(&value.kind, NodeKind::Seq(items) if items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::model::DocumentKind;
    use crate::document::problem::Problems;
    use crate::document::reader::DocumentReader;
    use crate::document::rendered_text::RenderedText;
    use crate::document::source::Sources;
    use crate::document::tree::parse;
    use serde_json::{Value, json};

    /// Returns the task definition that results from merging layers.
    fn merged_layers(layers: &[&str]) -> Value {
        let (mut sources, mut problems) = (Sources::default(), Problems::default());
        let shape = DocumentKind::TaskDefinition.input_shape();
        let read = |text: &&str| {
            let id = sources.add("layer", *text);
            let node = parse(&RenderedText::from_source(id, *text)).expect("valid");
            DocumentReader::new(DocumentKind::TaskDefinition, &[], &mut problems).read_document(&node)
        };
        let merged = layers.iter().map(read).reduce(|base, over| merge(base, over, shape)).expect("a layer");
        assert!(problems.is_empty(), "{problems:?}");
        remove_nulls(merged, shape).to_value()
    }

    #[test]
    fn named_items_merge_and_other_lists_are_replaced() {
        let base = "containerDefinitions: [ { name: a, image: i, command: [x, y], environment: { A: '1', B: '2' } }, { name: b } ]";
        let over = "containerDefinitions: [ { name: a, command: [z], environment: { B: '3', C: '' } }, { name: c } ]";
        let expected = json!({"containerDefinitions": [
            {"name": "a", "image": "i", "command": ["z"], "environment": [
                {"name": "A", "value": "1"}, {"name": "B", "value": "3"}, {"name": "C", "value": ""}]},
            {"name": "b"}, {"name": "c"}]});
        assert_eq!(merged_layers(&[base, over]), expected);
    }

    #[test]
    fn null_removes_members_and_entries() {
        let base =
            "{cpu: 256, containerDefinitions: [ { name: a, user: u, environment: { A: '1', B: '2' } } ]}";
        let over = "{cpu: null, containerDefinitions: [ { name: a, user: null, environment: { A: null, X: null } } ]}";
        let expected =
            json!({"containerDefinitions": [{"name": "a", "environment": [{"name": "B", "value": "2"}]}]});
        assert_eq!(merged_layers(&[base, over]), expected);
    }

    #[test]
    fn ports_merge_by_port_and_protocol() {
        let base = "containerDefinitions: [ { name: a, portMappings: [ { containerPort: 53 } ] } ]";
        let over = "containerDefinitions: [ { name: a, portMappings: [ { containerPort: 53, protocol: udp }, { containerPort: 53, name: dns } ] } ]";
        let ports = &merged_layers(&[base, over])["containerDefinitions"][0]["portMappings"];
        assert_eq!(
            *ports,
            json!([{"containerPort": 53, "name": "dns"}, {"containerPort": 53, "protocol": "udp"}])
        );
    }

    #[test]
    fn null_on_a_member_of_a_named_item_keeps_the_item() {
        let base = "containerDefinitions: [ { name: a, image: i, portMappings: [ { containerPort: 80, hostPort: 8080 } ] } ]";
        let over = "containerDefinitions: [ { name: a, image: null, portMappings: [ { containerPort: 80, hostPort: null } ] } ]";
        let expected = json!([{"name": "a", "portMappings": [{"containerPort": 80}]}]);
        assert_eq!(merged_layers(&[base, over])["containerDefinitions"], expected);
        assert_eq!(
            merged_layers(&["volumes: [ { name: d, host: null } ]"])["volumes"],
            json!([{"name": "d"}])
        );
    }

    #[test]
    fn port_ranges_are_identified_by_their_range() {
        let base = "containerDefinitions: [ { name: a, portMappings: [ { containerPortRange: 1-2 }, { containerPortRange: 5-6 } ] } ]";
        let over =
            "containerDefinitions: [ { name: a, portMappings: [ { containerPortRange: 5-6, name: x } ] } ]";
        let ports = &merged_layers(&[base, over])["containerDefinitions"][0]["portMappings"];
        assert_eq!(
            *ports,
            json!([{"containerPortRange": "1-2"}, {"containerPortRange": "5-6", "name": "x"}])
        );
    }

    #[test]
    fn an_empty_list_of_tags_is_left_out() {
        assert_eq!(merged_layers(&["{cpu: 256, tags: []}"]), json!({"cpu": "256"}));
    }
}
