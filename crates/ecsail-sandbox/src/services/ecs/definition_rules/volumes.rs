//! Checks volumes, and what containers mount.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, is_set, items, member_text};
use crate::api::client_if;
use crate::params::is_name;

pub(super) fn check(definition: &DefinitionInput<'_>) -> CheckResult {
    let volumes = || items(definition.input, "volumes");
    for volume in volumes() {
        client_if(!is_name(member_text(volume, "name")), "volume.name contains invalid characters.")?;
        check_docker_volume(&volume["dockerVolumeConfiguration"])?;
        check_file_system(&volume["efsVolumeConfiguration"])?;
    }
    for container in definition.containers {
        for mount in items(container, "mountPoints") {
            let name = member_text(mount, "sourceVolume");
            client_if(
                !volumes().any(|volume| member_text(volume, "name") == name),
                format!("Unknown volume '{name}'."),
            )?;
        }
        for source in items(container, "volumesFrom") {
            let name = member_text(source, "sourceContainer");
            client_if(
                !definition.has_container(name),
                format!("Invalid 'volumesFrom' setting. Unknown container: '{name}'."),
            )?;
        }
    }
    for volume in volumes().filter(|volume| volume["configuredAtLaunch"] == true) {
        let name = member_text(volume, "name");
        let mut mounts = definition.containers.iter().flat_map(|container| items(container, "mountPoints"));
        client_if(
            !mounts.any(|mount| member_text(mount, "sourceVolume") == name),
            format!("Volumes [{name}] are not referenced by any of the containers."),
        )?;
    }
    Ok(())
}

fn check_docker_volume(docker: &Value) -> CheckResult {
    client_if(
        docker["scope"] == "task" && docker["autoprovision"] == false,
        "When 'scope' parameter is 'task', 'autoprovision' must either not be specified or set to 'True'.",
    )
}

fn check_file_system(efs: &Value) -> CheckResult {
    let authorization = &efs["authorizationConfig"];
    let encrypted = efs["transitEncryption"] == "ENABLED";
    let directory = member_text(efs, "rootDirectory");
    client_if(
        is_set(&authorization["accessPointId"]) && !matches!(directory, "" | "/"),
        "When using an EFS access point, the root directory must either be set to \"/\" or be omitted.",
    )?;
    client_if(
        authorization["iam"] == "ENABLED" && !encrypted,
        "EFS IAM authorization requires TransitEncryption to be enabled.",
    )?;
    client_if(
        is_set(&efs["transitEncryptionPort"]) && !encrypted,
        "TransitEncryptionPort requires that TransitEncryption is enabled.",
    )
}
