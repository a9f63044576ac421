//! The tools whose files can be imported.

use super::session::Session;
use crate::error::Result;

/// A tool: how its files are recognised, and what imports them.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// The word on the command line.
    pub name: &'static str,
    /// What a file of it is, such as `ecspresso configuration`.
    pub file: &'static str,
    /// Whether a file belongs to it, by its content.
    pub recognises: fn(&FoundFile) -> bool,
    /// Adds what the files say to a session.
    pub import: fn(&mut Session<'_>, &ToolInput<'_>) -> Result<()>,
}

/// A file that was found, or named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Relative to the working folder, with `/`.
    pub path: String,
    pub text: String,
}

/// What a tool imports.
#[derive(Clone, Copy, Debug)]
pub struct ToolInput<'a> {
    /// Its files.
    pub files: &'a [FoundFile],
    /// The words behind `--` of the command line.
    pub words: &'a [String],
}

/// All tools, in the order in which files are tried: a definition that another file names is no file of its own.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "ecspresso",
        file: "ecspresso configuration",
        recognises: super::ecspresso::recognises,
        import: super::ecspresso::import,
    },
    Tool {
        name: "ecschedule",
        file: "ecschedule configuration",
        recognises: super::ecschedule::recognises,
        import: super::ecschedule::import,
    },
    Tool {
        name: "genova",
        file: "genova configuration",
        recognises: super::genova::recognises,
        import: super::genova::import,
    },
    Tool {
        name: "github-workflow",
        file: "GitHub workflow",
        recognises: super::github_workflow::recognises,
        import: super::github_workflow::import,
    },
    Tool {
        name: "ecs-cli",
        file: "ecs-cli parameters",
        recognises: super::ecs_cli::recognises,
        import: super::ecs_cli::import,
    },
    Tool {
        name: "compose",
        file: "Compose file",
        recognises: super::compose::recognises,
        import: super::compose::import,
    },
    Tool {
        name: "copilot",
        file: "Copilot manifest",
        recognises: super::copilot::recognises,
        import: super::copilot::import,
    },
    Tool {
        name: "ecs-deployer",
        file: "definition of ecs_deployer",
        recognises: super::ecs_deployer::recognises,
        import: super::ecs_deployer::import,
    },
    Tool {
        name: "fabfuel",
        file: "command line of fabfuel/ecs-deploy",
        recognises: super::fabfuel::recognises,
        import: super::fabfuel::import,
    },
    Tool {
        name: "definitions",
        file: "definition file",
        recognises: super::definitions::recognises,
        import: super::definitions::import,
    },
];

/// Returns the tool of a name.
pub fn tool(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Returns the tool that a file belongs to.
pub fn recognise(file: &FoundFile) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| (tool.recognises)(file))
}
