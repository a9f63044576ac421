//! Owns calls to ECR: whether an image is there, before anything changes.

use aws_sdk_ecr::types::{DescribeImagesFilter, ImageDetail, ImageIdentifier, TagStatus};

use super::error::Meaning;
use super::types::ImageState;
use super::{ApiError, Aws};
use crate::manifest::image::{EcrRepository, Reference};

/// How many of the newest tags a message names.
const NEWEST: usize = 5;
/// How many pages of 1,000 images are read to find them; a hint is not worth more.
const PAGES: usize = 5;

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
}
