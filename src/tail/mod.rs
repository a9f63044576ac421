//! Owns reading the log lines of a service's tasks, in the order of time, and following them over rollouts.
//!
//! It never changes anything. What cannot be read of one container is said, and keeps nothing of the others back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join};
use serde_json::Value;

use crate::aws::error::Meaning;
use crate::aws::logs::{LogEvent, LogPage, LogQuery};
use crate::aws::observe::{cluster_failure, failure};
use crate::aws::types::{Service, Task, revision_of, view};
use crate::aws::{ApiError, Aws};
use crate::document::problem::did_you_mean;
use crate::error::{Failure, Failures};
use crate::report::{Event, Report};
use merge::{Line, Merge};
use sources::{Map, Source, Unreadable, Wanted, containers, needs_tasks, sources};

pub mod merge;
pub mod sources;

/// How long a line may take from its writer to its reader, in milliseconds: the log driver sends every few seconds,
/// and clocks differ. So far back is read again each time.
const LATE: i64 = 30_000;
/// How often lines are asked for, and after how many times the service is looked at again.
const POLL: Duration = Duration::from_secs(2);
const POLLS_A_LOOK: u32 = 5;
/// After how many looks that no longer name a source it is closed: its last lines may be late.
const LOOKS_TO_CLOSE: u32 = 6;
/// How many sources are asked at once.
const AT_ONCE: usize = 10;

/// Holds whose lines are read, and which.
#[derive(Clone, Debug)]
pub struct Reading {
    pub cluster: String,
    /// The service's name in ECS, and what commands call it.
    pub name: String,
    pub key: String,
    pub wanted: Wanted,
    /// A filter pattern of CloudWatch.
    pub pattern: Option<String>,
    /// In milliseconds since 1970.
    pub since: i64,
    /// How many lines are shown at the most of those that are there: the last ones.
    pub limit: Option<usize>,
}

/// Reads the lines of one service.
pub struct Tail<'a> {
    aws: &'a Aws,
    report: &'a dyn Report,
    reading: Reading,
    started: Instant,
    /// The task definitions that were read, by ARN.
    definitions: BTreeMap<String, Value>,
    open: BTreeMap<Source, Reader>,
    /// The containers whose lines cannot be read, and what was said of sources: each is said once.
    unreadable: Vec<Unreadable>,
    said: BTreeSet<String>,
    /// The revisions whose tasks were seen.
    revisions: BTreeSet<String>,
}

/// Holds how far a source was read.
#[derive(Debug, Default)]
struct Reader {
    /// When the newest event was taken in: the clocks of those who write may be wrong, this one is the log's own.
    newest: i64,
    /// The events that may be read again, by id, and when they happened: those of the rounds before, and of this one.
    seen: BTreeMap<String, i64>,
    fresh: BTreeMap<String, i64>,
    /// In how many looks in a row it was not named.
    unnamed: u32,
}

/// Holds what came of one round of reading.
#[derive(Default)]
struct Round {
    shown: usize,
    failed: Vec<(Source, ApiError)>,
}

