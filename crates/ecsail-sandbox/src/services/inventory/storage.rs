//! EFS: file systems and access points.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::text;
use crate::state::Resources;

/// Answers a call.
pub(super) fn answer(resources: &Resources, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "DescribeFileSystems" => file_systems(resources, text(input, "FileSystemId").unwrap_or_default()),
        "DescribeAccessPoints" => access_points(resources, text(input, "AccessPointId").unwrap_or_default()),
        _ => Err(ApiError::unknown_operation()),
    }
}

fn file_systems(resources: &Resources, given: &str) -> Result<Value, ApiError> {
    let id = given.rsplit('/').next().unwrap_or(given);
    if resources.inventory.get("file_systems", id).is_none() {
        return Err(not_found("FileSystemNotFound", &format!("File system '{id}' does not exist.")));
    }
    Ok(json!({ "FileSystems": [{
        "OwnerId": resources.account,
        "FileSystemId": id,
        "FileSystemArn": resources.service_arn("elasticfilesystem", &format!("file-system/{id}")),
        "CreationToken": id,
        "CreationTime": 1_767_225_600,
        "LifeCycleState": "available",
        "NumberOfMountTargets": 2,
        "PerformanceMode": "generalPurpose",
        "SizeInBytes": { "Value": 6144 },
        "Tags": [],
    }] }))
}

fn access_points(resources: &Resources, given: &str) -> Result<Value, ApiError> {
    let id = given.rsplit('/').next().unwrap_or(given);
    let Some(file_system) = resources.inventory.get("access_points", id) else {
        let message = format!("Access Point '{id}' does not exist.");
        return Err(not_found("AccessPointNotFound", &message));
    };
    Ok(json!({ "AccessPoints": [{
        "OwnerId": resources.account,
        "AccessPointId": id,
        "AccessPointArn": resources.service_arn("elasticfilesystem", &format!("access-point/{id}")),
        "FileSystemId": file_system,
        "LifeCycleState": "available",
    }] }))
}

/// The errors of both operations have status 404 (API reference of EFS).
fn not_found(code: &str, message: &str) -> ApiError {
    ApiError { status: 404, ..ApiError::new(code, message) }
}
