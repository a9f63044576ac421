//! The command lines of fabfuel/ecs-deploy, as far as its parser decides: words, flags, and their values. Pure.
//!
//! The source is `ecs_deploy/cli.py` of fabfuel/ecs-deploy 1.17.

use crate::error::{Failure, Result};

/// A flag: its names, and how many values it takes.
struct Flag {
    names: &'static [&'static str],
    values: usize,
}

const fn flag(names: &'static [&'static str], values: usize) -> Flag {
    Flag { names, values }
}

/// All flags of all commands. The first name is the one in messages.
const FLAGS: &[Flag] = &[
    flag(&["--tag", "-t"], 1),
    flag(&["--image", "-i"], 2),
    flag(&["--command", "-c"], 2),
    flag(&["--health-check", "-h"], 6),
    flag(&["--cpu"], 2),
    flag(&["--memory"], 2),
    flag(&["--memoryreservation"], 2),
    flag(&["--task-cpu"], 1),
    flag(&["--task-memory"], 1),
    flag(&["--privileged"], 2),
    flag(&["--essential"], 2),
    flag(&["--runtime-platform"], 2),
    flag(&["--env", "-e"], 3),
    flag(&["--env-file"], 2),
    flag(&["--secret", "-s"], 3),
    flag(&["--secrets-env-file", "--secret-env-file"], 2),
    flag(&["--s3-env-file"], 2),
    flag(&["--docker-label", "-d"], 3),
    flag(&["--ulimit", "-u"], 4),
    flag(&["--system-control"], 3),
    flag(&["--port", "-p"], 3),
    flag(&["--mount", "-m"], 3),
    flag(&["--volume"], 2),
    flag(&["--log", "-l"], 4),
    flag(&["--role", "-r"], 1),
    flag(&["--execution-role", "-x"], 1),
    flag(&["--add-container"], 1),
    flag(&["--remove-container"], 1),
    flag(&["--exclusive-env"], 0),
    flag(&["--exclusive-secrets"], 0),
    flag(&["--exclusive-docker-labels"], 0),
    flag(&["--exclusive-s3-env-file"], 0),
    flag(&["--exclusive-ulimits"], 0),
    flag(&["--exclusive-system-controls"], 0),
    flag(&["--exclusive-ports"], 0),
    flag(&["--exclusive-mounts"], 0),
    flag(&["--task"], 1),
    flag(&["--timeout"], 1),
    flag(&["--sleep-time"], 1),
    flag(&["--ignore-warnings"], 0),
    flag(&["--deregister"], 0),
    flag(&["--no-deregister"], 0),
    flag(&["--rollback"], 0),
    flag(&["--no-rollback"], 0),
    flag(&["--force-new-deployment"], 0),
    flag(&["--diff"], 0),
    flag(&["--no-diff"], 0),
    flag(&["--region"], 1),
    flag(&["--profile"], 1),
    flag(&["--access-key-id"], 1),
    flag(&["--secret-access-key"], 1),
    flag(&["--account"], 1),
    flag(&["--assume-role"], 1),
    flag(&["--slack-url"], 1),
    flag(&["--slack-service-match"], 1),
    flag(&["--newrelic-apikey"], 1),
    flag(&["--newrelic-appid"], 1),
    flag(&["--newrelic-region"], 1),
    flag(&["--newrelic-revision"], 1),
    flag(&["--comment"], 1),
    flag(&["--user"], 1),
    flag(&["--launchtype"], 1),
    flag(&["--subnet"], 1),
    flag(&["--securitygroup"], 1),
    flag(&["--public-ip"], 0),
    flag(&["--platform-version"], 1),
];

/// A flag that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenFlag {
    /// The long name.
    pub(super) name: &'static str,
    pub(super) values: Vec<String>,
}

/// A command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CommandLine {
    pub(super) verb: String,
    pub(super) arguments: Vec<String>,
    pub(super) flags: Vec<GivenFlag>,
}

impl CommandLine {
    /// Parses the words of a command line; the name of the program may be there or not.
    ///
    /// # Errors
    /// There is no verb, or a flag is unknown or has too few values.
    pub(super) fn parse(words: &[String]) -> Result<CommandLine> {
        let mut words = words.iter().map(String::as_str).peekable();
        if words.peek().is_some_and(|first| *first == "ecs" || first.ends_with("/ecs")) {
            words.next();
        }
        let mut line = CommandLine::default();
        while let Some(word) = words.next() {
            if !word.starts_with('-') || word.parse::<i64>().is_ok() {
                if line.verb.is_empty() {
                    line.verb = word.to_owned();
                } else {
                    line.arguments.push(word.to_owned());
                }
                continue;
            }
            let (name, mut values) = match word.split_once('=').filter(|(name, _)| name.starts_with("--")) {
                Some((name, value)) => (name, vec![value.to_owned()]),
                None => (word, Vec::new()),
            };
            let flag = FLAGS.iter().find(|flag| flag.names.contains(&name));
            let flag = flag.ok_or_else(|| {
                Failure::usage(format!("fabfuel/ecs-deploy has no flag `{name}`"))
                    .with_hint("write the command line behind `--` as the pipeline has it".to_owned())
            })?;
            while values.len() < flag.values {
                let value = words.next().ok_or_else(|| {
                    Failure::usage(format!("`{name}` of fabfuel/ecs-deploy takes {} values", flag.values))
                })?;
                values.push(value.to_owned());
            }
            line.flags.push(GivenFlag { name: flag.names[0], values });
        }
        if line.verb.is_empty() {
            return Err(Failure::usage("the command line of fabfuel/ecs-deploy is empty".to_owned())
                .with_hint(
                    "write it behind `--`: `ecsail import fabfuel -- ecs deploy CLUSTER SERVICE --tag TAG`"
                        .to_owned(),
                ));
        }
        Ok(line)
    }

    /// Returns the first value of a flag.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|flag| flag.name == name)?.values.first().map(String::as_str)
    }

    /// Returns the first values of a flag that may be repeated.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        self.flags
            .iter()
            .filter(|flag| flag.name == name)
            .filter_map(|flag| flag.values.first().cloned())
            .collect()
    }

    /// Returns whether a flag is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<CommandLine> {
        CommandLine::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_have_as_many_values_as_they_take() {
        let line = parse("ecs deploy main web -t 1.2 -e app A b --env=app B c --timeout -1 --no-deregister")
            .expect("valid");
        assert_eq!(
            (line.verb.as_str(), line.arguments.as_slice()),
            ("deploy", &["main".to_owned(), "web".to_owned()][..])
        );
        let flags: Vec<String> =
            line.flags.iter().map(|flag| format!("{} {}", flag.name, flag.values.join(" "))).collect();
        assert_eq!(
            flags,
            ["--tag 1.2", "--env app A b", "--env app B c", "--timeout -1", "--no-deregister "]
        );
    }

    #[test]
    fn mistakes_are_errors() {
        assert!(parse("ecs deploy main web --nope").is_err());
        assert!(parse("ecs deploy main web -e app A").is_err());
        assert!(parse("ecs").is_err());
    }
}
