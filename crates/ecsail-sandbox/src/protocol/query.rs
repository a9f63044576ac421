//! The query protocol of STS, Elastic Load Balancing, CloudFormation, IAM and CloudWatch, and the one of EC2, which differs in its
//! lists and its errors: form bodies in, XML out.

use serde_json::{Map, Value, json};

use super::request::unescape;
use crate::api::{ApiCall, ApiError};

const EC2: &str = "ec2";

/// The services with this protocol: the name in signatures, the API version, and the XML namespace.
const SERVICES: &[(&str, &str, &str)] = &[
    ("sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
    ("elasticloadbalancing", "2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"),
    ("cloudformation", "2010-05-15", "http://cloudformation.amazonaws.com/doc/2010-05-15/"),
    ("iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/"),
    ("monitoring", "2010-08-01", "http://monitoring.amazonaws.com/doc/2010-08-01/"),
    (EC2, "2016-11-15", "http://ec2.amazonaws.com/doc/2016-11-15/"),
];

/// Returns whether a service has the query protocol.
pub(crate) fn is_spoken_by(service: &str) -> bool {
    SERVICES.iter().any(|(name, ..)| *name == service)
}

/// Returns the call of a form body. The service is that of the signature, or else that of the API version.
pub(crate) fn parse_call(signed_for: Option<&str>, body: &[u8]) -> Result<ApiCall, ApiError> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let fields: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (unescape(key), unescape(value)))
        .collect();
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let operation = field("Action").ok_or_else(ApiError::unknown_operation)?.to_owned();
    let version = field("Version");
    let named = SERVICES.iter().find(|(name, ..)| Some(*name) == signed_for);
    let service = named.or_else(|| SERVICES.iter().find(|(_, known, _)| Some(*known) == version));
    let service = service.map_or("sts", |(name, ..)| name).to_owned();
    let mut input = Value::Object(Map::new());
    let is_member = |key: &str| key != "Action" && key != "Version" && !key.starts_with("X-Amz-");
    for (key, value) in fields.iter().filter(|(key, _)| is_member(key)) {
        set_member(&mut input, key.split('.').collect::<Vec<_>>().as_slice(), value);
    }
    Ok(ApiCall { service, operation, input })
}

/// Sets the member that a key names: `Targets.member.1.Id` is the `Id` of the first item of `Targets`.
fn set_member(slot: &mut Value, path: &[&str], value: &str) {
    match path {
        [] => *slot = Value::from(value),
        ["member", number, rest @ ..] => set_member(slot, &[&[*number], rest].concat(), value),
        // Lists of EC2 have no `member` in their keys.
        [number, rest @ ..] if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            if !slot.is_array() {
                *slot = Value::Array(Vec::new());
            }
            let at = number.parse::<usize>().unwrap_or(1).clamp(1, 1000) - 1;
            if let Value::Array(items) = slot {
                items.resize(items.len().max(at + 1), Value::Null);
                set_member(&mut items[at], rest, value);
            }
        }
        [name, rest @ ..] => {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(members) = slot {
                set_member(members.entry(*name).or_insert(Value::Null), rest, value);
            }
        }
    }
}

/// Returns the body of an error response.
pub(crate) fn error_body(service: &str, error: &ApiError, request_id: &str) -> String {
    let side = if error.status >= 500 { "Receiver" } else { "Sender" };
    if service == EC2 {
        return format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error>\
             </Errors><RequestID>{request_id}</RequestID></Response>",
            escape_xml(&error.code),
            escape_xml(&error.message)
        );
    }
    format!(
        "<ErrorResponse xmlns=\"{}\">\n  <Error>\n    <Type>{side}</Type>\n    <Code>{}</Code>\n    \
         <Message>{}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
        namespace(service),
        escape_xml(&error.code),
        escape_xml(&error.message)
    )
}

/// Returns the body of a successful response.
pub(crate) fn answer_body(service: &str, operation: &str, output: &Value, request_id: &str) -> String {
    if service == EC2 {
        return format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response xmlns=\"{}\"><requestId>{request_id}</requestId>{}\
             </{operation}Response>",
            namespace(service),
            to_xml(output, "item")
        );
    }
    format!(
        "<{operation}Response xmlns=\"{}\">\n  <{operation}Result>{}</{operation}Result>\n  \
         <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </{operation}Response>\n",
        namespace(service),
        to_xml(output, "member")
    )
}

/// Returns a successful response as JSON, as clients get it that accept `application/json`.
pub(crate) fn json_answer(operation: &str, output: &Value, request_id: &str) -> Value {
    let (response, result) = (format!("{operation}Response"), format!("{operation}Result"));
    json!({ response: { result: output, "ResponseMetadata": { "RequestId": request_id } } })
}

/// Returns an error response as JSON.
pub(crate) fn json_error(error: &ApiError, request_id: &str) -> Value {
    let side = if error.status >= 500 { "Receiver" } else { "Sender" };
    json!({
        "Error": { "Code": error.code, "Message": error.message, "Type": side },
        "RequestId": request_id,
    })
}

fn namespace(service: &str) -> &'static str {
    SERVICES.iter().find(|(name, ..)| *name == service).map_or("", |(.., place)| place)
}

/// Returns a value as XML; the items of a list are elements of this name.
fn to_xml(value: &Value, item_name: &str) -> String {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| format!("<{key}>{}</{key}>", to_xml(value, item_name))).collect()
        }
        Value::Array(items) => items
            .iter()
            .map(|item| format!("<{item_name}>{}</{item_name}>", to_xml(item, item_name)))
            .collect(),
        Value::String(text) => escape_xml(text),
        other => other.to_string(),
    }
}

/// XML 1.0 has no control characters but tab and the line ends, not even as references.
pub(super) fn escape_xml(text: &str) -> String {
    let is_allowed = |c: &char| !c.is_ascii_control() || matches!(c, '\t' | '\n' | '\r');
    let text: String = text.chars().filter(is_allowed).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_structures_are_read_from_their_keys() {
        let body =
            b"Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=arn%3Aa&Targets.member.2.Id=b\
                     &Targets.member.1.Id=a&Targets.member.1.Port=80";
        let asked = parse_call(None, body).expect("reads");
        assert_eq!(
            (asked.service.as_str(), asked.operation.as_str()),
            ("elasticloadbalancing", "DescribeTargetHealth")
        );
        let targets = json!([{ "Id": "a", "Port": "80" }, { "Id": "b" }]);
        assert_eq!(asked.input, json!({ "TargetGroupArn": "arn:a", "Targets": targets }));
    }

    #[test]
    fn the_signature_selects_the_service_before_the_version() {
        let service = |signed, version: &str| {
            parse_call(signed, format!("Action=A&Version={version}").as_bytes()).expect("reads").service
        };
        assert_eq!(service(Some("elasticloadbalancing"), "2011-06-15"), "elasticloadbalancing");
        assert_eq!(service(Some("ecs"), "2015-12-01"), "elasticloadbalancing");
        assert_eq!(service(None, "2011-06-15"), "sts");
    }
}
