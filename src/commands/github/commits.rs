//! Adds to a plan the commits between what runs and what comes.

use std::collections::BTreeMap;

use super::{access, client, pull_request_of_run};
use crate::aws::types::ServiceRef;
use crate::commands::planning::Planned;
use crate::context::CommandContext;
use crate::github::compare::CommitRange;
use crate::github::event::is_commit;
use crate::plan::record::COMMIT_KEY;
use crate::report::Event;

/// The most commits that run from which the difference is looked up.
const MAX_RANGES: usize = 3;

/// Adds the commits that a plan would deploy, where the environment has a token of GitHub. What fails is a note.
pub async fn add_commits(planned: &mut Planned, context: &CommandContext) {
    let settings = &context.settings;
    let of_pull = pull_request_of_run(settings).ok().and_then(|pull| pull.head);
    let head = of_pull.or_else(|| planned.plan.record.git_sha.clone());
    let Some(head) = head.filter(|head| is_commit(head)) else { return };
    let running = running_commits(planned, &head);
    if running.is_empty() || access(settings).is_err() {
        return;
    }
    let ranges = match client(settings) {
        Ok(client) => {
            let ranges = running.into_iter().take(MAX_RANGES).map(async |(base, services)| {
                let range = client.commits_between(&base, &head).await;
                range.map(|range| CommitRange { services, ..range }).map_err(|error| error.to_string())
            });
            futures_util::future::try_join_all(ranges).await
        }
        Err(why) => Err(why),
    };
    match ranges {
        Ok(ranges) => planned.plan.commits = ranges,
        Err(why) => {
            let note = format!("failed to look up the commits of the plan on GitHub: {why}");
            context.reporter.report(&Event::Note(&note));
        }
    }
}

/// Returns the commits that the changing services run, with these services; not the commit that comes.
fn running_commits(planned: &Planned, head: &str) -> BTreeMap<String, Vec<String>> {
    let mut commits: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for service in planned.plan.services.iter().filter(|service| service.changes()) {
        let at = ServiceRef { cluster: service.cluster.clone(), name: service.name.clone() };
        let observed = planned.observed.services.get(&at);
        let running = observed.and_then(|observed| observed.running_definition.as_ref());
        let commit = running.and_then(|running| running.tag(COMMIT_KEY));
        if let Some(commit) = commit.filter(|commit| is_commit(commit) && *commit != head) {
            commits.entry(commit.to_owned()).or_default().push(service.key.clone());
        }
    }
    commits
}
