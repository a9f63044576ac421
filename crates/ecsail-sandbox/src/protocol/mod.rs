//! The wire protocols: parses calls, and formats outputs and errors.
//!
//! JSON 1.1 for ECS, ECR, CloudWatch Logs, Application Auto Scaling, EventBridge, KMS, Secrets Manager, the parameters of
//! Systems Manager and Cloud Map, JSON 1.0 for DynamoDB; the query protocol for STS, Elastic Load Balancing, CloudFormation, IAM,
//! CloudWatch and EC2 (`query`); REST with JSON for the scheduler, EFS and Lambda (`rest`); REST with XML for S3 (`s3`).

pub(crate) mod auth;
pub(crate) mod errors;
pub(crate) mod presigned;
pub(crate) mod query;
pub(crate) mod request;
pub(crate) mod rest;
pub(crate) mod s3;

use serde_json::{Value, json};

pub(crate) use request::RequestParts;

use crate::api::{ApiCall, ApiError};
use request::parse_json_body;

/// The form of answers of the query protocol: XML, unless the client accepts JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum AnswerFormat {
    #[default]
    Xml,
    Json,
}

/// Returns the call of a request: from the target header, from method and path, or from a form body.
///
/// # Errors
/// As AWS answers an unknown operation, or a body that cannot be parsed.
pub(crate) fn parse_call(sent: RequestParts<'_>) -> Result<ApiCall, ApiError> {
    match sent.target {
        Some(target) => parse_json_call(target, sent.body),
        None if sent.signed_for.is_some_and(s3::is_spoken_by) => Ok(s3::parse_call(sent)),
        None if sent.path != "/" => rest::parse_call(sent),
        // STS prefers what is in the address to what is in the body.
        None if sent.method == "GET" => query::parse_call(sent.signed_for, sent.query.as_bytes()),
        None => query::parse_call(sent.signed_for, sent.body),
    }
}

fn parse_json_call(target: &str, body: &[u8]) -> Result<ApiCall, ApiError> {
    let (prefix, operation) = target.split_once('.').ok_or_else(ApiError::unknown_operation)?;
    let service = match prefix {
        "AmazonEC2ContainerServiceV20141113" => "ecs",
        "AmazonEC2ContainerRegistry_V20150921" => "ecr",
        "Logs_20140328" => "logs",
        "AWSEvents" => "events",
        "AnyScaleFrontendService" => "application-autoscaling",
        "DynamoDB_20120810" => "dynamodb",
        "AmazonSSM" => "ssm",
        "TrentService" => "kms",
        "secretsmanager" => "secretsmanager",
        "Route53AutoNaming_v20170314" => "servicediscovery",
        _ => return Err(ApiError::unknown_operation()),
    };
    let input = parse_json_body(body)?;
    Ok(ApiCall { service: service.to_owned(), operation: operation.to_owned(), input })
}

const DYNAMODB: &str = "dynamodb";
const JSON_1_0: &str = "application/x-amz-json-1.0";

/// Returns an error as DynamoDB answers it: its code has a namespace, and some have members of their own.
fn dynamodb_error(error: &ApiError) -> Value {
    let namespace = match error.code.as_str() {
        "ValidationException" | "ThrottlingException" | "AccessDeniedException" => "com.amazon.coral.service",
        code if code.contains("Signature") || code.contains("Token") => "com.amazon.coral.service",
        _ => "com.amazonaws.dynamodb.v20120810",
    };
    let mut body = json!({ "__type": format!("{namespace}#{}", error.code), "message": error.message });
    if let (Some(body), Some(Value::Object(members))) = (body.as_object_mut(), &error.members) {
        body.extend(members.clone());
    }
    body
}

/// Returns the body of an error response and its content type.
pub(crate) fn error_body(
    service: &str,
    error: &ApiError,
    request_id: &str,
    format: AnswerFormat,
) -> (String, &'static str) {
    if query::is_spoken_by(service) && format == AnswerFormat::Json {
        return (query::json_error(error, request_id).to_string(), "application/json");
    }
    if query::is_spoken_by(service) {
        return (query::error_body(service, error, request_id), "text/xml");
    }
    if s3::is_spoken_by(service) {
        return (s3::error_body(error, request_id), "application/xml");
    }
    if rest::is_spoken_by(service) {
        return (json!({ "Message": error.message }).to_string(), "application/json");
    }
    if service == DYNAMODB {
        return (dynamodb_error(error).to_string(), JSON_1_0);
    }
    // AWS answers unknown operations and bodies that cannot be parsed without a message.
    let body = if error.message.is_empty() {
        json!({ "__type": error.code })
    } else {
        // Application Auto Scaling spells the member with a capital.
        let member = if service == "application-autoscaling" { "Message" } else { "message" };
        json!({ "__type": error.code, member: error.message })
    };
    (body.to_string(), "application/x-amz-json-1.1")
}

/// Returns the body of a successful response and its content type.
pub(crate) fn answer_body(
    asked: &ApiCall,
    output: &Value,
    request_id: &str,
    format: AnswerFormat,
) -> (String, &'static str) {
    if query::is_spoken_by(&asked.service) && format == AnswerFormat::Json {
        return (query::json_answer(&asked.operation, output, request_id).to_string(), "application/json");
    }
    if query::is_spoken_by(&asked.service) {
        return (query::answer_body(&asked.service, &asked.operation, output, request_id), "text/xml");
    }
    if s3::is_spoken_by(&asked.service) {
        return (s3::answer_body(output), "binary/octet-stream");
    }
    if rest::is_spoken_by(&asked.service) {
        return (output.to_string(), "application/json");
    }
    if asked.service == DYNAMODB {
        return (output.to_string(), JSON_1_0);
    }
    (output.to_string(), "application/x-amz-json-1.1")
}
