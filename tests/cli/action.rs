//! Runs the steps of `action.yml` one after the other, as GitHub's runner does, with the files that it gives and a release on a
//! local server.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ecsail_sandbox::Scenario;
use serde_json::Value;

use crate::install::{Release, TARGET, VERSION, repository};
use crate::rollout_failures::signal;
use crate::rollout_outcomes::until;
use crate::support::{Run, World};

/// A job that uses the action, with the files that the runner keeps for it.
struct Job {
    world: World,
    release: Release,
}

impl Job {
    fn new(scenario: Scenario) -> Job {
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = --version ] && exec echo \"ecsail {VERSION}\"\nexec {:?} \"$@\"\n",
            env!("CARGO_BIN_EXE_ecsail")
        );
        Job { world: World::with_breaker(scenario), release: Release::new(&script) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.world.folder.dir.path().join(name)
    }

    /// Returns the shell of a step as the runner starts it, with these inputs, and with what earlier steps have added to the path.
    fn shell(&self, step: &Value, inputs: &BTreeMap<String, String>) -> Command {
        let text = |value: &Value| with_inputs(value.as_str().expect("text"), inputs);
        assert_eq!(step["shell"], "bash");
        let script = self.file("step.sh");
        std::fs::write(&script, text(&step["run"])).expect("written");
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(script);
        shell.current_dir(self.world.folder.dir.path()).env_clear().stdin(Stdio::null());
        let own = self.world.folder.command(&[]);
        shell.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let added = std::fs::read_to_string(self.file("path")).unwrap_or_default();
        let folders: Vec<&str> = added.lines().rev().collect();
        let path = std::env::var("PATH").expect("set");
        shell.env("PATH", [&folders[..], &[path.as_str()]].concat().join(":"));
        shell.env("GITHUB_ACTIONS", "true").env("GITHUB_ACTION_PATH", repository()).env("RUNNER_ARCH", "X64");
        shell.env("RUNNER_TOOL_CACHE", self.file("tools")).env("GITHUB_PATH", self.file("path"));
        shell.env("GITHUB_OUTPUT", self.file("output")).env("GITHUB_STEP_SUMMARY", self.file("summary"));
        // The archive that every test machine can unpack and run.
        shell.env("ECSAIL_TARGET", TARGET);
        for (name, value) in step["env"].as_object().expect("variables") {
            shell.env(name, text(value));
        }
        shell
    }

    /// Runs every step up to the first that fails, and returns how the last one ended.
    fn run(&self, inputs: &[(&str, &str)]) -> Run {
        let (action, inputs) = self.action(inputs);
        let mut last = None;
        for step in action["runs"]["steps"].as_array().expect("steps") {
            if !is_due(step, &inputs) {
                continue;
            }
            let run = crate::support::finished(self.shell(step, &inputs));
            let failed = run.code != 0;
            last = Some(run);
            if failed {
                break;
            }
        }
        last.expect("one step at least")
    }

    /// Returns the action, and its inputs with their defaults.
    fn action(&self, inputs: &[(&str, &str)]) -> (Value, BTreeMap<String, String>) {
        let text = std::fs::read_to_string(repository().join("action.yml")).expect("text");
        let action: Value = serde_saphyr::from_str(&text).expect("YAML");
        let defaults = action["inputs"].as_object().expect("inputs").iter();
        let mut values: BTreeMap<String, String> = defaults
            .map(|(name, input)| (name.clone(), input["default"].as_str().expect("text").to_owned()))
            .collect();
        for (name, value) in
            [&[("version", VERSION), ("download-url", self.release.server.url())], inputs].concat()
        {
            value.clone_into(values.get_mut(name).expect("an input of the action"));
        }
        (action, values)
    }

    /// Returns the names of the outputs that the steps have set.
    fn outputs(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.file("output")).unwrap_or_default();
        text.lines().filter_map(|line| line.split_once(['=', '<'])).map(|(name, _)| name.to_owned()).collect()
    }
}

