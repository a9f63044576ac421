//! Checks that the verbs that change services share: the account and the deployment controller; and stops deployments in
//! progress.

use super::attach::attach;
use super::services::{FoundService, SelectedServices, ServiceIdentity};
use crate::apply::ApplyResult;
use crate::apply::rollback::{RollbackStart, start_rollback};
use crate::aws::types::ObservedState;
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::manifest::Manifest;
use crate::plan::blockers;
use crate::plan::rollback::service::RollbackTerms;
use crate::plan::rollback::{DeployedState, ReleaseSummary, Source, Target};
use crate::shell;
use crate::watch::snapshot::{WatchPolicy, WatchedRollout};

/// Returns the chosen services, if all of them can be changed.
///
/// # Errors
/// No service is named, a service does not exist or has another deployment controller than ECS, or the credentials are
/// of another account than the manifest's.
pub async fn find_changeable_services(chosen: &SelectedServices) -> Result<Vec<FoundService>> {
    // A manifest says which services belong together, a cluster does not: without a manifest, services must be named.
    if chosen.manifest.services.is_empty() {
        let hint = "name the services, or add them to the manifest".to_owned();
        return Err(Failure::usage("no service is named").with_hint(hint));
    }
    ensure_account(&chosen.manifest, &chosen.aws).await?;
    let found = chosen.read_all().await?;
    ensure_no_failures(
        found.iter().filter_map(|found| blockers::undeployable_blocker(&found.service)).collect(),
    )?;
    Ok(found)
}

/// Refuses credentials of another account than the manifest's `account`.
///
/// # Errors
/// The refusal.
pub async fn ensure_account(manifest: &Manifest, aws: &crate::aws::Aws) -> Result<()> {
    let account = manifest.account.as_ref().map(|account| account.value.as_str());
    if account.is_some() {
        let mut observed = ObservedState::default();
        match aws.caller().await {
            Ok(caller) => observed.caller = Some(caller),
            Err(error) => observed.caller_error = Some(error.to_string()),
        }
        ensure_no_failures(blockers::account_blocker(account, &observed))?;
    }
    Ok(())
}

/// Returns the chosen service, if it can be changed.
///
/// # Errors
/// As of [`changeable`].
pub async fn find_changeable_service(chosen: &SelectedServices) -> Result<FoundService> {
    let none = || Failure::usage("name one service");
    find_changeable_services(chosen).await?.into_iter().next().ok_or_else(none)
}

/// Returns an error if there are failures.
///
/// # Errors
/// The failures.
pub fn ensure_no_failures(failures: Vec<Failure>) -> Result<()> {
    if failures.is_empty() { Ok(()) } else { Err(Failure::combined(failures)) }
}

/// Returns the key and cluster of a service, and its rollout settings in the manifest.
pub fn rollback_terms(place: &ServiceIdentity, chosen: &SelectedServices) -> RollbackTerms {
    let manifest = &chosen.manifest;
    let own = manifest.services.iter().find(|service| service.key == place.key);
    RollbackTerms {
        key: place.key.clone(),
        cluster: place.cluster.clone(),
        timeout: own.and_then(|own| own.timeout).or(manifest.timeout),
        on_failure: own.and_then(|own| own.on_failure).or(manifest.on_failure),
        on_timeout: own.and_then(|own| own.on_timeout).or(manifest.on_timeout),
        patience: own.and_then(|own| own.patience).or(manifest.patience),
        supersede: false,
    }
}

/// Returns the watch policy of these settings.
pub fn watch_policy(terms: &RollbackTerms) -> WatchPolicy {
    let default = WatchPolicy::default();
    WatchPolicy {
        timeout: terms.timeout.unwrap_or(default.timeout),
        on_failure: terms.on_failure,
        on_timeout: terms.on_timeout.unwrap_or(default.on_timeout),
        patience: terms.patience,
    }
}

/// Returns the deployment of a service that is in progress, the rollback target to report for it, and a note on what is
/// unknown of it.
///
/// # Errors
/// An API call failed.
pub async fn deployment_in_progress(
    found: &FoundService,
    chosen: &SelectedServices,
) -> Result<(WatchedRollout, Target, Option<String>), Failure> {
    let attached = attach(found, chosen, None).await?;
    let policy = watch_policy(&rollback_terms(&found.identity, chosen));
    let followed = WatchedRollout { policy, ..attached.rollout };
    let summary = |definition: &str, at: f64| ReleaseSummary {
        revision: DeployedState::from_definition(definition).revision_name().to_owned(),
        at: Some(at).filter(|at| *at > 0.0),
        tag: None,
        commit: None,
        images: Vec::new(),
    };
    let to = followed.way_back.as_ref().map(|way| {
        let known = found.service.deployments.iter().find(|known| known.id == way.deployment);
        summary(&way.revision, known.map_or(0.0, |known| known.created_at.0))
    });
    // A revision that could not be read is shown by its deployment.
    let from = match followed.revision.as_str() {
        "" => followed.deployment.clone().unwrap_or_default(),
        revision => DeployedState::from_definition(revision).revision_name().to_owned(),
    };
    let target = Target {
        service: found.identity.key.clone(),
        cluster: found.identity.cluster.clone(),
        from: ReleaseSummary { revision: from, ..summary(&followed.revision, followed.created_at) },
        to,
        source: Source::UnderWay,
        left_out: Vec::new(),
        pinned: Vec::new(),
    };
    Ok((followed, target, attached.unread))
}

/// Stops deployments, and adds the rollbacks and failures to `applied`.
pub async fn stop_deployments(
    under_way: Vec<WatchedRollout>,
    applied: &mut ApplyResult,
    chosen: &SelectedServices,
    context: &CommandContext,
) {
    let taking =
        under_way.iter().map(|followed| start_rollback(followed, &chosen.aws, context.reporter.as_ref()));
    for (followed, taken) in under_way.iter().zip(futures_util::future::join_all(taking).await) {
        let key = followed.key.clone();
        match taken {
            RollbackStart::Started(back) => applied.rollouts.push(*back),
            RollbackStart::Completed => {
                let message = format!(
                    "the deployment of service `{}` succeeded before it could be stopped",
                    followed.name
                );
                let hint = format!("roll it back with `ecsail rollback {}`", shell::quote(&key));
                applied.failures.push((key, Failure::error(message).with_hint(hint)));
            }
            RollbackStart::Skipped(why) => {
                let failure = Failure::error(format!(
                    "failed to roll back the deployment of service `{}`",
                    followed.name
                ));
                let hint = format!("roll it back with `ecsail rollback {}`", shell::quote(&key));
                applied.failures.push((key, failure.with_cause(why).with_hint(hint)));
            }
            RollbackStart::Failed(failure) => applied.failures.push((key, failure)),
        }
    }
}
