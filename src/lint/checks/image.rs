//! The table of checks, in part. Checks of the images of a manifest. No logic.

use crate::document::problem::Severity::Warning;
use crate::lint::{Check, CheckFunction};

pub(super) const IMAGE: &[Check] = &[Check {
    id: "unused-image",
    severity: Warning,
    title: "Every image of the manifest is used by a definition",
    reason: "The tag that `--tag` gives an image reaches only definitions that use it as `{{ image.NAME }}`. `ecsail check` without `--stage` and without names finds an image that no definition of any stage uses.",
    source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (image)",
    function: CheckFunction::Manifest,
}];