/// Replaces the expressions of a text: inputs, and nothing for what only the runner knows.
fn with_inputs(text: &str, inputs: &BTreeMap<String, String>) -> String {
    let Some((before, rest)) = text.split_once("${{") else { return text.to_owned() };
    let (expression, after) = rest.split_once("}}").expect("closed");
    let value = match expression.trim().strip_prefix("inputs.") {
        Some(name) => inputs[name].clone(),
        None => String::new(),
    };
    format!("{before}{value}{}", with_inputs(after, inputs))
}

/// Returns whether the condition of a step holds; the only form is `inputs.NAME != ''`.
fn is_due(step: &Value, inputs: &BTreeMap<String, String>) -> bool {
    let Some(condition) = step["if"].as_str() else { return true };
    let name = condition.strip_prefix("inputs.").and_then(|rest| rest.strip_suffix(" != ''"));
    !inputs[name.expect("a condition of this form")].is_empty()
}

#[test]
fn the_action_installs_a_version_and_puts_it_into_the_path() {
    let job = Job::new(Scenario::Steady);
    job.run(&[]).exits(0).says("installed ecsail 9.8.7");
    let folder = job.file("tools/ecsail/9.8.7/x64");
    assert!(folder.join("ecsail").is_file() && job.file("tools/ecsail/9.8.7/x64.complete").is_file());
    let path = std::fs::read_to_string(job.file("path")).expect("written");
    assert_eq!(path, format!("{}\n", folder.display()));
    assert_eq!(job.outputs(), ["version"]);
}

#[test]
fn a_version_in_the_tool_cache_is_not_downloaded_again() {
    let job = Job::new(Scenario::Steady);
    job.run(&[]).exits(0);
    let requests = job.release.server.requests().len();
    job.run(&[("run", "--version")]).exits(0).answers("ecsail 9.8.7");
    assert_eq!(job.release.server.requests().len(), requests);
}

#[test]
fn the_action_refuses_an_archive_with_another_sum_also_after_it_was_cached() {
    let job = Job::new(Scenario::Steady);
    job.run(&[]).exits(0);
    let sum = "0".repeat(64);
    job.run(&[("checksum", &sum), ("run", "--version")]).exits(1).says("has the sum ");
}

#[test]
fn the_command_line_of_the_action_is_run_with_its_quotes_and_its_outputs() {
    let job = Job::new(Scenario::Steady);
    let run = job.run(&[("run", "ecsail deploy 'web' --tag \"v2\"")]).exits(0);
    run.answers("web: deployed web:2");
    let (action, _) = job.action(&[]);
    let declared = action["outputs"].as_object().expect("outputs");
    assert_eq!(declared["verdict"]["value"], "${{ steps.run.outputs.verdict }}");
    assert!(job.outputs().contains(&"web_revision".to_owned()), "{:?}", job.outputs());
    assert!(std::fs::read_to_string(job.file("summary")).expect("written").contains("deployed web:2"));
}

#[test]
fn a_rollout_that_fails_fails_the_step_of_the_action() {
    let job = Job::new(Scenario::Crash);
    job.run(&[("run", "deploy --tag v2")]).exits(3).says("::error title=ecsail%3A web::");
}

#[test]
fn a_cancelled_step_of_the_action_interrupts_ecsail() {
    let job = Job::new(Scenario::Stuck);
    job.run(&[]).exits(0);
    let (action, inputs) = job.action(&[("run", "deploy --tag v2")]);
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let mut shell = job.shell(steps.last().expect("a step"), &inputs);
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("there is a shell");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "web: 0/2 running");
    // The runner sends SIGINT to the process of the step first, and only to that.
    signal(&child, "-INT");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{rest}");
    assert!(rest.contains("interrupted"), "{rest}");
}

#[test]
fn without_a_known_repository_the_action_names_the_input() {
    let job = Job::new(Scenario::Steady);
    job.run(&[("download-url", "")]).exits(1).says("set the input `download-url`");
}
