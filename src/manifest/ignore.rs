//! Reads `ignore`: the ids of the rules that are not checked.

use super::fields::FieldReader;
use crate::document::problem::{Problem, Problems};
use crate::document::tree::Node;
use crate::lint;

/// Returns the ids of checks under `ignore`, and reports unknown ids.
pub(super) fn ignored(fields: &FieldReader<'_>, problems: &mut Problems) -> Vec<String> {
    let ids = fields.text_list("ignore", problems);
    for node in fields.get("ignore").map(Node::items).unwrap_or_default() {
        let Some(id) = node.text().filter(|id| lint::find_check(id).is_none()) else { continue };
        let message = if node.span.from_expression {
            "no check with the id `{{ … }}`".to_owned()
        } else {
            format!("no check with the id `{id}`")
        };
        let problem = Problem::error(node.span, message).path(fields.member_path("ignore"));
        problems.push(problem.hint(lint::unknown_id_hint(id)));
    }
    ids
}
