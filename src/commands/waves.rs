//! A deploy to several stages, one after the other: which stages, whether each can be planned, and what is left where one
//! fails.

use std::collections::BTreeSet;
use std::time::Duration;

use super::change_guards::ensure_no_failures;
use super::deploy::{self, DeployArgs};
use super::planning::{PlanningOptions, plan_deploy};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::interrupt::Listener;
use crate::report::{self, CommandOutcome};
use crate::settings::Settings;

/// Returns the stages of `--stage eu,us`, in their order; none where one stage is named, or no stage.
///
/// # Errors
/// A name is empty, or stands twice.
pub fn stages_of(settings: &Settings) -> Result<Vec<String>> {
    let Some(list) = settings.stage.as_deref().filter(|list| list.contains(',')) else {
        return Ok(Vec::new());
    };
    let stages: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    let mut seen = BTreeSet::new();
    if let Some(wrong) = stages.iter().find(|name| name.is_empty() || !seen.insert(name.as_str())) {
        let what = if wrong.is_empty() { "an empty name" } else { "a stage twice" };
        return Err(Failure::usage(format!("`--stage {list}` has {what}"))
            .with_hint("name each stage once, in the order of the deploy: `--stage eu,us`".to_owned()));
    }
    Ok(stages)
}

/// Returns the settings of a run in one of several stages.
pub fn settings_of(settings: &Settings, stage: &str) -> Settings {
    let list = settings.stage.clone().unwrap_or_default();
    let named = |argument: &String| match argument.strip_suffix(list.as_str()) {
        Some(flag @ ("" | "--stage=")) => format!("{flag}{stage}"),
        _ => argument.clone(),
    };
    Settings {
        arguments: settings.arguments.iter().map(named).collect(),
        stage: Some(stage.to_owned()),
        ..settings.clone()
    }
}

/// Plans the deploy to each stage, so that nothing is changed in the first where a later one is refused. Returns the stages
/// that are refused, with the reasons.
pub async fn refused_stages(
    args: &DeployArgs,
    stages: &[String],
    settings: &Settings,
) -> Vec<(String, Failure)> {
    let mut refused = Vec::new();
    for stage in stages {
        let settings = settings_of(settings, stage);
        let silent = report::silent_reporter(&settings);
        if let Err(failure) = plan_of(args, &CommandContext::new(settings, silent)).await {
            refused.push((stage.clone(), failure));
        }
    }
    refused
}

async fn plan_of(args: &DeployArgs, context: &CommandContext) -> Result<()> {
    let (request, how) = args.request_and_options()?;
    let how = PlanningOptions { protected: args.on_protected_stage(), ..how };
    let planned = plan_deploy(&request, how, context).await?;
    ensure_no_failures(planned.blockers)
}

/// Waits for a time and then deploys to the stage of the context.
///
/// # Errors
/// As of the deploy; or a signal arrived before it.
pub async fn deploy_after(
    pause: Option<Duration>,
    args: &DeployArgs,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    let mut listener = Listener::before_verb()?;
    let run = async {
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        deploy::run(args, context).await
    };
    tokio::select! {
        outcome = run => outcome,
        signal = listener.next_before_verb() => {
            let message = format!("interrupted by {} before the stage was changed", signal.as_str());
            Err(Failure::interrupted(message).with_hint("run the command again".to_owned()))
        }
    }
}

/// Returns what is left after a stage that did not succeed, the last of those that were begun.
pub fn left_after(stages: &[String], failed: usize) -> Option<String> {
    let later = stages.get(failed + 1..).filter(|later| !later.is_empty())?;
    let failed = stages.get(failed..)?;
    let later: Vec<String> = later.iter().map(|stage| format!("`{stage}`")).collect();
    let verb = if later.len() == 1 { "was" } else { "were" };
    Some(format!(
        "stage `{}` did not succeed, so {} {verb} not deployed; go on with `--stage {}`",
        failed.first()?,
        later.join(", "),
        failed.join(",")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(stage: &str, arguments: &[&str]) -> Settings {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Settings { stage: Some(stage.to_owned()), arguments, ..Settings::default() }
    }

    #[test]
    fn stages_are_named_once_and_in_order() {
        for (list, stages) in [
            ("eu", Some(vec![])),
            ("eu,us", Some(vec!["eu", "us"])),
            ("us, eu", Some(vec!["us", "eu"])),
            ("eu,", None),
            (",eu", None),
            ("eu,us,eu", None),
        ] {
            let found = stages_of(&settings(list, &[])).ok();
            let stages = stages.map(|names| names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
            assert_eq!(found, stages, "{list}");
        }
    }

    #[test]
    fn a_run_in_one_stage_is_as_if_that_was_given() {
        for (arguments, expected) in [
            (&["deploy", "--stage", "eu,us"][..], &["deploy", "--stage", "us"][..]),
            (&["--stage=eu,us", "deploy"], &["--stage=us", "deploy"]),
            (&["deploy", "--set", "x=eu,us"], &["deploy", "--set", "x=eu,us"]),
        ] {
            let own = settings_of(&settings("eu,us", arguments), "us");
            assert_eq!(own.arguments, expected);
            assert_eq!(own.stage.as_deref(), Some("us"));
        }
    }

    #[test]
    fn what_is_left_names_the_stages_to_go_on_with() {
        let stages: Vec<String> = ["eu", "us", "ap"].iter().map(|stage| stage.to_string()).collect();
        let left = "stage `us` did not succeed, so `ap` was not deployed; go on with `--stage us,ap`";
        assert_eq!(left_after(&stages, 1).as_deref(), Some(left));
        assert_eq!(left_after(&stages, 2), None);
    }
}
