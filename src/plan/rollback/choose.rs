//! Chooses what a service goes back to among what it ran before.

use super::choice::{Choice, Source, choice, names};
use super::past::Past;
use super::releases::{Release, Releases, releases};
use super::wanted::{self, Wanted};
use crate::aws::types::{Service, TaskDefinition, number_of};
use crate::document::model::Root;
use crate::document::normal::{OWN_TAG_PREFIX, normal};
use crate::error::{Failure, Result};
use crate::plan::back::WayBack;

/// Returns what a service is rolled back to, or `None` if it runs what was requested.
///
/// # Errors
/// There is nothing to roll back to, or not what was requested.
pub fn choose(service: &Service, past: &Past, wanted: &Wanted) -> Result<Option<Choice>, Failure> {
    let releases = releases(service, past);
    match wanted {
        Wanted::Back(steps) => back(*steps, service, past, &releases).map(Some),
        Wanted::Revision(name) => wanted::revision(name, past, &releases),
        Wanted::Number(number) => wanted::number(*number, past, &releases),
        Wanted::Image(version) => wanted::image(version, past, &releases),
    }
}

fn back(steps: usize, service: &Service, past: &Past, releases: &Releases) -> Result<Choice, Failure> {
    if let Some(release) = releases.below.get(steps - 1) {
        let source = match release.deployment {
            Some(_) => Source::History { steps },
            None => Source::BeforeHistory,
        };
        return Ok(choice(releases, release.clone(), source, past));
    }
    if !past.deployments.is_empty() && past.from_the_beginning {
        return Err(nothing_before(service, releases));
    }
    // The service itself may show what the history does not: what was completed before a failed deployment.
    let completed = WayBack::of(service).filter(|way| way.revision != releases.running.definition);
    if let Some(way) = completed.filter(|_| steps == 1) {
        return Ok(choice(releases, Release::of_definition(&way.revision), Source::LastCompleted, past));
    }
    let older = older(past, releases);
    let recorded: Vec<_> = older.iter().filter(|known| is_recorded(known)).collect();
    let found = recorded.get(steps - 1).map(|known| (**known, Source::Tags));
    let found = found.or_else(|| older.get(steps - 1).map(|known| (*known, Source::Revisions)));
    let (definition, source) = found.ok_or_else(|| nothing_before(service, releases))?;
    let mut choice = choice(releases, Release::of_definition(&definition.arn), source, past);
    let others = older.iter().filter(|known| known.arn != definition.arn);
    choice.others = others.map(|known| Release::of_definition(&known.arn)).collect();
    Ok(choice)
}

/// Returns the registered revisions that are older than the running one and differ from it.
fn older<'a>(past: &'a Past, releases: &Releases) -> Vec<&'a TaskDefinition> {
    let running = past.definitions.get(&releases.running.definition);
    let running = running.map(|known| normal(&known.document, Root::TaskDefinition));
    let below = wanted::number_below(past, releases);
    let is_older = |known: &&TaskDefinition| number_of(&known.arn).is_some_and(|number| number < below);
    let differs = |known: &&TaskDefinition| Some(normal(&known.document, Root::TaskDefinition)) != running;
    past.registered.iter().filter(is_older).filter(differs).collect()
}

fn is_recorded(definition: &TaskDefinition) -> bool {
    let tags = definition.document["tags"].as_array().into_iter().flatten();
    let mut keys = tags.filter_map(|tag| tag["key"].as_str());
    keys.any(|key| key.starts_with(OWN_TAG_PREFIX))
}

fn nothing_before(service: &Service, releases: &Releases) -> Failure {
    let message = format!(
        "nothing to roll back to: no deployment of `{}` is known to have succeeded before `{}`",
        service.service_name,
        releases.running.revision_name()
    );
    Failure::error(message).hint(names(releases))
}
