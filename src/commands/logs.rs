//! `ecsail logs`: shows the log lines of all tasks of a service, in order of time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use jiff::tz::TimeZone;

use super::interrupts::Interrupts;
use super::services::ServiceArgs;
use crate::context::CommandContext;
use crate::duration;
use crate::error::Result;
use crate::exit_codes;
use crate::report::{CommandOutcome, Event, Reporter, times};
use crate::tail::merge::LogLine;
use crate::tail::sources::LogFilter;
use crate::tail::{LogRequest, LogTail, TailReporter};

/// Show the log lines of a service's tasks
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("logs", "Examples:
  ecsail logs web
  ecsail logs web --follow
  ecsail logs web --since 2h --filter 'connection refused' --limit 50
  ecsail logs web --cluster main --task 1a2b3c4d --container app
  ecsail logs web --since 2026-11-21T13:05:00Z --utc
  ecsail logs web --mask                        # where others read the output

The lines are read from CloudWatch Logs, in the groups and streams of the
`awslogs` options of the task definitions that the service runs. Times are those of this machine's
time zone; with `--output json` they are numbers, and nothing is added to a line. `-f` is
`--follow` here: name a manifest before the verb (`ecsail -f FILE logs web`) or
with `--manifest`."))]
pub struct LogsArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Start of the lines: a duration before now such as `90s` or `2h`, or a time such as `2026-11-21T13:05:00Z`
    #[arg(long, value_name = "DURATION|TIME", value_parser = parse_since, default_value = "10m")]
    since: Since,
    /// Follow the log, also across rollouts
    #[arg(long, short = 'f')]
    follow: bool,
    /// Show only the lines of this container
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Show only the lines of this task; a prefix of its id is enough
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Show only lines that contain this text; `{ $.… }` and `%…%` are CloudWatch filter patterns
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Number of lines to show, counted from the end [default: all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Show times in UTC [default: in the time zone of this machine]
    #[arg(long)]
    utc: bool,
    /// Leave out the times
    #[arg(long, conflicts_with = "utc")]
    no_timestamps: bool,
    /// Mask secrets in the lines, as `deploy` does
    #[arg(long)]
    mask: bool,
    /// Path of the manifest [default: `ecsail.yml` in this directory or the nearest parent]
    // Replaces the global flag of this name, whose short form `-f` is `--follow` here, as in other log tools.
    #[arg(long, value_name = "FILE", env = "ECSAIL_MANIFEST", help_heading = "Global options")]
    manifest: Option<String>,
}

/// The start of the lines to show.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Since {
    Ago(Duration),
    At(jiff::Timestamp),
}

fn parse_since(text: &str) -> Result<Since, String> {
    let ago = duration::parse(text).map(Since::Ago);
    ago.or_else(|| text.parse().ok().map(Since::At)).ok_or_else(|| {
        "neither a duration such as `90s` or `2h` nor a time such as `2026-11-21T13:05:00Z`".to_owned()
    })
}

impl Since {
    /// Returns the time in milliseconds since 1970.
    fn to_millis(self, now: Duration) -> i64 {
        match self {
            Since::Ago(ago) => i64::try_from(now.saturating_sub(ago).as_millis()).unwrap_or_default(),
            Since::At(time) => time.as_millisecond(),
        }
    }
}

/// Runs the verb.
///
/// # Errors
/// A service or container does not exist, or the lines cannot be read.
pub async fn run(args: &LogsArgs, context: &CommandContext) -> Result<CommandOutcome> {
    if !args.follow {
        return show(args, context).await;
    }
    // An interrupt ends `--follow` with success.
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        ended = show(args, context) => ended,
        () = interrupts.next() => Ok(CommandOutcome::Succeeded),
    }
}

