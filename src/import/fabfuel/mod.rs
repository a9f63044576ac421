//! fabfuel/ecs-deploy: its command lines become commands of ecsail, and what flags do not say becomes a layer. It has no files. Pure.

mod command_line;
mod layer;

use serde_json::{Map, Value, json};

use super::tools::{FoundFile, ToolInput};
use super::{Draft, REWRITTEN_FOLDER, Session};
use crate::error::{Failure, Result};
use crate::shell::quote;
use crate::yaml_writer::to_yaml;
use command_line::{CommandLine, GivenFlag};
use layer::DefinitionChanges;

/// Returns false: the tool has no files.
pub(super) fn recognises(_: &FoundFile) -> bool {
    false
}

/// Imports a command line.
///
/// # Errors
/// There is none, or it is none of this tool.
pub(super) fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    let line = CommandLine::parse(input.words)?;
    match (line.verb.as_str(), line.arguments.as_slice()) {
        ("deploy", [cluster, service]) => deploy(session, &line, cluster, service),
        ("scale", [cluster, service, count]) => {
            let command = format!("ecsail scale {} --cluster {} --desired {}{}", quote(service), quote(cluster), quote(count), access_flags(&line));
            session.commands.push(command);
            report_general(session, &line);
            Ok(())
        }
        ("run", [cluster, task, rest @ ..]) if rest.len() < 2 => {
            run(session, &line, cluster, task, rest.first().map_or("1", String::as_str));
            Ok(())
        }
        ("cron", [cluster, task, rule]) => {
            let why = format!("it needs the expression of rule `{rule}`, which is in AWS: `ecsail init --cluster {}` writes the schedule of family `{task}`", quote(cluster));
            missing(session, "cron", &why);
            Ok(())
        }
        ("update", [task]) => {
            missing(session, "update", &format!("it only registers a revision of `{task}`; ecsail registers what it deploys"));
            Ok(())
        }
        ("diff", [task, one, other]) => {
            missing(session, "diff", &format!("ecsail compares with what runs (`ecsail plan`), not revision {one} of `{task}` with {other}: `ecsail revisions --family {}` lists them", quote(task)));
            Ok(())
        }
        (verb, _) => Err(Failure::usage(format!("`{verb}` of fabfuel/ecs-deploy has other arguments, or does not exist"))
            .with_hint("its commands are `deploy CLUSTER SERVICE`, `cron CLUSTER TASK RULE`, `update TASK`, `scale CLUSTER SERVICE COUNT`, `run CLUSTER TASK [COUNT]` and `diff TASK REVISION REVISION`".to_owned())),
    }
}

fn missing(session: &mut Session<'_>, what: &str, why: &str) {
    session.missing("", None, what, why);
}

fn changed(session: &mut Session<'_>, what: &str, why: &str) {
    session.changed("", None, what, why);
}

fn deploy(session: &mut Session<'_>, line: &CommandLine, cluster: &str, service: &str) -> Result<()> {
    let mut changes = DefinitionChanges::of(line);
    for flag in &line.flags {
        add_file(session, flag, &mut changes)?;
    }
    let mut command = format!("ecsail deploy {} --cluster {}", quote(service), quote(cluster));
    if let Some(tag) = line.value("--tag") {
        command.push_str(&format!(" --tag {}", quote(tag)));
    }
    if changes.only_layer.is_empty() {
        for (flag, value) in &changes.flags {
            command.push_str(&format!(" {flag} {}", quote(value)));
        }
        session.commands.push(command + &watch_flags(line) + &access_flags(line));
    } else {
        let path = format!("{REWRITTEN_FOLDER}/{service}-layer.yml");
        session.add_output(&path, to_yaml(&changes.layer()));
        session.commands.push(format!(
            "ecsail init --cluster {} --service {}{}",
            quote(cluster),
            quote(service),
            access_flags(line)
        ));
        let tag = line.value("--tag").map_or_else(String::new, |tag| format!(" --tag {}", quote(tag)));
        session.commands.push(format!(
            "ecsail deploy {}{tag}{}{}",
            quote(service),
            watch_flags(line),
            access_flags(line)
        ));
        let why = format!(
            "no flag of ecsail: `init` writes the manifest, and `{path}` is the layer to add to `services.{service}.task_definition`"
        );
        for flag in &changes.only_layer {
            changed(session, flag, &why);
        }
    }
    session.carried("", None, "deploy", &format!("service `{service}` of cluster `{cluster}`"));
    report_general(session, line);
    let why = "fabfuel registered a revision each time, from the one that runs; ecsail registers where something changed, and watches and rolls back";
    changed(session, "deploy", why);
    if !line.has("--no-deregister") {
        changed(
            session,
            "--deregister",
            "fabfuel deregistered the old revision; ecsail keeps it for rollbacks: `ecsail prune` removes old ones",
        );
    }
    if !line.has("--rollback") {
        changed(
            session,
            "--no-rollback",
            "fabfuel left a failed rollout as it was; ecsail rolls back: `--on-failure leave` keeps it",
        );
    }
    Ok(())
}

fn add_file(session: &mut Session<'_>, flag: &GivenFlag, changes: &mut DefinitionChanges) -> Result<()> {
    let ("--env-file" | "--secrets-env-file", [container, path]) = (flag.name, flag.values.as_slice()) else {
        return Ok(());
    };
    match session.read(path)? {
        Some(text) => changes.add_file(flag.name, container, &text),
        None => missing(session, flag.name, &format!("no file `{path}` in this folder")),
    }
    Ok(())
}

