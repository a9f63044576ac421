//! Reads `lookups` of the manifest: the Terraform states and the commands from which templates take values.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::ValueEnum;

use super::fields::FieldReader;
use crate::document::problem::{Problem, Problems};
use crate::document::tree::{Node, NodeKey};

pub(super) const LOOKUP_KEYS: &[&str] = &["tfstate", "external"];
pub(super) const STATE_KEYS: &[&str] = &["path", "url", "region", "workspace"];
pub(super) const COMMAND_KEYS: &[&str] = &["command", "timeout", "format"];
/// How long a command may run where the manifest does not say it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where templates take values from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManifestLookups {
    /// The Terraform states by name.
    pub states: BTreeMap<String, ManifestState>,
    /// The commands by name.
    pub commands: BTreeMap<String, ManifestCommand>,
}

/// A Terraform state.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestState {
    pub place: StatePlace,
    /// The region of the bucket; `None` for that of the run.
    pub region: Option<String>,
    pub workspace: Option<String>,
}

/// Where a state is.
#[derive(Clone, Debug, PartialEq)]
pub enum StatePlace {
    /// A file, relative to the manifest: a state, or the file in `.terraform` that names a backend.
    Path(String),
    Url(String),
}

/// A command whose output is a value.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestCommand {
    /// The program and its first arguments.
    pub command: Vec<String>,
    pub timeout: Duration,
    pub format: CommandFormat,
}

/// How the output of a command is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CommandFormat {
    /// As JSON.
    Json,
    /// As text, without the line end.
    #[default]
    Text,
}

/// Reads the look-ups.
pub(super) fn read_lookups(fields: &FieldReader<'_>, problems: &mut Problems) -> ManifestLookups {
    let Some(node) = fields.get("lookups") else { return ManifestLookups::default() };
    let own = FieldReader::new(node, "lookups", LOOKUP_KEYS, &[], problems);
    let mut lookups = ManifestLookups::default();
    for (key, node) in own.entries("tfstate", problems) {
        if let Some(state) = read_state(key, node, problems) {
            lookups.states.insert(key.name.clone(), state);
        }
    }
    for (key, node) in own.entries("external", problems) {
        if let Some(command) = read_command(key, node, problems) {
            lookups.commands.insert(key.name.clone(), command);
        }
    }
    lookups
}

fn read_state(key: &NodeKey, node: &Node, problems: &mut Problems) -> Option<ManifestState> {
    let path = format!("lookups.tfstate.{}", key.name);
    let own = FieldReader::new(node, &path, STATE_KEYS, &[], problems);
    let [file, url] = ["path", "url"].map(|name| own.text(name, problems).map(|text| text.value));
    let region = own.text("region", problems).map(|text| text.value);
    let workspace = own.text("workspace", problems).map(|text| text.value);
    let place = match (file, url) {
        (Some(file), None) => StatePlace::Path(file),
        (None, Some(url)) => StatePlace::Url(url),
        (None, None) if node.has_undefined() => return None,
        _ => {
            let problem = Problem::error(key.span, format!("`{}` has either `path` or `url`", key.name));
            problems.push(problem.path(path));
            return None;
        }
    };
    Some(ManifestState { place, region, workspace })
}

fn read_command(key: &NodeKey, node: &Node, problems: &mut Problems) -> Option<ManifestCommand> {
    let path = format!("lookups.external.{}", key.name);
    let own = FieldReader::new(node, &path, COMMAND_KEYS, &[], problems);
    let command = own.text_list("command", problems);
    let timeout = own.duration("timeout", problems).unwrap_or(DEFAULT_TIMEOUT);
    let format = own.enum_value("format", problems).unwrap_or_default();
    if command.is_empty() {
        if !node.has_undefined() {
            let problem = Problem::error(key.span, format!("`{}` has no `command`", key.name)).path(path);
            problems.push(problem.hint("write the program and its arguments as a list".to_owned()));
        }
        return None;
    }
    Some(ManifestCommand { command, timeout, format })
}
