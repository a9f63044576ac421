//! `ecsail lock …`: the verbs about the lock of a stage, one file each. Commands that change the stage take it themselves.

use clap::{Args, Subcommand};

use crate::aws::Aws;
use crate::aws::dynamodb::{ItemTable, StoredItem};
use crate::commands::family::load_manifest;
use crate::commands::stage_lock::{table_failure, unreadable_failure};
use crate::context::CommandContext;
use crate::error::{Failure, Result};
use crate::lock::{LockRecord, lock_key};
use crate::manifest::Manifest;
use crate::manifest::lock::ManifestLock;
use crate::report::CommandOutcome;

pub mod answer;
pub mod hold;
pub mod init;
pub mod release;
pub mod status;

/// Create, show, hold and release the lock of a stage
#[derive(Clone, Debug, Args)]
pub struct LockArgs {
    #[command(subcommand)]
    verb: LockVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum LockVerb {
    Init(init::LockInitArgs),
    Status(status::LockStatusArgs),
    Hold(hold::LockHoldArgs),
    Release(release::LockReleaseArgs),
}

/// Runs the verb.
///
/// # Errors
/// As of the verb.
pub async fn run(args: &LockArgs, context: &CommandContext) -> Result<CommandOutcome> {
    match &args.verb {
        LockVerb::Init(args) => init::run(args, context).await,
        LockVerb::Status(args) => status::run(args, context).await,
        LockVerb::Hold(args) => hold::run(args, context).await,
        LockVerb::Release(args) => release::run(args, context).await,
    }
}

/// The lock of the chosen stage.
struct ChosenLock {
    manifest: Manifest,
    aws: Aws,
    table: ItemTable,
    key: String,
}

/// A lock as it was read.
struct ReadLock {
    record: Option<LockRecord>,
    /// The time of DynamoDB, in seconds since 1970.
    store_seconds: i64,
}

/// Returns the manifest of the chosen stage, and its lock.
async fn load_lock(context: &CommandContext) -> Result<(Manifest, ManifestLock)> {
    let manifest = load_manifest(context).await?;
    let Some(lock) = manifest.lock.clone() else {
        let hint = "add `lock: { table: NAME }` to the manifest or to the stage".to_owned();
        return Err(Failure::usage("the manifest has no `lock`").with_hint(hint));
    };
    Ok((manifest, lock))
}

impl ChosenLock {
    async fn connect(context: &CommandContext) -> Result<ChosenLock> {
        let (manifest, lock) = load_lock(context).await?;
        let aws = context.connect_without_definitions(&manifest).await?;
        let table = aws.item_table(&lock.table)?;
        let key = lock_key(manifest.app.as_deref().unwrap_or_default(), manifest.stage.as_deref());
        Ok(ChosenLock { manifest, aws, table, key })
    }

    async fn read(&self) -> Result<ReadLock> {
        let stored = self.table.get_item(&self.key).await;
        let StoredItem { item, answered_at } =
            stored.map_err(|error| table_failure(&self.table.name, error))?;
        // Without a time in the answer, that of this machine has to do.
        let store_seconds = answered_at.unwrap_or_else(|| jiff::Timestamp::now().as_second());
        let Some(item) = item else { return Ok(ReadLock { record: None, store_seconds }) };
        let unreadable = || unreadable_failure(&self.key, &self.table.name);
        Ok(ReadLock { record: Some(LockRecord::from_item(&item).ok_or_else(unreadable)?), store_seconds })
    }
}
