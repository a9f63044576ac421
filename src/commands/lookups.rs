//! Loads and renders the manifest with what its templates look up: in rounds, until nothing new is asked for. Without look-ups
//! there is one round, and no call.

use std::collections::BTreeSet;

use crate::context::CommandContext;
use crate::document::problem::InvalidFiles;
use crate::error::{Failure, Result};
use crate::fetch::{Answers, FetchContext, FetchScope, Fetcher};
use crate::file_limits::FileLimits;
use crate::lookup::{Lookup, LookupTable};
use crate::manifest::{self, Manifest, Request};
use crate::render::DesiredState;
use crate::settings::Settings;

/// The most rounds: a look-up may be an argument of another one.
const MAX_ROUNDS: usize = 10;

/// Returns the manifest, with what is looked up in it. With `names_only`, only what the command needs is fetched.
///
/// # Errors
/// As of [`manifest::load`]; with `names_only` also every problem of the manifest.
pub async fn load(request: &Request, context: &CommandContext) -> Result<Manifest> {
    let settings = &context.settings;
    until_answered(request, settings, FetchScope::Everything, context, &|request| {
        let manifest = manifest::load(settings, request)?;
        if request.names_only && manifest.problems.has_errors() {
            return Err(InvalidFiles { problems: manifest.problems, sources: manifest.sources }.into());
        }
        Ok(manifest)
    })
    .await
}

/// Returns the manifest and its documents, with what is looked up in both. `prepare` changes the manifest before it is rendered.
///
/// # Errors
/// The files have problems, or something that is looked up is missing or may not be read.
pub async fn render(
    request: &Request,
    settings: &Settings,
    context: &CommandContext,
    prepare: impl Fn(Manifest) -> Result<Manifest>,
) -> Result<(Manifest, DesiredState)> {
    until_answered(request, settings, FetchScope::Everything, context, &|request| {
        let _limits = FileLimits::start();
        let manifest = prepare(manifest::load(settings, request)?)?;
        let desired = super::render_manifest(&manifest)?;
        Ok((manifest, desired))
    })
    .await
}

/// Calls `pass` until it asks for nothing that could be fetched and has no answer, and returns its last result.
///
/// # Errors
/// Those of the last call of `pass`; credentials that cannot be loaded; look-ups without an end.
pub async fn until_answered<T>(
    request: &Request,
    settings: &Settings,
    scope: FetchScope,
    context: &CommandContext,
    pass: &dyn Fn(&Request) -> Result<T>,
) -> Result<T> {
    let table = context.lookups_of(settings.stage.as_deref());
    let request = Request { lookups: table.clone(), ..request.clone() };
    let mut rounds =
        LookupRounds { settings, scope, context, fetcher: Fetcher::default(), connected_with: None };
    for _ in 0..MAX_ROUNDS {
        table.begin_pass();
        let result = pass(&request);
        let asked = table.unanswered();
        if asked.is_empty() || (request.names_only && result.is_ok()) {
            rounds.ensure_same_connection(&table)?;
            return result;
        }
        // The values that say where to look are read also where the rest has problems, which may be those of placeholders.
        let names = Request { names_only: true, tags: request.tags.clone(), ..names_of(&table) };
        let Ok(manifest) = manifest::load(settings, &names) else {
            return unanswered(result, scope, &asked);
        };
        let answers = rounds.fetch(&asked, &manifest).await?;
        if answers.is_empty() {
            return unanswered(result, scope, &asked);
        }
        table.add_answers(answers);
    }
    let hint = "look for a look-up whose argument is the value of itself".to_owned();
    Err(Failure::error(format!("templates ask for more after {MAX_ROUNDS} rounds of look-ups"))
        .with_hint(hint))
}

/// Returns a request for the values of the manifest that say where to look.
fn names_of(table: &LookupTable) -> Request {
    Request { names_only: true, lookups: table.clone(), ..Request::default() }
}

/// The rounds of look-ups of a command.
struct LookupRounds<'a> {
    settings: &'a Settings,
    scope: FetchScope,
    context: &'a CommandContext,
    fetcher: Fetcher,
    /// The region and the role of the manifest when AWS was called.
    connected_with: Option<(Option<String>, Option<String>)>,
}

impl LookupRounds<'_> {
    /// Fetches what is asked for, as the manifest says.
    async fn fetch(&mut self, asked: &BTreeSet<Lookup>, manifest: &Manifest) -> Result<Answers> {
        let (settings, scope) = (self.settings, self.scope);
        let environment = self.context.program_environment();
        let before = FetchContext { manifest, settings, environment, scope };
        // In the sandbox, commands reach no account either.
        let is_sandbox = settings.sandbox.is_some() && scope == FetchScope::Everything;
        let aws = if self.fetcher.needs_aws(asked, &before) || is_sandbox {
            self.connected_with = Some((manifest.region.clone(), manifest.role.clone()));
            Some(self.context.connect_for_lookups(settings, manifest).await?)
        } else {
            None
        };
        // In the sandbox, commands and states are those of the session that has just begun.
        let sandboxed = self.context.lookup_settings(settings);
        let environment = self.context.program_environment();
        let connected = FetchContext { manifest, settings: &sandboxed, environment, scope };
        Ok(self.fetcher.fetch(asked, &connected, aws.as_deref()).await)
    }

    /// Refuses a manifest whose region or role is known only after look-ups in AWS, which would then be of another region or role.
    fn ensure_same_connection(&self, table: &LookupTable) -> Result<()> {
        let Some((region, role)) = &self.connected_with else { return Ok(()) };
        let Ok(manifest) = manifest::load(self.settings, &names_of(table)) else { return Ok(()) };
        if manifest.region == *region && manifest.role == *role {
            return Ok(());
        }
        let hint =
            "write `region` and `role` without `ssm`, `cfn_output` and other look-ups in AWS".to_owned();
        Err(Failure::usage("the region and the role of look-ups cannot be looked up in AWS").with_hint(hint))
    }
}

/// Returns the result of a pass that has placeholders: only `check`, which reads files alone, may go on with them.
fn unanswered<T>(result: Result<T>, scope: FetchScope, asked: &BTreeSet<Lookup>) -> Result<T> {
    if scope == FetchScope::Files || result.is_err() {
        return result;
    }
    let first = asked.iter().next().map(ToString::to_string).unwrap_or_default();
    Err(Failure::error(format!("failed to look up {first}: the manifest does not say where it is")))
}
