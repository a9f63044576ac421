//! Owns calls to ECR: whether an image is there, before anything changes.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecr::types::{DescribeImagesFilter, ImageDetail, ImageIdentifier, TagStatus};
use futures_util::future::try_join_all;

use super::error::Meaning;
use super::types::{Epoch, ImageState, PushedImage};
use super::{ApiError, Aws};
use crate::image::{EcrRepository, Reference};

/// How many of the newest tags a message names.
const NEWEST: usize = 5;
/// How many pages of 1,000 images are read to find them; a hint is not worth more.
const PAGES: usize = 5;
/// How many pages of 1,000 images are read of a repository at the most: ECR lists them in no order.
const ALL_PAGES: usize = 20;

impl Aws {
    /// Returns what is known of an image; one outside private ECR is not looked for.
    ///
    /// A missing permission leaves it unchecked: whoever deploys need not be able to read another account's registry.
    ///
    /// # Errors
    /// Those of the API that say nothing about the image: no credentials, no connection.
    pub async fn image(&self, reference: &Reference) -> Result<ImageState, ApiError> {
        let Some(repository) = reference.ecr() else {
            return Ok(ImageState::Unchecked("not in a private ECR registry".to_owned()));
        };
        let id = ImageIdentifier::builder()
            .set_image_tag(
                reference.tag.clone().or_else(|| reference.digest.is_none().then(|| "latest".to_owned())),
            )
            .set_image_digest(reference.digest.clone())
            .build();
        let request = self.ecr(&repository.region).describe_images();
        let request =
            request.registry_id(&repository.account).repository_name(&repository.name).image_ids(id);
        let error = match request.send().await {
            Ok(answer) => {
                let digest = answer.image_details().first().and_then(ImageDetail::image_digest);
                return Ok(match digest {
                    Some(digest) => ImageState::Found { digest: digest.to_owned() },
                    None => ImageState::Missing { newest: self.newest_tags(&repository).await },
                });
            }
            Err(error) => ApiError::new("ecr:DescribeImages", error),
        };
        match (error.meaning, error.code.as_deref()) {
            (_, Some("RepositoryNotFoundException")) => Ok(ImageState::NoRepository),
            (Meaning::NotFound, _) => Ok(ImageState::Missing { newest: self.newest_tags(&repository).await }),
            (Meaning::Denied, _) => {
                Ok(ImageState::Unchecked("`ecr:DescribeImages` is not permitted".to_owned()))
            }
            _ => Err(error),
        }
    }

    /// Returns what is known of each image, by reference.
    ///
    /// # Errors
    /// As [`Aws::image`].
    pub async fn images(
        &self,
        references: &BTreeSet<Reference>,
    ) -> Result<BTreeMap<String, ImageState>, ApiError> {
        let calls = references.iter().map(|reference| async move {
            let state = self.image(reference).await?;
            Ok::<_, ApiError>((reference.to_string(), state))
        });
        Ok(try_join_all(calls).await?.into_iter().collect())
    }

    /// Returns the newest tags of a repository; none where they cannot be read, since they only help a message.
    async fn newest_tags(&self, repository: &EcrRepository) -> Vec<String> {
        let client = self.ecr(&repository.region);
        let filter = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let mut images: Vec<ImageDetail> = Vec::new();
        let mut token = None;
        for _ in 0..PAGES {
            let request =
                client.describe_images().registry_id(&repository.account).repository_name(&repository.name);
            let request = request.filter(filter.clone()).max_results(1000).set_next_token(token);
            let Ok(answer) = request.send().await else { break };
            images.extend(answer.image_details.unwrap_or_default());
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        images.sort_by_key(|image| std::cmp::Reverse(image.image_pushed_at().map(|time| time.secs())));
        images.iter().flat_map(|image| image.image_tags().iter().cloned()).take(NEWEST).collect()
    }

    /// Returns the tagged images of a repository, the newest first, and whether these are all.
    ///
    /// # Errors
    /// The API's.
    pub async fn pushed_images(
        &self,
        repository: &EcrRepository,
    ) -> Result<(Vec<PushedImage>, bool), ApiError> {
        let client = self.ecr(&repository.region);
        let filter = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let mut images: Vec<PushedImage> = Vec::new();
        let mut token = None;
        for _ in 0..ALL_PAGES {
            let request =
                client.describe_images().registry_id(&repository.account).repository_name(&repository.name);
            let request = request.filter(filter.clone()).max_results(1000).set_next_token(token);
            let sent = request.send().await;
            let answer = sent.map_err(|error| ApiError::new("ecr:DescribeImages", error))?;
            images.extend(answer.image_details().iter().map(pushed));
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        images.sort_by(|a, b| b.pushed_at.0.total_cmp(&a.pushed_at.0));
        Ok((images, token.is_none()))
    }

    /// Returns the image of a repository under a digest, whether it has a tag or not; nothing where it is gone.
    ///
    /// # Errors
    /// The API's.
    pub async fn image_by_digest(
        &self,
        repository: &EcrRepository,
        digest: &str,
    ) -> Result<Option<PushedImage>, ApiError> {
        let request = self.ecr(&repository.region).describe_images();
        let request = request.registry_id(&repository.account).repository_name(&repository.name);
        let id = ImageIdentifier::builder().image_digest(digest).build();
        match request.image_ids(id).send().await.map_err(|error| ApiError::new("ecr:DescribeImages", error)) {
            Ok(answer) => Ok(answer.image_details().first().map(pushed)),
            Err(error) if error.code.as_deref() == Some("ImageNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Returns our view of an image.
fn pushed(image: &ImageDetail) -> PushedImage {
    let counts = image.image_scan_findings_summary().and_then(|found| found.finding_severity_counts());
    let completed = image.image_scan_findings_summary().is_some();
    let findings =
        || counts.into_iter().flatten().map(|(level, count)| (level.as_str().to_owned(), i64::from(*count)));
    PushedImage {
        digest: image.image_digest().unwrap_or_default().to_owned(),
        tags: image.image_tags().to_vec(),
        pushed_at: Epoch(image.image_pushed_at().map_or(0.0, |time| time.as_secs_f64())),
        findings: completed.then(|| findings().collect()),
    }
}
