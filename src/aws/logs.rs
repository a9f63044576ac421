//! Owns calls to CloudWatch Logs: the lines that containers have written.

use super::{ApiError, Aws};

impl Aws {
    /// Returns the last lines of a log stream, oldest first; `region` is the log's own where it is another.
    ///
    /// # Errors
    /// The API's; [`super::error::Meaning::NotFound`] where there is no such group or stream.
    pub async fn last_log_lines(
        &self,
        region: Option<&str>,
        group: &str,
        stream: &str,
        number: i32,
    ) -> Result<Vec<String>, ApiError> {
        let client = self.logs(region.unwrap_or(&self.region));
        let request = client.get_log_events().log_group_name(group).log_stream_name(stream);
        let sent = request.limit(number).start_from_head(false).send().await;
        let answer = sent.map_err(|error| ApiError::new("logs:GetLogEvents", error))?;
        Ok(answer.events().iter().filter_map(|event| event.message().map(str::to_owned)).collect())
    }
}
