//! What holds in whichever order the calls of two commands arrive, with answers that are lost and reads that show an
//! older state: nothing is done twice, no success is false, and no deployment of another client is replaced unseen.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ecsail_sandbox::RandomFaults;
use serde_json::Value;

use super::arena::{Arena, Effect, Ended, Order, WaitingCall};

/// How many interleavings are tried; `ECSAIL_RACES` sets another number.
const INTERLEAVINGS: usize = 1000;
/// The seed of the first interleaving; `ECSAIL_RACES_SEED` sets another one.
const SEED: u64 = 20_260_101;

/// The commands, of which two run at once.
const LINES: &[&[&str]] = &[
    &["deploy", "service", "web", "--tag", "v3", "--yes"],
    &["deploy", "service", "web", "--tag", "v3", "--yes", "--no-wait"],
    &["deploy", "service", "web", "--tag", "v4", "--yes"],
    &["deploy", "service", "web", "--tag", "v4", "--yes", "--no-wait"],
    &["deploy", "service", "web", "--tag", "v2", "--force", "--yes", "--no-wait"],
    &["rollback", "web", "--yes", "--no-wait"],
    &["rollback", "web", "--yes"],
    &["restart", "web", "--yes"],
    &["restart", "web", "--yes", "--no-wait"],
    &["scale", "web", "--desired", "4", "--yes", "--no-wait"],
    &["scale", "web", "--desired", "5", "--yes", "--no-wait"],
    &["run", "migrate", "--no-wait"],
    &["deploy", "schedule", "--tag", "v3", "--yes"],
    &["deploy", "schedule", "--tag", "v4", "--yes"],
];

/// Lets requests arrive in an order that a seed gives.
struct RandomOrder {
    random: fastrand::Rng,
    /// The command whose requests arrive now, and how likely it stays so, in percent.
    client: usize,
    stays: u8,
}

impl RandomOrder {
    fn new(seed: u64) -> RandomOrder {
        let mut random = fastrand::Rng::with_seed(seed);
        let stays = random.u8(20..95);
        RandomOrder { random, client: 0, stays }
    }
}

impl Order for RandomOrder {
    fn next(&mut self, waiting: &[WaitingCall]) -> usize {
        if self.random.u8(0..100) >= self.stays {
            self.client = 1 - self.client;
        }
        waiting.iter().position(|call| call.client == self.client).unwrap_or_default()
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(self.random.u64(0..700))
    }
}

/// Returns which promises the commands broke.
pub(super) fn broken_promises(arena: &Arena, lines: &[&[&str]], ended: &[Ended]) -> Vec<String> {
    let statuses = arena.statuses();
    let mut broken = Vec::new();
    for (line, ended) in lines.iter().zip(ended) {
        let problems = [
            done_twice(ended),
            refused_after_a_change(ended),
            replaced_unseen(line, ended),
            false_success(line, ended, &statuses),
            false_end(ended, &statuses),
        ];
        let problems = problems.into_iter().flatten();
        broken.extend(problems.map(|problem| format!("`{}`: {problem}", line.join(" "))));
    }
    broken
}

fn deployed(ended: &Ended) -> Vec<(&str, &str)> {
    let started = ended.effects.iter().filter_map(|effect| match effect {
        Effect::Deployed { id, replaced, .. } => Some((id.as_str(), replaced.as_str())),
        _ => None,
    });
    started.collect()
}

/// Nothing is registered, updated or started twice.
fn done_twice(ended: &Ended) -> Option<String> {
    let count = |of: fn(&Effect) -> bool| ended.effects.iter().filter(|effect| of(effect)).count();
    let registered = count(|effect| matches!(effect, Effect::Registered { .. }));
    let scheduled = count(|effect| matches!(effect, Effect::Scheduled));
    let scaled = count(|effect| matches!(effect, Effect::Scaled { .. }));
    let tasks: usize = ended
        .effects
        .iter()
        .map(|effect| if let Effect::Started { tasks } = effect { *tasks } else { 0 })
        .sum();
    let twice = registered > 1 || deployed(ended).len() > 1 || scheduled > 1 || scaled > 1 || tasks > 1;
    twice.then(|| format!("did something twice: {:?}", ended.effects))
}

/// A command that is refused has changed nothing but definitions.
fn refused_after_a_change(ended: &Ended) -> Option<String> {
    let changed = ended.effects.iter().any(|effect| !matches!(effect, Effect::Registered { .. }));
    (ended.code == 5 && changed).then(|| format!("was refused after {:?}", ended.effects))
}

