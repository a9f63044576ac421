//! `ecsail sandbox`: serves the embedded sandbox to other clients, lists its scenarios, and resets its state.

use std::fs;

use clap::{Args, Subcommand};
use ecsail_sandbox::scenarios;

use super::interrupts::Interrupts;
use super::lookups;
use crate::context::CommandContext;
use crate::document::problem::did_you_mean;
use crate::error::{Details, Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::fetch::FetchScope;
use crate::manifest::{self, Manifest, Request};
use crate::parent;
use crate::render::{self, DesiredState};
use crate::report::{CommandOutcome, Event};
use crate::sandbox_session::{SandboxSession, TOKEN, state_path};
use crate::settings::{ImageTags, Settings};
use crate::shell::quote;

/// Serve the embedded sandbox, push images to it, list its scenarios, or reset its state
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail --sandbox deploy web --tag v2
  ecsail --sandbox=crash deploy web --tag v3
  ecsail sandbox push 3f2a9c1
  ecsail sandbox scenarios
  ecsail sandbox serve --port 4510
  ecsail sandbox reset")]
pub struct SandboxArgs {
    #[command(subcommand)]
    verb: SandboxVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum SandboxVerb {
    /// Serve the sandbox to other clients until interrupted, and print the environment to set
    Serve {
        /// Port on 127.0.0.1; 0 selects a free one
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Push an image under a tag, as a build would
    Push {
        /// Tag to push
        tag: String,
        /// Image of the manifest to push to [default: all images]
        #[arg(long, value_name = "NAME")]
        image: Option<String>,
    },
    /// List the scenarios
    Scenarios,
    /// Remove the state in `.ecsail/`
    Reset,
}

/// Runs the verb.
///
/// # Errors
/// The port is in use, or the state cannot be read or removed.
pub async fn run(args: &SandboxArgs, context: &CommandContext) -> Result<CommandOutcome> {
    match &args.verb {
        SandboxVerb::Serve { port } => serve(*port, context).await,
        SandboxVerb::Push { tag, image } => push(tag, image.as_deref(), context).await,
        SandboxVerb::Scenarios => {
            list_scenarios(context);
            Ok(CommandOutcome::Succeeded)
        }
        SandboxVerb::Reset => reset(context),
    }
}

async fn serve(port: u16, context: &CommandContext) -> Result<CommandOutcome> {
    let tags = ImageTags { default: Some("v1".to_owned()), ..ImageTags::default() };
    let (manifest, desired) = load_manifest(context, tags).await?;
    let scenario = context.settings.sandbox.as_deref().unwrap_or("steady");
    let session = SandboxSession::with_port(scenario, port, &context.settings, &manifest, &desired)?;
    // Before anything is printed: a script that reads it may end this process from then on, and the state has to be saved.
    let mut interrupts = Interrupts::listen()?;
    parent::outlive();
    let (url, region) = session.endpoint();
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", "SANDBOXKEY"),
        ("AWS_SECRET_ACCESS_KEY", "sandbox"),
        (TOKEN, session.token()),
    ];
    let lines: Vec<String> =
        variables.iter().map(|(name, value)| format!("export {name}={}", quote(value))).collect();
    let event = JsonEvent::Serving(events::Serving {
        url: url.clone(),
        region: region.to_owned(),
        token: session.token().to_owned(),
    });
    context.reporter.report(&Event::Answer { text: &lines.join("\n"), event });
    context.reporter.report(&Event::Note("serving the sandbox until interrupted (Ctrl-C)"));
    interrupts.next().await;
    session.stop_and_save()?;
    Ok(CommandOutcome::Succeeded)
}

/// Pushes an image to one repository of the manifest, or to all.
async fn push(tag: &str, image: Option<&str>, context: &CommandContext) -> Result<CommandOutcome> {
    let tags = ImageTags { default: Some("v1".to_owned()), ..ImageTags::default() };
    let (manifest, desired) = load_manifest(context, tags).await?;
    if let Some(name) = image.filter(|name| !manifest.images.contains_key(*name)) {
        let hint = did_you_mean(name, manifest.images.keys().map(String::as_str));
        return Err(Failure::usage(format!("no image named `{name}` in the manifest")).with_hint(hint));
    }
    let scenario = context.settings.sandbox.as_deref().unwrap_or("steady");
    let session = SandboxSession::with_port(scenario, 0, &context.settings, &manifest, &desired)?;
    let chosen = manifest.images.iter().filter(|(name, _)| image.is_none_or(|image| image == *name));
    let mut pushed = Vec::new();
    for (name, image) in chosen {
        if session.push(&image.reference, tag)? {
            pushed.push(name.clone());
        }
    }
    session.stop_and_save()?;
    let text = match pushed.as_slice() {
        [] => format!("nothing to push: `{tag}` is there already, or no image is in ECR"),
        pushed => format!("pushed `{tag}` to {}", pushed.join(", ")),
    };
    let event = JsonEvent::Pushed(events::Pushed { tag: tag.to_owned(), images: pushed });
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}

/// Returns the manifest and its documents, or empty ones if there is none. The sandbox then starts empty.
async fn load_manifest(context: &CommandContext, tags: ImageTags) -> Result<(Manifest, DesiredState)> {
    let request = Request { tags, ..Request::default() };
    let scenario = context.settings.sandbox.clone().unwrap_or_else(|| "steady".to_owned());
    // What templates look up is that of the sandbox, also where the flag is not given.
    let settings = Settings { sandbox: Some(scenario), ..context.settings.clone() };
    let pass = |request: &Request| {
        let manifest = match manifest::load(&settings, request) {
            Err(error) if settings.manifest.is_none() && !matches!(error.details, Details::Problems(_)) => {
                return Ok((Manifest::default(), DesiredState::default()));
            }
            other => other?,
        };
        let desired = render::render_desired(&manifest)?;
        Ok((manifest, desired))
    };
    lookups::until_answered(&request, &settings, FetchScope::Everything, context, &pass).await
}

fn list_scenarios(context: &CommandContext) {
    let width = scenarios().iter().map(|scenario| scenario.name.len()).max().unwrap_or_default();
    let line = |name: &str, summary: &str| format!("{name:width$}  {summary}");
    let lines: Vec<String> =
        scenarios().iter().map(|scenario| line(scenario.name, scenario.summary)).collect();
    let list = scenarios().iter().map(|scenario| events::Scenario {
        name: scenario.name.to_owned(),
        summary: scenario.summary.to_owned(),
    });
    let event = JsonEvent::Scenarios(events::Scenarios { scenarios: list.collect() });
    context.reporter.report(&Event::Answer { text: &lines.join("\n"), event });
}

fn reset(context: &CommandContext) -> Result<CommandOutcome> {
    let manifest =
        Manifest { path: manifest::load::manifest_path(&context.settings)?, ..Manifest::default() };
    let path = state_path(&manifest);
    let text = match fs::remove_file(&path) {
        Ok(()) => format!("removed {}", path.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "there is no state to remove".to_owned()
        }
        Err(error) => {
            return Err(Failure::error(format!("failed to remove `{}`", path.display())).with_cause(error));
        }
    };
    let event = JsonEvent::Reset(events::Reset { path: path.display().to_string() });
    context.reporter.report(&Event::Answer { text: &text, event });
    Ok(CommandOutcome::Succeeded)
}
