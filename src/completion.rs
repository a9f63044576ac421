//! Completes the names of services, schedules, tasks, stages and clusters in a shell.
//! The shell's completion script runs the program with [`VARIABLE`] set and the words of the line so far. Names come
//! from the text of the manifest and from the cache of names. Never calls AWS, so that a completion is immediate; what
//! cannot be read is left out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};

use crate::manifest::load::{self, ManifestKeys};
use crate::names_cache::NamesCache;
use crate::settings::Settings;
use crate::{file_limits, report, shell};

/// The environment variable that selects the shell to complete for.
const VARIABLE: &str = "ECSAIL_COMPLETE";

/// Prints the candidates and ends the process if a shell runs the program to complete a line; otherwise returns.
pub fn complete_and_exit(program: fn() -> Command) {
    if std::env::var_os(VARIABLE).is_some() {
        file_limits::on_exceeded(|_| std::process::exit(1));
        CompleteEnv::with_factory(|| command(program)).var(VARIABLE).bin("ecsail").complete();
    }
}

/// Returns the command to complete. Flags are offered only if the current word begins with `-`, or if nothing else
/// fits.
fn command(program: fn() -> Command) -> Command {
    let words: Vec<String> = std::env::args_os().filter_map(|word| word.into_string().ok()).collect();
    let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse::<usize>().ok());
    let line = words.iter().skip_while(|word| *word != "--").skip(1);
    let word = match index {
        Some(index) => line.clone().nth(index),
        None => line.last(),
    };
    if word.is_some_and(|word| word.starts_with('-')) {
        program()
    } else {
        without_flags(program()).disable_version_flag(true)
    }
}

fn without_flags(command: Command) -> Command {
    let hidden = |arg: Arg| if arg.is_positional() { arg } else { arg.hide(true) };
    let part = |part: Command| without_flags(part).disable_help_subcommand(true);
    command.disable_help_flag(true).mut_args(hidden).mut_subcommands(part)
}

/// Returns the completion script of a shell, or `None` if the shell is not supported.
pub fn script(shell: &str) -> Option<String> {
    let shells = Shells::builtins();
    let completer = shells.completer(shell)?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "ecsail", "ecsail", "ecsail", &mut script).ok()?;
    String::from_utf8(script).ok()
}

/// Completes names of services.
pub fn services() -> ArgValueCandidates {
    ArgValueCandidates::new(|| CompletionContext::read().services())
}

/// Completes names of services and keys of schedules.
pub fn targets() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let context = CompletionContext::read();
        context.services().into_iter().chain(context.schedules()).collect()
    })
}

/// Completes keys of schedules.
pub fn schedules() -> ArgValueCandidates {
    ArgValueCandidates::new(|| CompletionContext::read().schedules())
}

/// Completes image tags that `images` has shown.
pub fn tags() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let tags = CompletionContext::read().cache.tags();
        tags.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// Completes the ids of the linter's rules.
pub fn rules() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let rule =
            |rule: &crate::lint::Check| CompletionCandidate::new(rule.id).help(Some(rule.title.into()));
        crate::lint::checks::all_checks().map(rule).collect()
    })
}

/// Completes the scenarios of the sandbox.
#[cfg(feature = "sandbox")]
pub fn scenarios() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let scenarios = ecsail_sandbox::scenarios().iter();
        scenarios.map(|known| CompletionCandidate::new(known.name).help(Some(known.summary.into()))).collect()
    })
}

/// Completes topics of the documentation.
pub fn topics() -> ArgValueCandidates {
    ArgValueCandidates::new(|| crate::book::topics().map(CompletionCandidate::new).collect())
}

/// Completes keys of tasks.
pub fn tasks() -> ArgValueCandidates {
    ArgValueCandidates::new(|| CompletionContext::read().tasks())
}

/// Completes names of stages.
pub fn stages() -> ArgValueCandidates {
    ArgValueCandidates::new(|| CompletionContext::read().stages())
}

/// Completes names of clusters.
pub fn clusters() -> ArgValueCandidates {
    ArgValueCandidates::new(|| CompletionContext::read().clusters())
}

/// The settings and the cached names that a command line is completed with.
struct CompletionContext {
    settings: Settings,
    cache: NamesCache,
}

impl CompletionContext {
    /// Reads the arguments and the environment of this process.
    fn read() -> CompletionContext {
        let words: Vec<String> = std::env::args_os().filter_map(|word| word.into_string().ok()).collect();
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        CompletionContext::from_words(&words, environment)
    }

    fn from_words(words: &[String], environment: BTreeMap<String, String>) -> CompletionContext {
        let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        let manifest = flag_value(words, &["-f", "--manifest"]).or_else(|| variable("ECSAIL_MANIFEST"));
        let settings = Settings {
            manifest: manifest.map(PathBuf::from),
            stage: flag_value(words, &["--stage"]).or_else(|| variable("ECSAIL_STAGE")),
            cluster: flag_value(words, &["--cluster"]),
            ..Settings::default()
        };
        CompletionContext {
            settings: Settings { environment: environment.clone(), ..settings },
            cache: NamesCache::from_environment(&environment),
        }
    }

