//! Shows a long answer in a pager on a terminal, as `git` and `gh` do. Piped output is the text itself.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// Quits if the text fits the screen, shows colours, and leaves the text on the screen.
const LESS_FLAGS: &str = "FRX";

/// The pager of a run.
#[derive(Clone, Debug)]
pub(super) struct Pager {
    command: String,
    set_less_flags: bool,
}

impl Pager {
    /// Returns the pager that the environment names: `ECSAIL_PAGER`, else `PAGER`, else `less`. `None` for `cat` and an
    /// empty value of `ECSAIL_PAGER`.
    pub(super) fn from_environment(environment: &BTreeMap<String, String>) -> Option<Pager> {
        let own = environment.get("ECSAIL_PAGER");
        let general = environment.get("PAGER").filter(|value| !value.is_empty());
        let command = own.or(general).cloned().unwrap_or_else(|| "less".to_owned());
        let is_off = command.trim().is_empty() || command.trim() == "cat";
        (!is_off).then(|| Pager { command, set_less_flags: !environment.contains_key("LESS") })
    }

    /// Shows a text and returns whether that was possible.
    pub(super) fn show(&self, text: &str) -> bool {
        // The variable is a command line for the shell, by convention.
        let mut command = Command::new("sh");
        command.args(["-c", &self.command]).stdin(Stdio::piped());
        if self.set_less_flags {
            command.env("LESS", LESS_FLAGS);
        }
        let Ok(mut child) = command.spawn() else { return false };
        if let Some(mut input) = child.stdin.take() {
            // A pager that was quit early reads no more.
            let _ = input.write_all(text.as_bytes()).and_then(|()| input.write_all(b"\n"));
        }
        // The shell's codes for a command that does not exist or cannot be run.
        child.wait().is_ok_and(|status| !matches!(status.code(), Some(126 | 127)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(variables: &[(&str, &str)]) -> Option<String> {
        let environment =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Pager::from_environment(&environment).map(|pager| pager.command)
    }

    #[test]
    fn the_pager_is_that_of_the_environment() {
        assert_eq!(pager(&[]).as_deref(), Some("less"));
        assert_eq!(pager(&[("PAGER", "more")]).as_deref(), Some("more"));
        assert_eq!(pager(&[("PAGER", "more"), ("ECSAIL_PAGER", "bat")]).as_deref(), Some("bat"));
        assert_eq!(pager(&[("PAGER", "cat")]), None);
        assert_eq!(pager(&[("ECSAIL_PAGER", "")]), None);
    }
}
