//! The part of the manifest that a cluster of `deploy.yml` gives. Pure.

use serde_json::{Map, Value, json};

use super::app::{self, App, Cluster};
use super::definition::with_text_values;
use super::layers::{OverrideLayer, override_layer, readable};
use super::steps::{Branch, ReleaseOrder};
use super::targets::task_members;
use crate::document::tree::Node;
use crate::import::yaml_file::entries;
use crate::import::{Draft, Session};
use crate::yaml_writer::to_yaml;

/// The role of a rule's targets where the file has none.
const DEFAULT_ROLE: &str = "ecsEventsRole";
/// The keys of a service that genova read and never sent.
const NEVER_SENT: &[&str] = &["desired_count", "force_new_deployment", "health_check_grace_period_seconds"];

/// A cluster while its part of the manifest is made.
struct ClusterDraft<'a> {
    app: &'a App,
    cluster: &'a Cluster,
    draft: Draft,
}

/// Returns the part of the manifest for a cluster.
pub(super) fn draft(
    session: &mut Session<'_>,
    app: &App,
    index: usize,
    branches: &[Branch],
) -> Option<Draft> {
    let cluster = app.clusters.get(index)?;
    let node = app.cluster(index)?;
    let mut made = ClusterDraft { app, cluster, draft: Draft::default() };
    made.draft.set(&["cluster"], cluster.name.clone());
    let images = app.images.of_cluster(index);
    if let Some(region) = region(&images) {
        made.draft.set(&["region"], region);
    }
    if !images.is_empty() {
        made.draft.set(&["images"], images);
    }
    let order = ReleaseOrder::of(branches, &cluster.name);
    for (key, service) in entries(node.get("services")) {
        made.add_service(session, &key.name, service, &order);
    }
    for (key, task) in entries(node.get("run_tasks")) {
        made.add_task(session, &key.name, task);
    }
    for rule in node.get("scheduled_tasks").map_or(&[][..], Node::items) {
        made.add_schedule(session, rule);
    }
    made.report_unknown(session, node, &["name", "services", "run_tasks", "scheduled_tasks"], "clusters[]");
    Some(made.draft)
}

/// Returns the region of the images, where all are in one.
fn region(images: &Map<String, Value>) -> Option<String> {
    let region = |image: &Value| {
        let image = crate::image::ImageReference::parse(image.as_str().unwrap_or_default());
        image.ecr_repository().map(|repository| repository.region)
    };
    let mut regions: Vec<String> = images.values().filter_map(region).collect();
    regions.sort();
    regions.dedup();
    <[String; 1]>::try_from(regions).ok().map(|[only]| only)
}

