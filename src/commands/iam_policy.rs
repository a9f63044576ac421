//! `ecsail iam-policy`: prints the least IAM policy for the manifest, or the trust policy of a role for GitHub.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::lookups;
use crate::context::CommandContext;
use crate::document::arn::is_account;
use crate::error::{Failure, Result};
use crate::events::JsonEvent;
use crate::events::answer::ShownPolicy;
use crate::fetch::{FetchContext, FetchScope, s3_objects};
use crate::file_limits::FileLimits;
use crate::lookup::Lookup;
use crate::manifest::{self, Manifest, Request, Scope};
use crate::permissions::Purpose;
use crate::policy::trust::TrustSource;
use crate::policy::{self, AskedLookups, Home, LONGEST_INLINE, LONGEST_MANAGED, PolicyNames};
use crate::render::{self, DesiredState};
use crate::report::{CommandOutcome, Event};
use crate::settings::ImageTags;

/// The tag to render with. No policy depends on it.
const PLACEHOLDER_TAG: &str = "TAG";
/// Stands for an account or a region that is not known.
const ANY: &str = "*";

/// Print the least IAM policy for the manifest, or the trust policy of a role for GitHub
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  ecsail iam-policy --stage production > policy.json
  ecsail iam-policy --for deploy,operate --format terraform
  ecsail iam-policy --trust github:acme/shop:environment:production

Nothing is looked up: what only a look-up gives, such as a role from a Terraform state, is `*`, and a note says so.")]
pub struct IamPolicyArgs {
    /// What the policy is for; several with commas
    #[arg(long = "for", value_name = "PURPOSE", value_enum, value_delimiter = ',', default_value = "deploy")]
    purposes: Vec<Purpose>,
    /// Format of the policy; `terraform` and `cloudformation` have comments
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = PolicyFormat::Json)]
    format: PolicyFormat,
    /// Print the trust policy of a role that workflows of this repository assume: `github:ORG/REPO[:environment:NAME]`
    #[arg(long, value_name = "SOURCE", value_parser = TrustSource::parse, conflicts_with = "purposes")]
    trust: Option<TrustSource>,
    /// Account of the resources [default: `account` of the manifest, or that of the credentials]
    #[arg(long, value_name = "ID", value_parser = parse_account)]
    account: Option<String>,
}

/// The formats of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyFormat {
    /// IAM's JSON
    Json,
    /// A data source of Terraform
    Terraform,
    /// A template of CloudFormation, in YAML
    Cloudformation,
}

fn parse_account(text: &str) -> Result<String, String> {
    if is_account(text) { Ok(text.to_owned()) } else { Err("an account id has 12 digits".to_owned()) }
}

/// Runs the verb.
///
/// # Errors
/// Every problem in the files; no manifest; `--trust` without an account.
pub async fn run(args: &IamPolicyArgs, context: &CommandContext) -> Result<CommandOutcome> {
    // The trust policy of a role is about its account alone.
    if let (Some(source), Some(account)) = (&args.trust, &args.account) {
        let region = context.settings.region.clone().unwrap_or_else(|| ANY.to_owned());
        let home = Home { region, account: account.clone() };
        return print_trust(source, &home, args.format, context);
    }
    let names_only = Request { names_only: true, ..Request::default() };
    let manifest =
        lookups::until_answered(&names_only, &context.settings, FetchScope::Files, context, &|request| {
            manifest::load(&context.settings, request)
        })
        .await?;
    let home = home(args, &manifest, context).await;
    match &args.trust {
        Some(source) => print_trust(source, &home, args.format, context),
        None => print_policy(args, home, context).await,
    }
}

/// Returns where the resources are: as the flags and the manifest say, or as AWS answers.
async fn home(args: &IamPolicyArgs, manifest: &Manifest, context: &CommandContext) -> Home {
    let settings = &context.settings;
    let variable = |name: &&str| settings.environment.get(*name).filter(|value| !value.is_empty());
    let of_environment = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(variable);
    let mut region = settings.region.as_ref().or(manifest.region.as_ref()).or(of_environment).cloned();
    let of_manifest = manifest.account.as_ref().map(|account| account.value.clone());
    let mut account = args.account.clone().or(of_manifest);
    if (region.is_none() || account.is_none())
        && let Err(why) = identify(&mut region, &mut account, manifest, context).await
    {
        note_unknown(&why, account.is_none(), context);
    }
    let or_any = |value: Option<String>| value.unwrap_or_else(|| ANY.to_owned());
    Home { region: or_any(region), account: or_any(account) }
}

