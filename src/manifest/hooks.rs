//! Reads the `hooks` of the manifest: shell commands that a release runs before and after it changes anything.

use super::fields::{Fields, Located};
use crate::document::problem::{Problem, Problems};
use crate::document::tree::Kind;

/// The keys of `hooks`.
pub const HOOK_KEYS: &[&str] = &["before_deploy", "after_deploy", "on_failure"];

/// The shell commands of each hook point, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooks {
    pub before_deploy: Vec<Located<String>>,
    pub after_deploy: Vec<Located<String>>,
    pub on_failure: Vec<Located<String>>,
}

/// Reads the hooks.
pub(super) fn read(fields: &Fields<'_>, problems: &mut Problems) -> Hooks {
    let Some(node) = fields.get("hooks") else { return Hooks::default() };
    let fields = Fields::new(node, "hooks", HOOK_KEYS, &[], problems);
    Hooks {
        before_deploy: commands(&fields, "before_deploy", problems),
        after_deploy: commands(&fields, "after_deploy", problems),
        on_failure: commands(&fields, "on_failure", problems),
    }
}

/// Reads a member that is a command or a list of commands.
fn commands(fields: &Fields<'_>, name: &str, problems: &mut Problems) -> Vec<Located<String>> {
    let Some(node) = fields.get(name) else { return Vec::new() };
    let items = match &node.kind {
        Kind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut commands = Vec::new();
    for item in items.iter().filter(|item| !item.is_unknown()) {
        match item.text().filter(|text| !text.trim().is_empty()) {
            Some(text) => commands.push(Located { value: text.to_owned(), span: item.span }),
            None => {
                let message =
                    format!("`{name}` must be a shell command or a list of them, found {}", item.describe());
                problems.push(Problem::error(item.span, message).path(fields.path(name)));
            }
        }
    }
    commands
}
