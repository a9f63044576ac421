//! The table of races: for each pair of commands, and each gap between the calls of the first, what both say and what
//! runs afterwards.

use std::time::Duration;

use serde_json::Value;

use super::arena::{Arena, Effect, Ended, Order, WaitingCall};
use super::promises::broken_promises;

/// The first command of a pair, by its name in the table.
const FIRST: &[(&str, &[&str])] = &[
    ("deploy v3", &["deploy", "service", "web", "--tag", "v3", "--yes"]),
    ("rollback", &["rollback", "web", "--yes"]),
    ("restart", &["restart", "web", "--yes"]),
    ("scale 4", &["scale", "web", "--desired", "4", "--yes"]),
    ("run", &["run", "migrate"]),
    ("schedules", &["deploy", "schedule", "--tag", "v3", "--yes"]),
];

/// The second command.
const SECOND: &[(&str, &[&str])] = &[
    ("deploy v4", &["deploy", "service", "web", "--tag", "v4", "--yes"]),
    ("deploy v3", &["deploy", "service", "web", "--tag", "v3", "--yes"]),
    ("rollback", &["rollback", "web", "--yes"]),
    ("restart", &["restart", "web", "--yes"]),
    ("scale 5", &["scale", "web", "--desired", "5", "--yes"]),
    ("run", &["run", "migrate"]),
    ("schedules", &["deploy", "schedule", "--tag", "v4", "--yes"]),
];

/// The operations that change something.
const CHANGING: &[&str] =
    &["RegisterTaskDefinition", "UpdateService", "RunTask", "CreateSchedule", "UpdateSchedule"];

/// The place between the calls of the first command in which the second one runs.
struct Gap {
    name: String,
    /// The number of calls of the first command before it; `None` where both call in turn.
    after: Option<usize>,
}

/// Lets the first command call until the gap, then the second one to its end.
struct GapOrder {
    after: Option<usize>,
    served: usize,
    /// The command whose call arrived last.
    last: usize,
}

impl Order for GapOrder {
    fn next(&mut self, waiting: &[WaitingCall]) -> usize {
        let wanted = match self.after {
            None => 1 - self.last,
            Some(after) => usize::from(self.served >= after),
        };
        let index = waiting.iter().position(|call| call.client == wanted).unwrap_or_default();
        self.last = waiting[index].client;
        self.served += usize::from(self.last == 0);
        index
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(100)
    }
}

/// Returns the gaps of a command that makes these calls.
fn gaps(calls: &[String]) -> Vec<Gap> {
    let mut gaps = vec![Gap { name: "at the same instant".to_owned(), after: None }];
    let first_look = calls.iter().position(|call| call == "DescribeServices");
    gaps.extend(first_look.map(|at| Gap { name: "after the look".to_owned(), after: Some(at + 1) }));
    let changing: Vec<usize> =
        (0..calls.len()).filter(|at| CHANGING.contains(&calls[*at].as_str())).collect();
    for at in &changing {
        if calls[*at - 1] == "DescribeServices" {
            gaps.push(Gap { name: format!("before the read for {}", calls[*at]), after: Some(*at - 1) });
        }
        gaps.push(Gap { name: format!("before {}", calls[*at]), after: Some(*at) });
    }
    let last = changing.last().map(|at| Gap { name: format!("after {}", calls[*at]), after: Some(at + 1) });
    gaps.extend(last);
    gaps
}

/// Returns what a command said, in one line without ids and times.
fn gist(ended: &Ended) -> String {
    let lines: Vec<String> = ended.said.iter().filter_map(|text| line_of(text)).collect();
    format!("{}: {}", ended.code, lines.join("; "))
}

/// Returns the first line of what was said, if it is about the outcome.
fn line_of(text: &str) -> Option<String> {
    let line = text.lines().next()?;
    if line.starts_with("note: ") && !line.contains("replaced deployment") && !line.contains("another run") {
        return None;
    }
    let words = line.split(' ').filter(|word| !word.starts_with("20") && !word.starts_with("(registered"));
    let words = words.map(|word| if word.contains("ecs-svc/") { "…" } else { word });
    let words: Vec<&str> = words.collect();
    let line = words.join(" ");
    let end = line.find(" by client-").unwrap_or(line.len());
    Some(line[..end].trim_end_matches(" began at").to_owned())
}

/// Returns what runs afterwards.
fn state(arena: &Arena) -> String {
    let service = arena.service();
    let definition = service["taskDefinition"].as_str().unwrap_or_default();
    let schedule = arena.schedules();
    let runs = schedule.iter().filter_map(|known| {
        known["Target"]["EcsParameters"]["TaskDefinitionArn"].as_str().map(crate::aws::types::revision_name)
    });
    format!(
        "{} × {}, nightly {}",
        crate::aws::types::revision_name(definition),
        service["desiredCount"],
        runs.collect::<Vec<_>>().join(" ")
    )
}

/// Returns what the commands did, by the names of the effects.
fn effects(ended: &Ended) -> String {
    let names = ended.effects.iter().map(|effect| match effect {
        Effect::Registered { revision } => format!("registers {revision}"),
        Effect::Deployed { revision, .. } => format!("deploys {revision}"),
        Effect::Scaled { after, .. } => format!("scales to {after}"),
        Effect::Started { tasks } => format!("starts {tasks}"),
        Effect::Stopped => "stops a deployment".to_owned(),
        Effect::Scheduled => "updates the schedule".to_owned(),
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// Returns the rows of one pair, and the promises that were broken.
fn pair(state_before: &Value, first: (&str, &[&str]), second: (&str, &[&str])) -> (Vec<String>, Vec<String>) {
    let calls = Arena::resumed(state_before).alone(first.1).calls;
    let (mut rows, mut broken) = (vec![format!("## {} × {}", first.0, second.0)], Vec::new());
    for gap in gaps(&calls) {
        let arena = Arena::resumed(state_before);
        let lines = [first.1, second.1];
        let ended = arena.race(&lines, &mut GapOrder { after: gap.after, served: 0, last: 1 });
        for problem in broken_promises(&arena, &lines, &ended) {
            let said = ended.iter().map(|ended| format!("{}: {}", ended.code, ended.text()));
            let place = format!("{} × {}, {}", first.0, second.0, gap.name);
            broken.push(format!("{place}: {problem}\n{}", said.collect::<Vec<_>>().join("\n")));
        }
        rows.push(format!("{}: {}", gap.name, state(&arena)));
        rows.push(format!("    first  {} [{}]", gist(&ended[0]), effects(&ended[0])));
        rows.push(format!("    second {} [{}]", gist(&ended[1]), effects(&ended[1])));
    }
    (rows, broken)
}

#[test]
fn each_pair_of_commands_in_each_gap_ends_as_in_the_table() {
    let state = Arena::new().sandbox.save();
    let pairs: Vec<_> =
        FIRST.iter().flat_map(|first| SECOND.iter().map(move |second| (*first, *second))).collect();
    let results = std::sync::Mutex::new(Vec::new());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((first, second)) =
                    pairs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let at = pairs.iter().position(|known| known == &(*first, *second));
                    let found = pair(&state, *first, *second);
                    results.lock().expect("no thread panicked").push((at, found));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no thread panicked");
    results.sort_by_key(|(at, _)| *at);
    let broken: Vec<String> = results.iter().flat_map(|(_, (_, broken))| broken.clone()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let rows: Vec<String> = results.into_iter().flat_map(|(_, (rows, _))| rows).collect();
    insta::assert_snapshot!(rows.join("\n"));
}
