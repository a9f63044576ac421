//! Reads the `hooks` of the manifest: shell commands that a release runs before and after it changes anything.

use super::fields::{FieldReader, LocatedValue};
use crate::document::problem::{Problem, Problems};
use crate::document::tree::NodeKind;

/// The keys of `hooks`.
pub const HOOK_KEYS: &[&str] = &["before_deploy", "after_deploy", "on_failure"];

/// The shell commands of each hook point, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManifestHooks {
    pub before_deploy: Vec<LocatedValue<String>>,
    pub after_deploy: Vec<LocatedValue<String>>,
    pub on_failure: Vec<LocatedValue<String>>,
}

/// Reads the hooks.
pub(super) fn read_hooks(fields: &FieldReader<'_>, problems: &mut Problems) -> ManifestHooks {
    let Some(node) = fields.get("hooks") else { return ManifestHooks::default() };
    let fields = FieldReader::new(node, "hooks", HOOK_KEYS, &[], problems);
    ManifestHooks {
        before_deploy: read_commands(&fields, "before_deploy", problems),
        after_deploy: read_commands(&fields, "after_deploy", problems),
        on_failure: read_commands(&fields, "on_failure", problems),
    }
}

/// Reads a member that is a command or a list of commands.
fn read_commands(fields: &FieldReader<'_>, name: &str, problems: &mut Problems) -> Vec<LocatedValue<String>> {
    let Some(node) = fields.get(name) else { return Vec::new() };
    let items = match &node.kind {
        NodeKind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut commands = Vec::new();
    for item in items.iter().filter(|item| !item.is_undefined()) {
        if let Some(text) = item.text().filter(|text| !text.trim().is_empty()) {
            commands.push(LocatedValue { value: text.to_owned(), span: item.span });
        } else {
            let message =
                format!("`{name}` must be a shell command or a list of them, found {}", item.describe());
            problems.push(Problem::error(item.span, message).path(fields.member_path(name)));
        }
    }
    commands
}
