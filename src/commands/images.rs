//! `ecsail images`: shows the tags that can be deployed, and which one runs.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::Value;

use super::change_guards::ensure_no_failures;
use super::services::{FoundService, SelectedServices, ServiceArgs, ServiceIdentity};
use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::{ContainerImage, DeploymentStatus, PushedImage, Service, TaskDefinition};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::events::{JsonEvent, service as events};
use crate::image::{EcrRepository, ImageReference};
use crate::report::{
    Column, CommandOutcome, Event, Page, PageItem, PageLine, Paint, TableRow, names, table, times,
};

/// Show the image tags that can be deployed to a service, and which one runs
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail images web
  ecsail images web --limit 100 --stage production
  ecsail images web --cluster main --output json

For each private ECR repository of the service's images, the tags are listed, newest push first.")]
pub struct ImagesArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Number of images to show of each repository, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Runs the verb.
///
/// # Errors
/// The service does not exist, a repository cannot be read, or an API call failed.
pub async fn run(args: &ImagesArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.service.select(context).await?;
    let found = chosen.read_one().await?;
    let running = running_images(&chosen, &found, context).await?;
    let (repositories, elsewhere) = group_by_repository(&running);
    let mut failures = Vec::new();
    for (repository, running) in &repositories {
        let stock = match read_repository(&chosen.aws, repository, running, args.limit as usize).await {
            Ok(stock) => stock,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        chosen.cache_tags(&stock.images.iter().flat_map(|image| image.tags.clone()).collect::<Vec<_>>());
        context.reporter.report(&Event::Page(&page(
            &found.identity,
            repository,
            running,
            &stock,
            times::unix_now(),
        )));
    }
    if !elsewhere.is_empty() {
        context.reporter.report(&Event::Page(&unlisted_page(&found.identity, &elsewhere)));
    }
    ensure_no_failures(failures)?;
    Ok(CommandOutcome::Succeeded)
}

/// Returns the images that a service runs: those of its current revisions, else those of its task definition.
async fn running_images(
    chosen: &SelectedServices,
    found: &FoundService,
    context: &CommandContext,
) -> Result<Vec<ContainerImage>> {
    let service = &found.service;
    let arns: Vec<String> = service.current_service_revisions.iter().map(|known| known.arn.clone()).collect();
    let revisions = match chosen.aws.service_revisions(&arns).await {
        Ok(revisions) => revisions,
        Err(error) if error.is_retryable() => return Err(failure(error)),
        Err(error) => {
            let note = format!("the digests that run are unknown, so images are matched by tag: {error}");
            context.reporter.report(&Event::Note(&note));
            Vec::new()
        }
    };
    let images: Vec<ContainerImage> =
        revisions.into_iter().flat_map(|revision| revision.container_images).collect();
    if !images.is_empty() {
        return Ok(images);
    }
    let read = chosen.aws.task_definition(running_definition(service)).await.map_err(failure)?;
    let message = || format!("task definition of service `{}` does not exist", service.service_name);
    Ok(images_in(&read.ok_or_else(|| Failure::error(message()))?))
}

/// Returns the task definition that a service runs. With another deployment controller, its task set names it.
fn running_definition(service: &Service) -> &str {
    let set = service.task_sets.iter().find(|set| set.status == DeploymentStatus::Primary);
    match (service.task_definition.as_str(), set) {
        ("", Some(set)) => &set.task_definition,
        (named, _) => named,
    }
}

/// Returns the images that a task definition names, without digests.
fn images_in(definition: &TaskDefinition) -> Vec<ContainerImage> {
    let containers = definition.document["containerDefinitions"].as_array().into_iter().flatten();
    let text = |container: &Value, member: &str| container[member].as_str().unwrap_or_default().to_owned();
    let image = |container: &Value| ContainerImage {
        container_name: text(container, "name"),
        image: text(container, "image"),
        image_digest: None,
    };
    containers.map(image).collect()
}

/// Groups images by their private ECR repository. The second part are those in no such repository.
fn group_by_repository(
    running: &[ContainerImage],
) -> (BTreeMap<EcrRepository, Vec<ContainerImage>>, Vec<ContainerImage>) {
    let mut repositories: BTreeMap<EcrRepository, Vec<ContainerImage>> = BTreeMap::new();
    let mut elsewhere: Vec<ContainerImage> = Vec::new();
    for image in running {
        match ImageReference::parse(&image.image).ecr_repository() {
            Some(repository) => repositories.entry(repository).or_default().push(image.clone()),
            None if !elsewhere.contains(image) => elsewhere.push(image.clone()),
            None => {}
        }
    }
    (repositories, elsewhere)
}

/// The images of a repository.
#[derive(Clone, Debug, Default)]
struct RepositoryImages {
    /// Newest first, at most as many as are shown. Running images are always included if the repository has them.
    images: Vec<PushedImage>,
    /// The number of tagged images, and whether all were read.
    tagged: usize,
    is_complete: bool,
    /// The digests that run and are no longer in the repository.
    missing: BTreeSet<String>,
}

/// Reads the images of a repository.
async fn read_repository(
    aws: &Aws,
    repository: &EcrRepository,
    running: &[ContainerImage],
    number: usize,
) -> Result<RepositoryImages> {
    let (mut images, is_all) = aws.pushed_images(repository).await.map_err(|error| {
        let name = format!("failed to read the images of repository `{}`", repository.name);
        let hint = error.hint();
        Failure::error(name).with_cause(error).with_hint(hint)
    })?;
    let tagged = images.len();
    let runs = |image: &PushedImage| !containers_running(image, running).is_empty();
    let rest = images.split_off(number.min(images.len()));
    images.extend(rest.into_iter().filter(runs));
    let mut stock = RepositoryImages { images, tagged, is_complete: is_all, missing: BTreeSet::new() };
    let digests: BTreeSet<&String> = running.iter().filter_map(|image| image.image_digest.as_ref()).collect();
    for digest in digests {
        if stock.images.iter().any(|image| &image.digest == digest) {
            continue;
        }
        match aws.image_by_digest(repository, digest).await.map_err(failure)? {
            Some(image) => stock.images.push(image),
            None => drop(stock.missing.insert(digest.clone())),
        }
    }
    stock.images.sort_by(|a, b| b.pushed_at.0.total_cmp(&a.pushed_at.0));
    Ok(stock)
}

/// Returns the containers that run an image, matched by digest, or by tag if no digest is known.
fn containers_running<'a>(image: &PushedImage, running: &'a [ContainerImage]) -> Vec<&'a str> {
    let runs = |known: &&ContainerImage| {
        if let Some(digest) = &known.image_digest {
            *digest == image.digest
        } else {
            match ImageReference::parse(&known.image) {
                ImageReference { digest: Some(digest), .. } => digest == image.digest,
                ImageReference { tag: Some(tag), .. } => image.tags.contains(&tag),
                ImageReference { .. } => image.tags.iter().any(|tag| tag == "latest"),
            }
        }
    };
    let mut names: Vec<&str> =
        running.iter().filter(runs).map(|known| known.container_name.as_str()).collect();
    names.dedup();
    names
}

