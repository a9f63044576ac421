//! Reads `autoscaling` of a service: the range of its desired count, its scaling policies and its scheduled actions.

use super::fields::{FieldReader, LocatedValue};
use crate::document::problem::{Problem, Problems};
use crate::document::source::SourceSpan;
use crate::document::tree::{Node, NodeKind};

/// The keys of `autoscaling`.
pub const AUTOSCALING_KEYS: &[&str] =
    &["min", "max", "cpu", "memory", "requests_per_target", "policies", "scheduled_actions"];

/// The autoscaling of a service.
#[derive(Clone, Debug)]
pub struct ManifestAutoscaling {
    /// The range of the desired count; a bound that is `None` stays as it is.
    pub min: Option<LocatedValue<i32>>,
    pub max: Option<LocatedValue<i32>>,
    /// The target values of the policies in short form.
    pub cpu: Option<LocatedValue<f64>>,
    pub memory: Option<LocatedValue<f64>>,
    pub requests_per_target: Option<LocatedValue<f64>>,
    /// Inputs of `PutScalingPolicy` and of `PutScheduledAction`.
    pub policies: Vec<Node>,
    pub scheduled_actions: Vec<Node>,
}

/// Reads the autoscaling of a service; `None` where it has no such key.
pub(super) fn read_autoscaling(
    fields: &FieldReader<'_>,
    problems: &mut Problems,
) -> Option<ManifestAutoscaling> {
    let node = fields.get("autoscaling").filter(|node| !node.is_undefined())?;
    let own = FieldReader::new(node, &fields.member_path("autoscaling"), AUTOSCALING_KEYS, &[], problems);
    let min = read_count(&own, "min", problems);
    let max = read_count(&own, "max", problems);
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        let message = format!("`max` is below `min`: {} and {}", max.value, min.value);
        problems.push(Problem::error(max.span, message).path(own.member_path("max")));
    }
    Some(ManifestAutoscaling {
        min,
        max,
        cpu: read_target_value(&own, "cpu", problems),
        memory: read_target_value(&own, "memory", problems),
        requests_per_target: read_target_value(&own, "requests_per_target", problems),
        policies: read_documents(&own, "policies", problems),
        scheduled_actions: read_documents(&own, "scheduled_actions", problems),
    })
}

/// Reads a number of tasks.
fn read_count(fields: &FieldReader<'_>, name: &str, problems: &mut Problems) -> Option<LocatedValue<i32>> {
    let text = fields.text(name, problems)?;
    let number = text.value.parse::<i32>().ok().filter(|number| *number >= 0);
    if number.is_none() {
        report_number(fields, name, "a number of tasks", &text, problems);
    }
    number.map(|value| LocatedValue { value, span: text.span })
}

/// Reads the target value of a policy in short form.
fn read_target_value(
    fields: &FieldReader<'_>,
    name: &str,
    problems: &mut Problems,
) -> Option<LocatedValue<f64>> {
    let text = fields.text(name, problems)?;
    let number = text.value.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    if number.is_none() {
        report_number(fields, name, "a number above 0", &text, problems);
    }
    number.map(|value| LocatedValue { value, span: text.span })
}

fn report_number(
    fields: &FieldReader<'_>,
    name: &str,
    expected: &str,
    text: &LocatedValue<String>,
    problems: &mut Problems,
) {
    let found = shown_value(&text.value, text.span);
    let message = format!("`{name}` must be {expected}, found {found}");
    problems.push(Problem::error(text.span, message).path(fields.member_path(name)));
}

/// Returns a value for a message; that of a template expression is not repeated.
fn shown_value(value: &str, span: SourceSpan) -> String {
    if span.from_expression { "the value of `{{ … }}`".to_owned() } else { format!("`{value}`") }
}

/// Reads a list of documents.
fn read_documents(fields: &FieldReader<'_>, name: &str, problems: &mut Problems) -> Vec<Node> {
    let Some(node) = fields.get(name).filter(|node| !node.is_undefined()) else { return Vec::new() };
    let NodeKind::Seq(items) = &node.kind else {
        let message = format!("`{name}` must be a list, found {}", node.describe());
        problems.push(Problem::error(node.span, message).path(fields.member_path(name)));
        return Vec::new();
    };
    items.iter().filter(|item| !item.is_undefined()).cloned().collect()
}
