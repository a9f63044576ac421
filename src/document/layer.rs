//! Merges the layers of a document into one.
//!
//! Mappings are merged recursively, list items that have a name are merged by name, every other list is replaced as a
//! whole, and `null` removes a member. Each value keeps the span of the layer that it comes from.

use super::model::{Shape, model};
use super::rules::{Identity, MAPPINGS, identity};
use super::tree::{Kind, Node};

/// Returns `base` with `over` merged into it, as values of the named shape.
pub fn merge(base: Node, over: Node, shape: &str) -> Node {
    match (model().shape(shape), &base.kind, &over.kind) {
        (Shape::Structure(_) | Shape::Map(_), Kind::Map(_), Kind::Map(_)) => merge_maps(base, over, shape),
        (Shape::List(item), Kind::Seq(_), Kind::Seq(_)) => match identity(item) {
            Some(identity) => merge_lists(base, over, item, identity),
            None => over,
        },
        _ => over,
    }
}

fn merge_maps(base: Node, over: Node, shape: &str) -> Node {
    let span = base.span;
    let (Kind::Map(mut merged), Kind::Map(over)) = (base.kind, over.kind) else {
        return Node { kind: Kind::Null, span };
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
            _ => model().member(shape, &key.name).unwrap_or_default(),
        };
        let (_, slot) = &mut merged[at];
        let before = std::mem::replace(slot, Node { kind: Kind::Null, span });
        *slot = merge(before, value, target);
    }
    Node { kind: Kind::Map(merged), span }
}

fn merge_lists(base: Node, over: Node, item: &str, identity: &Identity) -> Node {
    let span = base.span;
    let (Kind::Seq(mut merged), Kind::Seq(over)) = (base.kind, over.kind) else {
        return Node { kind: Kind::Null, span };
    };
    for node in over {
        let name = name_of(&node, identity);
        let known = merged.iter().position(|known| name.is_some() && name_of(known, identity) == name);
        match known {
            None => merged.push(node),
            Some(at) if removes(&node, item) => {
                merged.remove(at);
            }
            Some(at) => {
                let before = std::mem::replace(&mut merged[at], Node { kind: Kind::Null, span });
                merged[at] = merge(before, node, item);
            }
        }
    }
    Node { kind: Kind::Seq(merged), span }
}