/// Takes what is missing from AWS: the region of the calls, and the account of the caller.
async fn identify(
    region: &mut Option<String>,
    account: &mut Option<String>,
    manifest: &Manifest,
    context: &CommandContext,
) -> Result<()> {
    let aws = context.connect_without_definitions(manifest).await?;
    region.get_or_insert_with(|| aws.region.clone());
    if account.is_none() {
        *account = Some(aws.caller().await?.account);
    }
    Ok(())
}

fn note_unknown(why: &Failure, account_is_missing: bool, context: &CommandContext) {
    let (what, hint) = if account_is_missing {
        ("account", "add `account:` to the manifest, or `--account`")
    } else {
        ("region", "add `region:` to the manifest, or `--region`")
    };
    let note = format!("the policy has `*` for the {what}, which is not known: {}; {hint}", why.one_line());
    context.reporter.report(&Event::Note(&note));
}

fn print_trust(
    source: &TrustSource,
    home: &Home,
    format: PolicyFormat,
    context: &CommandContext,
) -> Result<CommandOutcome> {
    if home.account == ANY {
        let hint = "add `account:` to the manifest, or `--account`".to_owned();
        return Err(Failure::usage("a trust policy names the account of the role").with_hint(hint));
    }
    let trust = source.policy(home);
    if source.is_whole_repository() {
        let note = "every workflow of the repository is trusted, those of pull requests too; name an environment with \
                    `:environment:NAME`";
        context.reporter.report(&Event::Note(note));
    }
    let document = trust.json();
    let text = match format {
        PolicyFormat::Json => format!("{document:#}"),
        PolicyFormat::Terraform => policy::terraform_trust(&trust),
        PolicyFormat::Cloudformation => policy::cloudformation_role(&trust),
    };
    report(&text, document, context);
    Ok(CommandOutcome::Succeeded)
}

async fn print_policy(args: &IamPolicyArgs, home: Home, context: &CommandContext) -> Result<CommandOutcome> {
    let names = names(home, context).await?;
    let statements = policy::statements(&args.purposes, &names);
    for unknown in names.unknown() {
        let note = format!("the policy has `*` for {unknown}, which is not in the manifest");
        context.reporter.report(&Event::Note(&note));
    }
    let document = policy::json(&statements);
    let size = policy::size(&document);
    if size > LONGEST_MANAGED {
        let note = format!(
            "the policy has {size} characters: a managed policy may have {LONGEST_MANAGED}, the inline policies of a role \
             {LONGEST_INLINE}; print it in parts with `--for`"
        );
        context.reporter.report(&Event::Note(&note));
    }
    let text = match args.format {
        PolicyFormat::Json => format!("{document:#}"),
        PolicyFormat::Terraform => policy::terraform(&statements),
        PolicyFormat::Cloudformation => policy::cloudformation(&statements),
    };
    report(&text, document, context);
    Ok(CommandOutcome::Succeeded)
}

fn report(text: &str, document: Value, context: &CommandContext) {
    let policy = match document {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    let event = JsonEvent::ShownPolicy(ShownPolicy { policy });
    context.reporter.report(&Event::Answer { text, event });
}

/// Returns what the manifest names. Only files are read.
async fn names(home: Home, context: &CommandContext) -> Result<PolicyNames> {
    let settings = &context.settings;
    let table = context.lookups_of(settings.stage.as_deref());
    // What the policy says of the account and the region, templates get too.
    let known = [(Lookup::Account, &home.account), (Lookup::Region, &home.region)];
    let known = known.into_iter().filter(|(_, value)| *value != ANY);
    table.add_answers(known.map(|(lookup, value)| (lookup, Ok(Value::from(value.as_str())))));
    let tags =
        ImageTags { default: Some(PLACEHOLDER_TAG.to_owned()), is_placeholder: true, ..ImageTags::default() };
    let request = Request { tags, scope: Scope::Release, ..Request::default() };
    let pass = |request: &Request| -> Result<(Manifest, DesiredState)> {
        let _limits = FileLimits::start();
        let manifest = manifest::load(settings, request)?;
        let desired = render::render_desired(&manifest)?;
        Ok((manifest, desired))
    };
    let (manifest, desired) =
        lookups::until_answered(&request, settings, FetchScope::Files, context, &pass).await?;
    let lookups = table.asked();
    let scope = FetchScope::Files;
    let states = FetchContext { manifest: &manifest, settings, environment: BTreeMap::new(), scope };
    let objects = s3_objects(&lookups, &states);
    Ok(PolicyNames::of_manifest(&manifest, &desired, AskedLookups { lookups, objects }, home))
}
