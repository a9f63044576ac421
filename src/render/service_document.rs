//! Turns the `service` of the manifest into the document that is sent. Reports members that the manifest sets elsewhere.

use serde_json::Value;

use crate::document::problem::{Problem, Problems};
use crate::document::tree::Node;
use crate::manifest::{Manifest, ManifestService};
use crate::service_arn::ServiceArn;

/// Members of a service document that the manifest or the deploy sets.
const MEMBERS_SET_ELSEWHERE: &[&str] = &["serviceName", "cluster", "taskDefinition"];

/// Returns the service document without the members that are set elsewhere. `family` is that of the definition, if the
/// manifest has one.
///
/// Files for the AWS CLI name the service, its cluster and its definition. Where they say what the manifest says, that is a
/// note; where not, an error.
pub(super) fn render_service_document(
    service: &ManifestService,
    manifest: &Manifest,
    family: Option<&str>,
    node: &Node,
    problems: &mut Problems,
) -> Value {
    let before = problems.error_count();
    check_name_and_cluster(service, manifest, node, problems);
    check_definition(family, node, problems);
    let is_sound = problems.error_count() == before;
    let ignored: Vec<&&str> =
        MEMBERS_SET_ELSEWHERE.iter().filter(|member| node.get(member).is_some()).collect();
    if let Some(first) = ignored.first().and_then(|member| node.get(member)).filter(|_| is_sound) {
        let names: Vec<String> = ignored.iter().map(|member| format!("`{member}`")).collect();
        let message = format!("ignored members that are set elsewhere: {}", names.join(", "));
        problems.push(Problem::note(first.span, message));
    }
    let mut value = node.to_value();
    if let Value::Object(members) = &mut value {
        members.retain(|name, _| !MEMBERS_SET_ELSEWHERE.contains(&name.as_str()));
    }
    value
}

/// Reports a service name or a cluster that differs from the manifest.
pub(super) fn check_name_and_cluster(
    service: &ManifestService,
    manifest: &Manifest,
    node: &Node,
    problems: &mut Problems,
) {
    let expected = [
        ("serviceName", Some(service.name.clone()), "name"),
        ("cluster", manifest.cluster_of(service), "cluster"),
    ];
    for (member, expected, key) in expected {
        let Some(found) = node.get(member) else { continue };
        let is_same =
            found.text().is_some_and(|text| is_same_name(text, expected.as_deref().unwrap_or_default()));
        if !is_same {
            let message = format!(
                "`{member}` is {}, but the manifest has `{}`",
                found.describe(),
                expected.unwrap_or_default()
            );
            let hint = format!("remove it here: it is set by `{key}` in the manifest");
            problems.push(Problem::error(found.span, message).path(member).hint(hint));
        }
    }
}

/// Returns whether two texts name the same service or cluster, each by its name or its ARN.
fn is_same_name(one: &str, other: &str) -> bool {
    let name = |text: &str| match ServiceArn::parse(text) {
        Some(arn) => arn.name,
        None => text.rsplit('/').next().unwrap_or(text).to_owned(),
    };
    one == other || (one.starts_with("arn:") != other.starts_with("arn:") && name(one) == name(other))
}

/// Reports a task definition of another family than the manifest's.
fn check_definition(family: Option<&str>, node: &Node, problems: &mut Problems) {
    let Some(found) = node.get("taskDefinition").filter(|found| !found.is_undefined()) else { return };
    let named = found.text().and_then(|text| text.rsplit('/').next()?.split(':').next());
    let is_same = named.is_some_and(|named| family.is_none_or(|family| family == named));
    if !is_same {
        let message = match family {
            Some(family) => {
                format!(
                    "`taskDefinition` is {}, but the manifest has the family `{family}`",
                    found.describe()
                )
            }
            None => format!("`taskDefinition` must be a family or a revision, found {}", found.describe()),
        };
        let hint = "remove it here: the deploy sets it".to_owned();
        problems.push(Problem::error(found.span, message).path("taskDefinition").hint(hint));
    }
}
