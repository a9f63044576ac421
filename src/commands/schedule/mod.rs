//! `ecsail schedule …`: the verbs about schedules, one file each. Schedules are deployed by `ecsail deploy`.

use clap::{Args, Subcommand};

use crate::context::CommandContext;
use crate::error::Result;
use crate::report::CommandOutcome;

pub mod diff;
pub mod enable;
pub mod list;
pub mod next_runs;
pub mod observed;
pub mod owned;
pub mod prune;
pub mod revisions;
pub mod run;
pub mod upcoming;

/// List, compare, run, enable, disable and prune schedules
#[derive(Clone, Debug, Args)]
pub struct ScheduleArgs {
    #[command(subcommand)]
    verb: ScheduleVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum ScheduleVerb {
    List(list::ScheduleListArgs),
    Diff(diff::ScheduleDiffArgs),
    Run(run::ScheduleRunArgs),
    Enable(enable::ScheduleEnableArgs),
    Disable(enable::ScheduleDisableArgs),
    Prune(prune::SchedulePruneArgs),
}

/// Runs the verb.
///
/// # Errors
/// As of the verb.
pub async fn run(args: &ScheduleArgs, context: &CommandContext) -> Result<CommandOutcome> {
    match &args.verb {
        ScheduleVerb::List(args) => list::run(args, context).await,
        ScheduleVerb::Diff(args) => diff::run(args, context).await,
        ScheduleVerb::Run(args) => run::run(args, context).await,
        ScheduleVerb::Enable(args) => enable::enable(args, context).await,
        ScheduleVerb::Disable(args) => enable::disable(args, context).await,
        ScheduleVerb::Prune(args) => prune::run(args, context).await,
    }
}
