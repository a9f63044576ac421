//! Copilot: the services of a `copilot/` folder, its environments as stages. The definitions that run are kept: names and roles
//! in them were made by CloudFormation, and are in no file. Pure.

use super::source::{file_name, folder_of, joined};
use super::tools::{FoundFile, ToolInput};
use super::yaml_file::{YamlFile, entries};
use super::{Draft, Session};
use crate::document::tree::Node;
use crate::error::Result;
use crate::image::ImageReference;
use crate::shell::quote;
use crate::yaml_writer::expression;

/// The types of services that run on ECS.
const SERVICES: &[&str] = &["Load Balanced Web Service", "Backend Service", "Worker Service"];
/// All types of manifests.
const TYPES: &[&str] = &[
    "Load Balanced Web Service",
    "Backend Service",
    "Worker Service",
    "Scheduled Job",
    "Request-Driven Web Service",
    "Static Site",
    "Environment",
    "Pipeline",
];
/// The keys of a service's manifest that are in the definition that runs, and stay there.
const IN_DEFINITION: &[&str] = &[
    "cpu",
    "memory",
    "platform",
    "variables",
    "secrets",
    "env_file",
    "entrypoint",
    "command",
    "sidecars",
    "storage",
    "logging",
    "image",
    "taskdef_overrides",
    "publish",
    "observability",
];

/// Returns whether a file is a manifest of Copilot.
pub(super) fn recognises(file: &FoundFile) -> bool {
    if file_name(&file.path) != "manifest.yml" || !file.text.contains("type") {
        return false;
    }
    let Ok(file) = YamlFile::parse(&file.path, &file.text) else { return false };
    file.root.get("type").and_then(Node::text).is_some_and(|kind| TYPES.contains(&kind))
}

/// Imports the manifests of a `copilot/` folder.
///
/// # Errors
/// A manifest is no YAML.
pub(super) fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    let mut manifests = Vec::new();
    for file in input.files {
        manifests.push(YamlFile::parse(&file.path, &file.text)?);
    }
    let app = application(session, &manifests)?;
    let stages = environments(&manifests);
    for manifest in &manifests {
        let kind = text(&manifest.root, "type").unwrap_or_default();
        let name = text(&manifest.root, "name").unwrap_or_default();
        match kind.as_str() {
            "Environment" => session.changed(
                &manifest.path,
                None,
                "environment",
                &format!(
                    "stage `{name}`; its network and load balancer stay in the stack of the environment"
                ),
            ),
            "Scheduled Job" => report_job(session, manifest, &name),
            kind if SERVICES.contains(&kind) => {
                for stage in &stages {
                    add_service(session, manifest, &app, &name, stage.as_deref());
                }
                report_service(session, manifest, &name);
            }
            kind => session.missing(&manifest.path, None, &name, &format!("`{kind}` is no service of ECS")),
        }
    }
    report_steps(session, &manifests, &app);
    Ok(())
}

fn text(node: &Node, name: &str) -> Option<String> {
    node.get(name).and_then(Node::text).map(str::to_owned)
}

/// Returns the name of the application: that of the workspace, else that of the manifest that is made.
fn application(session: &mut Session<'_>, manifests: &[YamlFile]) -> Result<String> {
    for manifest in manifests {
        let workspace = joined(folder_of(&manifest.path), "../.workspace");
        if let Some(found) = session.read(&workspace)? {
            let name = YamlFile::parse(&workspace, &found)?
                .root
                .get("application")
                .and_then(Node::text)
                .map(str::to_owned);
            if let Some(name) = name {
                return Ok(name);
            }
        }
    }
    Ok(expression("app"))
}

