//! What AWS checks for the calls of the services beside ECS.

use serde_json::Value;

use super::check::CheckList;
use crate::api::ApiCall;
use crate::arn::last_segment;
use crate::params::{list as items, text, texts};

/// Adds the checks of a call.
pub(super) fn add(list: &mut CheckList<'_>, call: &ApiCall) {
    let action = format!("{}:{}", call.service, call.operation);
    let input = &call.input;
    match call.service.as_str() {
        "events" => events(list, &call.operation, &action, input),
        "scheduler" => scheduler(list, &call.operation, &action, input),
        "application-autoscaling" => scaling(list, &call.operation, &action, input),
        "logs" => logs(list, &action, input),
        "ecr" => ecr(list, &action, input),
        "dynamodb" => {
            let table =
                list.arn("dynamodb", &format!("table/{}", text(input, "TableName").unwrap_or_default()));
            list.add(&action, table, &[]);
        }
        "ssm" if call.operation == "DescribeParameters" => list.add(&action, "*", &[]),
        "ssm" => parameters(list, &action, input),
        "secretsmanager" if call.operation == "ListSecrets" => list.add(&action, "*", &[]),
        "secretsmanager" if call.operation == "CreateSecret" => {
            let name = text(input, "Name").unwrap_or_default();
            let arn = list.arn("secretsmanager", &format!("secret:{name}-AbCdEf"));
            list.add(&action, arn, &[]);
        }
        "secretsmanager" => secret(list, &action, input),
        "cloudformation" => stack(list, &action, input),
        "s3" => {
            let name = |member: &str| text(input, member).unwrap_or_default();
            // `HeadObject` needs the permission of `GetObject` (API reference).
            list.add("s3:GetObject", format!("arn:aws:s3:::{}/{}", name("Bucket"), name("Key")), &[]);
        }
        "sts" => sts(list, &call.operation, &action, input),
        // The key of a ciphertext or an alias is what IAM sees.
        "kms" => {
            let key = list.arn("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab");
            list.add(&action, key, &[]);
        }
        "monitoring" => {
            let arn = list.arn("cloudwatch", "alarm:*");
            list.add(&format!("cloudwatch:{}", call.operation), arn, &[]);
        }
        "iam" | "elasticfilesystem" | "lambda" | "servicediscovery" => named(list, call, &action),
        _ => list.add(&action, "*", &[]),
    }
}

/// Adds the check of a call that reads one thing which a document names.
fn named(list: &mut CheckList<'_>, call: &ApiCall, action: &str) {
    let input = |member: &str| text(&call.input, member).map(last_segment);
    let resource = match (call.service.as_str(), call.operation.as_str()) {
        ("iam", _) => {
            let role = format!(
                "arn:aws:iam::{}:role/{}",
                list.caller().account,
                input("RoleName").unwrap_or_default()
            );
            return list.add(action, role, &[]);
        }
        ("elasticfilesystem", "DescribeAccessPoints") => {
            format!("access-point/{}", input("AccessPointId").unwrap_or("*"))
        }
        ("elasticfilesystem", _) => format!("file-system/{}", input("FileSystemId").unwrap_or("*")),
        ("lambda", _) => format!("function:{}", input("FunctionName").unwrap_or_default()),
        ("servicediscovery", "GetNamespace") => format!("namespace/{}", input("Id").unwrap_or_default()),
        _ => return list.add(action, "*", &[]),
    };
    let arn = list.arn(&call.service, &resource);
    list.add(action, arn, &[]);
}

fn events(list: &mut CheckList<'_>, operation: &str, action: &str, input: &Value) {
    if matches!(operation, "ListRules" | "ListEventBuses" | "ListRuleNamesByTarget") {
        return list.add(action, "*", &[]);
    }
    let given = ["Rule", "Name"].iter().find_map(|member| text(input, member)).unwrap_or_default();
    let resource = match text(input, "EventBusName").map(last_segment) {
        None | Some("default") => format!("rule/{given}"),
        Some(bus) => format!("rule/{bus}/{given}"),
    };
    let arn = text(input, "ResourceARN").map_or_else(|| list.arn("events", &resource), str::to_owned);
    list.add(action, arn.clone(), &[]);
    if operation == "PutRule" && !items(input, "Tags").is_empty() {
        list.add("events:TagResource", arn, &[]);
    }
    list.pass_role(&input["RoleArn"], "events.amazonaws.com");
    for target in items(input, "Targets") {
        list.pass_role(&target["RoleArn"], "events.amazonaws.com");
    }
}

fn scheduler(list: &mut CheckList<'_>, operation: &str, action: &str, input: &Value) {
    let name = text(input, "Name").unwrap_or_default();
    let group = list.arn("scheduler", &format!("schedule-group/{name}"));
    match operation {
        "ListSchedules" | "ListScheduleGroups" => list.add(action, "*", &[]),
        "CreateScheduleGroup" | "GetScheduleGroup" | "DeleteScheduleGroup" => {
            list.add(action, group.clone(), &[]);
            if !items(input, "Tags").is_empty() {
                list.add("scheduler:TagResource", group, &[]);
            }
        }
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            list.add(action, text(input, "ResourceArn").unwrap_or_default(), &[]);
        }
        _ => {
            let group = text(input, "GroupName").unwrap_or("default");
            let arn = list.arn("scheduler", &format!("schedule/{group}/{name}"));
            list.add(action, arn, &[]);
            list.pass_role(&input["Target"]["RoleArn"], "scheduler.amazonaws.com");
        }
    }
}

