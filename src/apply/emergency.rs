//! Records an emergency on the services that it changed, as no revision is registered that could have the tag.

use std::collections::BTreeMap;

use super::ApplyReporter;
use crate::aws::Aws;
use crate::plan::record::{EMERGENCY_KEY, sanitize_tag_value};

/// Tags services with the reason of an emergency. What cannot be tagged is a note: the change itself was made.
pub async fn record_emergency(services: &[&str], reason: &str, aws: &Aws, report: &dyn ApplyReporter) {
    let tags = BTreeMap::from([(EMERGENCY_KEY.to_owned(), sanitize_tag_value(reason))]);
    for arn in services.iter().filter(|arn| !arn.is_empty()) {
        if let Err(error) = aws.tag_resource(arn, &tags).await {
            report.note(&format!("failed to record the emergency on `{arn}`: {error}"));
        }
    }
}
