//! Reads the layers of an Express service, which describe it whole.

use super::fields::FieldReader;
use super::layers::{Layer, layers};
use crate::document::problem::{Problem, Problems};

/// The keys of a service that `express` stands in place of.
const REPLACED_BY_EXPRESS: &[&str] = &["task_definition", "service", "autoscaling", "enforce_desired_count"];

/// Reads the layers of an Express service, and reports the keys that they stand in place of.
pub(super) fn read_express(fields: &FieldReader<'_>, problems: &mut Problems) -> Vec<Layer> {
    let layers = layers(fields, "express", problems);
    let replaced = REPLACED_BY_EXPRESS.iter().filter_map(|name| Some((name, fields.get(name)?)));
    for (name, node) in replaced.filter(|_| !layers.is_empty()) {
        let message = format!("`{name}` cannot be set beside `express`, which describes the service whole");
        let hint = "remove one of them; the number of tasks is in `scalingTarget` of `express`".to_owned();
        problems.push(Problem::error(node.span, message).path(fields.member_path(name)).hint(hint));
    }
    layers
}
