//! Looks up what documents name in services of which a run reads one or two things: IAM, EC2, EFS, Lambda, CloudWatch and Cloud
//! Map. Their calls are signed here, because the crates of these services cost far more than what is asked for: the one of EC2
//! alone builds for longer than all the others together. Only reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::error::ApiErrorKind;
use super::signed_call::{ServiceName, SignedClient, percent_encoded};
use super::{ApiError, Aws};
use crate::document::arn::Arn;
use crate::error::Failure;
use crate::retry::Policy;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/x-amz-json-1.1";
const IAM: ServiceName = ServiceName { signing: "iam", id: "IAM", target: "", content_type: FORM };
const EC2: ServiceName = ServiceName { signing: "ec2", id: "EC2", target: "", content_type: FORM };
const EFS: ServiceName =
    ServiceName { signing: "elasticfilesystem", id: "EFS", target: "", content_type: JSON };
const LAMBDA: ServiceName = ServiceName { signing: "lambda", id: "Lambda", target: "", content_type: JSON };
const CLOUDWATCH: ServiceName =
    ServiceName { signing: "monitoring", id: "CloudWatch", target: "", content_type: FORM };
const CLOUD_MAP: ServiceName = ServiceName {
    signing: "servicediscovery",
    id: "ServiceDiscovery",
    target: "Route53AutoNaming_v20170314",
    content_type: JSON,
};
const IAM_VERSION: &str = "2010-05-08";
const EC2_VERSION: &str = "2016-11-15";
const CLOUDWATCH_VERSION: &str = "2010-08-01";

/// The most values of a filter of EC2 (API reference of EC2, `DescribeSubnets`).
pub const MOST_FILTER_VALUES: usize = 200;
/// The most names of a call of `DescribeAlarms` (API reference of CloudWatch).
pub const MOST_ALARMS: usize = 100;

/// The regions in which the one IAM of a partition signs, by what the names of its regions begin with (AWS General Reference).
const HOMES_OF_IAM: &[(&str, &str)] = &[
    ("cn-", "cn-north-1"),
    ("us-gov-", "us-gov-west-1"),
    ("us-isob-", "us-isob-east-1"),
    ("us-isof-", "us-isof-south-1"),
    ("us-iso-", "us-iso-east-1"),
    ("eu-isoe-", "eu-isoe-west-1"),
    ("eusc-", "eusc-de-east-1"),
];

impl Aws {
    fn client_of(&self, service: ServiceName, region: &str) -> Result<SignedClient, Failure> {
        Ok(self.signed_client_in(service, region)?.with_attempts(Policy::CALL))
    }

    /// Returns the services that a role trusts, given by its name; `None` where there is no such role. A role that trusts everyone
    /// has `*`.
    ///
    /// # Errors
    /// The call failed.
    pub async fn trusted_services(&self, role: &str) -> Result<Option<Vec<String>>, ApiError> {
        let home = HOMES_OF_IAM.iter().find(|(prefix, _)| self.region.starts_with(prefix));
        let home = home.map_or("us-east-1", |(_, home)| home);
        let client = self.client_of(IAM, home).map_err(|failure| unusable("iam:GetRole", &failure))?;
        let answer = client.query("GetRole", IAM_VERSION, &[("RoleName", role)]).await;
        let Some(answer) = found(answer.map_err(|error| error.error))? else { return Ok(None) };
        let text = answer["Role"]["AssumeRolePolicyDocument"].as_str().unwrap_or_default();
        match serde_json::from_str::<Value>(&percent_decoded(text)) {
            Ok(policy) => Ok(Some(services_in(&policy))),
            Err(error) => Err(ApiError::not_understood("iam:GetRole", &error)),
        }
    }

    /// Returns the VPCs of those subnets that exist, by their ids; at most [`MOST_FILTER_VALUES`].
    ///
    /// # Errors
    /// The call failed.
    pub async fn vpcs_of_subnets(&self, ids: &[String]) -> Result<BTreeMap<String, String>, ApiError> {
        self.vpcs("DescribeSubnets", "subnet-id", ids, ("subnetSet", "subnetId")).await
    }