/// A deployment that the plan did not see is replaced only where the command says so.
fn replaced_unseen(line: &[&str], ended: &Ended) -> Option<String> {
    let (_, replaced) = *deployed(ended).first()?;
    let seen = ended.first_look.as_ref().is_some_and(|(primary, _)| primary == replaced);
    let unseen = !seen && !line.contains(&"--supersede") && !ended.text().contains(replaced);
    unseen.then(|| format!("replaced `{replaced}` without a word"))
}

/// Exit code 0 means that the command did what it was asked for.
fn false_success(line: &[&str], ended: &Ended, statuses: &[(String, String)]) -> Option<String> {
    if ended.code != 0 {
        return None;
    }
    let text = ended.text();
    // What another run does already is watched instead of being done again, and its end is reported.
    let is_named = [" deployed", "rolled back to ", "restarted"].iter().any(|words| text.contains(words));
    let is_attached = is_named && statuses.iter().any(|(_, status)| status == "SUCCESSFUL");
    let has = |of: fn(&Effect) -> bool| ended.effects.iter().any(of);
    let done = match (line[0], line[1]) {
        // The other command may have set the same number before.
        ("scale", _) => {
            let [now, changed] = [format!("the desired count is {}", line[3]), format!(" to {},", line[3])];
            text.contains(&now) || text.contains(&changed)
        }
        ("run", _) => text.contains("succeeded") || has(|effect| matches!(effect, Effect::Started { .. })),
        ("deploy", "schedule") => {
            has(|effect| matches!(effect, Effect::Scheduled)) || !text.contains("updated")
        }
        _ => match deployed(ended).first() {
            None if has(|effect| *effect == Effect::Scheduled) => true,
            None => is_attached || text.contains("unchanged") || has(|effect| *effect == Effect::Stopped),
            Some(_) if line.contains(&"--no-wait") => true,
            Some((id, _)) => status_of(id, statuses) == Some("SUCCESSFUL"),
        },
    };
    (!done).then(|| "exited with 0 without having done it".to_owned())
}

/// A deployment that succeeded is not reported as superseded.
fn false_end(ended: &Ended, statuses: &[(String, String)]) -> Option<String> {
    let (id, _) = *deployed(ended).first()?;
    let superseded = ended.text().contains("superseded by");
    (superseded && status_of(id, statuses) == Some("SUCCESSFUL"))
        .then(|| format!("`{id}` succeeded, and is reported as superseded"))
}

fn status_of<'a>(id: &str, statuses: &'a [(String, String)]) -> Option<&'a str> {
    statuses.iter().find(|(known, _)| known == id).map(|(_, status)| status.as_str())
}

/// Runs one interleaving, and returns what it broke.
fn interleave(state: &Value, seed: u64) -> Vec<String> {
    fastrand::seed(seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let arena = Arena::resumed(state);
    let lines = [LINES[random.usize(0..LINES.len())], LINES[random.usize(0..LINES.len())]];
    // A third of the interleavings has no faults, and a third loses nothing.
    let (staleness, lost) = match random.u8(0..3) {
        0 => (0, 0),
        1 => (2000, 0),
        _ => (2000, 100),
    };
    arena.sandbox.inject_random(RandomFaults {
        seed,
        staleness: Duration::from_millis(staleness),
        lost_calls: lost,
        lost_answers: lost,
    });
    let ended = arena.race(&lines, &mut RandomOrder::new(seed));
    let broken = broken_promises(&arena, &lines, &ended);
    if broken.is_empty() {
        return broken;
    }
    let story = lines.iter().zip(&ended).map(|(line, ended)| {
        let line = line.join(" ");
        format!("  `{line}` exited with {}: {:#?}\n  {:?}", ended.code, ended.said, ended.calls)
    });
    let head = format!("seed {seed}, staleness {staleness} ms, {lost} of 1000 calls lost:");
    std::iter::once(head).chain(broken).chain(story).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn a_thousand_interleavings_of_two_commands_keep_the_promises() {
    let number_of = number("ECSAIL_RACES").map_or(INTERLEAVINGS, |given| given as usize);
    let first = number("ECSAIL_RACES_SEED").unwrap_or(SEED);
    let state = Arena::new().sandbox.save();
    let (next, broken) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        // Most of the time is spent in pauses before calls are repeated.
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= number_of {
                        break;
                    }
                    let found = interleave(&state, first + index as u64);
                    broken.lock().expect("no thread panicked").extend(found);
                }
            });
        }
    });
    let broken = broken.into_inner().expect("no thread panicked");
    assert!(
        broken.is_empty(),
        "repeat one with `ECSAIL_RACES=1 ECSAIL_RACES_SEED=…`:\n{}",
        broken.join("\n")
    );
}
