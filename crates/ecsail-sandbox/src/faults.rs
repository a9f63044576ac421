//! Faults that a test injects into coming calls.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{ApiCall, ApiError};
use crate::protocol::errors;
use crate::request_log::is_change;

/// A fault that is injected into certain calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The operation of the calls; any when none.
    #[serde(default)]
    pub operation: Option<String>,
    /// The AWS service of the calls (`ecs`, `ecr`, `logs`, …, as in signatures); any when none.
    #[serde(default)]
    pub service: Option<String>,
    /// Whether only calls that change something match.
    #[serde(default)]
    pub changes_only: bool,
    /// The number of matching calls to inject it into; `u32::MAX` is all.
    pub times: u32,
    /// The number of matching calls to skip first.
    #[serde(default)]
    pub skip: u32,
    /// What goes wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// Returns a fault for the next call of `operation`.
    pub fn on(operation: &str, kind: FaultKind) -> Fault {
        Fault {
            operation: Some(operation.to_owned()),
            service: None,
            changes_only: false,
            times: 1,
            skip: 0,
            kind,
        }
    }

    /// Returns a fault for the next call, whatever its operation.
    pub fn any(kind: FaultKind) -> Fault {
        Fault { operation: None, service: None, changes_only: false, times: 1, skip: 0, kind }
    }

    /// Returns a fault for the next call that changes something, whatever its operation.
    pub fn on_change(kind: FaultKind) -> Fault {
        Fault { changes_only: true, ..Fault::any(kind) }
    }

    /// Returns the same fault for `times` calls.
    pub fn times(self, times: u32) -> Fault {
        Fault { times, ..self }
    }

    /// Returns the same fault for every matching call from now on.
    pub fn always(self) -> Fault {
        self.times(u32::MAX)
    }

    /// Returns the same fault, skipping `skip` matching calls first.
    pub fn after(self, skip: u32) -> Fault {
        Fault { skip, ..self }
    }

    fn is_for(&self, service: &str, operation: &str) -> bool {
        self.operation.as_deref().is_none_or(|name| name == operation)
            && self.service.as_deref().is_none_or(|name| name == service)
            && (!self.changes_only || is_change(operation))
    }
}

/// A call that another client makes. Its errors are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherCall {
    /// The AWS service, such as `ecs`.
    pub service: String,
    /// The operation, such as `UpdateService`.
    pub operation: String,
    /// Its input.
    pub input: Value,
}

