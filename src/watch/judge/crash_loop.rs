//! Groups failed tasks into generations, to tell a crash loop from tasks that come up after some attempts. Pure.
//!
//! A generation is what ECS started before it could replace the first of them. Tasks that live longer than those before
//! them begin a new loop: what they wait for may be nearly there.

use crate::aws::types::Task;

/// By which factor, and by how many seconds more, tasks have to outlive those before them: run times vary by chance.
const LONGER_FACTOR: f64 = 1.25;
const LONGER_SECONDS: f64 = 5.0;

/// The latest generations of equal failures of which none lived longer than those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct CrashLoop {
    pub(super) tasks: i64,
    pub(super) generations: i64,
    /// The number of tasks of the largest generation.
    pub(super) largest: i64,
    /// How long the task that ran longest was running, in seconds; 0 where none ran.
    pub(super) longest_run: f64,
    /// When the last of them ended, in seconds since 1970.
    last_end: f64,
    /// The longest time from the creation of a task to its end.
    longest_life: f64,
}

/// The failed tasks of one generation.
#[derive(Clone, Copy, Debug)]
struct Generation {
    tasks: i64,
    longest_run: f64,
    longest_life: f64,
    /// When ECS may have replaced the first of them.
    replaced_from: f64,
    last_end: f64,
}

impl CrashLoop {
    /// Returns the loop that equal failures make. `desired` is the size of a generation where tasks have no times.
    pub(super) fn from_failures(mut failures: Vec<&Task>, desired: i64) -> CrashLoop {
        if failures.iter().any(|task| task.created_at.0 <= 0.0) {
            return without_times(failures.len(), desired);
        }
        failures.sort_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0));
        let mut found = CrashLoop::default();
        for generation in generations(&failures) {
            if generation.longest_run > found.longest_run * LONGER_FACTOR + LONGER_SECONDS {
                found = CrashLoop::default();
            }
            found.add(generation);
        }
        found
    }

    /// Returns whether the tasks that run now live longer than all that failed.
    pub(super) fn is_outlived(&self, running: i64, now: f64) -> bool {
        running > 0 && now - self.last_end > self.longest_life * LONGER_FACTOR + LONGER_SECONDS
    }

    fn add(&mut self, generation: Generation) {
        self.tasks += generation.tasks;
        self.generations += 1;
        self.largest = self.largest.max(generation.tasks);
        self.longest_run = self.longest_run.max(generation.longest_run);
        self.longest_life = self.longest_life.max(generation.longest_life);
        self.last_end = self.last_end.max(generation.last_end);
    }
}

/// Returns the loop of failures whose order is unknown.
fn without_times(failures: usize, desired: i64) -> CrashLoop {
    let tasks = i64::try_from(failures).unwrap_or(i64::MAX);
    let largest = desired.clamp(1, tasks.max(1));
    CrashLoop {
        tasks,
        generations: tasks / largest,
        largest,
        last_end: f64::INFINITY,
        ..CrashLoop::default()
    }
}

/// Returns the generations of failures that are in the order of their creation.
fn generations(failures: &[&Task]) -> Vec<Generation> {
    let mut found: Vec<Generation> = Vec::new();
    for task in failures {
        let of_task = Generation::of(task);
        match found.last_mut().filter(|last| task.created_at.0 < last.replaced_from) {
            Some(last) => last.add(of_task),
            None => found.push(of_task),
        }
    }
    found
}

impl Generation {
    fn of(task: &Task) -> Generation {
        let end = end_of(task);
        let started = task.started_at.0;
        let run = if started > 0.0 { (end - started).max(0.0) } else { 0.0 };
        let life = (end - task.created_at.0).max(0.0);
        Generation {
            tasks: 1,
            longest_run: run,
            longest_life: life,
            replaced_from: replaced_from(task),
            last_end: end,
        }
    }

