//! What templates look up outside the manifest: parameters, secrets, outputs of stacks, Terraform state, commands and files. Says
//! what was asked for and what the answers are. Pure; never fetches anything.

use std::fmt;

use crate::secret_store::Ciphertext;

mod failure;
pub mod location;
pub mod state;
mod table;

pub use failure::LookupFailure;
pub use table::{LookupAnswer, LookupTable, missing_secret_name};

/// The state that `tfstate` reads where none is named.
pub const DEFAULT_STATE: &str = "default";

/// The functions of templates that look something up.
pub const FUNCTIONS: &[&str] = &["ssm", "secret", "cfn_output", "cfn_export", "tfstate", "external", "file"];

/// One thing that a template asks for. What is asked for twice is fetched once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// The value of a parameter of Systems Manager.
    Parameter(String),
    /// The ARN of a secret of Secrets Manager.
    Secret(String),
    /// The outputs of a stack of CloudFormation.
    Outputs(String),
    /// All exports of CloudFormation in the region.
    Exports,
    /// What an address names in a Terraform state.
    State { state: String, address: String },
    /// What a command of the manifest prints.
    External { name: String, arguments: Vec<String> },
    /// The text of a file.
    File(String),
    /// What a ciphertext of KMS stands for: not of a template, but of a value of `environment`.
    Ciphertext(Ciphertext),
    /// The account of the caller.
    Account,
    /// The region of the calls.
    Region,
}

/// What a look-up needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupNeed {
    /// A file on this machine.
    Files,
    /// A file on this machine, or a call of AWS, depending on where the state is.
    State,
    /// A command.
    Commands,
    /// Calls of AWS.
    Aws,
}

impl Lookup {
    /// Returns what the look-up needs.
    pub fn need(&self) -> LookupNeed {
        match self {
            Lookup::File(_) => LookupNeed::Files,
            Lookup::State { .. } => LookupNeed::State,
            Lookup::External { .. } => LookupNeed::Commands,
            _ => LookupNeed::Aws,
        }
    }
}

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lookup::Parameter(name) => write!(f, "parameter `{name}`"),
            Lookup::Secret(name) => write!(f, "secret `{name}`"),
            Lookup::Outputs(stack) => write!(f, "stack `{stack}`"),
            Lookup::Exports => f.write_str("the exports of CloudFormation"),
            Lookup::State { address, .. } => write!(f, "`{address}` in the Terraform state"),
            Lookup::External { name, .. } => write!(f, "external command `{name}`"),
            Lookup::File(path) => write!(f, "file `{path}`"),
            Lookup::Ciphertext(ciphertext) => write!(f, "{ciphertext}"),
            Lookup::Account => f.write_str("the account"),
            Lookup::Region => f.write_str("the region"),
        }
    }
}
