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
use crate::secrets::{masked_line, masked_log_message, secrets_of};
use merge::{LineMerge, LogLine};
use notes::{combine_failures, unreadable_failure};
use service_poll::definitions_with_tasks;
use sources::{LogFilter, LogSource, UnreadableLog};

pub mod merge;
mod notes;
pub mod reporter;
mod service_poll;
pub mod sources;
pub mod tasks;

pub use reporter::TailReporter;

/// How late a line may arrive, in milliseconds: the log driver sends every few seconds, and clocks differ. Each
/// round reads this far back again.
const MAX_DELAY_MS: i64 = 30_000;
/// The time between two rounds, and after how many of them the service is polled again.
const READ_INTERVAL: Duration = Duration::from_secs(2);
const ROUNDS_PER_SERVICE_POLL: u32 = 5;
/// How many sources are read at once.
const MAX_CONCURRENT_READS: usize = 10;

/// Which log lines are read.
#[derive(Clone, Debug)]
pub struct LogRequest {
    pub cluster: String,
    /// The service's name in ECS, and the name that commands use.
    pub name: String,
    pub key: String,
    pub filter: LogFilter,
    /// A filter pattern of CloudWatch Logs.
    pub pattern: Option<String>,
    /// In milliseconds since 1970.
    pub since: i64,
    /// The most lines that are shown of those that exist: the last ones.
    pub limit: Option<usize>,
    /// Whether secrets in the lines are masked.
    pub is_masked: bool,
}

/// Where lines are reported.
#[derive(Clone, Debug, Default)]
pub enum LogDestination {
    /// With those of a service, as the answer: each with its task and its container.
    #[default]
    Service,
    /// As the answer of a run.
    Answer,
    /// As part of the story of a command, with these secrets masked.
    Story { secrets: Vec<String> },
}

/// Reads the log lines of one service, or of one-off tasks.
pub struct LogTail<'a> {
    aws: &'a Aws,
    reporter: &'a dyn TailReporter,
    request: LogRequest,
    destination: LogDestination,
    /// Whether the task and the container precede each line.
    is_prefixed: bool,
    started_at: Instant,
    /// The task definitions that were read, by ARN.
    definitions: BTreeMap<String, Value>,
    readers: BTreeMap<LogSource, SourceReader>,
    /// The containers whose lines cannot be read, and the notes that were reported: each is reported once.
    unreadable: Vec<UnreadableLog>,
    reported: BTreeSet<String>,
    /// The revisions whose tasks were seen.
    revisions_with_tasks: BTreeSet<String>,
}

/// How far a source was read.
#[derive(Debug, Default)]
struct SourceReader {
    /// The time of the newest event, as [`Tail::time_of`] gives it.
    newest_at: i64,
    /// The events that may be read again, by id, with their times: those of earlier rounds, and of this one.
    seen_before: BTreeMap<String, i64>,
    seen_this_round: BTreeMap<String, i64>,
    /// In how many polls in a row it was not named.
    polls_unnamed: u32,
}

/// The result of one round of reading.
#[derive(Default)]
struct RoundResult {
    shown: usize,
    failed: Vec<(LogSource, ApiError)>,
}

/// One pass over the sources; all lists have the order of the first.
struct ReadPass {
    sources: Vec<LogSource>,
    /// The time from which each is read, and the token of its next page.
    read_from: Vec<i64>,
    page_tokens: Vec<Option<String>>,
    merge: LineMerge,
    failed: Vec<(LogSource, ApiError)>,
}

