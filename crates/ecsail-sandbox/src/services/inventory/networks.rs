//! EC2: subnets and security groups, found by filters.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::{list, text, texts};
use crate::state::Resources;

/// Answers a call.
pub(super) fn answer(resources: &Resources, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "DescribeSubnets" => describe(resources, input, "subnets", "subnet-id", |id, vpc| {
            json!({
                "subnetId": id, "vpcId": vpc, "state": "available", "cidrBlock": "10.0.0.0/24",
                "availabilityZone": format!("{}a", resources.region), "ownerId": resources.account,
            })
        })
        .map(|items| json!({ "subnetSet": items })),
        "DescribeSecurityGroups" => describe(resources, input, "security_groups", "group-id", |id, vpc| {
            json!({
                "groupId": id, "groupName": id, "groupDescription": id, "vpcId": vpc,
                "ownerId": resources.account,
            })
        })
        .map(|items| json!({ "securityGroupInfo": items })),
        _ => {
            let message = format!("The action {operation} is not valid for this web service.");
            Err(ApiError::new("InvalidAction", message))
        }
    }
}

/// Returns the things of a kind that a filter names.
fn describe(
    resources: &Resources,
    input: &Value,
    kind: &str,
    filter: &str,
    view: impl Fn(&str, &Value) -> Value,
) -> Result<Vec<Value>, ApiError> {
    let filters = list(input, "Filter");
    // The sandbox has no other filters. EC2 refuses unknown ones in these words.
    if let Some(unknown) = filters.iter().find(|given| text(given, "Name") != Some(filter)) {
        let message = format!("The filter '{}' is invalid", text(unknown, "Name").unwrap_or_default());
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    let is_asked = |id: &str| filters.iter().all(|given| texts(given, "Value").contains(&id));
    let items = resources.inventory.items(kind).filter(|(id, _)| is_asked(id));
    Ok(items.map(|(id, vpc)| view(id, vpc)).collect())
}