/// Returns the environments; one without a name where no file names any.
fn environments(manifests: &[YamlFile]) -> Vec<Option<String>> {
    let mut found: Vec<String> = Vec::new();
    for manifest in manifests {
        let own = (text(&manifest.root, "type").as_deref() == Some("Environment"))
            .then(|| text(&manifest.root, "name"))
            .flatten();
        let named = entries(manifest.root.get("environments")).iter().map(|(key, _)| key.name.clone());
        for name in own.into_iter().chain(named) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    if found.is_empty() { vec![None] } else { found.into_iter().map(Some).collect() }
}

fn add_service(session: &mut Session<'_>, manifest: &YamlFile, app: &str, name: &str, stage: Option<&str>) {
    let environment = stage.map_or_else(|| expression("env.COPILOT_ENVIRONMENT"), str::to_owned);
    let mut draft = Draft::default();
    draft.set(&["cluster"], format!("{app}-{environment}-Cluster-GENERATED"));
    draft.comment(
        &["cluster"],
        "Copilot generated the names: write those that the commands of the import show.",
    );
    draft.set(&["services", name, "name"], format!("{app}-{environment}-{name}-Service-GENERATED"));
    let location = manifest.root.get("image").and_then(|image| text(image, "location"));
    let repository = match location {
        Some(location) => ImageReference::parse(&location.replace("${TAG}", "x")).repository,
        None => format!(
            "{}.dkr.ecr.{}.amazonaws.com/{app}/{name}",
            expression("aws.account"),
            expression("aws.region")
        ),
    };
    let image = session.images.claim(stage, &repository, None, name);
    draft.set(&["images", &image], repository);
    session.add_draft(stage.map(str::to_owned), &manifest.path, draft);
}

fn report_service(session: &mut Session<'_>, manifest: &YamlFile, name: &str) {
    let path = manifest.path.clone();
    let line = |node: &Node| Some(manifest.line(node.span));
    session.carried(
        &path,
        None,
        name,
        "a service that keeps the definition that it runs, with the images of this app",
    );
    let why = "Copilot generated the names of the service and its cluster: write them into the manifest";
    session.missing(&path, None, "name, cluster", why);
    for (key, node) in manifest.root.entries() {
        match key.name.as_str() {
            "name" | "type" => {}
            known if IN_DEFINITION.contains(&known) => {
                session.changed(
                    &path,
                    line(node),
                    known,
                    "stays in the definition that runs; `ecsail init` writes it into a file",
                );
            }
            "count" => session.changed(
                &path,
                line(node),
                "count",
                "the number of tasks and its range stay as they are in AWS",
            ),
            "http" | "nlb" | "network" | "alb" => session.changed(
                &path,
                line(node),
                &key.name,
                "stays as the stack made it; ecsail changes no load balancer and no network",
            ),
            "exec" => session.changed(&path, line(node), "exec", "stays as the service has it"),
            "deployment" => session.changed(
                &path,
                line(node),
                "deployment",
                "the circuit breaker and the percentages of the service stay",
            ),
            "environments" => {
                for (environment, own) in node.entries() {
                    let keys: Vec<&str> = own.entries().iter().map(|(key, _)| key.name.as_str()).collect();
                    let why = format!(
                        "stage `{}`; `{}` are in the definition and the service that run there",
                        environment.name,
                        keys.join("`, `")
                    );
                    session.changed(&path, line(own), &format!("environments.{}", environment.name), &why);
                }
            }
            other => session.missing(&path, line(node), other, "it belongs to the stack of Copilot"),
        }
    }
    if let Some(build) = manifest.root.get("image").and_then(|image| image.get("build")) {
        session.changed(
            &path,
            line(build),
            "image.build",
            "ecsail builds no images: build and push in a pipeline, then `ecsail deploy --tag TAG`",
        );
    }
}

fn report_job(session: &mut Session<'_>, manifest: &YamlFile, name: &str) {
    let schedule = manifest.root.get("on").and_then(|on| on.get("schedule"));
    let expression = schedule.and_then(Node::text).map(eventbridge_expression).unwrap_or_default();
    let line = schedule.map(|node| manifest.line(node.span));
    let why = format!(
        "a state machine of Step Functions starts it: write a schedule with `expression: {expression}` and the family of the job, deploy it disabled, remove \
         the job with `copilot job delete`, then enable it, so that it never runs twice"
    );
    session.missing(&manifest.path, line, name, &why);
}

/// Returns an expression of EventBridge for a schedule of Copilot: `@daily`, `@every 1h`, five fields of cron, or an expression.
fn eventbridge_expression(text: &str) -> String {
    let text = text.trim();
    if let Some(every) = text.strip_prefix("@every ") {
        let minutes =
            super::compose::seconds(every).map(|seconds| seconds.div_ceil(60)).filter(|minutes| *minutes > 0);
        return minutes.map_or_else(
            || text.to_owned(),
            |minutes| {
                if minutes == 1 { "rate(1 minute)".to_owned() } else { format!("rate({minutes} minutes)") }
            },
        );
    }
    match text {
        "@hourly" => return "cron(0 * * * ? *)".to_owned(),
        "@daily" | "@midnight" => return "cron(0 0 * * ? *)".to_owned(),
        "@weekly" => return "cron(0 0 ? * 1 *)".to_owned(),
        "@monthly" => return "cron(0 0 1 * ? *)".to_owned(),
        "@yearly" | "@annually" => return "cron(0 0 1 1 ? *)".to_owned(),
        _ => {}
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    match fields.as_slice() {
        [minute, hour, day, month, "*"] => format!("cron({minute} {hour} {day} {month} ? *)"),
        // EventBridge counts the days of the week from 1, cron from 0.
        [minute, hour, "*", month, weekday] => {
            let shifted: String = weekday
                .chars()
                .map(|c| c.to_digit(10).map_or(c, |day| char::from_digit(day % 7 + 1, 10).unwrap_or(c)))
                .collect();
            format!("cron({minute} {hour} ? {month} {shifted} *)")
        }
        _ => text.to_owned(),
    }
}

/// Reports the order in which services are taken over without deleting them, and how to go back.
fn report_steps(session: &mut Session<'_>, manifests: &[YamlFile], app: &str) {
    let services: Vec<String> = manifests
        .iter()
        .filter(|manifest| text(&manifest.root, "type").is_some_and(|kind| SERVICES.contains(&kind.as_str())))
        .filter_map(|manifest| text(&manifest.root, "name"))
        .collect();
    let app = if app.contains('\u{E000}') { "APP".to_owned() } else { quote(app) };
    for name in &services {
        session.commands.push(format!(
            "aws resourcegroupstaggingapi get-resources --resource-type-filters ecs:service --tag-filters Key=copilot-application,Values={app} Key=copilot-service,Values={}",
            quote(name)
        ));
    }
    let steps = [
        "1. write the generated names; `ecsail plan --stage STAGE --tag TAG` must show nothing but the image",
        "2. stop deploying with Copilot: `copilot svc deploy` puts its own definition back, and nothing else is lost; this is also the way back",
        "3. before a stack is deleted, set `DeletionPolicy: Retain` on the service, its task definition, roles, log group and target group in it, and update \
         the stack; without it, deleting the stack deletes the service",
        "4. `ecsail init --stage STAGE=CLUSTER` writes the definitions, when you want them in the repository",
    ];
    for step in steps {
        session.changed("", None, "taking over", step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_become_expressions_of_eventbridge() {
        for (schedule, expression) in [
            ("@daily", "cron(0 0 * * ? *)"),
            ("@every 1h30m", "rate(90 minutes)"),
            ("0 3 * * *", "cron(0 3 * * ? *)"),
            ("0 3 * * 1-5", "cron(0 3 ? * 2-6 *)"),
            ("0 3 * * SUN", "cron(0 3 ? * SUN *)"),
            ("rate(5 minutes)", "rate(5 minutes)"),
        ] {
            assert_eq!(eventbridge_expression(schedule), expression, "{schedule}");
        }
    }
}