impl<'a> Tail<'a> {
    /// Returns a reader of the lines of a service, as it is now.
    ///
    /// # Errors
    /// A definition that cannot be read, or nothing to read at all.
    pub async fn open(
        reading: Reading,
        service: &Service,
        aws: &'a Aws,
        report: &'a dyn Report,
    ) -> anyhow::Result<Tail<'a>> {
        let mut tail = Tail {
            aws,
            report,
            reading,
            started: Instant::now(),
            definitions: BTreeMap::new(),
            open: BTreeMap::new(),
            unreadable: Vec::new(),
            said: BTreeSet::new(),
            revisions: BTreeSet::new(),
        };
        tail.take_in(service).await.map_err(failure)?;
        tail.check_container()?;
        tail.revisions = with_tasks(service);
        if tail.open.is_empty() && !tail.unreadable.is_empty() {
            return Err(of_all(tail.unreadable.iter().map(not_readable).collect()));
        }
        tail.say_unreadable();
        Ok(tail)
    }

    /// Shows the lines that are there, and returns how many.
    ///
    /// # Errors
    /// Nothing could be read.
    pub async fn read(&mut self) -> anyhow::Result<usize> {
        let Round { shown, failed } = self.round(self.reading.limit).await;
        if !failed.is_empty() && failed.len() == self.open.len() {
            return Err(of_all(failed.iter().map(|(source, error)| self.not_read(source, error)).collect()));
        }
        for (source, error) in failed {
            self.ride_out(&source, error)?;
        }
        Ok(shown)
    }

    /// Shows the lines that come, until the service is gone or nobody listens any more.
    ///
    /// # Errors
    /// The credentials have expired.
    pub async fn follow(&mut self, poll: Option<Duration>) -> anyhow::Result<()> {
        for polls in 1u32.. {
            tokio::time::sleep(poll.unwrap_or(POLL)).await;
            let there = !polls.is_multiple_of(POLLS_A_LOOK) || self.look().await?;
            for (source, error) in self.round(None).await.failed {
                self.ride_out(&source, error)?;
            }
            if !there || self.report.is_closed() {
                break;
            }
        }
        Ok(())
    }

    /// Reads every source once, to its end, and shows what is new; with a limit, only the last lines.
    async fn round(&mut self, limit: Option<usize>) -> Round {
        let sources: Vec<Source> = self.open.keys().cloned().collect();
        let from: Vec<i64> = self.open.values().map(|reader| self.from(reader)).collect();
        for (reader, from) in self.open.values_mut().zip(&from) {
            let fresh = std::mem::take(&mut reader.fresh);
            reader.seen.extend(fresh);
            reader.seen.retain(|_, at| *at >= *from);
        }
        let mut tokens: Vec<Option<String>> = vec![None; sources.len()];
        let mut merge = Merge::new(sources.len());
        let mut round = Round::default();
        let mut last: VecDeque<Line> = VecDeque::new();
        loop {
            let wants = merge.wants();
            if wants.is_empty() {
                break;
            }
            for some in wants.chunks(AT_ONCE) {
                let asked = some.iter().map(|at| self.page(&sources[*at], from[*at], tokens[*at].as_deref()));
                for (at, page) in some.iter().zip(join_all(asked).await) {
                    match page {
                        Ok(page) => {
                            merge.add(*at, self.lines(&sources[*at], &page), page.next.is_none());
                            tokens[*at] = page.next;
                        }
                        Err(error) => {
                            merge.add(*at, Vec::new(), true);
                            round.failed.push((sources[*at].clone(), error));
                        }
                    }
                }
            }
            for (at, line) in merge.ready() {
                if !self.is_new(&sources[at], &line) {
                    continue;
                }
                match limit {
                    Some(limit) => {
                        last.push_back(line);
                        last.drain(..last.len().saturating_sub(limit));
                    }
                    None => {
                        round.shown += 1;
                        self.show(&line);
                    }
                }
            }
            // Nobody reads what comes now.
            if self.report.is_closed() {
                break;
            }
        }
        round.shown += last.len();
        last.iter().for_each(|line| self.show(line));
        round
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

    /// Returns the lines of a page, and notes how far the source was read.
    fn lines(&mut self, source: &Source, page: &LogPage) -> Vec<Line> {
        let reader = self.open.entry(source.clone()).or_default();
        let newest = page.events.iter().map(|event| event.ingested).max();
        reader.newest = reader.newest.max(newest.unwrap_or_default());
        // What is older will not be read again after this round.
        let late = reader.newest - LATE;
        reader.fresh.retain(|_, at| *at >= late);
        let line = |event: &LogEvent| Line {
            at: event.at,
            // An implementation without ids: what is the same is one event.
            id: match event.id.as_str() {
                "" => format!("{} {} {}", event.stream, event.at, event.message),
                id => id.to_owned(),
            },
            task: source.task_of(&event.stream),
            container: source.container.clone(),
            message: event.message.clone(),
        };
        page.events.iter().map(line).collect()
    }

    /// Returns since when a source is to be read.
    ///
    /// While nothing comes the window moves on with our clock, so that it never grows.
    fn from(&self, reader: &Reader) -> i64 {
        let passed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let window = self.reading.since.saturating_add((passed - LATE).max(0));
        window.max(reader.newest - LATE)
    }

    fn is_new(&mut self, source: &Source, line: &Line) -> bool {
        let reader = self.open.entry(source.clone()).or_default();
        !reader.seen.contains_key(&line.id) && reader.fresh.insert(line.id.clone(), line.at).is_none()
    }

    fn show(&self, line: &Line) {
        let width = self.open.keys().map(|source| source.container.chars().count()).max().unwrap_or_default();
        self.report.tell(&Event::Line { service: &self.reading.key, line, width });
    }

    /// Looks at the service again, and returns whether it is still there. New revisions are read from now on.
    async fn look(&mut self) -> anyhow::Result<bool> {
        let name = std::slice::from_ref(&self.reading.name);
        let mut found = match self.aws.services(&self.reading.cluster, name).await {
            Ok(found) => found,
            Err(error) if is_fatal(&error) => {
                return Err(cluster_failure(&self.reading.cluster, error).into());
            }
            // The lines go on without it.
            Err(error) => {
                let about = "whether a new revision comes is not known";
                self.say_once(about, &format!("{about}: {error}"));
                return Ok(true);
            }
        };
        let document = found.remove(&self.reading.name).unwrap_or_default();
        let Ok(service) = view::<Service>(&document) else { return Ok(true) };
        if service.status != "ACTIVE" && service.status != "DRAINING" {
            self.say(&format!("service `{}` is no longer there: no more lines will come", self.reading.key));
            return Ok(false);
        }
        match self.take_in(&service).await {
            Ok(()) => {}
            Err(error) if is_fatal(&error) => return Err(failure(error).into()),
            Err(error) => {
                let about = "the lines of a new revision may be missing";
                self.say_once(about, &format!("{about}: {error}"));
            }
        }
        self.say_unreadable();
        for arn in with_tasks(&service) {
            if self.revisions.insert(arn.clone()) {
                self.say(&format!("the first tasks of {} start: their lines follow", revision_of(&arn)));
            }
        }
        Ok(true)
    }

    /// Takes in which revisions the service has, and opens what they name.
    async fn take_in(&mut self, service: &Service) -> Result<(), ApiError> {
        let arns = revisions(service);
        for arn in &arns {
            if !self.definitions.contains_key(arn) {
                let found = self.aws.task_definition(arn).await?;
                self.definitions.insert(arn.clone(), found.map(|found| found.document).unwrap_or_default());
            }
        }
        let current = |arn: &String| self.definitions.get(arn).map(|definition| (arn.clone(), definition));
        let current: Vec<(String, &Value)> = arns.iter().filter_map(current).collect();
        let tasks = match current.iter().any(|(_, definition)| needs_tasks(definition)) {
            true => self.tasks().await?,
            false => Vec::new(),
        };
        let of =
            |(arn, definition): &(String, &Value)| sources(arn, definition, &tasks, &self.reading.wanted);
        let maps: Vec<Map> = current.iter().map(of).collect();
        self.reopen(maps);
        Ok(())
    }

    /// Returns the tasks of the service that run or have stopped lately.
    async fn tasks(&self) -> Result<Vec<Task>, ApiError> {
        let (cluster, name) = (&self.reading.cluster, &self.reading.name);
        let none = BTreeSet::new();
        let (live, stopped) =
            try_join(self.aws.live_tasks(cluster, name), self.aws.stopped_tasks(cluster, name, &none))
                .await?;
        Ok(live.into_iter().chain(stopped).collect())
    }

    /// Opens what is named and was not open, and closes what has not been named for a while.
    fn reopen(&mut self, maps: Vec<Map>) {
        self.open.values_mut().for_each(|reader| reader.unnamed += 1);
        for map in maps {
            for source in map.sources {
                self.open.entry(source).or_default().unnamed = 0;
            }
            for one in map.unreadable {
                if !self.unreadable.contains(&one) {
                    self.unreadable.push(one);
                }
            }
        }
        self.open.retain(|_, reader| reader.unnamed <= LOOKS_TO_CLOSE);
    }

    /// Checks that the container that is asked for is one of a definition.
    fn check_container(&self) -> Result<(), Failure> {
        let Some(wanted) = &self.reading.wanted.container else { return Ok(()) };
        let known: BTreeSet<&str> = self.definitions.values().flat_map(containers).collect();
        if known.is_empty() || known.contains(wanted.as_str()) {
            return Ok(());
        }
        let names: Vec<&str> = known.into_iter().collect();
        let near = did_you_mean(wanted, names.iter().copied());
        let hint = near.unwrap_or_else(|| format!("its containers: {}", names.join(", ")));
        Err(Failure::usage(format!("service `{}` has no container `{wanted}`", self.reading.key)).hint(hint))
    }

    /// Says a note, once.
    fn say(&mut self, note: &str) {
        self.say_once(note, note);
    }

    /// Says a note, once for what it is about: an error has an id of its own each time.
    fn say_once(&mut self, about: &str, note: &str) {
        if self.said.insert(about.to_owned()) {
            self.report.tell(&Event::Note(note));
        }
    }

    fn say_unreadable(&mut self) {
        let notes: Vec<String> =
            self.unreadable.iter().map(|one| format!("{}: {}", not_readable(one), one.why)).collect();
        notes.iter().for_each(|note| self.say(note));
    }

    /// Goes on after an error of one source: it is said once, and the source is asked again.
    fn ride_out(&mut self, source: &Source, error: ApiError) -> Result<(), Failure> {
        if is_fatal(&error) {
            return Err(failure(error));
        }
        if error.may_pass() {
            tracing::info!("the lines go on after: {error}");
            return Ok(());
        }
        let attempted = self.not_read(source, &error).message;
        let note = match error.meaning {
            // It may come with the first container that writes.
            Meaning::NotFound => attempted.clone(),
            _ => format!("{attempted}: {error}"),
        };
        self.say_once(&attempted, &note);
        Ok(())
    }

    fn not_read(&self, source: &Source, error: &ApiError) -> Failure {
        let group = &source.group;
        let region = source.region.as_deref().unwrap_or(&self.aws.region);
        match error.meaning {
            Meaning::NotFound => {
                let hint = format!(
                    "make it (`aws logs create-log-group --log-group-name {group} --region {region}`), or let the log                      driver do it with the option `awslogs-create-group: \"true\"`"
                );
                let message = format!(
                    "there is no log group `{group}` in {region}, where container `{}` writes",
                    source.container
                );
                Failure::error(message).hint(hint)
            }
            _ => Failure::error(format!("read the log group `{group}` in {region}"))
                .hint(error.hint())
                .because(error.clone()),
        }
    }
}

