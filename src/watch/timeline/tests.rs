//! Replays every timeline in `tests/fixtures/timelines/`, and compares the verdicts.

use std::path::{Path, PathBuf};

use super::*;
use crate::diagnose::{self, diagnose};

/// The least number of timelines: a folder that was not found proves nothing.
const MIN_TIMELINES: usize = 40;

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

fn cause(played: &ReplayedPoll) -> String {
    let snapshot = &played.snapshot;
    let events: Vec<_> = snapshot
        .service
        .iter()
        .flat_map(|service| played.rollout.events_since_start(service))
        .cloned()
        .collect();
    let deployment = snapshot.service_deployment.as_ref();
    let found = diagnose(&diagnose::DiagnosisInput {
        stopped_tasks: &snapshot.stopped_tasks,
        events: &events,
        targets: &snapshot.targets,
        alarms: deployment.map_or(&[], |known| &known.alarms.triggered_alarm_names),
        reason: deployment.and_then(|known| known.status_reason.as_deref()),
    });
    found.and_then(|found| found.causes.into_iter().next()).map(|known| known.cause).unwrap_or_default()
}

/// Returns the differences between a timeline and its replay, poll by poll.
fn differences(name: &str, timeline: &Timeline) -> Vec<String> {
    let played = timeline.replay().unwrap_or_else(|error| panic!("{name}: {error}"));
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
fn timelines_are_found() {
    assert!(timelines().len() >= MIN_TIMELINES, "{} timelines", timelines().len());
}

#[test]
fn every_timeline_has_its_expected_verdicts() {
    let wrong: Vec<String> =
        timelines().iter().flat_map(|(name, timeline)| differences(name, timeline)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_timeline_has_a_description_and_a_source() {
    for (name, timeline) in timelines() {
        assert!(!timeline.about.is_empty() && !timeline.source.is_empty(), "{name}");
        assert!(timeline.looks.last().is_some_and(|look| look.verdict.is_some()), "{name} has no end");
    }
}

#[test]
fn recorded_timeline_replays_to_the_same_verdicts() {
    for (name, timeline) in timelines() {
        let played = timeline.replay().expect("plays");
        let (mut recorder, mut seen) = (TimelineRecorder::new(&timeline.followed), RawState::default());
        for step in &timeline.looks {
            recorder.add_poll(&seen.apply_step(step).expect("a look"));
        }
        let text = serde_saphyr::to_string(&recorder.into_timeline()).expect("serialises");
        let again: Timeline = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let verdicts =
            |played: Vec<ReplayedPoll>| played.into_iter().map(|one| one.verdict).collect::<Vec<_>>();
        assert_eq!(verdicts(again.replay().expect("plays")), verdicts(played), "{name}");
    }
}

#[test]
fn a_recorded_exit_code_of_0_is_kept() {
    let task = parse_view(&json!({"containers": [{"name": "app", "exitCode": 0}, {"name": "proxy"}]}));
    let stopped = vec![task.expect("a task")];
    let mut recorder = TimelineRecorder::new(&WatchedRollout::default());
    recorder.add_poll(&Poll { stopped, ..Poll::default() });
    let containers = &recorder.into_timeline().looks[0].stopped[0]["containers"];
    assert_eq!(containers, &json!([{"name": "app", "exitCode": 0}, {"name": "proxy"}]));
}

#[test]
fn patch_turns_before_into_after() {
    let (before, after) =
        (json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]}), json!({"a": 1, "b": {"c": 4}, "f": 5}));
    let change = merge_patch(&before, &after);
    assert_eq!(change, json!({"b": {"c": 4, "d": null}, "f": 5, "e": null}));
    let mut value = before;
    apply_patch(&mut value, &change);
    assert_eq!(value, after);
}
