//! Calls ECR: finds images, lists tags, and reads pull-through cache rules.

use aws_sdk_ecr::types::{DescribeImagesFilter, ImageDetail, ImageIdentifier, TagStatus};

use super::error::ApiErrorKind;
use super::types::{Epoch, PushedImage};
use super::{ApiError, Aws, https_file};
use crate::image::platforms::{self, ImageManifest, Platform};
use crate::image::pull_through::PullThroughRule;
use crate::image::{EcrRepository, ImageReference};

/// The number of newest tags that a message lists.
const NEWEST_TAGS_SHOWN: usize = 5;
/// The most pages of 1,000 images that are read to find the newest tags; a hint is not worth more calls.
const MAX_PAGES_FOR_NEWEST_TAGS: usize = 5;
/// The most pages of 1,000 images that are read of a repository, because ECR lists images in no order.
const MAX_PAGES: usize = 20;

/// What ECR answered about an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageLookup {
    /// It exists, with this digest.
    Found(String),
    NoImage,
    NoRepository,
}

impl Aws {
    /// Looks an image up. By its digest alone if it has one: with both, ECR finds an image only while the tag points to it,
    /// and a task is started with the digest.
    ///
    /// # Errors
    /// The API call failed for a reason that says nothing about the image.
    pub async fn find_image(
        &self,
        repository: &EcrRepository,
        reference: &ImageReference,
    ) -> Result<ImageLookup, ApiError> {
        let id = match &reference.digest {
            Some(digest) => ImageIdentifier::builder().image_digest(digest),
            None => ImageIdentifier::builder().image_tag(reference.tag.as_deref().unwrap_or("latest")),
        };
        let request = self.ecr(&repository.region).describe_images();
        let request = request.registry_id(&repository.account).repository_name(&repository.name);
        let error = match request.image_ids(id.build()).send().await {
            Ok(answer) => {
                let digest = answer.image_details().first().and_then(ImageDetail::image_digest);
                return Ok(
                    digest.map_or(ImageLookup::NoImage, |digest| ImageLookup::Found(digest.to_owned()))
                );
            }
            Err(error) => ApiError::from_sdk("ecr:DescribeImages", error),
        };
        match (error.kind, error.code.as_deref()) {
            (_, Some("RepositoryNotFoundException")) => Ok(ImageLookup::NoRepository),
            (ApiErrorKind::NotFound, _) => Ok(ImageLookup::NoImage),
            _ => Err(error),
        }
    }

    /// Returns the platforms of an image that exists: those of its index, or the one in the config of a single manifest.
    ///
    /// # Errors
    /// A call failed, or the image has a manifest of an unknown form.
    pub async fn image_platforms(
        &self,
        repository: &EcrRepository,
        reference: &ImageReference,
    ) -> Result<Vec<Platform>, ApiError> {
        let id = match &reference.digest {
            Some(digest) => ImageIdentifier::builder().image_digest(digest),
            None => ImageIdentifier::builder().image_tag(reference.tag.as_deref().unwrap_or("latest")),
        };
        let request = self.ecr(&repository.region).batch_get_image();
        let request = request.registry_id(&repository.account).repository_name(&repository.name);
        let request = request.image_ids(id.build()).set_accepted_media_types(Some(
            platforms::MANIFEST_TYPES.iter().map(ToString::to_string).collect(),
        ));
        let sent = request.send().await;
        let answer = sent.map_err(|error| ApiError::from_sdk("ecr:BatchGetImage", error))?;
        let manifest = answer.images().first().and_then(|image| image.image_manifest()).unwrap_or_default();
        match ImageManifest::parse(manifest) {
            Some(ImageManifest::Index(platforms)) => Ok(platforms),
            Some(ImageManifest::Single { config }) => {
                Ok(vec![self.platform_in_config(repository, &config).await?])
            }
            None => Err(ApiError::unreadable("ecr:BatchGetImage")),
        }
    }