    /// Returns the VPCs of those security groups that exist, by their ids; at most [`MOST_FILTER_VALUES`].
    ///
    /// # Errors
    /// The call failed.
    pub async fn vpcs_of_security_groups(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, ApiError> {
        self.vpcs("DescribeSecurityGroups", "group-id", ids, ("securityGroupInfo", "groupId")).await
    }

    /// Asks with a filter: with ids, EC2 refuses the whole call for one that does not exist.
    async fn vpcs(
        &self,
        operation: &str,
        filter: &str,
        ids: &[String],
        (list, id): (&str, &str),
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let action = format!("ec2:{operation}");
        let client = self.client_of(EC2, &self.region).map_err(|failure| unusable(&action, &failure))?;
        let names: Vec<String> = (1..=ids.len()).map(|number| format!("Filter.1.Value.{number}")).collect();
        let values = names.iter().map(String::as_str).zip(ids.iter().map(String::as_str));
        let fields: Vec<(&str, &str)> = std::iter::once(("Filter.1.Name", filter)).chain(values).collect();
        let answer = client.query(operation, EC2_VERSION, &fields).await.map_err(|error| error.error)?;
        let items = answer[list].as_array().into_iter().flatten();
        let text = |item: &Value, name: &str| item[name].as_str().map(str::to_owned);
        Ok(items.filter_map(|item| Some((text(item, id)?, text(item, "vpcId")?))).collect())
    }

    /// Returns whether a file system of EFS exists.
    ///
    /// # Errors
    /// The call failed.
    pub async fn has_file_system(&self, id: &str) -> Result<bool, ApiError> {
        let operation = "DescribeFileSystems";
        let client = self.client_of(EFS, &self.region);
        let client = client.map_err(|failure| unusable("elasticfilesystem:DescribeFileSystems", &failure))?;
        let path = format!("2015-02-01/file-systems?FileSystemId={}", percent_encoded(id, ""));
        let answer = client.read_path(operation, &path).await.map_err(|error| error.error);
        Ok(found(answer)?.is_some())
    }

    /// Returns the file system of an access point of EFS; `None` where there is no such access point.
    ///
    /// # Errors
    /// The call failed.
    pub async fn file_system_of(&self, access_point: &str) -> Result<Option<String>, ApiError> {
        let operation = "DescribeAccessPoints";
        let client = self.client_of(EFS, &self.region);
        let client =
            client.map_err(|failure| unusable("elasticfilesystem:DescribeAccessPoints", &failure))?;
        let path = format!("2015-02-01/access-points?AccessPointId={}", percent_encoded(access_point, ""));
        let answer = client.read_path(operation, &path).await.map_err(|error| error.error);
        let Some(answer) = found(answer)? else { return Ok(None) };
        Ok(answer.body["AccessPoints"][0]["FileSystemId"].as_str().map(str::to_owned))
    }

    /// Returns whether a function of Lambda exists, given by its ARN.
    ///
    /// # Errors
    /// The call failed.
    pub async fn has_function(&self, arn: &str) -> Result<bool, ApiError> {
        let operation = "GetFunctionConfiguration";
        let region = Arn::parse(arn).map_or(self.region.as_str(), |arn| arn.region);
        let client = self.client_of(LAMBDA, region);
        let client = client.map_err(|failure| unusable("lambda:GetFunctionConfiguration", &failure))?;
        let path = format!("2015-03-31/functions/{}/configuration", percent_encoded(arn, ""));
        let answer = client.read_path(operation, &path).await.map_err(|error| error.error);
        Ok(found(answer)?.is_some())
    }

    /// Returns those alarms of CloudWatch that exist; at most [`MOST_ALARMS`] are asked for.
    ///
    /// # Errors
    /// The call failed.
    pub async fn existing_alarms(&self, names: &[String]) -> Result<BTreeSet<String>, ApiError> {
        let action = "cloudwatch:DescribeAlarms";
        let client =
            self.client_of(CLOUDWATCH, &self.region).map_err(|failure| unusable(action, &failure))?;
        let keys: Vec<String> =
            (1..=names.len()).map(|number| format!("AlarmNames.member.{number}")).collect();
        let mut fields: Vec<(&str, &str)> =
            keys.iter().map(String::as_str).zip(names.iter().map(String::as_str)).collect();
        // Without types, composite alarms are left out (API reference of CloudWatch).
        fields.push(("AlarmTypes.member.1", "MetricAlarm"));
        fields.push(("AlarmTypes.member.2", "CompositeAlarm"));
        let answer = client.query("DescribeAlarms", CLOUDWATCH_VERSION, &fields).await;
        let answer = answer.map_err(|error| error.error)?;
        let lists =
            ["MetricAlarms", "CompositeAlarms"].into_iter().filter_map(|list| answer[list].as_array());
        Ok(lists.flatten().filter_map(|alarm| alarm["AlarmName"].as_str().map(str::to_owned)).collect())
    }

    /// Returns whether a namespace of Cloud Map exists, given by its name or its ARN.
    ///
    /// # Errors
    /// The call failed.
    pub async fn has_namespace(&self, namespace: &str) -> Result<bool, ApiError> {
        let arn = Arn::parse(namespace);
        let operation = if arn.is_some() { "GetNamespace" } else { "ListNamespaces" };
        let region = arn.map_or(self.region.as_str(), |arn| arn.region);
        let action = format!("servicediscovery:{operation}");
        let client = self.client_of(CLOUD_MAP, region).map_err(|failure| unusable(&action, &failure))?;
        if let Some(id) = arn.and_then(|arn| arn.resource.strip_prefix("namespace/")) {
            let answer = client.call(operation, &json!({ "Id": id })).await.map_err(|error| error.error);
            return Ok(found(answer)?.is_some());
        }
        let filter = json!({ "Name": "NAME", "Values": [namespace], "Condition": "EQ" });
        let answer = client.call(operation, &json!({ "Filters": [filter] })).await;
        let body = answer.map_err(|error| error.error)?.body;
        let mut names = body["Namespaces"].as_array().into_iter().flatten();
        Ok(names.any(|known| known["Name"] == namespace))
    }
}

/// Returns the answer to a call; `None` where what it asks for does not exist.
fn found<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Err(error) if error.kind == ApiErrorKind::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}

