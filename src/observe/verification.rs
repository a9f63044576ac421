//! Looks up what documents name in AWS: side by side, each thing once, and in few calls where a call takes several. Changes
//! nothing, and never judges what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use futures_util::{StreamExt, stream};

use super::images::image_states;
use crate::aws::error::{ApiErrorKind, failure};
use crate::aws::named_resources::{MOST_ALARMS, MOST_FILTER_VALUES};
use crate::aws::ssm::MOST_PARAMETERS;
use crate::aws::types::ImageState;
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::document::arn::Arn;
use crate::error::Result;
use crate::image::ImageReference;
use crate::plan::image_checks::{ImageChecks, ImageVerdict, judge_image};
use crate::verification::{Answer, Facts, Target};

/// The answers to one call or a few.
type Answers = Vec<(Target, Answer)>;

/// A look-up that has not begun.
type LookUp<'a> = Pin<Box<dyn Future<Output = Result<Answers>> + 'a>>;

/// Returns what AWS answers about each target.
///
/// # Errors
/// There are no valid credentials, so that no other call would succeed.
pub async fn look_up_targets(aws: &Aws, targets: &BTreeSet<Target>) -> Result<BTreeMap<Target, Answer>> {
    let caller = if targets.iter().any(|target| matches!(target, Target::Role(_))) {
        aws.caller().await.ok().map(|caller| caller.account)
    } else {
        None
    };
    let mut look_ups = single_look_ups(aws, targets, caller.as_deref());
    look_ups.push(Box::pin(images(aws, targets)));
    look_ups.extend(parameter_look_ups(aws, targets));
    look_ups.extend(network_look_ups(aws, targets));
    look_ups.extend(alarm_look_ups(aws, targets));
    for (cluster, named) in providers_by_cluster(targets) {
        look_ups.push(Box::pin(async move { providers(aws, &cluster, named).await }));
    }
    let mut answers = BTreeMap::new();
    let mut running = stream::iter(look_ups).buffer_unordered(MAX_CONCURRENT_CALLS);
    while let Some(found) = running.next().await {
        answers.extend(found?);
    }
    Ok(answers)
}

fn single_look_ups<'a>(
    aws: &'a Aws,
    targets: &'a BTreeSet<Target>,
    caller: Option<&'a str>,
) -> Vec<LookUp<'a>> {
    let mut look_ups: Vec<LookUp<'a>> = Vec::new();
    for target in targets.iter().filter(|target| is_alone(target)) {
        look_ups.push(Box::pin(async move {
            let answer = answered(look_up(aws, target, caller).await)?;
            Ok(vec![(target.clone(), answer)])
        }));
    }
    look_ups
}

fn parameter_look_ups<'a>(aws: &'a Aws, targets: &BTreeSet<Target>) -> Vec<LookUp<'a>> {
    let mut look_ups: Vec<LookUp<'a>> = Vec::new();
    for (region, names) in parameters_by_region(aws, targets) {
        for batch in names.chunks(MOST_PARAMETERS) {
            let (region, batch) = (region.clone(), batch.to_vec());
            look_ups.push(Box::pin(async move { parameters(aws, &region, batch).await }));
        }
    }
    look_ups
}

fn network_look_ups<'a>(aws: &'a Aws, targets: &BTreeSet<Target>) -> Vec<LookUp<'a>> {
    let subnets = names_of(targets, |target| matches!(target, Target::Subnet(_)));
    let groups = names_of(targets, |target| matches!(target, Target::SecurityGroup(_)));
    let mut look_ups: Vec<LookUp<'a>> = Vec::new();
    for batch in subnets.chunks(MOST_FILTER_VALUES).map(<[String]>::to_vec) {
        look_ups.push(Box::pin(async move {
            let found = aws.vpcs_of_subnets(&batch).await;
            several(&batch, Target::Subnet, found, vpc_answer)
        }));
    }
    for batch in groups.chunks(MOST_FILTER_VALUES).map(<[String]>::to_vec) {
        look_ups.push(Box::pin(async move {
            let found = aws.vpcs_of_security_groups(&batch).await;
            several(&batch, Target::SecurityGroup, found, vpc_answer)
        }));
    }
    look_ups
}

fn alarm_look_ups<'a>(aws: &'a Aws, targets: &BTreeSet<Target>) -> Vec<LookUp<'a>> {
    let alarms = names_of(targets, |target| matches!(target, Target::Alarm(_)));
    let mut look_ups: Vec<LookUp<'a>> = Vec::new();
    for batch in alarms.chunks(MOST_ALARMS).map(<[String]>::to_vec) {
        look_ups.push(Box::pin(async move {
            let found = aws.existing_alarms(&batch).await;
            several(&batch, Target::Alarm, found, |found, name| Answer::exists(found.contains(name)))
        }));
    }
    look_ups
}

