//! Reads the `hooks` of the manifest: shell commands that a release runs before and after it changes anything. Never lets a value
//! of an expression into a command: a shell would run what is in it.

use super::fields::{FieldReader, LocatedValue};
use crate::document::problem::{Problem, Problems};
use crate::document::source::{SourceSpan, Sources};
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
pub(super) fn read_hooks(
    fields: &FieldReader<'_>,
    sources: &Sources,
    problems: &mut Problems,
) -> ManifestHooks {
    let Some(node) = fields.get("hooks") else { return ManifestHooks::default() };
    let fields = FieldReader::new(node, "hooks", HOOK_KEYS, &[], problems);
    let hooks = ManifestHooks {
        before_deploy: read_commands(&fields, "before_deploy", problems),
        after_deploy: read_commands(&fields, "after_deploy", problems),
        on_failure: read_commands(&fields, "on_failure", problems),
    };
    let commands = hooks.before_deploy.iter().chain(&hooks.after_deploy).chain(&hooks.on_failure);
    problems.extend(commands.filter_map(|command| expression_problem(command.span, sources)));
    hooks
}

/// Returns the problem of a command with an expression: its value would become a part of the shell's program.
fn expression_problem(span: SourceSpan, sources: &Sources) -> Option<Problem> {
    let text = &sources.get(span.source).text;
    let written = text.get(span.start..span.end.min(text.len())).unwrap_or_default();
    // The text of these blocks has no anchors, so that it does not show expressions in it.
    let has_block = ["filter ", "call"].iter().any(|word| {
        let tags =
            written.match_indices("{%").map(|(at, _)| written[at + 2..].trim_start_matches(['-', '+', ' ']));
        tags.into_iter().any(|tag| tag.starts_with(word))
    });
    if !span.from_expression && !has_block {
        return None;
    }
    let expression = written.split_once("{{").and_then(|(_, rest)| rest.split_once("}}"));
    let expression = expression.map(|(inner, _)| inner.trim_matches(['-', '+', ' ']));
    let hint = match expression.and_then(variable_of) {
        Some(variable) => {
            format!("write `\"${variable}\"` instead: the shell does not look for commands in it")
        }
        None => "write the command without it, and read an environment variable: `\"$NAME\"`".to_owned(),
    };
    let message = "a hook has no expressions: a shell would run what is in their values";
    Some(Problem::error(span, message).hint(hint))
}

/// Returns the environment variable in which a hook finds the value of an expression.
fn variable_of(expression: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match expression {
        "app" => Some("ECSAIL_APP".to_owned()),
        "stage" => Some("ECSAIL_STAGE".to_owned()),
        "tag" => Some("ECSAIL_TAG".to_owned()),
        _ => {
            let name = expression.strip_prefix("env")?;
            let name = name.trim_start_matches(['.', '[', '\'', '"']);
            let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
            (end > 0).then(|| name[..end].to_owned())
        }
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
