//! Checks of lists in general: entries without what identifies them, and entries of one name.

use super::CheckProblems;
use super::document_view::{is_absent, quoted_scalar};
use crate::document::layer::item_name;
use crate::document::member_walk::{ListValue, MemberVisitor, StructureValue, walk};
use crate::document::model::DocumentKind;
use crate::document::shape_facts::item_identity;
use crate::document::tree::Node;

/// Members without which an entry means nothing, and whether they may be empty. The model does not require them.
const NEEDED_MEMBERS: &[(&str, &str, bool)] = &[
    ("KeyValuePair", "name", false),
    ("KeyValuePair", "value", true),
    ("Secret", "name", false),
    ("Secret", "valueFrom", false),
    ("RepositoryCredentials", "credentialsParameter", false),
    ("EnvironmentFile", "value", false),
    ("MountPoint", "sourceVolume", false),
    ("MountPoint", "containerPath", false),
    ("VolumeFrom", "sourceContainer", false),
    ("SystemControl", "namespace", false),
    ("SystemControl", "value", false),
    ("ContainerDependency", "containerName", false),
    ("HostEntry", "hostname", false),
    ("HostEntry", "ipAddress", false),
    ("Device", "hostPath", false),
    ("Tmpfs", "containerPath", false),
    ("ServiceRegistry", "registryArn", false),
    ("CapacityProviderStrategyItem", "capacityProvider", false),
    ("ServiceVolumeConfiguration", "name", false),
    ("ServiceConnectService", "portName", false),
    ("ContainerOverride", "name", false),
];

/// Lists whose entries the reader has compared already.
const COMPARED_ITEMS: &[&str] = &["KeyValuePair", "Secret", "ContainerDefinition", "Tag", "PortMapping"];

pub(super) fn incomplete(node: &Node, kind: DocumentKind, findings: &mut CheckProblems<'_>) {
    walk(node, kind.input_shape(), &mut IncompleteVisitor { findings });
}

struct IncompleteVisitor<'a, 'b> {
    findings: &'a mut CheckProblems<'b>,
}

impl MemberVisitor for IncompleteVisitor<'_, '_> {
    fn structure(&mut self, value: StructureValue<'_>) {
        for (_, member, may_be_empty) in NEEDED_MEMBERS.iter().filter(|(shape, ..)| *shape == value.shape) {
            let text = value.node.get(member).and_then(Node::text);
            let is_blank = text.is_some_and(|text| text.trim().is_empty()) && !may_be_empty;
            if !is_absent(value.node, member) && !is_blank {
                continue;
            }
            let message = if is_blank {
                format!("`{member}` of an entry is empty")
            } else {
                format!("an entry has no `{member}`")
            };
            let hint = if *may_be_empty {
                format!("add `{member}`, as `{member}: \"\"` if it is empty, or remove the entry")
            } else {
                format!("set `{member}`, or remove the entry")
            };
            let at = value.node.get(member).unwrap_or(value.node);
            self.findings.add(at, value.member_path(member), message, hint);
        }
    }
}

pub(super) fn duplicates(node: &Node, kind: DocumentKind, findings: &mut CheckProblems<'_>) {
    walk(node, kind.input_shape(), &mut DuplicateVisitor { findings });
}

struct DuplicateVisitor<'a, 'b> {
    findings: &'a mut CheckProblems<'b>,
}

impl MemberVisitor for DuplicateVisitor<'_, '_> {
    fn list(&mut self, list: ListValue<'_>) {
        let Some(identity) = item_identity(list.item).filter(|_| !COMPARED_ITEMS.contains(&list.item)) else {
            return;
        };
        let mut known: Vec<String> = Vec::new();
        for (index, node) in list.items.iter().enumerate() {
            let Some(name) = item_name(node, identity) else { continue };
            if known.contains(&name) {
                let shown =
                    identity.members.iter().find_map(|(member, _)| node.get(member)).map(quoted_scalar);
                let message = format!("two entries of this list are named {}", shown.unwrap_or_default());
                let hint = "rename or remove one of them".to_owned();
                self.findings.add(node, list.item_path(index, node), message, hint);
            }
            known.push(name);
        }
    }
}