    /// Returns the platform in the config of an image, by the digest of the config.
    async fn platform_in_config(
        &self,
        repository: &EcrRepository,
        digest: &str,
    ) -> Result<Platform, ApiError> {
        const ACTION: &str = "ecr:GetDownloadUrlForLayer";
        let request = self.ecr(&repository.region).get_download_url_for_layer();
        let request = request.registry_id(&repository.account).repository_name(&repository.name);
        let sent = request.layer_digest(digest).send().await;
        let answer = sent.map_err(|error| ApiError::from_sdk(ACTION, error))?;
        let url = answer.download_url().unwrap_or_default();
        let failed = |why: String| ApiError { message: Some(why), ..ApiError::unreadable(ACTION) };
        let bytes = https_file::read_with(url, &self.machine).await.map_err(failed)?;
        platforms::of_config(&bytes).ok_or_else(|| ApiError::unreadable(ACTION))
    }

    /// Returns the pull-through cache rules of the registry of a repository.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn pull_through_rules(
        &self,
        repository: &EcrRepository,
    ) -> Result<Vec<PullThroughRule>, ApiError> {
        let mut rules = Vec::new();
        let mut token = None;
        loop {
            let request = self.ecr(&repository.region).describe_pull_through_cache_rules();
            let request = request.registry_id(&repository.account).max_results(1000).set_next_token(token);
            let sent = request.send().await;
            let answer =
                sent.map_err(|error| ApiError::from_sdk("ecr:DescribePullThroughCacheRules", error))?;
            rules.extend(answer.pull_through_cache_rules().iter().map(|rule| PullThroughRule {
                prefix: rule.ecr_repository_prefix().unwrap_or_default().to_owned(),
                upstream: rule.upstream_registry_url().unwrap_or_default().to_owned(),
            }));
            token = answer.next_token;
            if token.is_none() {
                return Ok(rules);
            }
        }
    }

    /// Returns the newest tags of a repository, which are only for a hint; `None` if they cannot be read.
    pub async fn newest_tags(&self, repository: &EcrRepository) -> Option<Vec<String>> {
        let client = self.ecr(&repository.region);
        let filter = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let mut images: Vec<ImageDetail> = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES_FOR_NEWEST_TAGS {
            let request =
                client.describe_images().registry_id(&repository.account).repository_name(&repository.name);
            let request = request.filter(filter.clone()).max_results(1000).set_next_token(token);
            let answer = request.send().await.ok()?;
            images.extend(answer.image_details.unwrap_or_default());
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        images.sort_by_key(|image| std::cmp::Reverse(image.image_pushed_at().map(|time| time.secs())));
        let tags = images.iter().flat_map(|image| image.image_tags().iter().cloned());
        Some(tags.take(NEWEST_TAGS_SHOWN).collect())
    }

    /// Returns the tagged images of a repository, newest first, and whether the list is complete.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn pushed_images(
        &self,
        repository: &EcrRepository,
    ) -> Result<(Vec<PushedImage>, bool), ApiError> {
        let client = self.ecr(&repository.region);
        let filter = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let mut images: Vec<PushedImage> = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let request =
                client.describe_images().registry_id(&repository.account).repository_name(&repository.name);
            let request = request.filter(filter.clone()).max_results(1000).set_next_token(token);
            let sent = request.send().await;
            let answer = sent.map_err(|error| ApiError::from_sdk("ecr:DescribeImages", error))?;
            images.extend(answer.image_details().iter().map(pushed_image_from));
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        images.sort_by(|a, b| b.pushed_at.0.total_cmp(&a.pushed_at.0));
        Ok((images, token.is_none()))
    }

    /// Returns the image of a repository with a digest, tagged or not, or `None` if it no longer exists.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn image_by_digest(
        &self,
        repository: &EcrRepository,
        digest: &str,
    ) -> Result<Option<PushedImage>, ApiError> {
        let request = self.ecr(&repository.region).describe_images();
        let request = request.registry_id(&repository.account).repository_name(&repository.name);
        let id = ImageIdentifier::builder().image_digest(digest).build();
        match request
            .image_ids(id)
            .send()
            .await
            .map_err(|error| ApiError::from_sdk("ecr:DescribeImages", error))
        {
            Ok(answer) => Ok(answer.image_details().first().map(pushed_image_from)),
            Err(error) if error.code.as_deref() == Some("ImageNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Converts an image of the SDK.
fn pushed_image_from(image: &ImageDetail) -> PushedImage {
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