/// Returns whether a target is looked up by a call of its own.
fn is_alone(target: &Target) -> bool {
    !matches!(
        target,
        Target::Image(_)
            | Target::Parameter(_)
            | Target::Subnet(_)
            | Target::SecurityGroup(_)
            | Target::CapacityProvider { .. }
            | Target::Alarm(_)
    )
}

fn names_of(targets: &BTreeSet<Target>, is_kind: impl Fn(&Target) -> bool) -> Vec<String> {
    targets.iter().filter(|target| is_kind(target)).map(Target::name).collect()
}

/// Looks one target up.
async fn look_up(aws: &Aws, target: &Target, caller: Option<&str>) -> Result<Answer, ApiError> {
    let answer = match target {
        Target::Role(role) => role_answer(aws, role, caller).await?,
        Target::Secret(id) => match secret_finder(aws, id)?.describe(id).await {
            Ok(secret) if secret.is_deleted => Answer::Found(Facts::IsDeleted),
            Ok(_) => Answer::Found(Facts::Exists),
            Err(error) if error.kind == ApiErrorKind::NotFound => Answer::missing(),
            Err(error) => return Err(error),
        },
        Target::SecretKeys(id) => match secret_finder(aws, id)?.keys(id).await {
            Ok(keys) => Answer::Found(Facts::Keys(keys)),
            Err(error) if error.kind == ApiErrorKind::NotFound => Answer::missing(),
            Err(error) => return Err(error),
        },
        Target::LogGroup { region, name } => {
            Answer::exists(aws.has_log_group(region.as_deref(), name).await?)
        }
        Target::Object { bucket, key } => Answer::exists(aws.has_object(bucket, key).await?),
        Target::TargetGroup(arn) => aws
            .target_group(arn)
            .await?
            .map_or_else(Answer::missing, |group| Answer::Found(Facts::TargetGroup(group))),
        Target::FileSystem(id) => Answer::exists(aws.has_file_system(id).await?),
        Target::AccessPoint(id) => {
            let found = aws.file_system_of(id).await?;
            found.map_or_else(Answer::missing, |file_system| Answer::Found(Facts::OfFileSystem(file_system)))
        }
        Target::Namespace(namespace) => Answer::exists(aws.has_namespace(namespace).await?),
        Target::Function(arn) => Answer::exists(aws.has_function(arn).await?),
        // They are looked up together with others.
        Target::Image(_)
        | Target::Parameter(_)
        | Target::Subnet(_)
        | Target::SecurityGroup(_)
        | Target::CapacityProvider { .. }
        | Target::Alarm(_) => Answer::missing(),
    };
    Ok(answer)
}

/// Returns an answer also where the call failed.
///
/// # Errors
/// There are no valid credentials.
fn answered(answer: Result<Answer, ApiError>) -> Result<Answer> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(error) if matches!(error.kind, ApiErrorKind::NoCredentials | ApiErrorKind::Expired) => {
            Err(failure(error))
        }
        Err(error) => Ok(unknown(&error)),
    }
}

fn unknown(error: &ApiError) -> Answer {
    match error.kind {
        ApiErrorKind::Denied => Answer::Unknown {
            why: format!("`{}` is not permitted", error.operation),
            action: Some(error.operation.clone()),
        },
        _ => Answer::Unknown { why: error.to_string(), action: None },
    }
}

async fn role_answer(aws: &Aws, role: &str, caller: Option<&str>) -> Result<Answer, ApiError> {
    let account = Arn::parse(role).map(|arn| arn.account);
    if let (Some(account), Some(caller)) = (account, caller)
        && account != caller
    {
        let (account, caller) = (account.to_owned(), caller.to_owned());
        return Ok(Answer::Found(Facts::OfAccount { account, caller }));
    }
    let name = role.rsplit('/').next().unwrap_or(role);
    let trusted = aws.trusted_services(name).await?;
    Ok(trusted.map_or_else(Answer::missing, |trusted| Answer::Found(Facts::Trusts(trusted))))
}

/// Looks up the capacity providers of a cluster, once for all that documents name of it.
async fn providers(aws: &Aws, cluster: &str, targets: Vec<Target>) -> Result<Answers> {
    let found = aws.cluster(cluster).await;
    let mut answers = Answers::new();
    for target in targets {
        let answer = match &found {
            Ok(None) => Ok(Answer::missing()),
            Ok(Some(cluster)) => {
                let names = cluster["capacityProviders"].as_array().into_iter().flatten();
                let names = names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
                Ok(Answer::Found(Facts::Providers(names)))
            }
            Err(error) => Err(error.clone()),
        };
        answers.push((target, answered(answer)?));
    }
    Ok(answers)
}

fn providers_by_cluster(targets: &BTreeSet<Target>) -> BTreeMap<String, Vec<Target>> {
    let mut clusters: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    for target in targets {
        if let Target::CapacityProvider { cluster, .. } = target {
            clusters.entry(cluster.clone()).or_default().push(target.clone());
        }
    }
    clusters
}

