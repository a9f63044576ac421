//! Which actions on which resources AWS checks for a call, and whether a policy allows them.
//!
//! The actions and the resources are those of the Service Authorization Reference (read 2026-12-01). Without a policy
//! everything is allowed.

mod check;
mod ecs;
mod policy;
mod services;

pub use check::AuthorizationCheck;
pub use policy::Policy;

use crate::api::ApiCall;
use crate::state::{Caller, SandboxState};
use check::CheckList;

/// Returns what AWS checks for a call, as the resources are now.
pub(crate) fn checks(state: &SandboxState, caller: &Caller, call: &ApiCall) -> Vec<AuthorizationCheck> {
    let mut list = CheckList::new(state, caller);
    if call.service == "ecs" {
        ecs::add(&mut list, &call.operation, &call.input);
    } else {
        services::add(&mut list, call);
    }
    list.into_checks()
}
