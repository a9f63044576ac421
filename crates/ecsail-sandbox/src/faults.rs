//! Faults that a test injects into coming calls.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{ApiCall, ApiError};
use crate::protocol::errors;

/// A fault that is injected into certain calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The operation of the calls; any when none.
    #[serde(default)]
    pub operation: Option<String>,
    /// The AWS service of the calls (`ecs`, `ecr`, `logs`, …, as in signatures); any when none.
    #[serde(default)]
    pub service: Option<String>,
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
        Fault { operation: Some(operation.to_owned()), service: None, times: 1, skip: 0, kind }
    }

    /// Returns a fault for the next call, whatever its operation.
    pub fn any(kind: FaultKind) -> Fault {
        Fault { operation: None, service: None, times: 1, skip: 0, kind }
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
                Some(ApiError { status: *status, code: code.to_owned(), message })
            }
            FaultKind::AccessDenied => Some(errors::access_denied(call, caller_arn)),
            FaultKind::ExpiredToken => Some(errors::expired_token(&call.service)),
            FaultKind::Code { status, code, message } => {
                Some(ApiError { status: *status, code: code.clone(), message: message.clone() })
            }
            FaultKind::DropBefore
            | FaultKind::DropAfter
            | FaultKind::Latency(_)
            | FaultKind::Html500
            | FaultKind::LeftOut(_)
            | FaultKind::Shown { .. }
            | FaultKind::Foreign { .. }
            | FaultKind::FailedEntries { .. } => None,
        }
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
    pub(crate) kind: Option<FaultKind>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Takes the faults for a call: the sum of all latencies, and the first other fault.
    pub(crate) fn take(&mut self, service: &str, operation: &str) -> InjectedFault {
        let mut strike = InjectedFault::default();
        for fault in self.waiting.iter_mut().filter(|f| f.is_for(service, operation)) {
            let latency = match &fault.kind {
                FaultKind::Latency(latency) => Some(*latency),
                _ if strike.kind.is_some() => continue,
                _ => None,
            };
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
            match latency {
                Some(latency) => strike.latency += latency,
                None => strike.kind = Some(fault.kind.clone()),
            }
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
