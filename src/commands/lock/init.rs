//! `ecsail lock init`: creates the table of locks, or prints it for Terraform.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::{ChosenLock, load_lock};
use crate::apply::stage_lock::create_table;
use crate::context::CommandContext;
use crate::error::Result;
use crate::events::JsonEvent;
use crate::events::lock::LockTable;
use crate::exit_codes;
use crate::manifest::Manifest;
use crate::manifest::lock::ManifestLock;
use crate::report::{CommandOutcome, Event};

/// How long a table may take to be created; it takes a few seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// What a table is printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PrintFormat {
    Terraform,
    /// The IAM policy of who approves changes of a protected stage
    ApprovalPolicy,
}

/// Create the DynamoDB table of the lock
#[derive(Clone, Debug, Args)]
#[command(after_help = exit_codes::after_help("lock init", "Examples:
  ecsail lock init --stage production
  ecsail lock init --stage production --print terraform
  ecsail lock init --stage production --print approval-policy

One table serves all apps and stages of an account and region."))]
pub struct LockInitArgs {
    /// Print the table, or the policy for recorded approvals, instead of creating it
    #[arg(long, value_name = "FORMAT")]
    print: Option<PrintFormat>,
}

/// Runs the verb.
///
/// # Errors
/// The manifest has no lock, there is another table of its name, or a call failed.
pub async fn run(args: &LockInitArgs, context: &CommandContext) -> Result<CommandOutcome> {
    if let Some(format) = args.print {
        let (manifest, ManifestLock { table, .. }) = load_lock(context).await?;
        let text = match format {
            PrintFormat::Terraform => terraform(&table),
            PrintFormat::ApprovalPolicy => approval_policy(&table, &manifest),
        };
        let printed = |wanted: PrintFormat| (format == wanted).then(|| text.clone());
        let event = LockTable {
            table,
            created: false,
            terraform: printed(PrintFormat::Terraform),
            policy: printed(PrintFormat::ApprovalPolicy),
        };
        report(&text, event, context);
        return Ok(CommandOutcome::Succeeded);
    }
    let chosen = ChosenLock::connect(context).await?;
    let created = create_table(&chosen.table, LIMIT).await?;
    let table = chosen.table.name;
    let text = if created { format!("created table `{table}`") } else { format!("table `{table}` is there") };
    report(&text, LockTable { table, created, terraform: None, policy: None }, context);
    Ok(CommandOutcome::Succeeded)
}

fn report(text: &str, event: LockTable, context: &CommandContext) {
    context.reporter.report(&Event::Answer { text, event: JsonEvent::LockTable(event) });
}

/// Returns the policy for everybody who may write to the table: an approval is written under a key of one's own only.
///
/// The unique id of the caller is in the key (IAM user guide, "Policy variables"; DynamoDB developer guide, "Using IAM policy
/// conditions for fine-grained access control"), with the name of a user; whether a role is one of Identity Center is in its
/// ARN.
fn approval_policy(table: &str, manifest: &Manifest) -> String {
    let region = manifest.region.as_deref().unwrap_or("*");
    let account = manifest.account.as_ref().map_or("*", |account| account.value.as_str());
    let partition = if region.starts_with("cn-") { "aws-cn" } else { "aws" };
    let resource = format!("arn:{partition}:dynamodb:{region}:{account}:table/{table}");
    let identity_center = format!("arn:{partition}:iam::*:role/aws-reserved/sso.amazonaws.com/*");
    let own = json!([
        "approval/user/${aws:userid}/${aws:username, '-'}/*",
        "approval/sso/${aws:userid}/*",
        "approval/role/${aws:userid}/*",
    ]);
    let writes = json!([
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:PartiQLDelete",
    ]);
    let keys = |pattern: &str| json!({ "dynamodb:LeadingKeys": pattern });
    let deny = |id: &str, condition: Value| json!({ "Sid": id, "Effect": "Deny", "Action": writes, "Resource": resource, "Condition": condition });
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ApproveUnderOwnKey",
                "Effect": "Allow",
                "Action": "dynamodb:PutItem",
                "Resource": resource,
                "Condition": {
                    "ForAllValues:StringLike": { "dynamodb:LeadingKeys": own },
                    "Null": { "dynamodb:LeadingKeys": "false" },
                },
            },
            deny("NoApprovalUnderAnotherKey", json!({
                "ForAnyValue:StringLike": keys("approval/*"),
                "ForAnyValue:StringNotLike": { "dynamodb:LeadingKeys": own },
            })),
            deny("OnlyIdentityCenterUnderSso", json!({
                "ForAnyValue:StringLike": keys("approval/sso/*"),
                "ArnNotLike": { "aws:PrincipalArn": identity_center },
            })),
            deny("NoIdentityCenterUnderRole", json!({
                "ForAnyValue:StringLike": keys("approval/role/*"),
                "ArnLike": { "aws:PrincipalArn": identity_center },
            })),
        ],
    });
    format!("{policy:#}")
}

fn terraform(table: &str) -> String {
    format!(
        "resource \"aws_dynamodb_table\" \"ecsail_lock\" {{
  name         = \"{table}\"
  billing_mode = \"PAY_PER_REQUEST\"
  hash_key     = \"id\"

  attribute {{
    name = \"id\"
    type = \"S\"
  }}
}}"
    )
}