/// Returns whether no later call can go better.
fn is_fatal(error: &ApiError) -> bool {
    matches!(error.meaning, Meaning::Expired | Meaning::NoCredentials)
}

fn not_readable(one: &Unreadable) -> Failure {
    let message = format!("container `{}` of {} cannot be read", one.container, one.revision);
    Failure::error(message).because(anyhow::Error::msg(one.why.clone()))
}

/// Returns several failures as one error; each is said once.
fn of_all(mut failures: Vec<Failure>) -> anyhow::Error {
    let mut known = BTreeSet::new();
    failures.retain(|failure| known.insert(failure.message.clone()));
    match failures.len() {
        1 => failures.remove(0).into(),
        _ => Failures(failures).into(),
    }
}

/// Returns the task definitions that a service runs, or is to run: those of all its deployments.
fn revisions(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter().map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().map(|set| &set.task_definition);
    let all = deployments.chain(sets).chain([&service.task_definition]);
    all.filter(|arn| !arn.is_empty()).cloned().collect()
}

/// Returns the task definitions of which tasks run, or start.
fn with_tasks(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter();
    let deployments = deployments
        .filter(|deployment| deployment.running_count + deployment.pending_count > 0)
        .map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().filter(|set| set.running_count + set.pending_count > 0);
    deployments.chain(sets.map(|set| &set.task_definition)).cloned().collect()
}
