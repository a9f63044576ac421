//! Checks of volumes, and of what containers mount.

use super::CheckProblems;
use super::document_view::{
    TaskDefinitionView, has_items, is_absent, is_set, is_true, member_items, member_text, quoted_list,
    quoted_scalar,
};
use crate::document::model::model;
use crate::document::problem::did_you_mean;
use crate::document::tree::Node;

/// Returns the volumes of a task definition with their paths.
fn volumes<'a>(task: &TaskDefinitionView<'a>) -> impl Iterator<Item = (&'a Node, String)> + use<'a> {
    member_items(task.node, "volumes").iter().enumerate().map(|(index, volume)| {
        let name = volume.get("name").filter(|name| !name.span.from_expression).and_then(Node::text);
        let name = name.filter(|name| !name.is_empty()).map_or_else(|| index.to_string(), str::to_owned);
        (volume, format!("volumes[{name}]"))
    })
}

/// Returns the names of all volumes, or `None` if one is undefined.
fn volume_names<'a>(task: &TaskDefinitionView<'a>) -> Option<Vec<&'a str>> {
    let list = task.node.get("volumes");
    let unknown = |volume: &Node| volume.is_undefined() || volume.get("name").is_some_and(Node::is_undefined);
    let items = list.map(Node::items).unwrap_or_default();
    let known =
        !task.node.is_undefined() && !list.is_some_and(Node::is_undefined) && !items.iter().any(unknown);
    known.then(|| items.iter().filter_map(|volume| member_text(volume, "name")).collect())
}

/// Returns the hint with the most similar volume name; `None` if an expression produced the name.
fn similar_volume(wanted: &str, name: &Node, task: &TaskDefinitionView<'_>) -> Option<String> {
    let spelled = volumes(task).filter_map(|(volume, _)| volume.get("name"));
    let spelled = spelled.filter(|node| !node.span.from_expression).filter_map(Node::text);
    did_you_mean(wanted, spelled).filter(|_| !name.span.from_expression)
}

pub(super) fn mounted_volume_exists(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(names) = volume_names(task) else { return };
    for container in &task.containers {
        for (index, mount) in member_items(container.node, "mountPoints").iter().enumerate() {
            let Some(node) = mount.get("sourceVolume") else { continue };
            let Some(wanted) = node.text().filter(|name| !name.is_empty() && !names.contains(name)) else {
                continue;
            };
            let message = format!(
                "{} mounts {}, which is not a volume of this task definition",
                container.label(),
                quoted_scalar(node)
            );
            let hint = similar_volume(wanted, node, task)
                .unwrap_or_else(|| "add it to `volumes`: `volumes: [ { name: … } ]`".to_owned());
            findings.add(
                node,
                container.member_path(&format!("mountPoints[{index}].sourceVolume")),
                message,
                hint,
            );
        }
    }
}

pub(super) fn volumes_from_exists(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in task.containers.iter().filter(|_| task.is_complete) {
        for (index, source) in member_items(container.node, "volumesFrom").iter().enumerate() {
            let Some(node) = source.get("sourceContainer") else { continue };
            let Some(wanted) = node.text().filter(|name| !name.is_empty() && task.container(name).is_none())
            else {
                continue;
            };
            let message = format!(
                "{} takes the volumes of {}, which is not a container of this task definition",
                container.label(),
                quoted_scalar(node)
            );
            let hint = super::dependencies::similar_container(wanted, node, task);
            let hint = hint.unwrap_or_else(|| "name one of the containers".to_owned());
            findings.add(
                node,
                container.member_path(&format!("volumesFrom[{index}].sourceContainer")),
                message,
                hint,
            );
        }
    }
}

/// A volume that is configured at launch must be mounted, and there is at most one (API reference, Volume).
pub(super) fn launch_volume(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let lists = task.containers.iter().filter_map(|container| container.node.get("mountPoints"));
    let unknown = task.containers.iter().any(|container| container.node.is_undefined())
        || lists.clone().any(Node::has_undefined)
        || !task.is_complete;
    let mounted: Vec<&str> =
        lists.flat_map(Node::items).filter_map(|mount| member_text(mount, "sourceVolume")).collect();
    let at_launch: Vec<_> =
        volumes(task).filter(|(volume, _)| is_true(volume, "configuredAtLaunch")).collect();
    for (volume, path) in &at_launch {
        let Some(name) = volume.get("name") else { continue };
        if name.text().is_some_and(|name| !unknown && !mounted.contains(&name)) {
            let message = format!(
                "no container mounts the volume {}, which is configured at launch",
                quoted_scalar(name)
            );
            findings.add(
                volume,
                path.clone(),
                message,
                "add it to the `mountPoints` of a container".to_owned(),
            );
        }
    }
    if let Some((volume, path)) = at_launch.get(1) {
        let message = "only one volume can be configured at launch";
        findings.add(volume, path.clone(), message, "remove `configuredAtLaunch` from the others".to_owned());
    }
}

