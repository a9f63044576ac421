//! Fetches what templates look up: reads files and Terraform states, runs commands, and calls AWS, all at once. Changes nothing,
//! and never decides what is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::aws::Aws;
use crate::lookup::location::S3Object;
use crate::lookup::{Lookup, LookupAnswer, LookupFailure, LookupNeed};
use crate::manifest::Manifest;
use crate::settings::Settings;
use calls::LookupOrigin;
use states::StateSource;

mod calls;
mod commands;
mod states;

/// What a run may fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchScope {
    /// Files of this machine alone: no command and no call.
    Files,
    Everything,
}

/// What is needed to fetch: the manifest and the settings of the run.
pub struct FetchContext<'a> {
    pub manifest: &'a Manifest,
    pub settings: &'a Settings,
    /// The environment of commands.
    pub environment: BTreeMap<String, String>,
    pub scope: FetchScope,
}

/// Fetches for one run. What was read of a state is kept, so that it is read once.
#[derive(Default)]
pub struct Fetcher {
    states: BTreeMap<String, Result<StateSource, LookupFailure>>,
}

/// Returns the objects in S3 with the states that look-ups name. Reads files, and calls nothing.
pub fn s3_objects(asked: &BTreeSet<Lookup>, context: &FetchContext<'_>) -> Vec<S3Object> {
    let names: BTreeSet<&str> = asked
        .iter()
        .filter_map(|lookup| match lookup {
            Lookup::State { state, .. } => Some(state.as_str()),
            _ => None,
        })
        .collect();
    names.into_iter().filter_map(|name| states::locate(name, context).ok()?.into_object()).collect()
}

/// The answers of a round.
pub type Answers = Vec<(Lookup, LookupAnswer)>;

impl Fetcher {
    /// Returns whether AWS has to be called for these look-ups.
    pub fn needs_aws(&mut self, asked: &BTreeSet<Lookup>, context: &FetchContext<'_>) -> bool {
        if context.scope == FetchScope::Files {
            return false;
        }
        let mut is_needed = false;
        for lookup in asked {
            is_needed |= match lookup {
                Lookup::State { state, .. } => self.state(state, context).is_ok_and(StateSource::is_in_s3),
                other => other.need() == LookupNeed::Aws,
            };
        }
        is_needed
    }

    /// Returns the answers to look-ups. Those that are not in the scope have none.
    pub async fn fetch(
        &mut self,
        asked: &BTreeSet<Lookup>,
        context: &FetchContext<'_>,
        aws: Option<&Aws>,
    ) -> Answers {
        let mut answers = files(asked, context);
        answers.extend(self.fetch_states(asked, context, aws).await);
        if context.scope == FetchScope::Files {
            answers.extend(commands::undeclared(asked, context));
            return answers;
        }
        let origin =
            if context.settings.sandbox.is_some() { LookupOrigin::Sandbox } else { LookupOrigin::Aws };
        let commands = commands::run_all(asked, context);
        let Some(aws) = aws else {
            answers.extend(commands.await);
            return answers;
        };
        let (of_commands, of_calls) = tokio::join!(commands, calls::call_all(asked, aws, origin));
        answers.extend(of_commands);
        answers.extend(of_calls);
        answers
    }

    /// Returns what is known of a state: its bytes, or where they are.
    fn state(&mut self, name: &str, context: &FetchContext<'_>) -> Result<&StateSource, LookupFailure> {
        let known = self.states.entry(name.to_owned());
        let source = known.or_insert_with(|| states::locate(name, context));
        source.as_ref().map_err(Clone::clone)
    }

    /// Reads the states that are asked for, each once, and answers from them.
    async fn fetch_states(
        &mut self,
        asked: &BTreeSet<Lookup>,
        context: &FetchContext<'_>,
        aws: Option<&Aws>,
    ) -> Answers {
        let mut addresses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for lookup in asked {
            if let Lookup::State { state, address } = lookup {
                addresses.entry(state).or_default().push(address);
            }
        }
        let mut missing = Vec::new();
        for name in addresses.keys() {
            if let Ok(source) = self.state(name, context)
                && !source.is_read()
                && context.scope == FetchScope::Everything
            {
                missing.push(((*name).to_owned(), source.clone()));
            }
        }
        let reads = missing.into_iter().map(async |(name, source)| (name, source.read(context, aws).await));
        let read = futures_util::future::join_all(reads).await;
        self.states.extend(read);
        let mut answers = Vec::new();
        for (name, addresses) in addresses {
            // Where only files are read, a state that is not on this machine has no answer.
            let is_named = context.manifest.lookups.states.contains_key(name);
            let is_optional = context.scope == FetchScope::Files && is_named;
            let source = self.states.get(name).filter(|source| source.is_ok() || !is_optional);
            answers.extend(states::answers(name, &addresses, source));
        }
        answers
    }
}

/// Returns the answers to `file`.
fn files(asked: &BTreeSet<Lookup>, context: &FetchContext<'_>) -> Answers {
    let path = context.manifest.path.clone().unwrap_or_default();
    let mut answers = Vec::new();
    for lookup in asked {
        let Lookup::File(name) = lookup else { continue };
        let read = crate::manifest::load::read_file(&path, name, context.settings);
        let answer = read.map(serde_json::Value::from).map_err(|why| {
            LookupFailure::new(format!("failed to read `{name}`: {why}"))
                .with_hint("write the path relative to the manifest".to_owned())
        });
        answers.push((lookup.clone(), answer));
    }
    answers
}

/// The bytes of a state, shared between the rounds of a run.
type StateBytes = Arc<Vec<u8>>;
