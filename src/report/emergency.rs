//! Formats the warning that a stage is changed without approval.

/// Returns the text of the warning.
pub(super) fn emergency_text(command: &str, reason: &str) -> String {
    format!("EMERGENCY: `{command}` goes ahead without approval: {reason}")
}
