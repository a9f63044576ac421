//! The commands that people of other tools look for under another name.

/// Other names, each with the command to use and what to know about it.
const SYNONYMS: &[(&[&str], &str)] = &[
    (&["diff", "preview", "changes"], "`ecsail plan`"),
    (&["validate", "lint", "test"], "`ecsail check`"),
    (&["up", "push", "release", "update", "ship", "create"], "`ecsail deploy`"),
    (&["ps", "task", "containers"], "`ecsail tasks`"),
    (&["ssh", "sh", "bash", "shell", "console", "attach"], "`ecsail exec`"),
    (&["releases", "deployments", "log-deployments"], "`ecsail history`"),
    (&["undo", "revert", "back"], "`ecsail rollback`"),
    (&["diagnose", "reason", "failure"], "`ecsail why`"),
    (&["abort"], "`ecsail cancel`"),
    (&["resume"], "`ecsail continue`"),
    (&["reload", "redeploy", "refresh"], "`ecsail restart`"),
    (&["log", "tail"], "`ecsail logs`"),
    (&["list", "ls", "get", "describe", "show", "events", "info", "services"], "`ecsail status`"),
    (&["watch", "follow"], "`ecsail wait`"),
    (&["tags"], "`ecsail images`"),
    (&["versions", "definitions"], "`ecsail revisions`"),
    (&["deregister", "cleanup", "clean", "gc"], "`ecsail prune`"),
    (&["kill"], "`ecsail stop-task`"),
    (
        &["stop", "down"],
        "`ecsail scale NAME --desired 0` for a service, or `ecsail stop-task` for single tasks",
    ),
    (&["schedules", "cron", "jobs"], "`ecsail schedule`"),
    (&["job", "start", "run-task", "once"], "`ecsail run`"),
    (&["migrate", "convert", "move"], "`ecsail import`"),
    (&["config", "template", "generate"], "`ecsail render`"),
    (&["doc", "manual", "guide"], "`ecsail docs`"),
    (&["version"], "`ecsail --version`"),
    (&["completion"], "`ecsail completions`"),
    (&["destroy", "remove", "rm", "terminate"], "`ecsail delete`"),
];

/// Returns what to use in place of an unknown command.
pub fn replacement(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    SYNONYMS.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, command)| *command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn no_synonym_hides_a_command_or_stands_twice() {
        let program = Cli::command();
        let mut words: Vec<&str> = SYNONYMS.iter().flat_map(|(words, _)| words.iter().copied()).collect();
        assert!(words.iter().all(|word| program.find_subcommand(word).is_none()));
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn what_destroys_is_never_taken_for_a_deploy() {
        for word in ["destroy", "Remove", "rm", "down"] {
            assert!(!replacement(word).expect("it is known").contains("deploy"), "{word}");
        }
    }
}