fn watch_flags(line: &CommandLine) -> String {
    let mut flags = String::new();
    match line.value("--timeout") {
        Some("-1") => flags.push_str(" --no-wait"),
        Some(seconds) => flags.push_str(&format!(" --timeout {}s", quote(seconds))),
        None => {}
    }
    if line.has("--force-new-deployment") {
        flags.push_str(" --force");
    }
    flags
}

fn access_flags(line: &CommandLine) -> String {
    let pairs = ["--region", "--profile"]
        .iter()
        .filter_map(|flag| Some(format!(" {flag} {}", quote(line.value(flag)?))));
    pairs.collect()
}

/// Reports the flags that are about something else than the definition.
fn report_general(session: &mut Session<'_>, line: &CommandLine) {
    for flag in &line.flags {
        match flag.name {
            "--access-key-id" | "--secret-access-key" => missing(
                session,
                flag.name,
                "ecsail takes credentials from the environment, profiles and roles, never from flags",
            ),
            "--account" | "--assume-role" => {
                missing(session, flag.name, "write `role: arn:aws:iam::ACCOUNT:role/NAME` in a manifest");
            }
            "--slack-url" | "--slack-service-match" => {
                missing(session, flag.name, "write `notify:` in a manifest: `ecsail docs notify`");
            }
            "--newrelic-apikey"
            | "--newrelic-appid"
            | "--newrelic-region"
            | "--newrelic-revision"
            | "--comment"
            | "--user" => {
                missing(session, flag.name, "write a hook in a manifest: `ecsail docs hooks`");
            }
            "--sleep-time" => changed(session, flag.name, "ecsail chooses the time between polls"),
            "--ignore-warnings" => changed(
                session,
                flag.name,
                "ecsail judges a rollout by its tasks: a single warning ends nothing",
            ),
            "--task" => missing(
                session,
                flag.name,
                "ecsail starts from the definition that runs: write the other one with `ecsail init`",
            ),
            "--diff" => session.carried("", None, flag.name, "a deploy shows the plan"),
            "--remove-container" => missing(
                session,
                flag.name,
                "a layer removes no container: remove it from the definition that `ecsail init` writes",
            ),
            name if name.starts_with("--exclusive-") => missing(
                session,
                name,
                "it drops what is not given, in all containers: write the lists whole in the definition that `ecsail init` writes",
            ),
            "--add-container" => changed(
                session,
                flag.name,
                "the layer has the image `PLACEHOLDER` and 128 MiB, as fabfuel sets them",
            ),
            _ => {}
        }
    }
}

/// Imports `ecs run`: a task of the manifest that runs a family that is registered elsewhere.
fn run(session: &mut Session<'_>, line: &CommandLine, cluster: &str, task: &str, count: &str) {
    let mut entry = Map::from_iter([("task_definition".to_owned(), json!({ "family": task }))]);
    let mut run_task = Map::new();
    let launch = line.value("--launchtype").unwrap_or("EC2");
    run_task.insert("launchType".to_owned(), launch.into());
    run_task.extend(
        line.value("--platform-version").map(|version| ("platformVersion".to_owned(), version.into())),
    );
    let subnets = line.values("--subnet");
    if !subnets.is_empty() {
        let public = if line.has("--public-ip") { "ENABLED" } else { "DISABLED" };
        run_task.insert("networkConfiguration".to_owned(), json!({ "awsvpcConfiguration": {
            "subnets": subnets, "securityGroups": line.values("--securitygroup"), "assignPublicIp": public } }));
    }
    entry.insert("run_task".to_owned(), run_task.into());
    if let Ok(count) = count.parse::<u64>()
        && count != 1
    {
        entry.insert("count".to_owned(), count.into());
    }
    let overrides: Vec<Value> = overrides(line).into_iter().map(Value::Object).collect();
    if !overrides.is_empty() {
        entry.insert("overrides".to_owned(), json!({ "containerOverrides": overrides }));
    }
    let key = task.split(':').next().unwrap_or(task);
    let mut draft = Draft::default();
    draft.set(&["cluster"], cluster);
    if let Some(region) = line.value("--region") {
        draft.set(&["region"], region);
    }
    draft.set(&["tasks", key], entry);
    session.add_draft(None, "", draft);
    session.commands.push(format!("ecsail run {}", quote(key)));
    session.carried("", None, "run", &format!("task `{key}` of the manifest"));
    changed(
        session,
        "run",
        "fabfuel started the task and returned; ecsail waits, and exits with the exit code of the container: `--no-wait` keeps it",
    );
    report_general(session, line);
}

fn overrides(line: &CommandLine) -> Vec<Map<String, Value>> {
    let changes = DefinitionChanges::of(line);
    let layer = changes.layer();
    let containers = layer.get("containerDefinitions").and_then(Value::as_array).cloned().unwrap_or_default();
    let kept = ["name", "command", "environment", "cpu", "memory", "memoryReservation"];
    let own = containers.iter().filter_map(Value::as_object);
    own.map(|members| {
        members
            .iter()
            .filter(|(name, _)| kept.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    })
    .collect()
}

#[cfg(test)]
mod tests;
