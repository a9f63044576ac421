//! Finds the required members that a merged document lacks.

use super::layer::item_name;
use super::model::{DocumentKind, Shape, model};
use super::problem::{Problem, Problems};
use super::shape_facts::{CREATE_ONLY_MEMBERS, item_identity, item_keys};
use super::source::SourceSpan;
use super::tree::{Node, NodeKind};

/// Reports the required members that a merged document lacks, except those in `given`, which are set elsewhere.
///
/// A service document that does not describe the service whole takes what it leaves out from what runs. Of such a
/// document only the members by which an item of a list is found are required; the plan reports what neither side has.
pub fn check_required(node: &Node, root: DocumentKind, given: &[&str], problems: &mut Problems) {
    let is_whole = CREATE_ONLY_MEMBERS.iter().any(|member| node.get(member).is_some());
    let is_partial = root == DocumentKind::Service && !is_whole;
    let mut search = Search { is_partial, problems };
    search.check(node, node.span, root.input_shape(), "", given);
}

struct Search<'a> {
    is_partial: bool,
    problems: &'a mut Problems,
}

impl Search<'_> {
    /// `at` is where a missing member is reported: the key of the mapping, or the item of a list.
    fn check(&mut self, node: &Node, at: SourceSpan, shape: &str, path: &str, given: &[&str]) {
        match (model().shape(shape), &node.kind) {
            (Shape::Structure(schema), NodeKind::Map(entries)) => {
                for name in &schema.required {
                    let is_set = node.get(name).is_some() || given.contains(&name.as_str());
                    if !is_set && (!self.is_partial || finds_item(shape, name)) {
                        let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
                        let message = format!("`{name}` is missing{place}");
                        self.problems.push(Problem::error(at, message).path(path));
                    }
                }
                for (key, value) in entries {
                    let target = model().member_shape(shape, &key.name).unwrap_or_default();
                    let dot = if path.is_empty() { "" } else { "." };
                    self.check(value, key.span, target, &format!("{path}{dot}{}", key.name), &[]);
                }
            }
            (Shape::List(item), NodeKind::Seq(items)) => {
                for (index, node) in items.iter().enumerate() {
                    let name = item_identity(item).and_then(|identity| item_name(node, identity));
                    let name = name.unwrap_or_else(|| index.to_string());
                    self.check(node, node.span, item, &format!("{path}[{name}]"), &[]);
                }
            }
            _ => {}
        }
    }
}

/// Returns whether an item of a list is found again by a member.
fn finds_item(shape: &str, member: &str) -> bool {
    item_keys(shape).iter().any(|keys| keys.contains(&member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::rendered_text::RenderedText;
    use crate::document::source::Sources;
    use crate::document::tree::parse;

    /// Returns what is missing in a service document.
    fn missing(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let id = sources.add("service", text);
        let node = parse(&RenderedText::from_source(id, text)).expect("valid");
        let mut problems = Problems::default();
        check_required(&node, DocumentKind::Service, &["serviceName"], &mut problems);
        problems.into_iter().map(|problem| problem.message).collect()
    }

    const PART: &str = "networkConfiguration: { awsvpcConfiguration: { assignPublicIp: ENABLED } }";

    #[test]
    fn a_partial_service_document_may_leave_out_what_runs() {
        assert_eq!(missing(PART), [""; 0]);
        assert_eq!(
            missing("deploymentConfiguration: { deploymentCircuitBreaker: { enable: true } }"),
            [""; 0]
        );
    }

    #[test]
    fn a_whole_service_document_must_have_all() {
        let whole = format!("launchType: FARGATE\n{PART}");
        assert_eq!(missing(&whole), ["`subnets` is missing in `networkConfiguration.awsvpcConfiguration`"]);
    }

    #[test]
    fn an_item_that_cannot_be_found_is_reported() {
        let text = "capacityProviderStrategy: [ { weight: 1 } ]";
        assert_eq!(missing(text), ["`capacityProvider` is missing in `capacityProviderStrategy[0]`"]);
    }
}
