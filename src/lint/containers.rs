//! Checks of a task definition's family, size and tags, and of the names, images and limits of its containers.

use super::CheckProblems;
use super::document_view::{
    ContainerView, TaskDefinitionView, is_absent_or_empty, member_integer, member_text, quoted_scalar,
};
use super::forms::is_placeholder;
use crate::document::tree::{Node, NodeKind, Scalar};
use crate::image::{ImageReference, syntax_error};

/// The most containers of a task definition, from the service quotas.
const MAX_CONTAINERS: usize = 10;
/// The longest family or container name.
const MAX_NAME: usize = 255;
/// The largest task definition in bytes, from the service quotas: 64 KiB.
const MAX_DEFINITION_BYTES: usize = 65_536;

pub(super) fn family_name(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(node) = task.node.get("family") else { return };
    check_name(node, "family", "the family", findings);
}

pub(super) fn container_names(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let Some(node) = container.node.get("name").filter(|node| node.text() != Some("")) else { continue };
        check_name(node, &container.member_path("name"), "the container's name", findings);
    }
}

/// Reports a name with characters other than letters, digits, `_` and `-`, or with too many characters.
fn check_name(node: &Node, path: &str, what: &str, findings: &mut CheckProblems<'_>) {
    let Some(name) = node.text() else { return };
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let valid = !name.is_empty() && name.chars().count() <= MAX_NAME && name.chars().all(allowed);
    if valid || is_placeholder(node) {
        return;
    }
    let hint = format!("use letters, digits, `_` and `-`, up to {MAX_NAME} of them");
    let message = match name.chars().find(|character| !allowed(*character)) {
        Some(_) if node.span.from_expression => {
            format!("{what} contains a character that ECS does not allow")
        }
        Some(character) => {
            format!("{what} {} contains `{character}`, which ECS does not allow", quoted_scalar(node))
        }
        None if name.is_empty() => format!("{what} is empty"),
        None => format!("{what} has {} characters", name.chars().count()),
    };
    findings.add(node, path, message, hint);
}

pub(super) fn container_count(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(list) = task.node.get("containerDefinitions") else { return };
    let NodeKind::Seq(items) = &list.kind else { return };
    let path = "containerDefinitions";
    if items.is_empty() {
        findings.add(list, path, "the task definition has no container", "add one".to_owned());
    } else if items.len() > MAX_CONTAINERS {
        let message = format!("{} containers: ECS allows at most {MAX_CONTAINERS}", items.len());
        findings.add(list, path, message, "move some of them into another task definition".to_owned());
    }
}

pub(super) fn name_and_image(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        for member in
            ["name", "image"].into_iter().filter(|member| is_absent_or_empty(container.node, member))
        {
            let message = format!("{} has no `{member}`", container.label());
            let hint = match member {
                "image" => {
                    "add `image: repository:tag`; a layer is merged into the container with the same name"
                }
                _ => "add `name: app`",
            };
            findings.add(container.node, container.member_path(""), message, hint.to_owned());
        }
    }
}

pub(super) fn any_essential(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let says_no = |container: &ContainerView<'_>| {
        let member = container.node.get("essential");
        matches!(member.map(|node| &node.kind), Some(NodeKind::Scalar(Scalar::Bool(false, _))))
    };
    let Some(first) =
        task.containers.first().filter(|_| task.is_complete && task.containers.iter().all(says_no))
    else {
        return;
    };
    let at = first.node.get("essential").unwrap_or(first.node);
    let hint = "remove `essential: false` from the main container of the task".to_owned();
    findings.add(at, first.member_path("essential"), "no container is essential", hint);
}

pub(super) fn latest_tag(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let Some(image) = container.node.get("image") else { continue };
        let valid = |text: &&str| !text.is_empty() && syntax_error(text).is_none();
        let Some(reference) = image.text().filter(valid).map(ImageReference::parse) else { continue };
        let message = match reference.digest_or_tag() {
            None => format!("the image of {} has no tag, so `latest` is used", container.label()),
            Some("latest") => format!("the image of {} has the tag `latest`", container.label()),
            Some(_) => continue,
        };
        let hint = "use a tag or a digest that does not change: `latest` may be another image each time a task starts".to_owned();
        findings.add(image, container.member_path("image"), message, hint);
    }
}

pub(super) fn definition_size(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let bytes = task.node.to_value().to_string().len();
    if bytes > MAX_DEFINITION_BYTES {
        let message =
            format!("the task definition has {bytes} bytes: ECS allows at most {MAX_DEFINITION_BYTES}");
        let hint = "move long values into files in the image, or into `environmentFiles`".to_owned();
        findings.add(task.node, "", message, hint);
    }
}

pub(super) fn memory_reservation(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let sizes =
            (member_integer(container.node, "memory"), member_integer(container.node, "memoryReservation"));
        if let ((Some(hard), Some(soft)), Some(at)) = (sizes, container.node.get("memoryReservation"))
            && soft > hard
            && hard > 0
        {
            let message = format!("{} reserves more memory than its limit allows", container.label());
            let hint = "make `memoryReservation` smaller than `memory`, or remove one of them".to_owned();
            findings.add(at, container.member_path("memoryReservation"), message, hint);
        }
    }
}

/// Returns whether a container's image is in a private ECR repository.
pub(super) fn uses_private_ecr(container: &ContainerView<'_>) -> bool {
    member_text(container.node, "image")
        .is_some_and(|image| ImageReference::parse(image).ecr_repository().is_some())
}