    fn add(&mut self, other: Generation) {
        self.tasks += other.tasks;
        self.longest_run = self.longest_run.max(other.longest_run);
        self.longest_life = self.longest_life.max(other.longest_life);
        self.replaced_from = self.replaced_from.min(other.replaced_from);
        self.last_end = self.last_end.max(other.last_end);
    }
}

/// Returns when a task's containers ended.
fn end_of(task: &Task) -> f64 {
    if task.execution_stopped_at.0 > 0.0 { task.execution_stopped_at.0 } else { task.stopped_at.0 }
}

/// Returns the earliest time at which ECS may have started the replacement of a task: when its containers ended, not
/// when the task is STOPPED, which is later.
///
/// Where that time is not given, no replacement is older than the task's own start, or than half its life.
fn replaced_from(task: &Task) -> f64 {
    let (created, end) = (task.created_at.0, end_of(task));
    if task.execution_stopped_at.0 > 0.0 {
        return end;
    }
    let half = created + (end - created).max(0.0) / 2.0;
    if task.started_at.0 > 0.0 { task.started_at.0.max(half) } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::Epoch;

    /// Returns a task that was created, ran and ended at these times.
    fn task(created: f64, started: f64, ended: f64) -> Task {
        Task {
            created_at: Epoch(created),
            started_at: Epoch(started),
            execution_stopped_at: Epoch(ended),
            stopped_at: Epoch(ended + 20.0),
            ..Task::default()
        }
    }

    fn found(tasks: &[Task]) -> CrashLoop {
        CrashLoop::from_failures(tasks.iter().collect(), 2)
    }

    #[test]
    fn tasks_that_were_started_together_are_one_generation() {
        let tasks = [
            task(100.0, 140.0, 144.0),
            task(101.0, 141.0, 146.0),
            task(145.0, 185.0, 189.0),
            task(147.0, 187.0, 191.0),
        ];
        let found = found(&tasks);
        assert_eq!((found.tasks, found.generations, found.largest, found.longest_run), (4, 2, 2, 5.0));
    }

    #[test]
    fn tasks_that_live_longer_begin_a_new_loop() {
        let runs = [4.0, 6.0, 30.0, 31.0, 5.0];
        let tasks: Vec<Task> = runs
            .iter()
            .enumerate()
            .map(|(n, run)| {
                let created = 100.0 * (n as f64 + 1.0);
                task(created, created + 40.0, created + 40.0 + run)
            })
            .collect();
        let found = found(&tasks);
        assert_eq!((found.generations, found.longest_run), (3, 31.0));
    }

    #[test]
    fn without_the_time_at_which_containers_ended_the_start_separates_generations() {
        let bare = |created: f64, started: f64, stopped: f64| Task {
            execution_stopped_at: Epoch::default(),
            stopped_at: Epoch(stopped),
            ..task(created, started, stopped)
        };
        // The replacement was created before its predecessor was STOPPED.
        let tasks = [bare(100.0, 140.0, 160.0), bare(145.0, 185.0, 205.0)];
        assert_eq!(found(&tasks).generations, 2);
        let never_started = [bare(100.0, 0.0, 130.0), bare(101.0, 0.0, 131.0), bare(128.0, 0.0, 158.0)];
        assert_eq!(found(&never_started).generations, 2);
    }

    #[test]
    fn without_times_the_desired_count_is_the_size_of_a_generation() {
        let tasks = vec![Task::default(); 7];
        let found = CrashLoop::from_failures(tasks.iter().collect(), 2);
        assert_eq!((found.tasks, found.generations, found.largest), (7, 3, 2));
        assert_eq!(CrashLoop::from_failures(Vec::new(), 2).generations, 0);
    }

    #[test]
    fn running_tasks_that_live_longer_than_all_that_failed_outlive_the_loop() {
        let found = found(&[task(100.0, 140.0, 144.0)]);
        assert!(!found.is_outlived(1, 144.0 + 44.0));
        assert!(found.is_outlived(1, 144.0 + 44.0 * 1.25 + 6.0));
        assert!(!found.is_outlived(0, 1000.0));
    }
}
