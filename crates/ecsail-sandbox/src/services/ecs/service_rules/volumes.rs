//! Checks the volumes that are configured when a service or a task is launched.

use serde_json::Value;

use super::{CheckResult, has_items, items, member_text};
use crate::api::invalid_if;
use crate::model::TaskDefinition;

pub(super) fn check(config: &Value, definition: &TaskDefinition) -> CheckResult {
    let volumes = definition.document.get("volumes").and_then(Value::as_array);
    let managed = || volumes.into_iter().flatten().filter(|volume| volume["configuredAtLaunch"] == true);
    for volume in items(config, "volumeConfigurations") {
        let name = member_text(volume, "name");
        invalid_if(
            !managed().any(|known| member_text(known, "name") == name),
            format!(
                "The volume name '{name}' in your request does not have a matching volume in your Task Definition."
            ),
        )?;
        check_managed(&volume["managedEBSVolume"])?;
    }
    invalid_if(
        managed().next().is_some() && !has_items(config, "volumeConfigurations"),
        "Task definition has configuredAtLaunch volume but no volume configuration provided at runtime.",
    )
}

fn check_managed(volume: &Value) -> CheckResult {
    if volume.is_null() {
        return Ok(());
    }
    let kind = volume["volumeType"].as_str().unwrap_or("gp3");
    let combination = volume["throughput"].is_number() && kind != "gp3"
        || volume["iops"].is_number() && !matches!(kind, "gp3" | "io1" | "io2");
    invalid_if(
        combination,
        "ECS managed EBS volume configuration was invalid (InvalidParameterCombination).",
    )?;
    let missing = volume["sizeInGiB"].is_null() && volume["snapshotId"].is_null()
        || volume["iops"].is_null() && matches!(kind, "io1" | "io2");
    invalid_if(missing, "ECS managed EBS volume configuration was invalid (MissingParameter).")
}