pub(super) fn volume_kind(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for (volume, path) in volumes(task) {
        let set = |member: &&str| {
            *member != "name" && volume.get(member).is_some_and(|node| !node.is_undefined() && is_kind(node))
        };
        let kinds: Vec<&str> = model().member_names("Volume").filter(set).collect();
        if kinds.len() > 1 {
            let message = format!("a volume has {}, but it can have only one of them", quoted_list(&kinds));
            findings.add(
                volume,
                path.clone(),
                message,
                "make two volumes of it, or remove the others".to_owned(),
            );
        }
        let named = !is_absent(volume, "name") && member_text(volume, "name") != Some("");
        if !named && kinds.iter().any(|kind| *kind != "host") {
            let message = "a volume has no name, so no container can mount it";
            findings.add(volume, path, message, "add `name: data`".to_owned());
        }
    }
}

/// Returns whether a member of a volume configures it. `host: {}` is a volume on the host, as is no configuration.
fn is_kind(node: &Node) -> bool {
    is_set(node)
}

pub(super) fn docker_volume(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for (volume, path) in volumes(task) {
        let Some(docker) = volume.get("dockerVolumeConfiguration") else { continue };
        let Some(node) = docker.get("autoprovision").filter(|node| node.text().is_some()) else { continue };
        if member_text(docker, "scope") != Some("task") {
            continue;
        }
        let message = if is_true(docker, "autoprovision") {
            "a volume with scope `task` cannot be provisioned in advance, and no task can start"
        } else {
            "`autoprovision` is not allowed with scope `task`"
        };
        let hint = "remove `autoprovision`: ECS creates the volume with the task".to_owned();
        findings.add(node, format!("{path}.dockerVolumeConfiguration.autoprovision"), message, hint);
    }
}

/// EFS and S3 Files volumes have the same rules about the directory of an access point.
pub(super) fn file_system(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for (volume, path) in volumes(task) {
        if let Some(files) = volume.get("s3filesVolumeConfiguration") {
            let access_point = files.get("accessPointArn").is_some_and(is_set);
            check_root(files, access_point, &format!("{path}.s3filesVolumeConfiguration"), findings);
        }
        let Some(efs) = volume.get("efsVolumeConfiguration") else { continue };
        let path = format!("{path}.efsVolumeConfiguration");
        let authorization = efs.get("authorizationConfig");
        let access_point =
            authorization.and_then(|node| node.get("accessPointId")).filter(|node| is_set(node));
        check_root(efs, access_point.is_some(), &path, findings);
        let unencrypted =
            is_absent(efs, "transitEncryption") || member_text(efs, "transitEncryption") == Some("DISABLED");
        let iam =
            authorization.and_then(|node| node.get("iam")).filter(|node| node.text() == Some("ENABLED"));
        let port = efs.get("transitEncryptionPort").filter(|node| is_set(node));
        let needs =
            [("`iam: ENABLED`", iam), ("an access point", access_point), ("`transitEncryptionPort`", port)];
        let Some((what, Some(at))) =
            needs.into_iter().find(|(_, node)| node.is_some()).filter(|_| unencrypted)
        else {
            continue;
        };
        let message = format!("{what} needs encryption in transit");
        findings.add(at, path, message, "add `transitEncryption: ENABLED`".to_owned());
    }
}

fn check_root(volume: &Node, has_access_point: bool, path: &str, findings: &mut CheckProblems<'_>) {
    let Some(root) = volume.get("rootDirectory").filter(|_| has_access_point) else { return };
    if root.text().is_some_and(|text| !matches!(text, "" | "/")) {
        let message =
            "the access point decides about the directory, so `rootDirectory` must be `/` or absent";
        findings.add(root, format!("{path}.rootDirectory"), message, "remove `rootDirectory`".to_owned());
    }
}

/// Returns the names of the volumes that are configured at launch, or `None` if one is undefined.
pub(super) fn launch_volume_names<'a>(task: &TaskDefinitionView<'a>) -> Option<Vec<&'a str>> {
    volume_names(task)?;
    let unknown = |volume: &Node| volume.get("configuredAtLaunch").is_some_and(Node::is_undefined);
    if has_items(task.node, "volumes") && member_items(task.node, "volumes").iter().any(unknown) {
        return None;
    }
    let at_launch = volumes(task).filter(|(volume, _)| is_true(volume, "configuredAtLaunch"));
    Some(at_launch.filter_map(|(volume, _)| member_text(volume, "name")).collect())
}
