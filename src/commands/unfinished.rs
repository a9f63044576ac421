//! Reports what an earlier release has left undone, and the command that finishes it. Never runs anything.

use super::services::{FoundService, SelectedServices};
use crate::aws::types::TaskDefinition;
use crate::context::CommandContext;
use crate::manifest::ManifestService;
use crate::plan::after_marks::pending_release;
use crate::report::Event;
use crate::secrets::{HIDDEN, masked_message};
use crate::shell;
use crate::watch::snapshot::WatchedRollout;
use crate::watch::{WatchOutcome, WatchResult};

/// The global flags that a report adds to every command that it names.
const ADDED_FLAGS: &[&str] =
    &["-f", "--manifest", "--stage", "--region", "--profile", "--endpoint-url", "--cluster"];

/// The flags whose values may be secret.
const MASKED_FLAGS: &[&str] = &["--env", "--set"];

/// Returns the command line of this run, without the global flags that a report adds itself and without values that may be
/// secret.
fn same_command(arguments: &[String]) -> String {
    let mut words = vec!["ecsail".to_owned()];
    let mut is_masked = false;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let (name, value) = argument.split_once('=').unwrap_or((argument.as_str(), ""));
        if is_masked {
            words.push(format!("{name}={HIDDEN}"));
            is_masked = false;
        } else if ADDED_FLAGS.contains(&argument.as_str()) {
            arguments.next();
        } else if MASKED_FLAGS.contains(&name) && !value.is_empty() {
            let variable = value.split('=').next().unwrap_or_default();
            words.push(format!("{name}={variable}={HIDDEN}"));
        } else if !ADDED_FLAGS.contains(&name) && name != "--sandbox" {
            is_masked = MASKED_FLAGS.contains(&argument.as_str());
            words.push(shell::quote(argument));
        }
    }
    masked_message(&words.join(" "))
}

/// Returns the command line that deploys what this run plans, with the flags that were given.
pub fn deploy_command(arguments: &[String]) -> String {
    const OF_PLANS: &[&str] = &["--dry-run", "--exit-code"];
    let given = arguments.iter().filter(|argument| !OF_PLANS.contains(&argument.as_str()));
    let mut words: Vec<String> = given.cloned().collect();
    if let Some(verb) = words.iter_mut().find(|word| *word == "plan") {
        "deploy".clone_into(verb);
    }
    same_command(&words)
}

/// Reports that a run was cut off by an interrupt, and how to finish it.
pub fn note_interrupted(context: &CommandContext) {
    let note = format!("interrupted; continue with `{}`", same_command(&context.settings.arguments));
    context.reporter.report(&Event::Interrupted(&note));
}

/// Reports how to watch the rollouts on whose watch was interrupted; nothing if there are none.
pub fn note_interrupted_watch(settled: &[WatchResult], context: &CommandContext) {
    let open = settled.iter().filter(|end| end.outcome == WatchOutcome::Interrupted);
    let open: Vec<&WatchedRollout> = open.map(|end| &end.rollout).collect();
    let Some(first) = open.first() else { return };
    let is_one_cluster = open.iter().all(|rollout| rollout.cluster == first.cluster);
    let words: Vec<String> = if is_one_cluster {
        let names = open.iter().map(|rollout| shell::quote(&rollout.name));
        names.chain([format!("--cluster {}", shell::quote(&first.cluster))]).collect()
    } else {
        open.iter().map(|rollout| shell::quote(&rollout.key)).collect()
    };
    let note = format!("interrupted; watch on with `ecsail wait {}`", words.join(" "));
    context.reporter.report(&Event::Interrupted(&note));
}

/// Reports the `after` tasks that are pending on the revisions of services whose rollout has succeeded.
///
/// A revision that cannot be read is left out: the verb has another purpose.
pub async fn note_pending_tasks(
    settled: &[WatchResult],
    found: &[FoundService],
    chosen: &SelectedServices,
    context: &CommandContext,
) {
    for service in chosen.manifest.services.iter().filter(|service| !service.after.is_empty()) {
        let is_up = settled.iter().any(|end| end.rollout.key == service.key && end.has_succeeded());
        let Some(found) = found.iter().find(|found| found.identity.key == service.key).filter(|_| is_up)
        else {
            continue;
        };
        let running = chosen.aws.task_definition(&found.service.task_definition).await;
        let Ok(Some(running)) = running else { continue };
        for note in pending_notes(service, &running, chosen.manifest.stage.as_deref()) {
            context.reporter.report(&Event::Note(&note));
        }
    }
}

fn pending_notes(service: &ManifestService, running: &TaskDefinition, stage: Option<&str>) -> Vec<String> {
    let tag = running.tag("ecsail:tag").unwrap_or("TAG");
    let command = format!("ecsail deploy --tag {}", shell::quote(tag));
    let note = |task: &str| {
        let release = pending_release(running, stage, task)?;
        Some(format!(
            "{}: task `{task}` of release {release} has not succeeded; unless that release still runs, finish it with \
             `{command}`",
            service.key
        ))
    };
    service.after.iter().filter_map(|task| note(&task.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_a_run_has_its_own_flags_and_no_secret() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let given =
            "--stage production -f a.yml deploy --tag v2 --region=eu-west-1 --yes --set DB_PASSWORD=hunter2";
        assert_eq!(same_command(&words(given)), "ecsail deploy --tag v2 --yes --set DB_PASSWORD=(hidden)");
    }

    #[test]
    fn a_plan_is_applied_by_the_deploy_with_its_flags() {
        let given = ["--stage", "production", "plan", "web", "--tag", "v2", "--exit-code"].map(str::to_owned);
        assert_eq!(deploy_command(&given), "ecsail deploy web --tag v2");
    }
}
