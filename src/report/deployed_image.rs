//! The image of a container that was deployed, as events have it.

use crate::aws::types::ContainerImage;
use crate::events::service::DeployedImage;

/// Returns an image as events have it.
pub fn deployed_image(image: &ContainerImage) -> DeployedImage {
    DeployedImage {
        container: image.container_name.clone(),
        image: image.image.clone(),
        digest: image.image_digest.clone(),
    }
}
