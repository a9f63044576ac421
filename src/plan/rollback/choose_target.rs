//! Chooses what a service goes back to among what it ran before.

use super::new_choice::{Choice, Source, choice, names};
use super::past::DeploymentHistory;
use super::selector::{self, RollbackSelector};
use super::states::{DeployedState, DeployedStates, deployed_states};
use crate::aws::types::{Service, TaskDefinition, number_of};
use crate::document::model::DocumentKind;
use crate::document::normalize::{OWN_TAG_PREFIX, is_same};
use crate::error::{Failure, Result};
use crate::plan::rollback_point::RollbackPoint;

/// Returns what a service is rolled back to, or `None` if it runs what was requested.
///
/// # Errors
/// There is nothing to roll back to, or not what was requested.
pub fn choose(
    service: &Service,
    past: &DeploymentHistory,
    wanted: &RollbackSelector,
) -> Result<Option<Choice>, Failure> {
    let releases = deployed_states(service, past);
    match wanted {
        RollbackSelector::Steps(steps) => back(*steps, service, past, &releases).map(Some),
        RollbackSelector::Revision(name) => selector::choose_revision(name, past, &releases),
        RollbackSelector::Number(number) => selector::choose_number(*number, past, &releases),
        RollbackSelector::Image(version) => selector::choose_image(version, past, &releases),
    }
}

fn back(
    steps: usize,
    service: &Service,
    past: &DeploymentHistory,
    releases: &DeployedStates,
) -> Result<Choice, Failure> {
    if let Some(release) = releases.earlier.get(steps - 1) {
        let source = match release.deployment {
            Some(_) => Source::History { steps },
            None => Source::BeforeHistory,
        };
        return Ok(choice(releases, release.clone(), source, past));
    }
    if !past.deployments.is_empty() && past.is_complete {
        return Err(nothing_before(service, releases));
    }
    // The service itself may show what the history does not: what was completed before a failed deployment.
    let completed =
        RollbackPoint::from_service(service).filter(|way| way.revision != releases.running.definition);
    if let Some(way) = completed.filter(|_| steps == 1) {
        return Ok(choice(
            releases,
            DeployedState::from_definition(&way.revision),
            Source::LastCompleted,
            past,
        ));
    }
    let older = older(past, releases);
    let recorded: Vec<_> = older.iter().filter(|known| is_recorded(known)).collect();
    let found = recorded.get(steps - 1).map(|known| (**known, Source::Tags));
    let found = found.or_else(|| older.get(steps - 1).map(|known| (*known, Source::Revisions)));
    let (definition, source) = found.ok_or_else(|| nothing_before(service, releases))?;
    let mut choice = choice(releases, DeployedState::from_definition(&definition.arn), source, past);
    let others = older.iter().filter(|known| known.arn != definition.arn);
    choice.others = others.map(|known| DeployedState::from_definition(&known.arn)).collect();
    Ok(choice)
}

/// Returns the registered revisions that are older than the running one and differ from it.
fn older<'a>(past: &'a DeploymentHistory, releases: &DeployedStates) -> Vec<&'a TaskDefinition> {
    let running = past.definitions.get(&releases.running.definition);
    let below = selector::revision_limit(past, releases);
    let is_older = |known: &&TaskDefinition| number_of(&known.arn).is_some_and(|number| number < below);
    let differs = |known: &&TaskDefinition| {
        running
            .is_none_or(|running| !is_same(&running.document, &known.document, DocumentKind::TaskDefinition))
    };
    past.registered_revisions.iter().filter(is_older).filter(differs).collect()
}

fn is_recorded(definition: &TaskDefinition) -> bool {
    let tags = definition.document["tags"].as_array().into_iter().flatten();
    let mut keys = tags.filter_map(|tag| tag["key"].as_str());
    keys.any(|key| key.starts_with(OWN_TAG_PREFIX))
}

fn nothing_before(service: &Service, releases: &DeployedStates) -> Failure {
    let message = format!(
        "nothing to roll back to: no deployment of `{}` is known to have succeeded before `{}`",
        service.service_name,
        releases.running.revision_name()
    );
    Failure::error(message).with_hint(names(releases))
}
