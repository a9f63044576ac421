//! Formats the next runs of the manifest's schedules for `ecsail check`, each once with its stages.

use jiff::Timestamp;

use super::next_runs::{self, ScheduleTimes};
use crate::events::JsonEvent;
use crate::events::schedule::ScheduleNext;
use crate::expression::NextRuns;
use crate::render::schedules::DesiredSchedule;
use crate::report::{Column, Page, TableRow, table};

/// When a schedule runs, and in which stages.
struct UpcomingRuns {
    key: String,
    times: ScheduleTimes,
    enabled: bool,
    stages: Vec<String>,
}

/// Returns the next runs of the schedules of each stage. Empty if the manifest has no schedules.
pub fn page(checked: &[(Option<String>, Vec<DesiredSchedule>)], now: Timestamp) -> Page {
    let mut all: Vec<UpcomingRuns> = Vec::new();
    for (stage, schedule) in
        checked.iter().flat_map(|(stage, schedules)| schedules.iter().map(move |one| (stage, one)))
    {
        let (times, enabled) = (ScheduleTimes::from_desired(schedule), schedule.enabled != Some(false));
        let same = |known: &&mut UpcomingRuns| {
            known.key == schedule.key && known.times == times && known.enabled == enabled
        };
        if let Some(known) = all.iter_mut().find(same) {
            known.stages.extend(stage.clone());
        } else {
            let stages = stage.iter().cloned().collect();
            all.push(UpcomingRuns { key: schedule.key.clone(), times, enabled, stages });
        }
    }
    table(COLUMNS, all.iter().map(|one| row(one, checked.len(), now)).collect())
}

const COLUMNS: &[Column] = &[
    Column::name("SCHEDULE"),
    Column::name("STAGE"),
    Column::whole("EXPRESSION"),
    Column::text("NEXT RUNS"),
];

fn row(one: &UpcomingRuns, stages: usize, now: Timestamp) -> TableRow {
    let next = if one.enabled { one.times.next_runs(now) } else { Ok(NextRuns::Never) };
    let (first, others) = next_runs::format_next(&next, one.times.zone_name());
    let runs = if one.enabled {
        std::iter::once(first).chain(others).collect::<Vec<_>>().join(", ")
    } else {
        "disabled".to_owned()
    };
    let zone = one.times.timezone.as_deref().filter(|zone| *zone != "UTC");
    let expression = match zone {
        Some(zone) => format!("{} {zone}", one.times.expression),
        None => one.times.expression.clone(),
    };
    // A schedule that is the same in all stages is shown without them.
    let named = if one.stages.len() < stages { one.stages.join(", ") } else { String::new() };
    let event = JsonEvent::ScheduleNext(ScheduleNext {
        schedule: one.key.clone(),
        stages: one.stages.clone(),
        expression: one.times.expression.clone(),
        timezone: one.times.timezone.clone(),
        next: next_runs::event(&next),
    });
    TableRow {
        cells: vec![one.key.clone(), named, expression, runs],
        event: Some(event),
        ..TableRow::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::Via;

    fn nightly(expression: &str) -> DesiredSchedule {
        DesiredSchedule {
            key: "nightly".to_owned(),
            kind: Via::Scheduler,
            name: "nightly".to_owned(),
            group: None,
            uses_app_group: true,
            expression: expression.to_owned(),
            timezone: None,
            enabled: None,
            description: None,
            flexible_window: None,
            start: None,
            end: None,
            targets: Vec::new(),
        }
    }

    fn lines(stages: [&str; 2]) -> Vec<String> {
        let [one, other] = stages.map(|expression| vec![nightly(expression)]);
        let checked = [(Some("staging".to_owned()), one), (Some("production".to_owned()), other)];
        let now = "2026-11-22T12:00:00Z".parse().expect("a time");
        page(&checked, now).lines().map(|line| line.text.clone()).collect()
    }

    #[test]
    fn schedule_of_all_stages_is_shown_once() {
        let runs = "2026-11-23 03:00 UTC, 2026-11-24 03:00, 2026-11-25 03:00";
        let expected = [
            "SCHEDULE  EXPRESSION         NEXT RUNS".to_owned(),
            format!("nightly   cron(0 3 * * ? *)  {runs}"),
        ];
        assert_eq!(lines(["cron(0 3 * * ? *)"; 2]), expected);
    }

    #[test]
    fn schedule_that_differs_is_shown_with_its_stage() {
        let lines = lines(["cron(0 3 * * ? *)", "rate(1 day)"]);
        assert!(
            lines[1].starts_with("nightly   staging     cron(0 3 * * ? *)  2026-11-23 03:00 UTC"),
            "{lines:?}"
        );
        assert!(lines[2].starts_with("nightly   production  rate(1 day)        every day"), "{lines:?}");
    }
}
