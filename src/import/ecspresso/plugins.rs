//! The plugins of a configuration: what `lookups:` of the manifest has in their place.

use serde_json::{Map, Value, json};

use super::super::document::SourceDocument;
use super::super::session::Session;
use super::super::source::{folder_of, joined};
use super::timeout::{GoDuration, parse, written};
use crate::document::tree::Node;
use crate::template::go_call::GoFunctions;

/// Where plugins are read.
#[derive(Clone, Copy, Debug)]
pub(in crate::import) struct PluginScope<'a> {
    pub(in crate::import) path: &'a str,
    pub(in crate::import) stage: Option<&'a str>,
    pub(in crate::import) document: &'a SourceDocument,
}

/// A member of `lookups:`: its kind and name, and its value.
pub(in crate::import) type Lookup = ([String; 2], Value);

/// Reads the plugins: returns what `lookups:` has for them, and adds their functions.
pub(in crate::import) fn read_plugins(
    session: &mut Session<'_>,
    functions: &mut GoFunctions,
    scope: PluginScope<'_>,
    list: &Node,
) -> Vec<Lookup> {
    let mut lookups = Vec::new();
    for plugin in list.items() {
        let line = scope.document.line(plugin);
        let name = plugin.get("name").and_then(Node::text).unwrap_or_default().to_owned();
        let prefix = plugin.get("func_prefix").and_then(Node::text).unwrap_or_default().to_owned();
        let settings = plugin.get("config");
        match name.as_str() {
            "tfstate" => lookups.extend(state(session, functions, scope, settings, &prefix, line)),
            "external" => lookups.extend(external(session, functions, scope, settings, line)),
            "cloudformation" | "ssm" | "secretsmanager" => {
                session.carried(scope.path, line, &format!("plugin `{name}`"), "look-ups need no plugin");
            }
            _ => session.missing(scope.path, line, &format!("plugin `{name}`"), "no look-up of that kind"),
        }
    }
    lookups
}

/// Returns a Terraform state.
fn state(
    session: &mut Session<'_>,
    functions: &mut GoFunctions,
    scope: PluginScope<'_>,
    settings: Option<&Node>,
    prefix: &str,
    line: Option<usize>,
) -> Option<Lookup> {
    let plugin = "plugin `tfstate`";
    let Some((key, location)) = location(session, functions, scope, settings, line) else {
        session.missing(scope.path, line, plugin, "it has neither `path` nor `url`");
        return None;
    };
    if settings.and_then(|node| node.get("optional")).and_then(Node::text) == Some("true") {
        session.changed(
            scope.path,
            line,
            plugin,
            "a state that is missing is an error, with `optional: true` too",
        );
    }
    let prefix = prefix.trim_end_matches('_');
    let wish = if prefix.is_empty() { "default" } else { prefix };
    let name = session.state_name(scope.stage, wish, &location);
    functions.states.insert(prefix.to_owned(), name.clone());
    session.carried(scope.path, line, plugin, &format!("`lookups.tfstate.{name}`"));
    let value = Value::Object(Map::from_iter([(key.to_owned(), location.into())]));
    Some((["tfstate".to_owned(), name], value))
}

/// Returns where a state is: the key of the look-up, and its value.
fn location(
    session: &mut Session<'_>,
    functions: &GoFunctions,
    scope: PluginScope<'_>,
    settings: Option<&Node>,
    line: Option<usize>,
) -> Option<(&'static str, String)> {
    let text = |key: &str| scope.document.go.value(settings?.get(key)?.text()?, functions).ok();
    if let Some(path) = text("path") {
        return Some(("path", session.reference(&joined(folder_of(scope.path), &path))));
    }
    let url = text("url")?;
    Some(match url.split_once("://") {
        Some(("file", path)) => ("path", path.to_owned()),
        Some((scheme, _))
            if !matches!(scheme, "s3" | "https") && scheme.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            let why = format!(
                "no state at `{scheme}://`: run `terraform state pull > FILE`, and write `path: FILE`"
            );
            session.missing(scope.path, line, "plugin `tfstate`", &why);
            ("path", "terraform.tfstate".to_owned())
        }
        _ => ("url", url),
    })
}

/// Returns a command.
fn external(
    session: &mut Session<'_>,
    functions: &mut GoFunctions,
    scope: PluginScope<'_>,
    settings: Option<&Node>,
    line: Option<usize>,
) -> Option<Lookup> {
    let text = |key: &str| settings.and_then(|node| node.get(key)).and_then(Node::text).map(str::to_owned);
    let (Some(name), Some(command)) = (text("name"), settings.and_then(|node| node.get("command"))) else {
        session.missing(scope.path, line, "plugin `external`", "it has no `name` or no `command`");
        return None;
    };
    let words: Vec<String> = command
        .items()
        .iter()
        .filter_map(|word| scope.document.go.value(word.text()?, functions).ok())
        .collect();
    let mut value = Map::from_iter([("command".to_owned(), json!(words))]);
    if let Some(GoDuration::Seconds(seconds)) = text("timeout").and_then(|timeout| parse(&timeout)) {
        value.insert("timeout".to_owned(), written(seconds).into());
    }
    if text("parser").as_deref() != Some("string") {
        value.insert("format".to_owned(), "json".into());
    }
    session.changed(
        scope.path,
        line,
        &format!("plugin `external`: `{name}`"),
        "`lookups.external`; the command runs in the folder of the manifest",
    );
    functions.external.insert(name.clone());
    Some((["external".to_owned(), name], Value::Object(value)))
}
