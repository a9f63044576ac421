//! Tests of commands whose parent process ends: a CI system that cancels a job signals the shell of the step, and nothing else.

use std::io::{BufReader, Read};
use std::process::{Child, Command, Stdio};

use ecsail_sandbox::Scenario;

use crate::github::{in_github, read};
use crate::rollout_failures::signal;
use crate::rollout_outcomes::until;
use crate::support::World;

/// Starts a script that calls the binary as `$ECSAIL`, with the environment of the binary.
fn shell(world: &World, script: &str, variables: &[(&str, &str)]) -> Child {
    let program = world.folder.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(world.folder.dir.path()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("ECSAIL", program.get_program()).envs(variables.iter().copied());
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.spawn().expect("there is a shell")
}

/// Ends the shell once the rollout is watched, and returns what is written from then on.
fn rest_after_the_shell(world: &World, mut shell: Child) -> String {
    let mut stderr = BufReader::new(shell.stderr.take().expect("piped"));
    until(&mut stderr, "web: 0/2 running");
    signal(&shell, "-TERM");
    shell.wait().expect("it ends");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    shell.stdout.take().expect("piped").read_to_string(&mut rest).expect("text");
    assert_eq!(world.calls("UpdateService").len(), 1, "{rest}");
    rest
}

#[test]
fn a_cancelled_shell_interrupts_its_deploy() {
    let world = in_github(World::new(Scenario::Stuck));
    let rest = rest_after_the_shell(&world, shell(&world, "\"$ECSAIL\" deploy --tag v2; true", &[]));
    assert!(rest.contains("the process that started ecsail has ended"), "{rest}");
    assert!(rest.contains("the rollout continues without ecsail"), "{rest}");
    assert!(read(&world, "output.txt").contains("web_revision"));
}

#[test]
fn outside_of_ci_a_deploy_outlives_its_shell() {
    let world = World::new(Scenario::Stuck);
    let script = "\"$ECSAIL\" deploy --tag v2 --yes --timeout 1s; true";
    let rest = rest_after_the_shell(&world, shell(&world, script, &[("CI", "")]));
    assert!(!rest.contains("has ended") && rest.contains("is still in progress after"), "{rest}");
}

#[test]
fn under_nohup_a_deploy_outlives_its_shell() {
    let world = World::new(Scenario::Stuck);
    let script = "trap '' HUP; \"$ECSAIL\" deploy --tag v2 --timeout 1s; true";
    let rest = rest_after_the_shell(&world, shell(&world, script, &[]));
    assert!(!rest.contains("has ended") && rest.contains("is still in progress after"), "{rest}");
}