async fn show(args: &LogsArgs, context: &CommandContext) -> Result<CommandOutcome> {
    let chosen = args.service.select(context).await?;
    let found = chosen.read_one().await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let reading = LogRequest {
        cluster: found.identity.cluster.clone(),
        name: found.identity.name.clone(),
        key: found.identity.key.clone(),
        filter: LogFilter { container: args.container.clone(), task: args.task.as_deref().map(task_id) },
        pattern: args.filter.as_deref().map(filter_pattern),
        since: args.since.to_millis(now),
        limit: args.limit.map(|limit| limit as usize),
        is_masked: args.mask,
    };
    let since = reading.since;
    let report = context.reporter.as_ref();
    let timed = TimedLines { reporter: report, zone: time_zone(args) };
    let mut tail = LogTail::open(reading, &found.service, &chosen.aws, &timed).await?;
    let shown = tail.read_existing().await?;
    if args.follow {
        tail.follow(context.poll_interval()).await?;
    } else if shown == 0 {
        report.report(&Event::Note(&no_lines_note(since, args)));
    }
    Ok(CommandOutcome::Succeeded)
}

/// Returns the zone of the times that are shown; `None` where none are.
fn time_zone(args: &LogsArgs) -> Option<TimeZone> {
    if args.no_timestamps {
        return None;
    }
    Some(if args.utc { TimeZone::UTC } else { times::local_zone() })
}

/// Reports lines with their times.
struct TimedLines<'a> {
    reporter: &'a dyn Reporter,
    zone: Option<TimeZone>,
}

impl TailReporter for TimedLines<'_> {
    fn note(&self, text: &str) {
        self.reporter.report(&Event::Note(text));
    }

    fn service_line(&self, service: &str, line: &LogLine, width: usize) {
        let time = self.zone.as_ref().map(|zone| times::format_in_zone(line.at, zone));
        self.reporter.report(&Event::LogLine { service, line, width, time: time.as_deref() });
    }

    fn task_line(&self, key: &str, line: &LogLine, width: usize, prefixed: bool, story: bool) {
        self.reporter.report(&Event::TaskLine { key, line, width, prefixed, story });
    }

    fn is_output_closed(&self) -> bool {
        Reporter::is_output_closed(self.reporter)
    }
}

/// Returns the id of a task that is given by its id or its ARN.
fn task_id(named: &str) -> String {
    named.rsplit('/').next().unwrap_or(named).to_owned()
}

/// Returns the CloudWatch filter pattern for a text: a phrase, unless the text is a pattern itself.
fn filter_pattern(text: &str) -> String {
    let json =
        text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['$', '(']));
    let expression = text.len() > 2 && text.starts_with('%') && text.ends_with('%');
    if json || expression {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn no_lines_note(since: i64, args: &LogsArgs) -> String {
    let time =
        jiff::Timestamp::from_millisecond(since).map(|time| time.strftime("%Y-%m-%d %H:%MZ").to_string());
    let which =
        if args.filter.is_some() || args.task.is_some() { "no matching log lines" } else { "no log lines" };
    format!("{which} since {}", time.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_phrase_unless_it_is_a_pattern() {
        for (text, expected) in [
            ("connection refused", "\"connection refused\""),
            ("-x", "\"-x\""),
            ("say \"hi\"", r#""say \"hi\"""#),
            (r"a\b", r#""a\\b""#),
            ("{\"level\":", r#""{\"level\":""#),
            ("100%", "\"100%\""),
            ("{ $.level = \"error\" }", "{ $.level = \"error\" }"),
            ("{($.a = 1) || ($.b = 2)}", "{($.a = 1) || ($.b = 2)}"),
            ("%time=[0-9]{4}%", "%time=[0-9]{4}%"),
        ] {
            assert_eq!(filter_pattern(text), expected, "{text}");
        }
    }

    #[test]
    fn since_is_a_duration_or_a_time() {
        let now = Duration::from_secs(1_000_000);
        assert_eq!(parse_since("90s").map(|since| since.to_millis(now)), Ok(999_910_000));
        assert_eq!(parse_since("1970-01-01T00:01:00Z").map(|since| since.to_millis(now)), Ok(60_000));
        for text in ["", "yesterday", "10", "-5m"] {
            assert!(parse_since(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_task_is_named_by_its_id_or_its_arn() {
        assert_eq!(task_id("arn:aws:ecs:us-east-1:1:task/main/1a2b"), "1a2b");
        assert_eq!(task_id("1a2b"), "1a2b");
    }
}
