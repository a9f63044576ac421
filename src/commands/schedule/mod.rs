//! `ecsail schedule …`: the verbs about schedules, one file each. Schedules are deployed by `ecsail deploy`.

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::error::Result;
use crate::report::Outcome;

pub mod diff;
pub mod list;
pub mod look;
pub mod next;
pub mod prune;
pub mod run;
pub mod runs;
pub mod switch;
pub mod upcoming;

/// List, compare, run, enable, disable and prune schedules
#[derive(Clone, Debug, Args)]
pub struct Schedule {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    List(list::List),
    Diff(diff::Diff),
    Run(run::Run),
    Enable(switch::Enable),
    Disable(switch::Disable),
    Prune(prune::Prune),
}

/// Runs the verb.
///
/// # Errors
/// As of the verb.
pub async fn run(args: &Schedule, context: &Context) -> Result<Outcome> {
    match &args.verb {
        Verb::List(args) => list::run(args, context).await,
        Verb::Diff(args) => diff::run(args, context).await,
        Verb::Run(args) => run::run(args, context).await,
        Verb::Enable(args) => switch::enable(args, context).await,
        Verb::Disable(args) => switch::disable(args, context).await,
        Verb::Prune(args) => prune::run(args, context).await,
    }
}
