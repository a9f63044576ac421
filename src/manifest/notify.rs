//! Reads `notify` of the manifest: who is told of a release. Never takes an address as plain text, because it is a secret.

use super::fields::FieldReader;
use crate::document::problem::{Problem, Problems};
use crate::document::tree::{Node, NodeKind};
use crate::notify::NotificationKind;

pub(super) const NOTIFICATION_KEYS: &[&str] = &["slack", "webhook", "secret", "on"];
pub(super) const SOURCE_KEYS: &[&str] = &["env", "ssm"];

/// Where a secret value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of the environment.
    Variable(String),
    /// A parameter of Systems Manager.
    Parameter(String),
}

impl SecretSource {
    /// Returns the source as the manifest has it.
    pub fn in_words(&self) -> String {
        match self {
            SecretSource::Variable(name) => format!("variable `{name}`"),
            SecretSource::Parameter(name) => format!("parameter `{name}`"),
        }
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationChannel {
    /// An incoming webhook of Slack.
    Slack,
    /// An address that gets the event as JSON, signed with a secret.
    Webhook { secret: Option<SecretSource> },
}

/// One entry of `notify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestNotification {
    pub channel: NotificationChannel,
    pub address: SecretSource,
    /// The events that are sent.
    pub on: Vec<NotificationKind>,
}

/// Reads the entries.
pub(super) fn read_notifications(
    fields: &FieldReader<'_>,
    problems: &mut Problems,
) -> Vec<ManifestNotification> {
    let Some(node) = fields.get("notify") else { return Vec::new() };
    if !matches!(node.kind, NodeKind::Seq(_) | NodeKind::Undefined) {
        let message = "`notify` must be a list";
        problems.push(Problem::error(None, message).path("notify"));
        return Vec::new();
    }
    let entries = node.items().iter().enumerate();
    entries.filter_map(|(index, entry)| read_notification(entry, index, problems)).collect()
}

fn read_notification(node: &Node, index: usize, problems: &mut Problems) -> Option<ManifestNotification> {
    let path = format!("notify[{index}]");
    let fields = FieldReader::new(node, &path, NOTIFICATION_KEYS, &[], problems);
    let on = read_kinds(&fields, problems);
    let secret = read_source(&fields, "secret", problems);
    let slack = read_source(&fields, "slack", problems);
    let webhook = read_source(&fields, "webhook", problems);
    if fields.get("slack").is_some() == fields.get("webhook").is_some() && !node.is_undefined() {
        let problem = Problem::error(None, "an entry of `notify` has either `slack` or `webhook`");
        problems.push(problem.path(&path));
        return None;
    }
    if let Some(address) = slack {
        return Some(ManifestNotification { channel: NotificationChannel::Slack, address, on });
    }
    let channel = NotificationChannel::Webhook { secret };
    webhook.map(|address| ManifestNotification { channel, address, on })
}

fn read_kinds(fields: &FieldReader<'_>, problems: &mut Problems) -> Vec<NotificationKind> {
    if fields.get("on").is_none() {
        return NotificationKind::ALL.to_vec();
    }
    let mut kinds = Vec::new();
    for name in fields.text_list("on", problems) {
        if let Some(kind) = NotificationKind::ALL.iter().find(|kind| kind.name() == name) {
            kinds.push(*kind);
            continue;
        }
        let names: Vec<&str> = NotificationKind::ALL.iter().map(|kind| kind.name()).collect();
        let problem = Problem::error(None, format!("`on` has no event `{name}`"));
        let hint = format!("the events are {}", names.join(", "));
        problems.push(problem.path(fields.member_path("on")).hint(hint));
    }
    kinds
}

/// Reads where a secret is. The problem of a value that is one itself has no place: its line would be shown.
fn read_source(fields: &FieldReader<'_>, name: &str, problems: &mut Problems) -> Option<SecretSource> {
    let node = fields.get(name).filter(|node| !node.is_undefined())?;
    let path = fields.member_path(name);
    let hint = "write `{ env: NAME }` for a variable, or `{ ssm: NAME }` for a parameter of Systems Manager";
    if !matches!(node.kind, NodeKind::Map(_)) {
        let problem = Problem::error(None, format!("`{name}` is a secret, and must not be in the manifest"));
        problems.push(problem.path(path).hint(hint.to_owned()));
        return None;
    }
    let own = FieldReader::new(node, &path, SOURCE_KEYS, &[], problems);
    let variable = own.text("env", problems).map(|text| SecretSource::Variable(text.value));
    let parameter = own.text("ssm", problems).map(|text| SecretSource::Parameter(text.value));
    if variable.is_some() == parameter.is_some() {
        let problem = Problem::error(None, format!("`{name}` has either `env` or `ssm`"));
        problems.push(problem.path(path).hint(hint.to_owned()));
        return None;
    }
    variable.or(parameter)
}
