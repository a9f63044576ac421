//! What a saved plan changes, in lines for who is to approve it. Values of secrets are hidden in a plan already.

use serde_json::Value;

/// Returns the lines.
pub(super) fn summary(plan: &Value) -> Vec<String> {
    let items = |list: &str| plan[list].as_array().into_iter().flatten();
    let services = items("services").filter(|service| service["changes"] == true);
    let mut lines: Vec<String> = services.flat_map(service_lines).collect();
    for (list, name, what) in
        [("schedules", "schedule", "schedule"), ("autoscaling", "service", "autoscaling of")]
    {
        let changing = items(list).filter(|item| item["action"] != "unchanged");
        lines.extend(changing.map(|item| format!("{what} {}: {}", text(&item[name]), text(&item["action"]))));
    }
    let tasks = items("before").chain(items("after")).filter(|task| task["needed"] == true);
    lines.extend(tasks.map(|task| format!("task {}: runs", text(&task["task"]))));
    lines
}

fn service_lines(service: &Value) -> Vec<String> {
    let before = service["before"]["revision"].as_str().unwrap_or("created");
    let after = match (&service["after"]["revision"], &service["after"]["register"]) {
        (Value::String(revision), _) => revision.clone(),
        (_, Value::String(family)) => format!("a new revision of `{family}`"),
        _ => "a new revision".to_owned(),
    };
    let mut lines = vec![format!("{}: {before} → {after}", text(&service["service"]))];
    let lists = [&service["task_definition"], &service["attributes"]];
    let changes = lists.into_iter().flat_map(|list| list.as_array().into_iter().flatten());
    lines.extend(changes.map(|change| {
        let value = |name: &str| change.get(name).map_or("none".to_owned(), text);
        format!("  {}: {} → {}", text(&change["path"]), value("before"), value("after"))
    }));
    lines
}

/// Returns a value in one line, whole: what is approved is seen.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
