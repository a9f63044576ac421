//! The query protocol: form bodies in, XML out. Owns how STS and the load balancers are spoken to; never
//! touches state.

use serde_json::{Map, Value};

use crate::wire::{ApiError, Asked};

/// The services that speak it: the name in signatures, the version, and the place of the XML namespace.
const SERVICES: &[(&str, &str, &str)] = &[
    ("sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
    ("elasticloadbalancing", "2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"),
];

/// Returns whether a service speaks the query protocol.
pub(crate) fn speaks(service: &str) -> bool {
    SERVICES.iter().any(|(name, ..)| *name == service)
}

/// Reads a form body. The signature says which service is meant; where it does not, the version does.
pub(crate) fn call(signed_for: Option<&str>, body: &[u8]) -> Result<Asked, ApiError> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let fields: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (unescaped(key), unescaped(value)))
        .collect();
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let operation = field("Action").ok_or_else(ApiError::unknown_operation)?.to_owned();
    let version = field("Version");
    let named = SERVICES.iter().find(|(name, ..)| Some(*name) == signed_for);
    let service = named.or_else(|| SERVICES.iter().find(|(_, known, _)| Some(*known) == version));
    let service = service.map_or("sts", |(name, ..)| name).to_owned();
    let mut input = Value::Object(Map::new());
    for (key, value) in fields.iter().filter(|(key, _)| key != "Action" && key != "Version") {
        put(&mut input, key.split('.').collect::<Vec<_>>().as_slice(), value);
    }
    Ok(Asked { service, operation, input })
}

/// Puts a value where its key says: `Targets.member.1.Id` is the `Id` of the first item of `Targets`.
fn put(slot: &mut Value, path: &[&str], value: &str) {
    match path {
        [] => *slot = Value::from(value),
        ["member", number, rest @ ..] => {
            if !slot.is_array() {
                *slot = Value::Array(Vec::new());
            }
            let at = number.parse::<usize>().unwrap_or(1).clamp(1, 1000) - 1;
            if let Value::Array(items) = slot {
                items.resize(items.len().max(at + 1), Value::Null);
                put(&mut items[at], rest, value);
            }
        }
        [name, rest @ ..] => {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(members) = slot {
                put(members.entry(*name).or_insert(Value::Null), rest, value);
            }
        }
    }
}

/// Undoes percent-encoding and `+`, as in a form body.
pub(crate) fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns the body of an error answer.
pub(crate) fn error_body(service: &str, error: &ApiError, request_id: &str) -> String {
    let side = if error.status >= 500 { "Receiver" } else { "Sender" };
    format!(
        "<ErrorResponse xmlns=\"{}\">\n  <Error>\n    <Type>{side}</Type>\n    <Code>{}</Code>\n    \
         <Message>{}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
        namespace(service),
        escaped(&error.code),
        escaped(&error.message)
    )
}

/// Returns the body of an answer.
pub(crate) fn answer_body(service: &str, operation: &str, output: &Value, request_id: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"{}\">\n  <{operation}Result>{}</{operation}Result>\n  \
         <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </{operation}Response>\n",
        namespace(service),
        xml(output)
    )
}

fn namespace(service: &str) -> &'static str {
    SERVICES.iter().find(|(name, ..)| *name == service).map_or("", |(.., place)| place)
}

fn xml(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| format!("<{key}>{}</{key}>", xml(value))).collect()
        }
        Value::Array(items) => items.iter().map(|item| format!("<member>{}</member>", xml(item))).collect(),
        Value::String(text) => escaped(text),
        other => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_structures_are_read_from_their_keys() {
        let body =
            b"Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=arn%3Aa&Targets.member.2.Id=b\
                     &Targets.member.1.Id=a&Targets.member.1.Port=80";
        let asked = call(None, body).expect("reads");
        assert_eq!(
            (asked.service.as_str(), asked.operation.as_str()),
            ("elasticloadbalancing", "DescribeTargetHealth")
        );
        let targets = json!([{ "Id": "a", "Port": "80" }, { "Id": "b" }]);
        assert_eq!(asked.input, json!({ "TargetGroupArn": "arn:a", "Targets": targets }));
    }

    #[test]
    fn the_signature_tells_the_services_apart_before_the_version() {
        let service = |signed, version: &str| {
            call(signed, format!("Action=A&Version={version}").as_bytes()).expect("reads").service
        };
        assert_eq!(service(Some("elasticloadbalancing"), "2011-06-15"), "elasticloadbalancing");
        assert_eq!(service(Some("ecs"), "2015-12-01"), "elasticloadbalancing");
        assert_eq!(service(None, "2011-06-15"), "sts");
    }
}
