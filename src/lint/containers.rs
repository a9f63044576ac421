//! Checks of a task definition's family, size and tags, and of the names, images and limits of its containers.

use super::Findings;
use super::view::{Container, Task, empty, integer, shown, text};
use crate::document::tree::{Kind, Node, Scalar};
use crate::image::Reference;

/// The most containers of a task definition, from the service quotas.
const MAX_CONTAINERS: usize = 10;
/// The longest family or container name.
const MAX_NAME: usize = 255;
/// The largest task definition in bytes, from the service quotas: 64 KiB.
const MAX_BYTES: usize = 65_536;

pub(super) fn family(task: &Task<'_>, findings: &mut Findings<'_>) {
    let Some(node) = task.node.get("family") else { return };
    named(node, "family", "the family", findings);
}

pub(super) fn names(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let Some(node) = container.node.get("name").filter(|node| node.text() != Some("")) else { continue };
        named(node, &container.path("name"), "the container's name", findings);
    }
}

/// Reports a name with characters other than letters, digits, `_` and `-`, or with too many characters.
fn named(node: &Node, path: &str, what: &str, findings: &mut Findings<'_>) {
    let Some(name) = node.text() else { return };
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if !name.is_empty() && name.chars().count() <= MAX_NAME && name.chars().all(allowed) {
        return;
    }
    let hint = format!("use letters, digits, `_` and `-`, up to {MAX_NAME} of them");
    let message = match name.chars().find(|character| !allowed(*character)) {
        Some(_) if node.span.expression => format!("{what} contains a character that ECS does not allow"),
        Some(character) => format!("{what} {} contains `{character}`, which ECS does not allow", shown(node)),
        None if name.is_empty() => format!("{what} is empty"),
        None => format!("{what} has {} characters", name.chars().count()),
    };
    findings.add(node, path, message, hint);
}

pub(super) fn count(task: &Task<'_>, findings: &mut Findings<'_>) {
    let Some(list) = task.node.get("containerDefinitions") else { return };
    let Kind::Seq(items) = &list.kind else { return };
    let path = "containerDefinitions";
    if items.is_empty() {
        findings.add(list, path, "the task definition has no container", "add one".to_owned());
    } else if items.len() > MAX_CONTAINERS {
        let message = format!("{} containers: ECS allows at most {MAX_CONTAINERS}", items.len());
        findings.add(list, path, message, "move some of them into another task definition".to_owned());
    }
}

pub(super) fn complete(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        for member in ["name", "image"].into_iter().filter(|member| empty(container.node, member)) {
            let message = format!("{} has no `{member}`", container.shown());
            let hint = match member {
                "image" => {
                    "add `image: repository:tag`; a layer is merged into the container with the same name"
                }
                _ => "add `name: app`",
            };
            findings.add(container.node, container.path(""), message, hint.to_owned());
        }
    }
}

pub(super) fn essential(task: &Task<'_>, findings: &mut Findings<'_>) {
    let says_no = |container: &Container<'_>| {
        let member = container.node.get("essential");
        matches!(member.map(|node| &node.kind), Some(Kind::Scalar(Scalar::Bool(false, _))))
    };
    let Some(first) = task.containers.first().filter(|_| task.whole && task.containers.iter().all(says_no))
    else {
        return;
    };
    let at = first.node.get("essential").unwrap_or(first.node);
    let hint = "remove `essential: false` from the main container of the task".to_owned();
    findings.add(at, first.path("essential"), "no container is essential", hint);
}

pub(super) fn latest(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let Some(image) = container.node.get("image") else { continue };
        let Some(reference) = image.text().filter(|text| !text.is_empty()).map(Reference::parse) else {
            continue;
        };
        let message = match reference.version() {
            None => format!("the image of {} has no tag, so `latest` is used", container.shown()),
            Some("latest") => format!("the image of {} has the tag `latest`", container.shown()),
            Some(_) => continue,
        };
        let hint = "use a tag or a digest that does not change: `latest` may be another image each time a task starts".to_owned();
        findings.add(image, container.path("image"), message, hint);
    }
}

pub(super) fn bytes(task: &Task<'_>, findings: &mut Findings<'_>) {
    let bytes = task.node.to_value().to_string().len();
    if bytes > MAX_BYTES {
        let message = format!("the task definition has {bytes} bytes: ECS allows at most {MAX_BYTES}");
        let hint = "move long values into files in the image, or into `environmentFiles`".to_owned();
        findings.add(task.node, "", message, hint);
    }
}

pub(super) fn restart_period(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let Some(policy) = container.node.get("restartPolicy") else { continue };
        super::health::in_range(
            policy,
            container,
            "restartPolicy",
            ("restartAttemptPeriod", 60, 1800),
            findings,
        );
    }
}

pub(super) fn reservation(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let sizes = (integer(container.node, "memory"), integer(container.node, "memoryReservation"));
        if let ((Some(hard), Some(soft)), Some(at)) = (sizes, container.node.get("memoryReservation"))
            && soft > hard
            && hard > 0
        {
            let message = format!("{} reserves more memory than its limit allows", container.shown());
            let hint = "make `memoryReservation` smaller than `memory`, or remove one of them".to_owned();
            findings.add(at, container.path("memoryReservation"), message, hint);
        }
    }
}

pub(super) fn ephemeral_storage(task: &Task<'_>, findings: &mut Findings<'_>) {
    let Some(storage) = task.node.get("ephemeralStorage") else { return };
    let Some(size) = storage.get("sizeInGiB") else { return };
    if integer(storage, "sizeInGiB").is_some_and(|size| !(21..=200).contains(&size)) {
        let message = format!("`sizeInGiB` is {}: ECS allows 21 to 200", shown(size));
        let hint = "remove `ephemeralStorage` for the default of 20 GiB".to_owned();
        findings.add(size, "ephemeralStorage.sizeInGiB", message, hint);
    }
}

/// Returns whether a container's image is in a private ECR repository.
pub(super) fn from_ecr(container: &Container<'_>) -> bool {
    text(container.node, "image").is_some_and(|image| Reference::parse(image).ecr().is_some())
}
