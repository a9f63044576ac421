//! Faults on order. Owns which of the coming calls go wrong and how; never changes state.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Something that goes wrong with certain calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The operation that it strikes; all when none.
    #[serde(default)]
    pub operation: Option<String>,
    /// The AWS service that it strikes (`ecs`, `ecr`, `logs`, …, as in signatures); all when none.
    #[serde(default)]
    pub service: Option<String>,
    /// How many matching calls it strikes; `u32::MAX` is all of them.
    pub times: u32,
    /// How many matching calls it lets pass first.
    #[serde(default)]
    pub skip: u32,
    /// What happens to them.
    pub kind: FaultKind,
}

impl Fault {
    /// Returns a fault that strikes the next call of `operation`.
    pub fn on(operation: &str, kind: FaultKind) -> Fault {
        Fault { operation: Some(operation.to_owned()), service: None, times: 1, skip: 0, kind }
    }

    /// Returns a fault that strikes the next call, whatever it is.
    pub fn any(kind: FaultKind) -> Fault {
        Fault { operation: None, service: None, times: 1, skip: 0, kind }
    }

    /// Returns the same fault, striking `times` calls.
    pub fn times(self, times: u32) -> Fault {
        Fault { times, ..self }
    }

    /// Returns the same fault, striking every matching call from now on.
    pub fn always(self) -> Fault {
        self.times(u32::MAX)
    }

    /// Returns the same fault, letting `skip` matching calls pass first.
    pub fn after(self, skip: u32) -> Fault {
        Fault { skip, ..self }
    }

    fn strikes(&self, service: &str, operation: &str) -> bool {
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
    /// The connection is closed before anything happens.
    DropBefore,
    /// The call takes effect, then the connection is closed without an answer.
    DropAfter,
    /// The answer takes this much longer (wall time). Other faults may strike as well.
    Latency(Duration),
    /// Status 500 with a page of HTML, as a proxy in between answers.
    Html500,
    /// PutTargets or RemoveTargets succeed without some of their entries, which fail so; the others take effect.
    FailedEntries {
        /// The ids of the targets; all where none is named.
        ids: Vec<String>,
        /// The code of each of these entries.
        code: String,
        /// The message of each of these entries.
        message: String,
    },
    /// Any error.
    Code {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
}

/// What strikes one call.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Strike {
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

    /// Takes what strikes this call: all latencies that are due, and the first other fault.
    pub(crate) fn strike(&mut self, service: &str, operation: &str) -> Strike {
        let mut strike = Strike::default();
        for fault in self.waiting.iter_mut().filter(|f| f.strikes(service, operation)) {
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
    fn a_fault_lets_pass_strikes_and_is_used_up() {
        let mut faults = Faults::default();
        faults.add(Fault::on("UpdateService", FaultKind::Throttling).times(2).after(1));
        let mut kind = |operation| faults.strike("ecs", operation).kind;
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
        let strike = faults.strike("ecr", "DescribeImages");
        assert_eq!(strike.latency, Duration::from_millis(5));
        assert_eq!(strike.kind, Some(FaultKind::DropAfter));
        assert_eq!(faults.strike("ecr", "DescribeImages").kind, None);
    }
}
