//! Reads `ignore`: the ids of the rules that are not checked.

use super::fields::Fields;
use crate::document::problem::{Problem, Problems};
use crate::document::tree::Node;
use crate::lint;

/// Returns the ids of checks under `ignore`, and reports unknown ids.
pub(super) fn ignored(fields: &Fields<'_>, problems: &mut Problems) -> Vec<String> {
    let ids = fields.texts("ignore", problems);
    for node in fields.get("ignore").map(Node::items).unwrap_or_default() {
        let Some(id) = node.text().filter(|id| lint::rule(id).is_none()) else { continue };
        let message = match node.span.expression {
            true => "no check with the id `{{ … }}`".to_owned(),
            false => format!("no check with the id `{id}`"),
        };
        let problem = Problem::error(node.span, message).path(fields.path("ignore"));
        problems.push(problem.hint(lint::suggestion(id)));
    }
    ids
}
