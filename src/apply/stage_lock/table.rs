//! Creates the table of locks. Never changes one that is there.

use std::time::{Duration, Instant};

use crate::aws::dynamodb::{ItemTable, KEY, TableState};
use crate::error::{Failure, Result};

/// The pause between two looks at a table that is being created.
const PAUSE: Duration = Duration::from_millis(500);

/// Creates the table unless it is there, and waits until it can be used. Returns whether it was created.
///
/// # Errors
/// The table has another key, is not there in time, or a call failed.
pub async fn create_table(table: &ItemTable, limit: Duration) -> Result<bool> {
    let mut created = false;
    let started = Instant::now();
    loop {
        match table.state().await? {
            TableState::Active => return Ok(created),
            TableState::OtherKey => return Err(other_key_failure(&table.name)),
            TableState::Missing if !created => created = table.create_item_table().await?,
            TableState::Missing | TableState::Creating => {}
        }
        if started.elapsed() > limit {
            let failure = Failure::error(format!("table `{}` is not active yet", table.name));
            return Err(failure.with_hint("run the command again".to_owned()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn other_key_failure(name: &str) -> Failure {
    Failure::error(format!("the key of table `{name}` is not the string `{KEY}` alone"))
        .with_hint("name another table in `lock:`".to_owned())
}