fn scaling(list: &mut CheckList<'_>, operation: &str, action: &str, input: &Value) {
    if operation.starts_with("Describe") {
        return list.add(action, "*", &[]);
    }
    let named = |member: &str| text(input, member).unwrap_or_default();
    let target = list.arn("application-autoscaling", "scalable-target/0ec5sandbox");
    let keys = [
        ("application-autoscaling:service-namespace", named("ServiceNamespace")),
        ("application-autoscaling:scalable-dimension", named("ScalableDimension")),
    ];
    list.add(action, target, &keys);
    let has_targets = list.resources().is_some_and(|resources| !resources.scalable_targets.is_empty());
    if operation == "RegisterScalableTarget" && !has_targets {
        let role = format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
            list.caller().account
        );
        let service = "ecs.application-autoscaling.amazonaws.com";
        list.add("iam:CreateServiceLinkedRole", role, &[("iam:AWSServiceName", service)]);
    }
    // User guide of Application Auto Scaling, "Identity-based policy examples": the caller needs the rights on the alarms.
    let alarm = list.arn("cloudwatch", &format!("alarm:TargetTracking-{}-AlarmHigh-0", named("ResourceId")));
    if operation == "PutScalingPolicy" && named("PolicyType") == "TargetTrackingScaling" {
        list.add("cloudwatch:DescribeAlarms", alarm.clone(), &[]);
        list.add("cloudwatch:PutMetricAlarm", alarm.clone(), &[]);
    }
    if operation == "DeleteScalingPolicy" {
        list.add("cloudwatch:DeleteAlarms", alarm, &[]);
    }
}

fn logs(list: &mut CheckList<'_>, action: &str, input: &Value) {
    let given = ["logGroupName", "logGroupIdentifier"].iter().find_map(|member| text(input, member));
    let group = given.map(|given| given.rsplit("log-group:").next().unwrap_or(given)).unwrap_or_default();
    let stream = text(input, "logStreamName").unwrap_or_default();
    let arn = list.arn("logs", &format!("log-group:{group}:log-stream:{stream}"));
    list.add(action, arn, &[]);
}

fn ecr(list: &mut CheckList<'_>, action: &str, input: &Value) {
    let Some(name) = text(input, "repositoryName") else { return list.add(action, "*", &[]) };
    let caller = list.caller();
    let account = text(input, "registryId").unwrap_or(&caller.account);
    list.add(action, format!("arn:aws:ecr:{}:{account}:repository/{name}", caller.region), &[]);
}

fn parameters(list: &mut CheckList<'_>, action: &str, input: &Value) {
    let one = text(input, "Name");
    for name in texts(input, "Names").into_iter().chain(one) {
        let bare = if name.starts_with("arn:") { name } else { name.split(':').next().unwrap_or(name) };
        let arn = if bare.starts_with("arn:") {
            bare.to_owned()
        } else {
            list.arn("ssm", &format!("parameter/{}", bare.trim_start_matches('/')))
        };
        list.add(action, arn, &[]);
        let known = list.resources().and_then(|resources| resources.parameters.get(bare));
        if input["WithDecryption"] == true && known.is_some_and(|known| known["Type"] == "SecureString") {
            let key = list.arn("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab");
            let service = format!("ssm.{}.amazonaws.com", list.caller().region);
            list.add("kms:Decrypt", key, &[("kms:ViaService", &service)]);
        }
    }
}

fn secret(list: &mut CheckList<'_>, action: &str, input: &Value) {
    let given = text(input, "SecretId").unwrap_or_default();
    let known = list.resources().and_then(|resources| resources.secrets.get(given));
    let arn = match known.and_then(|known| known["ARN"].as_str()) {
        Some(arn) => arn.to_owned(),
        None if given.starts_with("arn:") => given.to_owned(),
        // IAM sees the name with the suffix that a secret of this name would have.
        None => list.arn("secretsmanager", &format!("secret:{given}-AbCdEf")),
    };
    list.add(action, arn, &[]);
}

fn stack(list: &mut CheckList<'_>, action: &str, input: &Value) {
    match text(input, "StackName") {
        Some(arn) if arn.starts_with("arn:") => list.add(action, arn, &[]),
        Some(name) => {
            let arn = list.arn("cloudformation", &format!("stack/{name}/0"));
            list.add(action, arn, &[]);
        }
        None => list.add(action, "*", &[]),
    }
}

fn sts(list: &mut CheckList<'_>, operation: &str, action: &str, input: &Value) {
    match operation {
        // "No permissions are required to perform this operation" (API reference); the token is the right to the other.
        "GetCallerIdentity" | "AssumeRoleWithWebIdentity" => {}
        "AssumeRole" => list.add(action, text(input, "RoleArn").unwrap_or_default(), &[]),
        _ => list.add(action, "*", &[]),
    }
}
