//! Reads the log lines of a service's tasks in the order of time, and follows them across rollouts; also those of
//! one-off tasks, up to the last line.
//!
//! Never changes anything. A container whose lines cannot be read is reported, and does not hold up the others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::Value;

use crate::aws::error::failure;
use crate::aws::logs::{LogEvent, LogPage, LogQuery};
use crate::aws::types::Service;
use crate::aws::{ApiError, Aws};
use crate::secrets::masked_line;
use look::with_tasks;
use merge::{Line, Merge};
use said::{not_readable, of_all};
use sources::{Source, Unreadable, Wanted};

mod look;
pub mod merge;
pub mod reporter;
mod said;
pub mod sources;
pub mod tasks;

pub use reporter::TailReporter;

/// How late a line may arrive, in milliseconds: the log driver sends every few seconds, and clocks differ. Each
/// round reads this far back again.
const LATE: i64 = 30_000;
/// The time between two rounds, and after how many of them the service is polled again.
const POLL: Duration = Duration::from_secs(2);
const POLLS_A_LOOK: u32 = 5;
/// How many sources are read at once.
const AT_ONCE: usize = 10;

/// Which log lines are read.
#[derive(Clone, Debug)]
pub struct Reading {
    pub cluster: String,
    /// The service's name in ECS, and the name that commands use.
    pub name: String,
    pub key: String,
    pub wanted: Wanted,
    /// A filter pattern of CloudWatch Logs.
    pub pattern: Option<String>,
    /// In milliseconds since 1970.
    pub since: i64,
    /// The most lines that are shown of those that exist: the last ones.
    pub limit: Option<usize>,
}

/// Where lines are reported.
#[derive(Clone, Debug, Default)]
pub enum Channel {
    /// With those of a service, as the answer: each with its task and its container.
    #[default]
    Service,
    /// As the answer of a run.
    Answer,
    /// As part of the story of a command, with these secrets masked.
    Story { secrets: Vec<String> },
}

/// Reads the log lines of one service, or of one-off tasks.
pub struct Tail<'a> {
    aws: &'a Aws,
    report: &'a dyn TailReporter,
    reading: Reading,
    channel: Channel,
    /// Whether the task and the container precede each line.
    prefixed: bool,
    started: Instant,
    /// The task definitions that were read, by ARN.
    definitions: BTreeMap<String, Value>,
    open: BTreeMap<Source, Reader>,
    /// The containers whose lines cannot be read, and the notes that were reported: each is reported once.
    unreadable: Vec<Unreadable>,
    said: BTreeSet<String>,
    /// The revisions whose tasks were seen.
    revisions: BTreeSet<String>,
}

/// How far a source was read.
#[derive(Debug, Default)]
struct Reader {
    /// The time of the newest event, as [`Tail::time_of`] gives it.
    newest: i64,
    /// The events that may be read again, by id, with their times: those of earlier rounds, and of this one.
    seen: BTreeMap<String, i64>,
    fresh: BTreeMap<String, i64>,
    /// In how many polls in a row it was not named.
    unnamed: u32,
}

/// The result of one round of reading.
#[derive(Default)]
struct Round {
    shown: usize,
    failed: Vec<(Source, ApiError)>,
}

/// One pass over the sources; all lists have the order of the first.
struct Pass {
    sources: Vec<Source>,
    /// The time from which each is read, and the token of its next page.
    from: Vec<i64>,
    tokens: Vec<Option<String>>,
    merge: Merge,
    failed: Vec<(Source, ApiError)>,
}

