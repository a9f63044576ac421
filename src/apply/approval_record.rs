//! Writes the approval of a change into the table of the lock. Never decides whether it counts.

use crate::approval::ApprovalRecord;
use crate::aws::dynamodb::{Condition, ItemTable};
use crate::aws::error::ApiErrorKind;
use crate::error::{Failure, Result};

/// Records an approval, in place of an earlier one of the same person for the same stage; `arn` is for people.
///
/// # Errors
/// The call failed.
pub async fn record_approval(table: &ItemTable, record: &ApprovalRecord, arn: &str) -> Result<()> {
    let any =
        Condition { expression: "attribute_exists(id) OR attribute_not_exists(id)", names: &[], values: &[] };
    let written = table.put_item(&record.to_item(arn), &any).await;
    written.map(drop).map_err(|error| {
        let hint = match error.kind {
            ApiErrorKind::Denied => "allow what `ecsail lock init --print approval-policy` prints",
            ApiErrorKind::NotFound => "create the table with `ecsail lock init`",
            _ => "run the command again, or approve without `--record`",
        };
        let message = format!("failed to record the approval in table `{}`", table.name);
        Failure::error(message).with_cause(error).with_hint(hint.to_owned())
    })
}