impl OtherCall {
    /// Returns a call of an operation of ECS.
    pub fn ecs(operation: &str, input: Value) -> OtherCall {
        OtherCall { service: "ecs".to_owned(), operation: operation.to_owned(), input }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FaultKind {
    /// `ThrottlingException`, "Rate exceeded".
    Throttling,
    /// `ServerException` with this status, 500 or 503.
    ServerError(u16),
    /// `AccessDeniedException` with IAM's wording.
    AccessDenied,
    /// `ExpiredTokenException`.
    ExpiredToken,
    /// The connection is closed, and the call has no effect.
    DropBefore,
    /// The call takes effect, and the connection is closed without an answer.
    DropAfter,
    /// No answer comes until the faults are cleared. The log has the call as ended from then on when it is withheld.
    Withheld {
        /// Whether the call has taken effect by then. Otherwise it never does, and the connection is closed in the end.
        effect: bool,
    },
    /// The answer takes this much longer in wall time. Another fault may be injected into the same call.
    Latency(Duration),
    /// Status 500 with an HTML page, as a proxy answers.
    Html500,
    /// `PutTargets` or `RemoveTargets` succeed, and some of their entries fail; the others take effect.
    FailedEntries {
        /// The target ids of the entries that fail; all when empty.
        ids: Vec<String>,
        /// The error code of each of these entries.
        code: String,
        /// The error message of each of these entries.
        message: String,
    },
    /// The answer comes without these members, wherever they are in it.
    LeftOut(Vec<String>),
    /// The answer shows a member that no input takes, in each block of this name.
    Shown {
        /// The name of the blocks.
        block: String,
        /// The name of the member.
        member: String,
    },
    /// The answer has this text before and behind each of its texts, but those of the members of these names and below them.
    Foreign {
        /// The text.
        text: String,
        /// The members that keep theirs.
        except: Vec<String>,
    },
    /// Another client makes a call right before this one takes effect. Another fault may be injected into the same call.
    Preceded(OtherCall),
    /// Another client makes a call right after this one took effect. Another fault may be injected into the same call.
    Followed(OtherCall),
    /// The answer of a call that reads shows the state of this long ago in simulated time, up to two seconds. Another fault
    /// may be injected into the same call.
    Stale(Duration),
    /// The call takes effect, this much simulated time passes, and the connection is closed without an answer.
    DropLate(Duration),
    /// Any other error.
    Code {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
}

impl FaultKind {
    /// Returns the error that the call is answered with; none for a fault of the connection or of some
    /// entries.
    pub(crate) fn error(&self, call: &ApiCall, caller_arn: &str) -> Option<ApiError> {
        match self {
            FaultKind::Throttling => Some(errors::throttled(&call.service)),
            FaultKind::ServerError(status) => {
                let code = if *status == 503 { "ServiceUnavailableException" } else { "ServerException" };
                let message = "Service Unavailable. Please try again later.".to_owned();
                Some(ApiError { status: *status, ..ApiError::new(code, message) })
            }
            FaultKind::AccessDenied => Some(errors::access_denied(call, caller_arn)),
            FaultKind::ExpiredToken => Some(errors::expired_token(&call.service)),
            FaultKind::Code { status, code, message } => {
                Some(ApiError { status: *status, ..ApiError::new(code, message.clone()) })
            }
            FaultKind::DropBefore
            | FaultKind::DropAfter
            | FaultKind::DropLate(_)
            | FaultKind::Preceded(_)
            | FaultKind::Followed(_)
            | FaultKind::Stale(_)
            | FaultKind::Withheld { .. }
            | FaultKind::Latency(_)
            | FaultKind::Html500
            | FaultKind::LeftOut(_)
            | FaultKind::Shown { .. }
            | FaultKind::Foreign { .. }
            | FaultKind::FailedEntries { .. } => None,
        }
    }

    /// Returns whether another fault may be injected into the same call.
    fn goes_with_others(&self) -> bool {
        matches!(
            self,
            FaultKind::Latency(_) | FaultKind::Stale(_) | FaultKind::Preceded(_) | FaultKind::Followed(_)
        )
    }

    /// Changes an answer as the fault has it.
    pub(crate) fn change_answer(&self, answer: &mut Value) {
        match answer {
            Value::Object(members) => {
                if let FaultKind::LeftOut(names) = self {
                    members.retain(|name, _| !names.contains(name));
                }
                for (name, value) in members {
                    if let (FaultKind::Shown { block, member }, Value::Object(inner)) = (self, &mut *value)
                        && name == block
                    {
                        inner.insert(member.clone(), Value::from("shown"));
                    }
                    let kept = matches!(self, FaultKind::Foreign { except, .. } if except.contains(name));
                    if !kept {
                        self.change_answer(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.change_answer(item)),
            Value::String(value) => {
                if let FaultKind::Foreign { text, .. } = self {
                    *value = format!("{text}{value}{text}");
                }
            }
            _ => {}
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
}

/// The faults of one call.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct InjectedFault {
    pub(crate) latency: Duration,
    /// How old the state is that the answer shows.
    pub(crate) stale: Option<Duration>,
    /// What others call right before and right after.
    pub(crate) before: Vec<OtherCall>,
    pub(crate) after: Vec<OtherCall>,
    pub(crate) kind: Option<FaultKind>,
}

impl InjectedFault {
    /// Adds a fault; of those that decide the answer, the first counts.
    fn add(&mut self, kind: &FaultKind) {
        match kind {
            FaultKind::Latency(latency) => self.latency += *latency,
            FaultKind::Stale(age) => self.stale = Some(*age),
            FaultKind::Preceded(call) => self.before.push(call.clone()),
            FaultKind::Followed(call) => self.after.push(call.clone()),
            other => self.kind = Some(other.clone()),
        }
    }
}

/// Returns whether an operation only reads.
pub(crate) fn is_read(operation: &str) -> bool {
    ["Describe", "List", "Get", "Scan"].iter().any(|verb| operation.starts_with(verb))
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Takes the faults for a call: those that go with others, and the first one that does not.
    pub(crate) fn take(&mut self, service: &str, operation: &str) -> InjectedFault {
        let mut strike = InjectedFault::default();
        for fault in self.waiting.iter_mut().filter(|f| f.is_for(service, operation)) {
            if strike.kind.is_some() && !fault.kind.goes_with_others() {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.times == 0 {
                continue;
            }
            if fault.times != u32::MAX {
                fault.times -= 1;
            }
            strike.add(&fault.kind);
        }
        self.waiting.retain(|fault| fault.times > 0);
        strike
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_skips_calls_is_injected_and_is_used_up() {
        let mut faults = Faults::default();
        faults.add(Fault::on("UpdateService", FaultKind::Throttling).times(2).after(1));
        let mut kind = |operation| faults.take("ecs", operation).kind;
        assert_eq!(kind("UpdateService"), None);
        assert_eq!(kind("DescribeServices"), None);
        assert_eq!(kind("UpdateService"), Some(FaultKind::Throttling));
        assert_eq!(kind("UpdateService"), Some(FaultKind::Throttling));
        assert_eq!(kind("UpdateService"), None);
    }

    #[test]
    fn a_fault_on_changes_lets_reads_pass() {
        let mut faults = Faults::default();
        faults.add(Fault::on_change(FaultKind::DropAfter));
        assert_eq!(faults.take("ecs", "DescribeServices").kind, None);
        assert_eq!(faults.take("ecs", "UpdateService").kind, Some(FaultKind::DropAfter));
    }

    #[test]
    fn latency_goes_with_another_fault() {
        let mut faults = Faults::default();
        faults.add(Fault::any(FaultKind::Latency(Duration::from_millis(5))).always());
        faults.add(Fault::any(FaultKind::DropAfter));
        let strike = faults.take("ecr", "DescribeImages");
        assert_eq!(strike.latency, Duration::from_millis(5));
        assert_eq!(strike.kind, Some(FaultKind::DropAfter));
        assert_eq!(faults.take("ecr", "DescribeImages").kind, None);
    }
}
