//! The REST protocol: method, path, query and a JSON body in, JSON out. Owns how the scheduler is spoken to;
//! never touches state.

use serde_json::{Value, json};

use crate::query::unescaped;
use crate::wire::{ApiError, Asked, Sent, parsed};

/// What a path may ask for: the method, the path with its one parameter, and the operation.
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

/// The members whose name in the query is another one.
const RENAMED: &[(&str, &str)] =
    &[("clientToken", "ClientToken"), ("groupName", "GroupName"), ("ScheduleGroup", "GroupName")];

/// Returns whether a service speaks the REST protocol.
pub(crate) fn speaks(service: &str) -> bool {
    service == "scheduler"
}

/// Reads the operation from method and path, and its input from path, query and body.
pub(crate) fn call(sent: Sent<'_>) -> Result<Asked, ApiError> {
    let found = ROUTES.iter().filter(|(method, ..)| *method == sent.method);
    let found = found.filter_map(|(_, path, operation)| Some((*operation, parameter(path, sent.path)?)));
    let (operation, parameter) = found.into_iter().next().ok_or_else(no_such_path)?;
    let mut input = parsed(sent.body)?;
    for (name, value) in sent.query.split('&').filter_map(|pair| pair.split_once('=')) {
        let name = unescaped(name);
        let renamed = RENAMED.iter().find(|(query, _)| *query == name).map(|(_, member)| *member);
        put(&mut input, renamed.unwrap_or(&name), unescaped(value));
    }
    if let Some((name, value)) = parameter {
        input[name] = json!(value);
    }
    Ok(Asked { service: "scheduler".to_owned(), operation: operation.to_owned(), input })
}

/// Puts a value of the query where the input has it: a number, a list, or a text.
fn put(input: &mut Value, name: &str, value: String) {
    match (name, value.parse::<i64>()) {
        ("MaxResults", Ok(number)) => input[name] = json!(number),
        ("TagKeys", _) => match input[name].as_array_mut() {
            Some(keys) => keys.push(json!(value)),
            None => input[name] = json!([value]),
        },
        _ => input[name] = json!(value),
    }
}

/// Returns the parameter of a path that fits a pattern: its name and value, or none where the pattern has none.
fn parameter<'a>(pattern: &'a str, path: &str) -> Option<Option<(&'a str, String)>> {
    match pattern.split_once('{') {
        None => (pattern == path).then_some(None),
        Some((before, name)) => {
            let value =
                path.strip_prefix(before).filter(|value| !value.is_empty() && !value.contains('/'))?;
            // A `+` in a path is a plus.
            Some(Some((name.trim_end_matches('}'), unescaped(&value.replace('+', "%2B")))))
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
        let sent = Sent { method, path, query, target: None, signed_for: None, body: body.as_bytes() };
        call(sent).ok().map(|asked| (asked.operation, asked.input))
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