impl<'a> Tail<'a> {
    /// Returns a reader without open sources.
    fn new(reading: Reading, aws: &'a Aws, report: &'a dyn TailReporter) -> Tail<'a> {
        Tail {
            aws,
            report,
            reading,
            channel: Channel::default(),
            prefixed: true,
            started: Instant::now(),
            definitions: BTreeMap::new(),
            open: BTreeMap::new(),
            unreadable: Vec::new(),
            said: BTreeSet::new(),
            revisions: BTreeSet::new(),
        }
    }

    /// Returns a reader of the log lines of a service, as it is now.
    ///
    /// # Errors
    /// A definition that cannot be read, or no container whose lines can be read.
    pub async fn open(
        reading: Reading,
        service: &Service,
        aws: &'a Aws,
        report: &'a dyn TailReporter,
    ) -> crate::error::Result<Tail<'a>> {
        let mut tail = Tail::new(reading, aws, report);
        tail.take_in(service).await.map_err(failure)?;
        tail.check_container()?;
        tail.revisions = with_tasks(service);
        if tail.open.is_empty() && !tail.unreadable.is_empty() {
            return Err(of_all(tail.unreadable.iter().map(not_readable).collect()));
        }
        tail.say_unreadable();
        Ok(tail)
    }

    /// Reports the lines that exist, and returns how many.
    ///
    /// # Errors
    /// Nothing could be read.
    pub async fn read(&mut self) -> crate::error::Result<usize> {
        let Round { shown, failed } = self.round(self.reading.limit).await;
        if !failed.is_empty() && failed.len() == self.open.len() {
            return Err(of_all(failed.iter().map(|(source, error)| self.not_read(source, error)).collect()));
        }
        for (source, error) in failed {
            self.ride_out(&source, error)?;
        }
        Ok(shown)
    }

    /// Reports new lines until the service is gone or stdout is closed.
    ///
    /// # Errors
    /// The credentials have expired.
    pub async fn follow(&mut self, poll: Option<Duration>) -> crate::error::Result<()> {
        for polls in 1u32.. {
            tokio::time::sleep(poll.unwrap_or(POLL)).await;
            let there = !polls.is_multiple_of(POLLS_A_LOOK) || self.look().await?;
            for (source, error) in self.round(None).await.failed {
                self.ride_out(&source, error)?;
            }
            if !there || self.report.is_output_closed() {
                break;
            }
        }
        Ok(())
    }

    /// Reads every source once, to its end, and reports what is new; with a limit, only the last lines.
    async fn round(&mut self, limit: Option<usize>) -> Round {
        let mut pass = self.begin();
        let mut shown = 0;
        let mut last: VecDeque<Line> = VecDeque::new();
        // Lines that are no longer read from stdout need not be read here either.
        while !pass.merge.wants().is_empty() && !self.report.is_output_closed() {
            self.read_pages(&mut pass).await;
            for (at, line) in pass.merge.ready() {
                if !self.is_new(&pass.sources[at], &line) {
                    continue;
                }
                let Some(limit) = limit else {
                    shown += 1;
                    self.show(&line);
                    continue;
                };
                last.push_back(line);
                last.drain(..last.len().saturating_sub(limit));
            }
        }
        last.iter().for_each(|line| self.show(line));
        Round { shown: shown + last.len(), failed: pass.failed }
    }

    /// Returns a pass over all sources, each from the time at which it has to be read.
    fn begin(&mut self) -> Pass {
        let from: Vec<i64> = self.open.values().map(|reader| self.from(reader)).collect();
        for (reader, from) in self.open.values_mut().zip(&from) {
            let fresh = std::mem::take(&mut reader.fresh);
            reader.seen.extend(fresh);
            reader.seen.retain(|_, at| *at >= *from);
        }
        let sources: Vec<Source> = self.open.keys().cloned().collect();
        let (tokens, merge) = (vec![None; sources.len()], Merge::new(sources.len()));
        Pass { sources, from, tokens, merge, failed: Vec::new() }
    }

    /// Reads the next page of each source that has no line waiting.
    async fn read_pages(&mut self, pass: &mut Pass) {
        for some in pass.merge.wants().chunks(AT_ONCE) {
            let pages = some
                .iter()
                .map(|at| self.page(&pass.sources[*at], pass.from[*at], pass.tokens[*at].as_deref()));
            for (at, page) in some.iter().zip(join_all(pages).await) {
                match page {
                    Ok(page) => {
                        let lines = self.lines(&pass.sources[*at], &page);
                        pass.merge.add(*at, lines, page.next.is_none());
                        pass.tokens[*at] = page.next;
                    }
                    Err(error) => {
                        pass.merge.add(*at, Vec::new(), true);
                        pass.failed.push((pass.sources[*at].clone(), error));
                    }
                }
            }
        }
    }

    async fn page(&self, source: &Source, since: i64, token: Option<&str>) -> Result<LogPage, ApiError> {
        let query = LogQuery {
            region: source.region.as_deref(),
            group: &source.group,
            stream_prefix: &source.stream_prefix,
            pattern: self.reading.pattern.as_deref(),
            since,
            token,
        };
        self.aws.log_events(&query).await
    }

    /// Returns the lines of a page, and records how far the source was read.
    fn lines(&mut self, source: &Source, page: &LogPage) -> Vec<Line> {
        let newest = page.events.iter().map(|event| self.time_of(event)).max();
        let reader = self.open.entry(source.clone()).or_default();
        reader.newest = reader.newest.max(newest.unwrap_or_default());
        // Older events will not be read again after this round.
        let late = reader.newest - LATE;
        reader.fresh.retain(|_, at| *at >= late);
        let line = |event: &LogEvent| Line {
            at: event.at,
            // Other implementations may give no ids: equal events are one.
            id: match event.id.as_str() {
                "" => format!("{} {} {}", event.stream, event.at, event.message),
                id => id.to_owned(),
            },
            task: source.task_of(&event.stream),
            container: source.container.clone(),
            message: event.message.clone(),
        };
        // Not every implementation applies the prefix that was requested.
        let own =
            |event: &&LogEvent| event.stream.is_empty() || event.stream.starts_with(&source.stream_prefix);
        page.events.iter().filter(own).map(line).collect()
    }

    /// Returns the time from which a source has to be read.
    ///
    /// While no lines arrive the window moves with the local clock, so that it never grows. Not for one-off tasks:
    /// their streams hold nothing else, and no line may be lost, however long the log could not be read.
    fn from(&self, reader: &Reader) -> i64 {
        let passed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let window = match self.channel {
            Channel::Service => self.reading.since.saturating_add((passed - LATE).max(0)),
            Channel::Answer | Channel::Story { .. } => self.reading.since,
        };
        window.max(reader.newest - LATE)
    }

    /// Returns the time that counts for how far a source was read.
    ///
    /// A single stream is delivered in its own order, however late: there the writer's time is the safe one.
    fn time_of(&self, event: &LogEvent) -> i64 {
        match self.channel {
            Channel::Service => event.ingested,
            Channel::Answer | Channel::Story { .. } => event.at.min(event.ingested),
        }
    }

    fn is_new(&mut self, source: &Source, line: &Line) -> bool {
        let reader = self.open.entry(source.clone()).or_default();
        !reader.seen.contains_key(&line.id) && reader.fresh.insert(line.id.clone(), line.at).is_none()
    }

    fn show(&self, line: &Line) {
        let width = self.open.keys().map(|source| source.container.chars().count()).max().unwrap_or_default();
        let (key, prefixed) = (self.reading.key.as_str(), self.prefixed);
        match &self.channel {
            Channel::Service => self.report.service_line(key, line, width),
            Channel::Answer => {
                self.report.task_line(key, line, width, prefixed, false);
            }
            Channel::Story { secrets } => {
                let line = &Line { message: masked_line(&line.message, secrets), ..line.clone() };
                self.report.task_line(key, line, width, prefixed, true);
            }
        }
    }
}