fn secret_finder(aws: &Aws, id: &str) -> Result<crate::aws::secretsmanager::SecretFinder, ApiError> {
    let region = region_of(aws, id);
    aws.secret_finder_in(&region).map_err(|failure| {
        let message = Some(failure.one_line());
        ApiError { message, ..ApiError::unreadable("secretsmanager:DescribeSecret") }
    })
}

/// Returns the region of an ARN, or of the run.
fn region_of(aws: &Aws, id: &str) -> String {
    let region = Arn::parse(id).map(|arn| arn.region).filter(|region| !region.is_empty());
    region.unwrap_or(&aws.region).to_owned()
}

fn parameters_by_region(aws: &Aws, targets: &BTreeSet<Target>) -> BTreeMap<String, Vec<String>> {
    let mut regions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names_of(targets, |target| matches!(target, Target::Parameter(_))) {
        regions.entry(region_of(aws, &name)).or_default().push(name);
    }
    regions
}

/// Looks a batch of parameters up. AWS refuses it as a whole where one of them may not be read, so that each is then asked for alone.
async fn parameters(aws: &Aws, region: &str, names: Vec<String>) -> Result<Answers> {
    let reader = aws.parameter_reader_in(region)?;
    let whole = reader.existing(&names).await;
    let is_denied = |error: &ApiError| error.kind == ApiErrorKind::Denied;
    if names.len() == 1 || !whole.as_ref().is_err_and(is_denied) {
        return several(&names, Target::Parameter, whole, |found, name| Answer::exists(found.contains(name)));
    }
    let mut answers = Answers::new();
    for name in names {
        let names = std::slice::from_ref(&name);
        let found = reader.existing(names).await;
        answers.extend(several(names, Target::Parameter, found, |found, name| {
            Answer::exists(found.contains(name))
        })?);
    }
    Ok(answers)
}

/// Returns the answers of a call about several names.
fn several<T>(
    names: &[String],
    target: impl Fn(String) -> Target,
    found: Result<T, ApiError>,
    answer: impl Fn(&T, &String) -> Answer,
) -> Result<Answers> {
    let mut answers = Answers::new();
    for name in names {
        let one = match &found {
            Ok(found) => Ok(answer(found, name)),
            Err(error) => Err(error.clone()),
        };
        answers.push((target(name.clone()), answered(one)?));
    }
    Ok(answers)
}

fn vpc_answer(found: &BTreeMap<String, String>, id: &String) -> Answer {
    found.get(id).map_or_else(Answer::missing, |vpc| Answer::Found(Facts::InVpc(vpc.clone())))
}

/// Looks images up, and the platforms of those that exist.
async fn images(aws: &Aws, targets: &BTreeSet<Target>) -> Result<Answers> {
    let images: BTreeSet<ImageReference> = targets
        .iter()
        .filter_map(|target| match target {
            Target::Image(image) => Some(image.clone()),
            _ => None,
        })
        .collect();
    let states = image_states(aws, &images).await?;
    let looking = images.iter().map(async |image| {
        let answer = match states.get(&image.to_string()) {
            Some(ImageState::Found { .. }) => platforms(aws, image).await,
            Some(state) => image_answer(image, state),
            None => Answer::Unknown { why: "it was not looked up".to_owned(), action: None },
        };
        (Target::Image(image.clone()), answer)
    });
    Ok(stream::iter(looking).buffered(MAX_CONCURRENT_CALLS).collect().await)
}

async fn platforms(aws: &Aws, image: &ImageReference) -> Answer {
    let Some(repository) = image.ecr_repository() else { return Answer::Found(Facts::Exists) };
    match aws.image_platforms(&repository, image).await {
        Ok(platforms) => Answer::Found(Facts::Platforms(platforms)),
        Err(error) => {
            let (why, action) = match unknown(&error) {
                Answer::Unknown { why, action } => (why, action),
                _ => (error.to_string(), None),
            };
            Answer::Found(Facts::UnknownPlatforms { why, action })
        }
    }
}

/// Returns the answer for an image that was not found, in the words of a plan.
fn image_answer(image: &ImageReference, state: &ImageState) -> Answer {
    if let ImageState::Unchecked(why) = state {
        let action = why.contains("not permitted").then(|| "ecr:DescribeImages".to_owned());
        return Answer::Unknown { why: why.clone(), action };
    }
    if let ImageState::Uncached { upstream } = state {
        let why = format!("ECR has not cached it yet, and fetches it from `{upstream}` when it is pulled");
        return Answer::Unknown { why, action: None };
    }
    match judge_image(image, state, ImageChecks::Standard) {
        ImageVerdict::Fine => Answer::Found(Facts::Exists),
        ImageVerdict::Note(why) => Answer::Unknown { why, action: None },
        ImageVerdict::Refused(failure) => {
            Answer::Missing { message: Some(failure.message.clone()), hint: failure.hints.first().cloned() }
        }
    }
}
