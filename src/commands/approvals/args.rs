//! The arguments about approvals, and where the tokens come from: never from an argument, which others on the machine can read.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use crate::approval::ApprovalToken;
use crate::error::{Failure, Result};
use crate::settings::Settings;
use crate::text_file;

/// The variables with tokens, which are separated by white space.
const VARIABLES: &[&str] = &["ECSAIL_APPROVAL", "ECSAIL_APPROVALS"];
/// The longest reason of an emergency, in characters: the value of a tag.
const LONGEST_REASON: usize = 200;

/// The arguments of a command that needs approvals.
#[derive(Clone, Debug, Default, Args)]
pub struct ApprovalArgs {
    /// Read approvals of a protected stage from a file, or with `-` from standard input; repeatable [default: `ECSAIL_APPROVAL`]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    approval_file: Vec<PathBuf>,
}

/// The arguments of a command that needs approvals and has no plan file.
#[derive(Clone, Debug, Default, Args)]
pub struct ChangeApprovalArgs {
    #[command(flatten)]
    pub approvals: ApprovalArgs,
    /// Write what needs approval to a file for `ecsail approve`, and change nothing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "approval_file")]
    pub request_approval: Option<PathBuf>,
    #[command(flatten)]
    pub emergency: EmergencyArgs,
}

/// The argument that goes past approvals.
#[derive(Clone, Debug, Default, Args)]
pub struct EmergencyArgs {
    /// Change a protected stage without approval; the reason is recorded
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    pub emergency: Option<String>,
}

/// Parses the reason of an emergency.
///
/// # Errors
/// It is empty, or too long for a tag.
pub fn parse_reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a reason is needed".to_owned());
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(format!("it is longer than {LONGEST_REASON} characters"));
    }
    Ok(text.to_owned())
}

impl ApprovalArgs {
    /// Returns whether tokens are read from standard input.
    pub fn reads_stdin(&self) -> bool {
        self.approval_file.iter().any(|path| path == Path::new("-"))
    }

    /// Returns the tokens that were given.
    ///
    /// # Errors
    /// A file cannot be read, or a text is no token.
    pub fn tokens(&self, settings: &Settings) -> Result<Vec<ApprovalToken>> {
        let mut tokens = Vec::new();
        for path in &self.approval_file {
            let place = format!("`{}`", path.display());
            let text = read(path).map_err(|error| {
                Failure::usage(format!("failed to read approval {place}")).with_cause(error)
            })?;
            let read = parse_all(&text, &place)?;
            if read.is_empty() {
                return Err(Failure::usage(format!("{place} has no approval")).with_hint(hint()));
            }
            tokens.extend(read);
        }
        for name in VARIABLES {
            let text = settings.process_variable(name).unwrap_or_default();
            tokens.extend(parse_all(text, &format!("variable `{name}`"))?);
        }
        Ok(tokens)
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    /// More than any number of tokens.
    const MOST: u64 = 1024 * 1024;
    if path != Path::new("-") {
        return text_file::read(path).map_err(std::io::Error::other);
    }
    let mut text = String::new();
    std::io::stdin().lock().take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

fn parse_all(text: &str, place: &str) -> Result<Vec<ApprovalToken>> {
    let parse = |word: &str| {
        let no_token = || Failure::usage(format!("{place} has a text that is no approval")).with_hint(hint());
        ApprovalToken::parse(word).ok_or_else(no_token)
    };
    text.split_whitespace().map(parse).collect()
}

fn hint() -> String {
    "give what `ecsail approve FILE` printed, unchanged".to_owned()
}
