//! STUB
use serde::Serialize;
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    pub group: String,
    pub stream: String,
    pub lines: Vec<String>,
    pub note: Option<String>,
}
pub fn masked_line(line: &str, _: &[String]) -> String {
    line.to_owned()
}
pub fn secrets_of(_: &serde_json::Value) -> Vec<String> {
    Vec::new()
}
