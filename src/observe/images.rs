//! Looks images up in ECR, before anything changes. AWS itself makes no such check, so what cannot be looked up in a few
//! seconds is left unchecked.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::aws::ecr::ImageLookup;
use crate::aws::error::{ApiErrorKind, failure};
use crate::aws::lookup::LOOKUP_LIMIT;
use crate::aws::types::{CacheRules, ImageState, MissingImage};
use crate::aws::{ApiError, Aws};
use crate::error::Result;
use crate::image::pull_through::{PullThroughRule, rule_for};
use crate::image::{EcrRepository, ImageReference};

/// The rules of a registry, by account and region; or why they cannot be read.
type Rules = BTreeMap<(String, String), Result<Vec<PullThroughRule>, String>>;

/// Returns the state of each image, by reference.
///
/// # Errors
/// There are no valid credentials, so that no other call would succeed.
pub async fn image_states(
    aws: &Aws,
    references: &BTreeSet<ImageReference>,
) -> Result<BTreeMap<String, ImageState>> {
    let lookups = join_all(references.iter().map(|reference| look_up(aws, reference))).await;
    let mut states = BTreeMap::new();
    let mut missing = Vec::new();
    for (reference, lookup) in references.iter().zip(lookups) {
        match lookup? {
            Lookup::Decided(state) => drop(states.insert(reference.to_string(), state)),
            Lookup::Missing(repository, answer) => missing.push((reference, repository, answer)),
        }
    }
    let rules = read_rules(aws, missing.iter().map(|(_, repository, _)| repository)).await;
    let missing = missing.iter().map(|(reference, repository, answer)| {
        let rules = &rules;
        async move { (reference.to_string(), state_of_missing(aws, repository, answer, rules).await) }
    });
    states.extend(join_all(missing).await);
    Ok(states)
}

/// What the look-up of an image has shown.
enum Lookup {
    Decided(ImageState),
    /// It is missing; whether it is fetched when it is pulled is decided by the rules of its registry.
    Missing(EcrRepository, ImageLookup),
}

async fn look_up(aws: &Aws, reference: &ImageReference) -> Result<Lookup> {
    let Some(repository) = reference.ecr_repository() else {
        return Ok(Lookup::Decided(ImageState::Elsewhere));
    };
    Ok(match in_time(aws.find_image(&repository, reference), &repository).await? {
        Ok(ImageLookup::Found(digest)) => Lookup::Decided(ImageState::Found { digest }),
        Ok(answer) => Lookup::Missing(repository, answer),
        Err(why) => Lookup::Decided(ImageState::Unchecked(why)),
    })
}

/// Returns the answer to a call of ECR, or the reason why there is none.
///
/// # Errors
/// The credentials are not valid.
async fn in_time<T>(
    call: impl Future<Output = Result<T, ApiError>>,
    repository: &EcrRepository,
) -> Result<Result<T, String>> {
    let Ok(answer) = tokio::time::timeout(LOOKUP_LIMIT, call).await else {
        let region = &repository.region;
        let limit = LOOKUP_LIMIT.as_secs();
        return Ok(Err(format!("ECR in {region} did not answer within {limit} s")));
    };
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(error) if matches!(error.kind, ApiErrorKind::NoCredentials | ApiErrorKind::Expired) => {
            Err(failure(error))
        }
        Err(error) if error.kind == ApiErrorKind::Denied => {
            Ok(Err(format!("`{}` is not permitted", error.operation)))
        }
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// Reads the rules of the registries of these repositories.
async fn read_rules<'a>(aws: &Aws, repositories: impl Iterator<Item = &'a EcrRepository>) -> Rules {
    let registries: BTreeMap<_, _> =
        repositories.map(|repository| (registry(repository), repository)).collect();
    let read = registries.into_iter().map(|(registry, repository)| async move {
        let rules = in_time(aws.pull_through_rules(repository), repository).await;
        (registry, rules.unwrap_or_else(|failure| Err(failure.message)))
    });
    join_all(read).await.into_iter().collect()
}

fn registry(repository: &EcrRepository) -> (String, String) {
    (repository.account.clone(), repository.region.clone())
}

/// Returns the state of an image that ECR does not have.
async fn state_of_missing(
    aws: &Aws,
    repository: &EcrRepository,
    answer: &ImageLookup,
    rules: &Rules,
) -> ImageState {
    let rules = match rules.get(&registry(repository)) {
        Some(Ok(rules)) => match rule_for(rules, &repository.name) {
            Some(rule) => return ImageState::Uncached { upstream: rule.upstream.clone() },
            None => CacheRules::Inapplicable,
        },
        Some(Err(why)) => CacheRules::Unreadable(why.clone()),
        None => CacheRules::Inapplicable,
    };
    if *answer == ImageLookup::NoRepository {
        return ImageState::NoRepository(rules);
    }
    let newest = tokio::time::timeout(LOOKUP_LIMIT, aws.newest_tags(repository)).await.ok().flatten();
    ImageState::Missing(MissingImage { newest, rules })
}
