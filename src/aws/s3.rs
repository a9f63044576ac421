//! Reads objects of S3, in the region of their bucket. Never writes one.

use std::time::Duration;

use super::error::ApiErrorKind;
use super::signed_call::{RawAnswer, ServiceName, SignedClient, percent_encoded};
use super::{ApiError, Aws};
use crate::error::Failure;
use crate::retry::Policy;

const SERVICE: ServiceName = ServiceName { signing: "s3", id: "S3", target: "", content_type: "" };
/// The limit for one attempt: 50 MB in a slow network.
const TIMEOUT: Duration = Duration::from_mins(1);
const OPERATION: &str = "GetObject";

impl Aws {
    /// Returns an object. Where the bucket is in another region than that of the run, S3 names it, and the object is read there.
    ///
    /// # Errors
    /// There is no such object, or the call failed.
    pub async fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Failure> {
        let client = self.object_client(&self.region)?;
        let answer = client.get(OPERATION, &object_address(&client, bucket, key), TIMEOUT).await;
        let answer = answer.map_err(|error| error.error)?;
        let home = answer.bucket_region.as_ref().filter(|home| answer.status != 200 && **home != self.region);
        let Some(home) = home else { return bytes_of(answer) };
        let client = self.object_client(home)?;
        let answer = client.get(OPERATION, &object_address(&client, bucket, key), TIMEOUT).await;
        bytes_of(answer.map_err(|error| error.error)?)
    }

    /// Returns whether an object exists.
    ///
    /// # Errors
    /// It may not be read, or the call failed. S3 also answers so for a missing object where its bucket may not be listed.
    pub async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, ApiError> {
        let action = "s3:GetObject";
        let unusable =
            |failure: Failure| ApiError { message: Some(failure.one_line()), ..ApiError::unreadable(action) };
        let client = self.object_client(&self.region).map_err(unusable)?;
        let answer = client.head("HeadObject", &object_address(&client, bucket, key)).await;
        let answer = answer.map_err(|error| error.error)?;
        let home = answer.bucket_region.as_ref().filter(|home| answer.status != 200 && **home != self.region);
        let answer = match home {
            None => answer,
            Some(home) => {
                let client = self.object_client(home).map_err(unusable)?;
                let answer = client.head("HeadObject", &object_address(&client, bucket, key)).await;
                answer.map_err(|error| error.error)?
            }
        };
        match answer.status {
            200 => Ok(true),
            404 => Ok(false),
            403 => Err(ApiError { kind: ApiErrorKind::Denied, ..ApiError::unreadable(action) }),
            status => {
                Err(ApiError { message: Some(format!("HTTP {status}")), ..ApiError::unreadable(action) })
            }
        }
    }

    fn object_client(&self, region: &str) -> Result<SignedClient, Failure> {
        Ok(self.signed_client_in(SERVICE, region)?.with_attempts(Policy::CALL))
    }
}

/// Returns the address of an object in path style, which every bucket and every other implementation of S3 takes.
fn object_address(client: &SignedClient, bucket: &str, key: &str) -> String {
    format!("{}{}/{}", client.address(), percent_encoded(bucket, ""), percent_encoded(key, "/"))
}

fn bytes_of(answer: RawAnswer) -> Result<Vec<u8>, Failure> {
    if answer.status == 200 {
        return Ok(answer.bytes);
    }
    let message = Some(format!("HTTP {}", answer.status));
    Err(ApiError { message, request_id: answer.request_id, ..ApiError::unreadable("s3:GetObject") }.into())
}