const COLUMNS: &[Column] = &[
    Column::name("TAG"),
    Column::spare("DIGEST"),
    Column::whole("PUSHED"),
    Column::name("RUNS"),
    Column::text("FINDINGS"),
];

/// Returns the images of one repository.
fn page(
    place: &ServiceIdentity,
    repository: &EcrRepository,
    running: &[ContainerImage],
    stock: &RepositoryImages,
    now: f64,
) -> Page {
    let rows = stock.images.iter().map(|image| {
        let containers = containers_running(image, running);
        let pushed = [times::format_utc(image.pushed_at.0), times::format_age(image.pushed_at.0, now)];
        let cells = vec![
            if image.tags.is_empty() { "(no tag)".to_owned() } else { image.tags.join(", ") },
            names::short_digest(&image.digest).to_owned(),
            pushed.into_iter().flatten().collect::<Vec<_>>().join(", "),
            containers.join(", "),
            image.findings.as_ref().map(format_findings).unwrap_or_default(),
        ];
        let paint = (!containers.is_empty()).then_some(Paint::Good);
        let event = event(place, repository, image, &containers, false);
        TableRow { cells, lines_below: Vec::new(), paint, event: Some(event) }
    });
    let mut page = table(COLUMNS, rows.collect());
    let title = format!("{} in account {}, {}:", repository.name, repository.account, repository.region);
    page.head.insert(0, PageLine::painted(title, Paint::Bold));
    if stock.images.is_empty() {
        page.head.push(PageLine::plain("the repository has no tags"));
    }
    page.items
        .extend(stock.missing.iter().map(|digest| missing_image_item(place, repository, running, digest)));
    let shown = stock.images.iter().filter(|image| !image.tags.is_empty()).count();
    let hidden = stock.tagged.saturating_sub(shown);
    if hidden > 0 {
        let more =
            if stock.is_complete { format!("{hidden} older") } else { format!("more than {hidden} others") };
        page.foot.push(PageLine::painted(format!("… and {more} (`--limit`)"), Paint::Dim));
    }
    page
}

/// Returns the row of an image that runs and is no longer in its repository.
fn missing_image_item(
    place: &ServiceIdentity,
    repository: &EcrRepository,
    running: &[ContainerImage],
    digest: &str,
) -> PageItem {
    let image = PushedImage { digest: digest.to_owned(), ..PushedImage::default() };
    let containers = containers_running(&image, running);
    let text = format!(
        "container `{}` runs {}, which is no longer in the repository: a new task cannot pull it",
        containers.join("`, `"),
        names::short_digest(digest)
    );
    let event = event(place, repository, &image, &containers, true);
    PageItem { lines: vec![PageLine::painted(text, Paint::Bad)], event: Some(event) }
}

