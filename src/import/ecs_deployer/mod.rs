//! `ecs_deployer`: definitions in YAML with `{{name}}`, and its command lines. Pure.

use super::tools::{FoundFile, ToolInput};
use super::yaml_file::YamlFile;
use super::{Draft, Session, genova};
use crate::document::tree::Node;
use crate::error::{Failure, Result};
use crate::shell::quote;

/// Returns whether a file is a definition with variables of `ecs_deployer`.
pub(super) fn recognises(file: &FoundFile) -> bool {
    let is_yaml = file.path.ends_with(".yml") || file.path.ends_with(".yaml");
    is_yaml
        && file.text.contains("container_definitions:")
        && genova::has_variables(&file.text)
        && YamlFile::parse(&file.path, &file.text)
            .is_ok_and(|file| file.root.get("container_definitions").is_some())
}

/// Imports definitions, and a command line.
///
/// # Errors
/// A file is no YAML, or the command line is none of this tool.
pub(super) fn import(session: &mut Session<'_>, input: &ToolInput<'_>) -> Result<()> {
    let words = input.words.strip_prefix(&["ecs_deployer".to_owned()]).unwrap_or(input.words);
    let service = value(words, "--service");
    if !words.is_empty() {
        import_words(session, words)?;
    }
    for file in input.files {
        import_file(session, file, words, service)?;
    }
    Ok(())
}

fn import_file(
    session: &mut Session<'_>,
    found: &FoundFile,
    words: &[String],
    service: Option<&str>,
) -> Result<()> {
    let file = YamlFile::parse(&found.path, &found.text)?;
    let rewritten = genova::rewrite_alone(&file);
    let reference = if rewritten.text == file.text {
        session.reference(&file.path)
    } else {
        session.rewritten(&file.path, rewritten.text.clone())
    };
    session.carried(&file.path, None, "definition", &format!("`{reference}`"));
    genova::report_alone(session, &file, &rewritten);
    let family = file.root.get("family").and_then(Node::text).unwrap_or("app");
    let family: String = family
        .split("{{")
        .flat_map(|part| part.split_once("}}").map_or(part, |(_, after)| after).chars())
        .collect();
    let key = service.map_or_else(|| family.trim_matches(['-', '_']).to_owned(), str::to_owned);
    let key = if key.is_empty() { "app".to_owned() } else { key };
    let mut draft = Draft::default();
    draft.set(&["cluster"], value(words, "--cluster").unwrap_or("default"));
    if let Some(region) = value(words, "--region") {
        draft.set(&["region"], region);
    }
    for (name, image) in genova::images_alone(&rewritten) {
        draft.set(&["images", &name], image);
    }
    for variable in &rewritten.variables {
        let given = words
            .iter()
            .find_map(|word| word.strip_prefix(variable.as_str())?.strip_prefix(':').map(str::to_owned));
        if given.is_none() {
            session.missing(
                &file.path,
                None,
                &format!("{{{{{variable}}}}}"),
                "no file has its value: write it under `vars`, or give `--set`",
            );
        }
        draft.set(&["vars", variable], given.unwrap_or_default());
    }
    draft.set(&["services", &key, "task_definition"], reference);
    if service.is_none() {
        let why = "the file names no service: the key is the family; name it with `-- update-service --cluster CLUSTER --service SERVICE`";
        session.missing(&file.path, None, "service", why);
    }
    session.add_draft(session.stage(&file.path), &file.path, draft);
    session.changed(&file.path, None, "deploys", "ecs_deployer registered a revision each time and waited 900 s; ecsail registers where something changed, watches, and rolls back");
    Ok(())
}

/// Returns the value of a flag.
fn value<'a>(words: &'a [String], flag: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| word == flag)?;
    words.get(at + 1).map(String::as_str)
}

fn import_words(session: &mut Session<'_>, words: &[String]) -> Result<()> {
    let need = |flag: &str| {
        value(words, flag)
            .ok_or_else(|| Failure::usage(format!("the command line of ecs_deployer has no `{flag}`")))
    };
    let access: String = ["--region", "--profile"]
        .iter()
        .filter_map(|flag| Some(format!(" {flag} {}", quote(value(words, flag)?))))
        .collect();
    match words.first().map(String::as_str) {
        Some("update-service") => {
            let (service, cluster) = (need("--service")?, need("--cluster")?);
            let wait =
                if value(words, "--wait") == Some("true") { String::new() } else { " --no-wait".to_owned() };
            let timeout = value(words, "--wait_timeout")
                .map_or_else(String::new, |seconds| format!(" --timeout {}s", quote(seconds)));
            let timeout = if wait.is_empty() { timeout } else { String::new() };
            session.commands.push(format!(
                "ecsail restart {} --cluster {}{wait}{timeout}{access}",
                quote(service),
                quote(cluster)
            ));
            session.changed("", None, "update-service", "it registered a copy of the running definition and updated the service; `restart` replaces the tasks without a revision");
        }
        Some("task-register") => {
            session.missing(
                "",
                None,
                "task-register",
                "it only registers: a deploy of the service registers what changed",
            );
        }
        Some("encrypt") => session
            .commands
            .push(format!("ecsail secret encrypt --key {}{access}", quote(need("--master_key")?))),
        Some("decrypt") => {
            session.commands.push(format!("ecsail secret decrypt {}{access}", quote(need("--value")?)));
        }
        _ => {
            return Err(Failure::usage("no command line of ecs_deployer".to_owned()).with_hint(
                "its commands are `update-service`, `task-register`, `encrypt` and `decrypt`".to_owned(),
            ));
        }
    }
    Ok(())
}
