//! Failures that are a crash loop, and failures of rollouts that come up after them, one row each.

use super::*;
use crate::aws::types::Epoch;
use crate::manifest::{FailureAction, Patience};
use crate::watch::snapshot::WatchPolicy;

/// How long a task takes from its creation until it runs, in seconds.
const START: f64 = 40.0;

/// A rollout whose tasks fail.
struct Case {
    about: &'static str,
    desired: u32,
    running: u32,
    breaker: &'static str,
    /// The generations: how many tasks, and how long each of them ran.
    generations: &'static [(usize, f64)],
    /// Up to which generation the failures are over, because more tasks came up.
    advanced_after: usize,
    exit_code: i64,
    patience: Option<Patience>,
    on_failure: Option<FailureAction>,
    expected: &'static str,
}

const CRASHES: Case = Case {
    about: "",
    desired: 2,
    running: 0,
    breaker: "",
    generations: &[(2, 4.0), (2, 4.0), (2, 4.0), (2, 4.0)],
    advanced_after: 0,
    exit_code: 1,
    patience: None,
    on_failure: None,
    expected: "stuck",
};

const PROGRESSING: Case = Case { expected: "progressing", ..CRASHES };

const CASES: &[Case] = &[
    Case { about: "four generations that crash at once", ..CRASHES },
    Case {
        about: "run times that vary by chance",
        generations: &[(2, 8.0), (2, 4.0), (2, 11.0), (2, 9.0)],
        ..CRASHES
    },
    Case {
        about: "one task at a time, of ten",
        desired: 10,
        running: 6,
        generations: &[(1, 4.0); 5],
        ..CRASHES
    },
    Case { about: "a single task", desired: 1, generations: &[(1, 4.0); 4], ..CRASHES },
    Case {
        about: "a first generation that ran long",
        generations: &[(2, 90.0), (2, 4.0), (2, 4.0), (2, 4.0)],
        ..CRASHES
    },
    Case {
        about: "a count of the user",
        patience: Some(Patience::Generations(2)),
        generations: &[(2, 4.0); 2],
        ..CRASHES
    },
    Case {
        about: "a count of the user where a failure leaves the service",
        patience: Some(Patience::Generations(2)),
        on_failure: Some(FailureAction::Leave),
        generations: &[(2, 4.0); 2],
        ..CRASHES
    },
    Case {
        about: "a program that is not there, where a failure leaves the service",
        exit_code: 127,
        on_failure: Some(FailureAction::Leave),
        generations: &[],
        ..CRASHES
    },
    Case { about: "the breaker is on, and does not trip", breaker: "rollback", ..CRASHES },
    Case {
        about: "three generations while the database starts",
        generations: &[(2, 30.0); 3],
        ..PROGRESSING
    },
    Case {
        about: "two come up, then three, then four: three failures on the way",
        desired: 4,
        running: 3,
        generations: &[(2, 4.0), (1, 4.0)],
        ..PROGRESSING
    },
    Case {
        about: "many failures of few generations",
        desired: 20,
        running: 12,
        generations: &[(15, 4.0), (9, 4.0), (8, 4.0)],
        ..PROGRESSING
    },
    Case {
        about: "more tasks came up after two of the generations",
        running: 1,
        generations: &[(1, 4.0); 5],
        advanced_after: 2,
        ..PROGRESSING
    },
    Case {
        about: "each generation lives longer",
        generations: &[(2, 4.0), (2, 15.0), (2, 30.0), (2, 60.0)],
        ..PROGRESSING
    },
    Case {
        about: "the last generation lived longer than those before it",
        generations: &[(2, 4.0), (2, 4.0), (2, 4.0), (2, 40.0)],
        ..PROGRESSING
    },
    Case { about: "a user who never gives up", patience: Some(Patience::Never), ..PROGRESSING },
    Case {
        about: "never, whatever the cause",
        exit_code: 127,
        patience: Some(Patience::Never),
        ..PROGRESSING
    },
    Case { about: "a higher count of the user", patience: Some(Patience::Generations(5)), ..PROGRESSING },
    Case { about: "a failure leaves the service", on_failure: Some(FailureAction::Leave), ..PROGRESSING },
];

/// Returns the tasks of the generations, the last of which has just ended.
fn tasks_of(case: &Case) -> (Vec<Task>, f64) {
    let mut tasks = Vec::new();
    let mut created = STARTED;
    let mut advanced_at = 0.0;
    let generations = if case.generations.is_empty() { &[(2, 1.0); 2] } else { case.generations };
    for (number, (size, run)) in generations.iter().enumerate() {
        let end = created + START + run;
        let task = Task {
            task_arn: format!("task/{number}"),
            created_at: Epoch(created),
            started_at: Epoch(created + START),
            execution_stopped_at: Epoch(end),
            stopped_at: Epoch(end + 15.0),
            ..crashed(case.exit_code)
        };
        tasks.extend(std::iter::repeat_n(task, *size));
        created = end + 1.0;
        if number + 1 == case.advanced_after {
            advanced_at = end + 15.0;
        }
    }
    (tasks, advanced_at)
}

#[test]
fn crash_loops_are_stuck_and_rollouts_that_advance_are_not() {
    for case in CASES {
        let (tasks, recovered_at) = tasks_of(case);
        let now = tasks.iter().map(|task| task.stopped_at.0).fold(0.0, f64::max);
        let ours = deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", case.running, case.desired);
        let with = RolloutSnapshot {
            at: now,
            stopped_tasks: tasks,
            recovered_at,
            ..snapshot(service(&[ours], case.breaker, &[]), None)
        };
        let policy =
            WatchPolicy { patience: case.patience, on_failure: case.on_failure, ..WatchPolicy::default() };
        let found = serde_json::to_value(judge(&WatchedRollout { policy, ..followed() }, &with, now));
        let found = found.expect("serialises");
        assert_eq!(found["verdict"], case.expected, "{}: {found}", case.about);
    }
}

#[test]
fn a_crash_loop_is_described_with_its_numbers() {
    let (tasks, _) = tasks_of(&CRASHES);
    let ours = deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", 0, 2);
    let with = RolloutSnapshot { stopped_tasks: tasks, ..snapshot(service(&[ours], "", &[]), None) };
    let text = "8 tasks failed in the same way: container `app` exited with code 1 (4 generations, none ran longer than 4s)";
    assert_eq!(verdict(&with), ("stuck".to_owned(), text.to_owned()));
    let policy = WatchPolicy { patience: Some(Patience::Never), ..WatchPolicy::default() };
    let tolerated = judge(&WatchedRollout { policy, ..followed() }, &with, with.at);
    assert_eq!(tolerated, Verdict::progressing(format!("in progress; {text}")));
}