impl<'a> LogTail<'a> {
    /// Returns a reader without open sources.
    fn new(reading: LogRequest, aws: &'a Aws, report: &'a dyn TailReporter) -> LogTail<'a> {
        LogTail {
            aws,
            reporter: report,
            request: reading,
            destination: LogDestination::default(),
            is_prefixed: true,
            started_at: Instant::now(),
            definitions: BTreeMap::new(),
            readers: BTreeMap::new(),
            unreadable: Vec::new(),
            reported: BTreeSet::new(),
            revisions_with_tasks: BTreeSet::new(),
        }
    }

    /// Returns a reader of the log lines of a service, as it is now.
    ///
    /// # Errors
    /// A definition that cannot be read, or no container whose lines can be read.
    pub async fn open(
        reading: LogRequest,
        service: &Service,
        aws: &'a Aws,
        report: &'a dyn TailReporter,
    ) -> crate::error::Result<LogTail<'a>> {
        let mut tail = LogTail::new(reading, aws, report);
        tail.open_revisions(service).await.map_err(failure)?;
        tail.check_container()?;
        tail.revisions_with_tasks = definitions_with_tasks(service);
        if tail.readers.is_empty() && !tail.unreadable.is_empty() {
            return Err(combine_failures(tail.unreadable.iter().map(unreadable_failure).collect()));
        }
        tail.note_unreadable();
        Ok(tail)
    }

    /// Reports the lines that exist, and returns how many.
    ///
    /// # Errors
    /// Nothing could be read.
    pub async fn read_existing(&mut self) -> crate::error::Result<usize> {
        let RoundResult { shown, failed } = self.read_round(self.request.limit).await;
        if !failed.is_empty() && failed.len() == self.readers.len() {
            return Err(combine_failures(
                failed.iter().map(|(source, error)| self.source_failure(source, error)).collect(),
            ));
        }
        for (source, error) in failed {
            self.continue_after(&source, error)?;
        }
        Ok(shown)
    }

    /// Reports new lines until the service is gone or stdout is closed.
    ///
    /// # Errors
    /// The credentials have expired.
    pub async fn follow(&mut self, poll: Option<Duration>) -> crate::error::Result<()> {
        for polls in 1u32.. {
            tokio::time::sleep(poll.unwrap_or(READ_INTERVAL)).await;
            let there = !polls.is_multiple_of(ROUNDS_PER_SERVICE_POLL) || self.poll_service().await?;
            for (source, error) in self.read_round(None).await.failed {
                self.continue_after(&source, error)?;
            }
            if !there || self.reporter.is_output_closed() {
                break;
            }
        }
        Ok(())
    }

    /// Reads every source once, to its end, and reports what is new; with a limit, only the last lines.
    async fn read_round(&mut self, limit: Option<usize>) -> RoundResult {
        let mut pass = self.begin_pass();
        let mut shown = 0;
        let mut last: VecDeque<LogLine> = VecDeque::new();
        // Lines that are no longer read from stdout need not be read here either.
        while !pass.merge.sources_to_read().is_empty() && !self.reporter.is_output_closed() {
            self.read_pages(&mut pass).await;
            for (at, line) in pass.merge.take_ready() {
                if !self.is_new(&pass.sources[at], &line) {
                    continue;
                }
                let Some(limit) = limit else {
                    shown += 1;
                    self.report_line(&line);
                    continue;
                };
                last.push_back(line);
                last.drain(..last.len().saturating_sub(limit));
            }
        }
        for line in &last {
            self.report_line(line);
        }
        RoundResult { shown: shown + last.len(), failed: pass.failed }
    }

    /// Returns a pass over all sources, each from the time at which it has to be read.
    fn begin_pass(&mut self) -> ReadPass {
        let from: Vec<i64> = self.readers.values().map(|reader| self.read_from(reader)).collect();
        for (reader, from) in self.readers.values_mut().zip(&from) {
            let fresh = std::mem::take(&mut reader.seen_this_round);
            reader.seen_before.extend(fresh);
            reader.seen_before.retain(|_, at| *at >= *from);
        }
        let sources: Vec<LogSource> = self.readers.keys().cloned().collect();
        let (tokens, merge) = (vec![None; sources.len()], LineMerge::new(sources.len()));
        ReadPass { sources, read_from: from, page_tokens: tokens, merge, failed: Vec::new() }
    }

    /// Reads the next page of each source that has no line waiting.
    async fn read_pages(&mut self, pass: &mut ReadPass) {
        for some in pass.merge.sources_to_read().chunks(MAX_CONCURRENT_READS) {
            let pages = some.iter().map(|at| {
                self.read_page(&pass.sources[*at], pass.read_from[*at], pass.page_tokens[*at].as_deref())
            });
            for (at, page) in some.iter().zip(join_all(pages).await) {
                match page {
                    Ok(page) => {
                        let lines = self.add_page(&pass.sources[*at], &page);
                        pass.merge.add(*at, lines, page.next_token.is_none());
                        pass.page_tokens[*at] = page.next_token;
                    }
                    Err(error) => {
                        pass.merge.add(*at, Vec::new(), true);
                        pass.failed.push((pass.sources[*at].clone(), error));
                    }
                }
            }
        }
    }

    async fn read_page(
        &self,
        source: &LogSource,
        since: i64,
        token: Option<&str>,
    ) -> Result<LogPage, ApiError> {
        let query = LogQuery {
            region: source.region.as_deref(),
            group: &source.group,
            stream_prefix: &source.stream_prefix,
            pattern: self.request.pattern.as_deref(),
            since,
            page_token: token,
        };
        self.aws.log_events(&query).await
    }

    /// Returns the lines of a page, and records how far the source was read.
    fn add_page(&mut self, source: &LogSource, page: &LogPage) -> Vec<LogLine> {
        let newest = page.events.iter().map(|event| self.time_of(event)).max();
        let reader = self.readers.entry(source.clone()).or_default();
        reader.newest_at = reader.newest_at.max(newest.unwrap_or_default());
        // Older events will not be read again after this round.
        let late = reader.newest_at - MAX_DELAY_MS;
        reader.seen_this_round.retain(|_, at| *at >= late);
        let line = |event: &LogEvent| LogLine {
            at: event.timestamp,
            // Other implementations may give no ids: equal events are one.
            id: match event.id.as_str() {
                "" => format!("{} {} {}", event.stream, event.timestamp, event.message),
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
    fn read_from(&self, reader: &SourceReader) -> i64 {
        let passed = i64::try_from(self.started_at.elapsed().as_millis()).unwrap_or(i64::MAX);
        let window = match self.destination {
            LogDestination::Service => self.request.since.saturating_add((passed - MAX_DELAY_MS).max(0)),
            LogDestination::Answer | LogDestination::Story { .. } => self.request.since,
        };
        window.max(reader.newest_at - MAX_DELAY_MS)
    }

    /// Returns the time that counts for how far a source was read.
    ///
    /// A single stream is delivered in its own order, however late: there the writer's time is the safe one.
    fn time_of(&self, event: &LogEvent) -> i64 {
        match self.destination {
            LogDestination::Service => event.ingested_at,
            LogDestination::Answer | LogDestination::Story { .. } => event.timestamp.min(event.ingested_at),
        }
    }

    fn is_new(&mut self, source: &LogSource, line: &LogLine) -> bool {
        let reader = self.readers.entry(source.clone()).or_default();
        !reader.seen_before.contains_key(&line.id)
            && reader.seen_this_round.insert(line.id.clone(), line.at).is_none()
    }

    /// Returns the secrets in the environments of the definitions that were read.
    fn secrets(&self) -> Vec<String> {
        self.definitions.values().flat_map(secrets_of).collect()
    }

    fn report_line(&self, line: &LogLine) {
        let width =
            self.readers.keys().map(|source| source.container.chars().count()).max().unwrap_or_default();
        let (key, prefixed) = (self.request.key.as_str(), self.is_prefixed);
        match &self.destination {
            LogDestination::Service if self.request.is_masked => {
                let message = masked_log_message(&line.message, &self.secrets());
                self.reporter.service_line(key, &LogLine { message, ..line.clone() }, width);
            }
            LogDestination::Service => self.reporter.service_line(key, line, width),
            LogDestination::Answer => {
                self.reporter.task_line(key, line, width, prefixed, false);
            }
            LogDestination::Story { secrets } => {
                let line = &LogLine { message: masked_line(&line.message, secrets), ..line.clone() };
                self.reporter.task_line(key, line, width, prefixed, true);
            }
        }
    }
}