/// Returns the name of a list item, such as `web` or `80/tcp`, or `None` if it has no name.
pub fn name_of(node: &Node, identity: &Identity) -> Option<String> {
    let written = |member: &str| node.get(member).and_then(Node::text).filter(|text| !text.is_empty());
    identity.members.iter().find_map(|(member, _)| written(member))?;
    let parts = identity.members.iter().map(|(member, default)| written(member).unwrap_or(default));
    Some(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

/// Returns whether an item is a key-value pair whose value is `null`: `environment: { FOO: null }` removes the entry.
///
/// In other items, `null` removes only the member: `hostPort: null` does not remove the port mapping.
fn removes(node: &Node, item: &str) -> bool {
    let pair = MAPPINGS.iter().find(|(shape, ..)| *shape == item);
    pair.is_some_and(|(_, _, value)| node.get(value).is_some_and(Node::is_null))
}

/// Returns a document without `null` members, without items that only removed an entry, and without an empty list of
/// tags, which DescribeTaskDefinition returns and RegisterTaskDefinition refuses.
pub fn without_nulls(node: Node, shape: &str) -> Node {
    let span = node.span;
    let kind = match node.kind {
        Kind::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .filter(|(key, value)| !value.is_null() && !is_empty_tags(shape, &key.name, value))
                .map(|(key, value)| {
                    let target = model().member(shape, &key.name).unwrap_or_default();
                    (key, without_nulls(value, target))
                })
                .collect(),
        ),
        Kind::Seq(items) => {
            let item = match model().shape(shape) {
                Shape::List(item) => item,
                _ => "",
            };
            Kind::Seq(
                items
                    .into_iter()
                    .filter(|node| !removes(node, item))
                    .map(|node| without_nulls(node, item))
                    .collect(),
            )
        }
        other => other,
    };
    Node { kind, span }
}

fn is_empty_tags(shape: &str, member: &str, value: &Node) -> bool {
    let target = model().member(shape, member).unwrap_or_default();
    matches!(model().shape(target), Shape::List("Tag"))
        && matches!(&value.kind, Kind::Seq(items) if items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::model::Root;
    use crate::document::problem::Problems;
    use crate::document::read::Reader;
    use crate::document::source::Sources;
    use crate::document::text::Text;
    use crate::document::tree::parse;
    use serde_json::{Value, json};

    /// Returns the task definition that results from merging layers.
    fn layered(layers: &[&str]) -> Value {
        let (mut sources, mut problems) = (Sources::default(), Problems::default());
        let shape = Root::TaskDefinition.shape();
        let read = |text: &&str| {
            let id = sources.add("layer", *text);
            let node = parse(&Text::plain(id, *text)).expect("valid");
            Reader::new(Root::TaskDefinition, &[], &mut problems).document(&node)
        };
        let merged = layers.iter().map(read).reduce(|base, over| merge(base, over, shape)).expect("a layer");
        assert!(problems.is_empty(), "{problems:?}");
        without_nulls(merged, shape).to_value()
    }

    #[test]
    fn named_items_merge_and_other_lists_are_replaced() {
        let base = "containerDefinitions: [ { name: a, image: i, command: [x, y], environment: { A: '1', B: '2' } }, { name: b } ]";
        let over = "containerDefinitions: [ { name: a, command: [z], environment: { B: '3', C: '' } }, { name: c } ]";
        let expected = json!({"containerDefinitions": [
            {"name": "a", "image": "i", "command": ["z"], "environment": [
                {"name": "A", "value": "1"}, {"name": "B", "value": "3"}, {"name": "C", "value": ""}]},
            {"name": "b"}, {"name": "c"}]});
        assert_eq!(layered(&[base, over]), expected);
    }

    #[test]
    fn null_removes_members_and_entries() {
        let base =
            "{cpu: 256, containerDefinitions: [ { name: a, user: u, environment: { A: '1', B: '2' } } ]}";
        let over = "{cpu: null, containerDefinitions: [ { name: a, user: null, environment: { A: null, X: null } } ]}";
        let expected =
            json!({"containerDefinitions": [{"name": "a", "environment": [{"name": "B", "value": "2"}]}]});
        assert_eq!(layered(&[base, over]), expected);
    }

    #[test]
    fn ports_merge_by_port_and_protocol() {
        let base = "containerDefinitions: [ { name: a, portMappings: [ { containerPort: 53 } ] } ]";
        let over = "containerDefinitions: [ { name: a, portMappings: [ { containerPort: 53, protocol: udp }, { containerPort: 53, name: dns } ] } ]";
        let ports = &layered(&[base, over])["containerDefinitions"][0]["portMappings"];
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
        assert_eq!(layered(&[base, over])["containerDefinitions"], expected);
        assert_eq!(layered(&["volumes: [ { name: d, host: null } ]"])["volumes"], json!([{"name": "d"}]));
    }

    #[test]
    fn port_ranges_have_names_of_their_own() {
        let base = "containerDefinitions: [ { name: a, portMappings: [ { containerPortRange: 1-2 }, { containerPortRange: 5-6 } ] } ]";
        let over =
            "containerDefinitions: [ { name: a, portMappings: [ { containerPortRange: 5-6, name: x } ] } ]";
        let ports = &layered(&[base, over])["containerDefinitions"][0]["portMappings"];
        assert_eq!(
            *ports,
            json!([{"containerPortRange": "1-2"}, {"containerPortRange": "5-6", "name": "x"}])
        );
    }

    #[test]
    fn an_empty_list_of_tags_is_left_out() {
        assert_eq!(layered(&["{cpu: 256, tags: []}"]), json!({"cpu": "256"}));
    }
}