fn unusable(action: &str, failure: &Failure) -> ApiError {
    ApiError { kind: ApiErrorKind::Other, message: Some(failure.one_line()), ..ApiError::unreadable(action) }
}

/// Returns the services that a trust policy allows to assume the role; `*` for everyone. Conditions are not evaluated.
fn services_in(policy: &Value) -> Vec<String> {
    let statements = one_or_many(&policy["Statement"]);
    let allowing = statements.into_iter().filter(|statement| {
        let actions = texts(&statement["Action"]);
        statement["Effect"] == "Allow"
            && actions
                .iter()
                .any(|action| matches!(*action, "sts:AssumeRole" | "sts:*" | "*" | "sts:Assume*"))
    });
    let mut services = Vec::new();
    for statement in allowing {
        let principal = &statement["Principal"];
        let named = if principal.is_string() { texts(principal) } else { texts(&principal["Service"]) };
        services.extend(named.into_iter().map(str::to_owned));
    }
    services
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn texts(value: &Value) -> Vec<&str> {
    one_or_many(value).into_iter().filter_map(Value::as_str).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%');
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_policy_names_the_services_that_may_assume_the_role() {
        let services = |policy: Value| services_in(&policy).join(" ");
        let allow = |principal: Value, action: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": action });
        let one = json!({ "Statement": allow(json!({ "Service": "a" }), json!("sts:AssumeRole")) });
        assert_eq!(services(one), "a");
        let many = json!({ "Statement": [
            allow(json!({ "Service": ["a", "b"] }), json!(["sts:TagSession", "sts:AssumeRole"])),
            allow(json!("*"), json!("sts:AssumeRole")),
            allow(json!({ "AWS": "arn:aws:iam::1:root" }), json!("sts:AssumeRole")),
            allow(json!({ "Service": "c" }), json!("sts:TagSession")),
            { "Effect": "Deny", "Principal": { "Service": "d" }, "Action": "sts:AssumeRole" },
        ] });
        assert_eq!(services(many), "a b *");
    }

    #[test]
    fn a_policy_in_an_answer_is_decoded() {
        assert_eq!(percent_decoded("%7B%22a%22%3A%20%22%C3%A9%25%22%7D%"), "{\"a\": \"é%\"}%");
    }
}