impl ClusterDraft<'_> {
    #[allow(clippy::unnecessary_wraps)]
    fn line(&self, node: &Node) -> Option<usize> {
        Some(self.app.file.line(node.span))
    }

    fn key(&self, session: &Session<'_>, name: &str) -> String {
        session.key(name, self.cluster.stage.as_deref())
    }

    fn keys(&self, session: &Session<'_>, names: &[String]) -> Value {
        names.iter().map(|name| self.key(session, name)).collect::<Vec<_>>().into()
    }

    fn add_service(&mut self, session: &mut Session<'_>, name: &str, node: &Node, order: &ReleaseOrder) {
        let key = self.key(session, name);
        let file = self.app.file.path.clone();
        if key != name {
            self.draft.set(&["services", &key, "name"], name);
        }
        let definition = self.definition(session, &format!("service-{key}"), node);
        self.draft.set(&["services", &key, "task_definition"], definition);
        self.add_percentages(session, &key, node);
        for (member, names) in [("before", &order.before), ("after", &order.after), ("needs", &order.needs)] {
            if let Some(names) = names.get(name) {
                let keys = self.keys(session, names);
                self.draft.set(&["services", &key, member], keys);
                let why = format!("`{member}` of service `{key}`: it holds for every deploy of the service");
                session.changed(&file, None, "auto_deploy", &why);
            }
        }
        for unsent in NEVER_SENT {
            if let Some(value) = node.get(unsent) {
                self.draft.comment_out(&["services", &key], unsent, value.to_value());
                let why =
                    "genova never sent it to ECS: it is a comment in the manifest, so that nothing changes";
                let what = format!("services.{name}.{unsent}: {}", value.text().unwrap_or_default());
                session.missing(&file, self.line(value), &what, why);
            }
        }
        let known = ["path", "containers", "task_overrides", "minimum_healthy_percent", "maximum_percent"];
        self.report_unknown(session, node, &[&known[..], NEVER_SENT].concat(), &format!("services.{name}"));
        session.carried(&file, self.line(node), &format!("services.{name}"), &format!("service `{key}`"));
    }

    fn add_percentages(&mut self, session: &mut Session<'_>, key: &str, node: &Node) {
        let mut configuration = Map::new();
        for (from, to) in
            [("minimum_healthy_percent", "minimumHealthyPercent"), ("maximum_percent", "maximumPercent")]
        {
            configuration.extend(node.get(from).map(|value| (to.to_owned(), value.to_value())));
        }
        if !configuration.is_empty() {
            self.draft
                .set(&["services", key, "service"], json!({ "deploymentConfiguration": configuration }));
            let why = "kept in step by each deploy; what else the service has stays";
            session.carried(&self.app.file.path, self.line(node), "percentages", why);
        }
    }

    fn add_task(&mut self, session: &mut Session<'_>, name: &str, node: &Node) {
        let key = self.key(session, name);
        let mut task = Map::new();
        task.insert("task_definition".to_owned(), self.definition(session, &format!("task-{key}"), node));
        task.extend(task_members(session, self.app, node, false));
        self.draft.set(&["tasks", &key], task);
        let known = [
            "path",
            "containers",
            "launch_type",
            "desired_count",
            "group",
            "task_overrides",
            "task_role",
            "task_execution_role",
            "network_configuration",
            "container_overrides",
        ];
        self.report_unknown(session, node, &known, &format!("run_tasks.{name}"));
        session.carried(
            &self.app.file.path,
            self.line(node),
            &format!("run_tasks.{name}"),
            &format!("`ecsail run {key}`"),
        );
    }

    fn add_schedule(&mut self, session: &mut Session<'_>, rule: &Node) {
        let text = |name: &str| rule.get(name).and_then(Node::text).map(str::to_owned);
        let name = text("rule").unwrap_or_default();
        let key = self.key(session, &name);
        let mut schedule = Map::from_iter([("via".to_owned(), json!("rule"))]);
        schedule.insert("rule".to_owned(), name.clone().into());
        schedule.extend(text("expression").map(|expression| ("expression".to_owned(), expression.into())));
        for member in ["description", "enabled"] {
            schedule.extend(rule.get(member).map(|value| (member.to_owned(), value.to_value())));
        }
        let mut targets = Map::new();
        for target in rule.get("targets").map_or(&[][..], Node::items) {
            let id = target.get("name").and_then(Node::text).unwrap_or_default().to_owned();
            let made = self.target(session, &key, &id, target);
            targets.insert(id, made);
        }
        schedule.insert("targets".to_owned(), targets.into());
        self.draft.set(&["schedules", &key], schedule);
        let file = &self.app.file.path;
        self.report_unknown(
            session,
            rule,
            &["rule", "expression", "enabled", "description", "targets"],
            &format!("scheduled_tasks {name}"),
        );
        session.carried(
            file,
            self.line(rule),
            &format!("scheduled_tasks {name}"),
            &format!("schedule `{key}`, with its rule and targets"),
        );
        let why = "genova wrote rule and targets whole; ecsail keeps what the manifest does not name, such as a dead-letter queue";
        session.changed(file, self.line(rule), &name, why);
        if rule.get("enabled").is_none() {
            let why = "genova enabled the rule at each deploy; ecsail keeps its state, unless `enabled:` is written";
            session.changed(file, self.line(rule), &name, why);
        }
    }

    fn target(&mut self, session: &mut Session<'_>, key: &str, id: &str, node: &Node) -> Value {
        let role = node.get("cloudwatch_event_iam_role").and_then(Node::text).unwrap_or(DEFAULT_ROLE);
        let mut task = Map::new();
        task.insert(
            "task_definition".to_owned(),
            self.definition(session, &format!("schedule-{key}-{id}"), node),
        );
        task.extend(task_members(session, self.app, node, true));
        if let Some(unused) = node.get("depend_service") {
            session.carried(
                &self.app.file.path,
                self.line(unused),
                "depend_service",
                "genova did not use it, and neither does ecsail",
            );
        }
        let known = [
            "name",
            "path",
            "containers",
            "launch_type",
            "network_configuration",
            "task_role",
            "cloudwatch_event_iam_role",
            "depend_service",
            "task_overrides",
            "desired_count",
            "task_count",
            "container_overrides",
            "overrides",
        ];
        self.report_unknown(session, node, &known, &format!("target {id}"));
        json!({ "role": role, "task": task })
    }

    /// Returns the layers of a definition with its overrides.
    fn definition(&mut self, session: &mut Session<'_>, file_name: &str, node: &Node) -> Value {
        let path = node.get("path").and_then(Node::text).unwrap_or_default();
        let Some(definition) = self.app.definitions.get(path) else { return Value::Null };
        let overrides = node.get("task_overrides");
        let value = overrides.map(|overrides| with_text_values(&overrides.to_value())).unwrap_or_default();
        let overridden = override_layer(&definition.value, &value);
        let line = overrides.and_then(|overrides| self.line(overrides));
        for oddity in &overridden.oddities {
            session.changed(
                &self.app.file.path,
                line,
                "task_overrides",
                &format!("{oddity}: the manifest has the result"),
            );
        }
        match overridden.layer {
            OverrideLayer::None => definition.reference.clone().into(),
            OverrideLayer::Layer(layer) => {
                let layer = self.without_encrypted(session, layer, line);
                json!([definition.reference, self.app.images.with_expressions(&readable(&layer))])
            }
            OverrideLayer::Whole(whole) => {
                let whole = self.without_encrypted(session, whole, line);
                let written = self.app.images.with_expressions(&whole);
                let stage =
                    self.cluster.stage.as_deref().map_or_else(String::new, |stage| format!("-{stage}"));
                let path = format!("{}/{file_name}{stage}.yml", crate::import::REWRITTEN_FOLDER);
                session.add_output(&path, to_yaml(written.as_object().unwrap_or(&Map::new())));
                session.changed(
                    &self.app.file.path,
                    line,
                    "task_overrides",
                    &format!("no layer gives what genova registered: it is written whole as `{path}`"),
                );
                path.into()
            }
        }
    }

    /// Moves encrypted values of a layer to its secrets.
    fn without_encrypted(&self, session: &mut Session<'_>, mut layer: Value, line: Option<usize>) -> Value {
        let stage = self.cluster.stage.as_deref().map_or_else(String::new, |stage| format!("{stage}/"));
        for container in
            layer.get_mut("container_definitions").and_then(Value::as_array_mut).into_iter().flatten()
        {
            let Some(variables) = container.get_mut("environment").and_then(Value::as_array_mut) else {
                continue;
            };
            let is_encrypted =
                |variable: &Value| variable["value"].as_str().is_some_and(super::definition::is_encrypted);
            let moved: Vec<Value> =
                variables.iter().filter(|variable| is_encrypted(variable)).cloned().collect();
            variables.retain(|variable| !is_encrypted(variable));
            if variables.is_empty()
                && !moved.is_empty()
                && let Some(members) = container.as_object_mut()
            {
                members.shift_remove("environment");
            }
            for variable in moved {
                let name = variable["name"].as_str().unwrap_or_default().to_owned();
                let path = format!("/{}/{stage}{name}", self.app.name);
                let text = variable["value"].as_str().unwrap_or_default();
                app::report_encrypted(session, &self.app.file.path, line, &name, text, &path);
                let secret = json!({ "name": name, "value_from": path });
                match container.get_mut("secrets").and_then(Value::as_array_mut) {
                    Some(secrets) => secrets.push(secret),
                    None => container["secrets"] = json!([secret]),
                }
            }
        }
        layer
    }

    /// Reports the keys that genova does not have.
    fn report_unknown(&self, session: &mut Session<'_>, node: &Node, known: &[&str], place: &str) {
        for (key, value) in node.entries().iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let why = "genova has no such key";
            session.missing(&self.app.file.path, self.line(value), &format!("{place}.{}", key.name), why);
        }
    }
}
