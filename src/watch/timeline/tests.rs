//! Replays every timeline in `tests/fixtures/timelines/`, and compares the verdicts.

use std::path::{Path, PathBuf};

use super::*;
use crate::diagnose::{self, diagnose};

/// The least number of timelines: a folder that was not found proves nothing.
const LEAST: usize = 40;

fn timelines() -> Vec<(String, Timeline)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/timelines");
    let files = folder.read_dir().expect("the folder is there").map(|entry| entry.expect("readable").path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("text");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let timeline = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, timeline)
    };
    files.into_iter().map(read).collect()
}

/// Returns the name of a verdict, and its text.
fn named(verdict: &Verdict) -> (String, String) {
    let value = serde_json::to_value(verdict).expect("serialises");
    let texts = ["detail", "reason", "runs", "by", "hook", "stage"];
    let text: Vec<&str> = texts.iter().filter_map(|member| value[*member].as_str()).collect();
    (value["verdict"].as_str().unwrap_or_default().to_owned(), text.join("; "))
}

fn cause(played: &Played) -> String {
    let snapshot = &played.snapshot;
    let events: Vec<_> =
        snapshot.service.iter().flat_map(|service| played.followed.events(service)).cloned().collect();
    let deployment = snapshot.service_deployment.as_ref();
    let found = diagnose(&diagnose::Seen {
        stopped: &snapshot.stopped,
        events: &events,
        targets: &snapshot.targets,
        alarms: deployment.map_or(&[], |known| &known.alarms.triggered_alarm_names),
        reason: deployment.and_then(|known| known.status_reason.as_deref()),
    });
    found.and_then(|found| found.causes.into_iter().next()).map(|known| known.cause).unwrap_or_default()
}

/// Returns the differences between a timeline and its replay, poll by poll.
fn wrong(name: &str, timeline: &Timeline) -> Vec<String> {
    let played = timeline.play().unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut wrong = Vec::new();
    for (index, (step, played)) in timeline.looks.iter().zip(&played).enumerate() {
        let (verdict, text) = named(&played.verdict);
        let last = index + 1 == timeline.looks.len();
        let expected = step.verdict.as_deref().unwrap_or(if last { "a verdict" } else { "progressing" });
        let says = step.says.as_deref().unwrap_or_default();
        if verdict != expected || !text.contains(says) {
            wrong.push(format!(
                "{name}, look {index} at {}: expected {expected} `{says}`, found {verdict} `{text}`",
                step.at
            ));
        }
        let because = step.cause.as_deref().map(|expected| (expected, cause(played)));
        if let Some((expected, found)) = because.filter(|(expected, found)| !found.contains(expected)) {
            wrong.push(format!("{name}, look {index}: expected the cause `{expected}`, found `{found}`"));
        }
    }
    wrong
}

#[test]
fn there_are_timelines() {
    assert!(timelines().len() >= LEAST, "{} timelines", timelines().len());
}

#[test]
fn every_timeline_ends_as_it_says() {
    let wrong: Vec<String> = timelines().iter().flat_map(|(name, timeline)| wrong(name, timeline)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_timeline_says_what_it_is_and_where_it_is_from() {
    for (name, timeline) in timelines() {
        assert!(!timeline.about.is_empty() && !timeline.source.is_empty(), "{name}");
        assert!(timeline.looks.last().is_some_and(|look| look.verdict.is_some()), "{name} has no end");
    }
}

#[test]
fn what_is_recorded_plays_as_it_was_seen() {
    for (name, timeline) in timelines() {
        let played = timeline.play().expect("plays");
        let (mut recorder, mut seen) = (Recorder::new(&timeline.followed), Seen::default());
        for step in &timeline.looks {
            recorder.add(&seen.then(step).expect("a look"));
        }
        let text = serde_saphyr::to_string(&recorder.into_timeline()).expect("serialises");
        let again: Timeline = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let verdicts = |played: Vec<Played>| played.into_iter().map(|one| one.verdict).collect::<Vec<_>>();
        assert_eq!(verdicts(again.play().expect("plays")), verdicts(played), "{name}");
    }
}

#[test]
fn a_recorded_exit_code_of_0_is_kept() {
    let task = view(&json!({"containers": [{"name": "app", "exitCode": 0}, {"name": "proxy"}]}));
    let stopped = vec![task.expect("a task")];
    let mut recorder = Recorder::new(&Followed::default());
    recorder.add(&Look { stopped, ..Look::default() });
    let containers = &recorder.into_timeline().looks[0].stopped[0]["containers"];
    assert_eq!(containers, &json!([{"name": "app", "exitCode": 0}, {"name": "proxy"}]));
}

#[test]
fn a_patch_makes_the_one_of_the_other() {
    let (before, after) =
        (json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]}), json!({"a": 1, "b": {"c": 4}, "f": 5}));
    let change = patch(&before, &after);
    assert_eq!(change, json!({"b": {"c": 4, "d": null}, "f": 5, "e": null}));
    let mut value = before;
    merge(&mut value, &change);
    assert_eq!(value, after);
}