    fn manifest_keys(&self) -> ManifestKeys {
        load::load_keys(&self.settings).unwrap_or_default()
    }

    fn tasks(&self) -> Vec<CompletionCandidate> {
        let tasks = self.manifest_keys().tasks;
        without_duplicates(tasks.into_iter().map(|key| (key, "task in the manifest".to_owned())))
    }

    /// Returns the services of the manifest, then the cached services of the selected cluster.
    fn services(&self) -> Vec<CompletionCandidate> {
        let keys = self.manifest_keys();
        let cluster = self.settings.cluster.as_ref().or(keys.cluster.as_ref());
        let seen = self.cache.clusters();
        // Without a cluster, the services of all clusters are offered: `--cluster` may follow later on the line.
        let seen = seen.iter().filter(|known| cluster.is_none_or(|cluster| *cluster == known.cluster));
        let seen = seen.flat_map(|known| {
            known.services.iter().map(|name| (name.clone(), format!("service in cluster {}", known.cluster)))
        });
        let own = keys.services.iter().map(|key| (key.clone(), "service in the manifest".to_owned()));
        without_duplicates(own.chain(seen))
    }

    fn schedules(&self) -> Vec<CompletionCandidate> {
        let named = |key: String| (key, "schedule in the manifest".to_owned());
        without_duplicates(self.manifest_keys().schedules.into_iter().map(named))
    }

    fn stages(&self) -> Vec<CompletionCandidate> {
        without_duplicates(
            self.manifest_keys()
                .load_stage_names
                .into_iter()
                .map(|stage| (stage, "stage in the manifest".to_owned())),
        )
    }

    fn clusters(&self) -> Vec<CompletionCandidate> {
        let own = self.manifest_keys().cluster.map(|cluster| (cluster, "cluster in the manifest".to_owned()));
        let seen = self.cache.clusters().into_iter().map(|known| (known.cluster, "used before".to_owned()));
        without_duplicates(own.into_iter().chain(seen))
    }
}

/// Returns the value of a flag among the words of a line.
fn flag_value(words: &[String], names: &[&str]) -> Option<String> {
    let value = |(index, word): (usize, &String)| match word.split_once('=') {
        Some((name, value)) if names.contains(&name) => Some(value.to_owned()),
        _ if names.contains(&word.as_str()) => words.get(index + 1).cloned(),
        _ => None,
    };
    words.iter().enumerate().find_map(value).filter(|value| !value.is_empty())
}

/// Returns the candidates without duplicates. Of equal names, the first help text is used.
fn without_duplicates(named: impl Iterator<Item = (String, String)>) -> Vec<CompletionCandidate> {
    let mut known: Vec<(String, String)> = Vec::new();
    for (name, help) in named.filter(|(name, _)| is_plain(name)) {
        let help = report::one_line(&help);
        if !known.iter().any(|(other, _)| *other == name) {
            known.push((name, help));
        }
    }
    known.into_iter().map(|(name, help)| CompletionCandidate::new(name).help(Some(help.into()))).collect()
}

/// Returns whether a name is offered: not if a shell would take it apart, since it is put on the command line as it is, or take
/// it for a flag. ECS allows no such names.
fn is_plain(name: &str) -> bool {
    !name.starts_with('-') && shell::quote(name) == name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_would_take_apart_are_not_offered() {
        let names = ["web", "x; touch PWNED", "$(id)", "--endpoint-url=x", "a\nb", "", "main/web"];
        let offered =
            without_duplicates(names.into_iter().map(|name| (name.to_owned(), "a\u{1b}[2J".to_owned())));
        let shown: Vec<_> =
            offered.iter().map(|offer| offer.get_value().to_str().unwrap_or_default()).collect();
        assert_eq!(shown, ["web", "main/web"]);
        assert_eq!(offered[0].get_help().map(ToString::to_string).as_deref(), Some("a"));
    }

    fn split_words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn flag_value_accepts_both_spellings() {
        for line in ["ecsail -- ecsail --cluster main status ", "ecsail -- ecsail status --cluster=main "] {
            assert_eq!(flag_value(&split_words(line), &["--cluster"]).as_deref(), Some("main"), "{line}");
        }
        assert_eq!(flag_value(&split_words("ecsail status --cluster"), &["--cluster"]), None);
        assert_eq!(flag_value(&split_words("ecsail status --cluster "), &["--cluster"]), None);
        assert_eq!(flag_value(&split_words("ecsail status"), &["--cluster"]), None);
    }

    #[test]
    fn command_line_overrides_environment() {
        let environment = || BTreeMap::from([("ECSAIL_MANIFEST".to_owned(), "a.yml".to_owned())]);
        let path =
            |line: &str| CompletionContext::from_words(&split_words(line), environment()).settings.manifest;
        assert_eq!(path("ecsail -f b.yml status"), Some(PathBuf::from("b.yml")));
        assert_eq!(path("ecsail status"), Some(PathBuf::from("a.yml")));
    }
}
