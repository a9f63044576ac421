//! The arguments that change the running definition of a service whose definition is not in the manifest.

use clap::Args;

use crate::error::Failure;
use crate::manifest::Manifest;
use crate::render::definition_edits::{DefinitionEdits, Edit};

/// The changes of a running definition.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Changes of a definition that is not in the manifest")]
pub struct EditArgs {
    /// Image of a container, or of the only one; repeatable
    #[arg(long, value_name = "[CONTAINER=]IMAGE", hide_short_help = true)]
    image: Vec<String>,
    /// Set an environment variable of a container, or of the only one; repeatable
    #[arg(long, value_name = "[CONTAINER:]NAME=VALUE", hide_short_help = true)]
    env: Vec<String>,
    /// Remove an environment variable; repeatable
    #[arg(long, value_name = "[CONTAINER:]NAME", hide_short_help = true)]
    unset_env: Vec<String>,
    /// Set a secret from Secrets Manager or the Parameter Store; repeatable
    #[arg(long, value_name = "[CONTAINER:]NAME=ARN", hide_short_help = true)]
    secret: Vec<String>,
    /// Remove a secret; repeatable
    #[arg(long, value_name = "[CONTAINER:]NAME", hide_short_help = true)]
    unset_secret: Vec<String>,
    /// Command of a container, as words or as a JSON list; repeatable
    #[arg(long, value_name = "[CONTAINER=]COMMAND", hide_short_help = true)]
    command: Vec<String>,
    /// CPU units of the task, or of a container; repeatable
    #[arg(long, value_name = "[CONTAINER=]UNITS", hide_short_help = true)]
    cpu: Vec<String>,
    /// Memory of the task, or of a container, in MiB; repeatable
    #[arg(long, value_name = "[CONTAINER=]MIB", hide_short_help = true)]
    memory: Vec<String>,
}

impl EditArgs {
    /// Returns the changes.
    ///
    /// # Errors
    /// An argument does not have the form that it must have.
    pub fn edits(&self) -> Result<DefinitionEdits, Failure> {
        Ok(DefinitionEdits {
            images: each(&self.image, parse_image)?,
            variables: each(&self.env, |text| parse_pair("env", text))?,
            removed_variables: each(&self.unset_env, parse_name)?,
            secrets: each(&self.secret, |text| parse_pair("secret", text))?,
            removed_secrets: each(&self.unset_secret, parse_name)?,
            commands: each(&self.command, parse_command)?,
            cpu: each(&self.cpu, |text| parse_size("cpu", text))?,
            memory: each(&self.memory, |text| parse_size("memory", text))?,
        })
    }
}

/// Fails unless the changes are about one service whose definition is not in the manifest.
///
/// # Errors
/// Several services are selected, or the manifest has the definition: the change belongs in its layers.
pub fn ensure_editable(manifest: &Manifest, edits: &DefinitionEdits) -> Result<(), Failure> {
    if edits.is_empty() {
        return Ok(());
    }
    let [service] = manifest.services.as_slice() else {
        let hint = "name one service".to_owned();
        return Err(
            Failure::usage("the definition of one service only can be changed by flags").with_hint(hint)
        );
    };
    if service.task_definition.is_empty() {
        return Ok(());
    }
    let layers: Vec<String> = service.task_definition.iter().map(crate::manifest::Layer::name).collect();
    let message = format!("the manifest has the definition of `{}`: flags cannot change it", service.key);
    Err(Failure::usage(message).with_hint(format!("write the change in {}", layers.join(" or "))))
}

fn each<T>(
    given: &[String],
    parse: impl Fn(&str) -> Result<Edit<T>, Failure>,
) -> Result<Vec<Edit<T>>, Failure> {
    given.iter().map(|text| parse(text)).collect()
}

fn parse_image(text: &str) -> Result<Edit<String>, Failure> {
    let (container, image) = match text.split_once('=') {
        Some((container, image)) => (Some(container.to_owned()), image),
        None => (None, text),
    };
    if image.is_empty() || container.as_deref() == Some("") {
        return Err(invalid("image", text, "[CONTAINER=]IMAGE"));
    }
    Ok(Edit { container, value: image.to_owned() })
}

fn parse_pair(flag: &str, text: &str) -> Result<Edit<(String, String)>, Failure> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err(invalid(flag, name_of(text), "[CONTAINER:]NAME=VALUE"));
    };
    let Edit { container, value: name } = parse_name(name)?;
    Ok(Edit { container, value: (name, value.to_owned()) })
}

/// Returns the part of an argument that is certainly not a value.
fn name_of(text: &str) -> &str {
    text.split('=').next().unwrap_or_default()
}

fn parse_name(text: &str) -> Result<Edit<String>, Failure> {
    let (container, name) = match text.split_once(':') {
        Some((container, name)) => (Some(container.to_owned()), name),
        None => (None, text),
    };
    if name.is_empty() || container.as_deref() == Some("") {
        return Err(invalid("unset-env", text, "[CONTAINER:]NAME"));
    }
    Ok(Edit { container, value: name.to_owned() })
}

fn parse_command(text: &str) -> Result<Edit<Vec<String>>, Failure> {
    // A word such as `A=b` of a command is not a container.
    let named = text.split_once('=').filter(|(container, _)| is_container_name(container));
    let (container, command) = match named {
        Some((container, command)) => (Some(container.to_owned()), command),
        None => (None, text),
    };
    if !command.trim_start().starts_with('[') && command.contains(['"', '\'']) {
        let hint = "write a JSON list, such as `--command '[\"sh\", \"-c\", \"echo hi\"]'`".to_owned();
        return Err(Failure::usage("quotes in `--command` are not interpreted").with_hint(hint));
    }
    let words = if command.trim_start().starts_with('[') {
        serde_json::from_str(command).map_err(|_| invalid("command", text, "a JSON list of texts"))?
    } else {
        command.split_whitespace().map(str::to_owned).collect()
    };
    Ok(Edit { container, value: words })
}

fn is_container_name(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.chars().all(is_allowed)
}

fn parse_size(flag: &str, text: &str) -> Result<Edit<u32>, Failure> {
    let (container, number) = match text.split_once('=') {
        Some((container, number)) => (Some(container.to_owned()), number),
        None => (None, text),
    };
    let value = number.parse().map_err(|_| invalid(flag, text, "[CONTAINER=]NUMBER"))?;
    Ok(Edit { container, value })
}

fn invalid(flag: &str, text: &str, form: &str) -> Failure {
    Failure::usage(format!("`--{flag} {text}` is not of the form `{form}`"))
}
