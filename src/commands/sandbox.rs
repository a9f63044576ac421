//! `ecsail sandbox`: serves the embedded sandbox to other clients, lists its scenarios, and resets its state.

use std::fs;

use clap::{Args, Subcommand};
use ecsail_sandbox::scenarios;

use super::interrupts::Interrupts;
use crate::context::Context;
use crate::error::{Details, Failure, Result};
use crate::events::{JsonEvent, answer as events};
use crate::manifest::{self, Manifest, Request};
use crate::render;
use crate::report::{Event, Outcome};
use crate::sandboxed::{Session, state_path};
use crate::settings::Tags;

/// Serve the embedded sandbox, list its scenarios, or reset its state
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail --sandbox deploy service web --tag v2
  ecsail --sandbox=crash deploy service web --tag v3
  ecsail sandbox scenarios
  ecsail sandbox serve --port 4510
  ecsail sandbox reset")]
pub struct SandboxArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Serve the sandbox to other clients until interrupted, and print the environment to set
    Serve {
        /// Port on 127.0.0.1; 0 selects a free one
        #[arg(long, default_value_t = 0)]
        port: u16,
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
pub async fn run(args: &SandboxArgs, context: &Context) -> Result<Outcome> {
    match args.verb {
        Verb::Serve { port } => serve(port, context).await,
        Verb::Scenarios => {
            list(context);
            Ok(Outcome::Done)
        }
        Verb::Reset => reset(context),
    }
}

async fn serve(port: u16, context: &Context) -> Result<Outcome> {
    let tags = Tags { all: Some("v1".to_owned()), ..Tags::default() };
    let manifest = manifest_or_none(context, tags)?;
    let desired = render::desired(&manifest)?;
    let scenario = context.settings.sandbox.as_deref().unwrap_or("steady");
    let session = Session::with_port(scenario, port, &context.settings, &manifest, &desired)?;
    let (url, region) = session.place();
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", "SANDBOXKEY"),
        ("AWS_SECRET_ACCESS_KEY", "sandbox"),
    ];
    let lines: Vec<String> = variables.iter().map(|(name, value)| format!("export {name}={value}")).collect();
    let event = JsonEvent::Serving(events::Serving { url: url.clone(), region: region.to_owned() });
    context.report.tell(&Event::Answer { text: &lines.join("\n"), event });
    context.report.tell(&Event::Note("serving the sandbox until interrupted (Ctrl-C)"));
    Interrupts::listen()?.next().await;
    session.save()?;
    Ok(Outcome::Done)
}

/// Returns the manifest, or an empty one if there is none. The sandbox then starts empty.
fn manifest_or_none(context: &Context, tags: Tags) -> Result<Manifest> {
    let request = Request { tags, ..Request::default() };
    match manifest::load(&context.settings, &request) {
        Err(error)
            if context.settings.manifest.is_none() && !matches!(error.details, Details::Problems(_)) =>
        {
            Ok(Manifest::default())
        }
        other => other,
    }
}

fn list(context: &Context) {
    let width = scenarios().iter().map(|scenario| scenario.name.len()).max().unwrap_or_default();
    let line = |name: &str, summary: &str| format!("{name:width$}  {summary}");
    let lines: Vec<String> =
        scenarios().iter().map(|scenario| line(scenario.name, scenario.summary)).collect();
    let list = scenarios().iter().map(|scenario| events::Scenario {
        name: scenario.name.to_owned(),
        summary: scenario.summary.to_owned(),
    });
    let event = JsonEvent::Scenarios(events::Scenarios { scenarios: list.collect() });
    context.report.tell(&Event::Answer { text: &lines.join("\n"), event });
}

fn reset(context: &Context) -> Result<Outcome> {
    let manifest = Manifest { path: manifest::load::locate(&context.settings)?, ..Manifest::default() };
    let path = state_path(&manifest);
    let text = match fs::remove_file(&path) {
        Ok(()) => format!("removed {}", path.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "there is no state to remove".to_owned()
        }
        Err(error) => {
            return Err(Failure::error(format!("remove `{}`", path.display())).because(error));
        }
    };
    let event = JsonEvent::Reset(events::Reset { path: path.display().to_string() });
    context.report.tell(&Event::Answer { text: &text, event });
    Ok(Outcome::Done)
}