/// Returns the findings of a scan, worst first; `none` if a scan found nothing.
fn format_findings(found: &BTreeMap<String, i64>) -> String {
    const LEVELS: &[&str] = &["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"];
    let place = |level: &str| LEVELS.iter().position(|known| *known == level).unwrap_or(LEVELS.len());
    let mut counts: Vec<(&String, &i64)> = found.iter().filter(|(_, count)| **count > 0).collect();
    counts.sort_by_key(|(level, _)| place(level));
    let words: Vec<String> =
        counts.iter().map(|(level, count)| format!("{count} {}", level.to_lowercase())).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Returns the rows of images whose tags cannot be listed.
fn unlisted_page(place: &ServiceIdentity, images: &[ContainerImage]) -> Page {
    let item = |image: &ContainerImage| PageItem {
        lines: vec![PageLine::plain(format!(
            "container `{}` runs {}, which is in no private ECR repository: its tags are not listed",
            image.container_name, image.image
        ))],
        event: Some(JsonEvent::Image(events::Image {
            service: place.name.clone(),
            cluster: place.cluster.clone(),
            image: events::ListedImage::Elsewhere {
                repository: (),
                image: image.image.clone(),
                digest: image.image_digest.clone(),
            },
            runs: vec![image.container_name.clone()],
        })),
    };
    Page { items: images.iter().map(item).collect(), ..Page::default() }
}

fn event(
    place: &ServiceIdentity,
    repository: &EcrRepository,
    image: &PushedImage,
    containers: &[&str],
    gone: bool,
) -> JsonEvent {
    let listed = events::ListedImage::InRepository {
        repository: events::Repository {
            name: repository.name.clone(),
            account: repository.account.clone(),
            region: repository.region.clone(),
        },
        tags: image.tags.clone(),
        digest: image.digest.clone(),
        pushed_at: (image.pushed_at.0 > 0.0).then_some(image.pushed_at.0),
        findings: image.findings.clone(),
        gone,
    };
    JsonEvent::Image(events::Image {
        service: place.name.clone(),
        cluster: place.cluster.clone(),
        image: listed,
        runs: containers.iter().map(|container| (*container).to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::Epoch;

    fn container(image: &str, digest: Option<&str>) -> ContainerImage {
        ContainerImage {
            container_name: "app".to_owned(),
            image: image.to_owned(),
            image_digest: digest.map(str::to_owned),
        }
    }

    fn pushed(tags: &[&str], digest: &str) -> PushedImage {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        PushedImage { digest: digest.to_owned(), tags, pushed_at: Epoch(10.0), findings: None }
    }

    #[test]
    fn running_image_is_matched_by_digest_else_by_tag() {
        for (image, digest, tags, of, runs) in [
            ("a/b:v1", Some("sha256:1"), &["v1"][..], "sha256:1", true),
            ("a/b:v1", Some("sha256:1"), &["v1"], "sha256:2", false),
            ("a/b:v1", None, &["v1", "latest"], "sha256:2", true),
            ("a/b:v1", None, &["v2"], "sha256:2", false),
            ("a/b@sha256:2", None, &["v2"], "sha256:2", true),
            ("a/b:v2@sha256:1", None, &["v2"], "sha256:2", false),
            ("a/b:v2@sha256:1", None, &["v3"], "sha256:1", true),
            ("a/b", None, &["latest"], "sha256:2", true),
        ] {
            let running = [container(image, digest)];
            assert_eq!(
                !containers_running(&pushed(tags, of), &running).is_empty(),
                runs,
                "{image} {digest:?} {of}"
            );
        }
    }

    #[test]
    fn findings_are_sorted_worst_first() {
        let of = |counts: &[(&str, i64)]| {
            format_findings(&counts.iter().map(|(l, n)| ((*l).to_owned(), *n)).collect())
        };
        assert_eq!(of(&[("LOW", 3), ("CRITICAL", 1), ("HIGH", 0)]), "1 critical, 3 low");
        assert_eq!(of(&[]), "none");
        assert_eq!(of(&[("OF_TOMORROW", 1), ("UNDEFINED", 2)]), "2 undefined, 1 of_tomorrow");
    }

    #[test]
    fn images_are_grouped_by_repository() {
        let ecr = container("123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:v1", None);
        let other = container("public.ecr.aws/nginx/nginx:1", None);
        let (repositories, elsewhere) =
            group_by_repository(&[ecr.clone(), other.clone(), ecr, other.clone()]);
        assert_eq!(repositories.keys().map(|known| known.name.as_str()).collect::<Vec<_>>(), ["shop/app"]);
        assert_eq!(elsewhere, [other]);
    }
}
