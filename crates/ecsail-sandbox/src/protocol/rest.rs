//! The REST protocol of EventBridge Scheduler, EFS and Lambda: method, path, query and a JSON body in, JSON out.

use serde_json::{Value, json};

use super::request::{RequestParts, parse_json_body, unescape};
use crate::api::{ApiCall, ApiError};

/// The services with this protocol, as signatures name them.
const SERVICES: &[&str] = &["scheduler", "elasticfilesystem", "lambda"];

/// The operations of the scheduler: method, path with at most one parameter, and name.
const ROUTES: &[(&str, &str, &str)] = &[
    ("POST", "/schedules/{Name}", "CreateSchedule"),
    ("GET", "/schedules/{Name}", "GetSchedule"),
    ("PUT", "/schedules/{Name}", "UpdateSchedule"),
    ("DELETE", "/schedules/{Name}", "DeleteSchedule"),
    ("GET", "/schedules", "ListSchedules"),
    ("POST", "/schedule-groups/{Name}", "CreateScheduleGroup"),
    ("GET", "/schedule-groups/{Name}", "GetScheduleGroup"),
    ("DELETE", "/schedule-groups/{Name}", "DeleteScheduleGroup"),
    ("GET", "/schedule-groups", "ListScheduleGroups"),
    ("POST", "/tags/{ResourceArn}", "TagResource"),
    ("DELETE", "/tags/{ResourceArn}", "UntagResource"),
    ("GET", "/tags/{ResourceArn}", "ListTagsForResource"),
];
/// Those of the other services, whose paths begin with a version of their API.
const OTHER_ROUTES: &[(&str, &str, &str, &str)] = &[
    ("elasticfilesystem", "GET", "/2015-02-01/file-systems", "DescribeFileSystems"),
    ("elasticfilesystem", "GET", "/2015-02-01/access-points", "DescribeAccessPoints"),
    ("lambda", "GET", "/2015-03-31/functions/{FunctionName}/configuration", "GetFunctionConfiguration"),
];

/// Query parameters whose input member has another name.
const RENAMED: &[(&str, &str)] =
    &[("clientToken", "ClientToken"), ("groupName", "GroupName"), ("ScheduleGroup", "GroupName")];

/// Returns whether a service has the REST protocol.
pub(crate) fn is_spoken_by(service: &str) -> bool {
    SERVICES.contains(&service)
}

/// Returns the call of a request: the operation from method and path, the input from path, query and body.
pub(crate) fn parse_call(sent: RequestParts<'_>) -> Result<ApiCall, ApiError> {
    let of_scheduler =
        ROUTES.iter().map(|(method, path, operation)| ("scheduler", *method, *path, *operation));
    let mut found = of_scheduler
        .chain(OTHER_ROUTES.iter().copied())
        .filter(|(_, method, ..)| *method == sent.method)
        .filter_map(|(service, _, path, operation)| Some((service, operation, match_path(path, sent.path)?)));
    let (service, operation, parameter) = found.next().ok_or_else(no_such_path)?;
    let mut input = parse_json_body(sent.body)?;
    for (name, value) in sent.query.split('&').filter_map(|pair| pair.split_once('=')) {
        let name = unescape(name);
        let renamed = RENAMED.iter().find(|(query, _)| *query == name).map(|(_, member)| *member);
        set_member(&mut input, renamed.unwrap_or(&name), unescape(value));
    }
    if let Some((name, value)) = parameter {
        input[name] = json!(value);
    }
    Ok(ApiCall { service: service.to_owned(), operation: operation.to_owned(), input })
}

/// Sets an input member to the value of a query parameter: a number, a list, or a text.
fn set_member(input: &mut Value, name: &str, value: String) {
    match (name, value.parse::<i64>()) {
        ("MaxResults", Ok(number)) => input[name] = json!(number),
        ("TagKeys", _) => match input[name].as_array_mut() {
            Some(keys) => keys.push(json!(value)),
            None => input[name] = json!([value]),
        },
        _ => input[name] = json!(value),
    }
}

/// Returns the parameter of a path that matches a pattern: its name and value, or none where the pattern has
/// no parameter.
#[expect(clippy::option_option, reason = "the outer one is whether it matches, the inner one the parameter")]
fn match_path<'a>(pattern: &'a str, path: &str) -> Option<Option<(&'a str, String)>> {
    match pattern.split_once('{') {
        None => (pattern == path).then_some(None),
        Some((before, rest)) => {
            let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
            let value = path.strip_prefix(before)?.strip_suffix(after)?;
            if value.is_empty() || value.contains('/') {
                return None;
            }
            // In a path, unlike in a form body, `+` is a plus sign.
            Some(Some((name, unescape(&value.replace('+', "%2B")))))
        }
    }
}

fn no_such_path() -> ApiError {
    ApiError { status: 404, ..ApiError::unknown_operation() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, path: &str, query: &str, body: &str) -> Option<(String, Value)> {
        let sent =
            RequestParts { method, path, query, target: None, signed_for: None, body: body.as_bytes() };
        parse_call(sent).ok().map(|asked| (asked.operation, asked.input))
    }

    #[test]
    fn method_and_path_say_which_operation_is_meant() {
        let create = asked("POST", "/schedules/nightly", "", r#"{"State": "ENABLED"}"#);
        let input = json!({ "State": "ENABLED", "Name": "nightly" });
        assert_eq!(create, Some(("CreateSchedule".to_owned(), input)));
        let list = asked("GET", "/schedules", "ScheduleGroup=g&MaxResults=5&NamePrefix=a%2Db", "");
        let input = json!({ "GroupName": "g", "MaxResults": 5, "NamePrefix": "a-b" });
        assert_eq!(list, Some(("ListSchedules".to_owned(), input)));
        assert_eq!(asked("PATCH", "/schedules/nightly", "", ""), None);
        assert_eq!(asked("GET", "/schedules/a/b", "", ""), None);
    }

    #[test]
    fn an_arn_in_the_path_and_a_list_in_the_query_are_read() {
        let path = "/tags/arn%3Aaws%3Ascheduler%3Aus-east-1%3A1%3Aschedule-group%2Fa";
        let untag = asked("DELETE", path, "TagKeys=a&TagKeys=b", "");
        let arn = "arn:aws:scheduler:us-east-1:1:schedule-group/a";
        let input = json!({ "TagKeys": ["a", "b"], "ResourceArn": arn });
        assert_eq!(untag, Some(("UntagResource".to_owned(), input)));
    }
}
