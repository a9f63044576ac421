//! The running simulation: the state of all accounts, the clock, injected faults and the request log.
//!
//! Checks a call (signature, faults, request rates, expired credentials) and passes it to the operation. Never reads or
//! writes HTTP.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::Options;
use crate::api::{ApiCall, ApiError};
use crate::arn::last_segment;
use crate::authorization::{self, AuthorizationCheck, Policy};
use crate::clock::{MAX_CATCH_UP, SavedTime, SimulatedClock, millis, wall_now};
use crate::faults::{Fault, FaultKind, Faults, InjectedFault, OtherCall, is_read};
use crate::history::{History, MAX_STALENESS};
use crate::params::texts;
use crate::protocol::auth::CredentialScope;
use crate::protocol::errors;
use crate::random_faults::{RandomFaultSource, RandomFaults};
use crate::rate_limits::RateLimits;
use crate::request_log::RequestLog;
use crate::rollout;
use crate::scenario::Scenario;
use crate::services::eventbridge::partial_failure;
use crate::services::{self, logs};
use crate::state::{Caller, SandboxState};
use crate::time::Millis;

/// The version of the saved state. A state of another version is refused.
const STATE_FORMAT: u64 = 2;

/// The part of a longer move of the clock that is simulated without a break.
const ADVANCE_PART: Duration = Duration::from_mins(1);

/// What the server's connections and the `Sandbox` share.
#[derive(Debug)]
pub(crate) struct SharedSimulation {
    simulation: Mutex<Simulation>,
    /// Wakes the answers that a fault withholds.
    released: Notify,
}

impl SharedSimulation {
    pub(crate) fn new(simulation: Simulation) -> SharedSimulation {
        SharedSimulation { simulation: Mutex::new(simulation), released: Notify::new() }
    }

    /// Returns the simulation, locked. A panic in one request does not end the sandbox.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Simulation> {
        self.simulation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes all faults that have not been used up, and sends the answers that were withheld.
    pub(crate) fn clear_faults(&self) {
        self.lock().faults.clear();
        self.released.notify_waiters();
    }

    /// Waits until the faults are removed. The wait begins with this call, not with the first poll.
    pub(crate) fn until_released(&self) -> Notified<'_> {
        self.released.notified()
    }

    /// Moves simulated time on by a part of a duration, and returns the rest. Between the parts others can use the
    /// simulation.
    pub(crate) fn advance_part(&self, by: Duration) -> Duration {
        let part = by.min(ADVANCE_PART);
        self.lock().advance(part);
        by.saturating_sub(part)
    }
}

/// The state of a running sandbox.
#[derive(Debug)]
pub(crate) struct Simulation {
    pub(crate) state: SandboxState,
    clock: SimulatedClock,
    /// The simulated time at which the sandbox started: the age of its callers' credentials counts from here.
    started: Millis,
    pub(crate) log: RequestLog,
    pub(crate) faults: Faults,
    random_faults: Option<RandomFaultSource>,
    history: History,
    rate_limits: Option<RateLimits>,
    /// What callers may do; none for everything.
    pub(crate) policy: Option<Policy>,
}

impl Simulation {
    /// Returns a simulation with an empty state, or with the one in the options.
    ///
    /// # Errors
    /// When the state in the options is not one that `save` returned.
    pub(crate) fn new(options: &Options) -> io::Result<Simulation> {
        let saved = options.state.as_ref().map(parse_saved_state).transpose()?;
        let resumed = saved.as_ref().map(|(state, saved_at)| SavedTime {
            simulated: state.now,
            saved_at: *saved_at,
            reported: state.reported_times,
        });
        let clock = SimulatedClock::new(options.clock, resumed);
        let mut state = match saved {
            Some((state, _)) => {
                SandboxState { account: options.account.clone(), region: options.region.clone(), ..state }
            }
            None => SandboxState::new(clock.origin(), &options.account, &options.region, options.scenario),
        };
        state.reported_times = clock.reported();
        let rate_limits = options.rate_limits.then(|| RateLimits::new(clock.rate()));
        Ok(Simulation {
            started: clock.origin(),
            state,
            clock,
            log: RequestLog::default(),
            faults: Faults::default(),
            random_faults: None,
            history: History::default(),
            rate_limits,
            policy: None,
        })
    }

    /// Returns the state in the form that `Simulation::new` reads. Requests and faults are not part of it.
    pub(crate) fn save(&self) -> Value {
        // The state consists of maps with text keys, lists and numbers, all of which JSON can hold.
        let state = serde_json::to_value(&self.state).unwrap_or_default();
        json!({ "format": STATE_FORMAT, "saved_at": wall_now(), "state": state })
    }

    /// Sets the scenario of one service, or of all services that have none of their own.
    pub(crate) fn set_scenario(&mut self, service: Option<&str>, scenario: Scenario) {
        let scenarios = &mut self.state.scenarios;
        match service {
            Some(name) => {
                scenarios.by_service.insert(name.to_owned(), scenario);
            }
            None => scenarios.default = scenario,
        }
    }

    /// Adds a fault to be injected.
    pub(crate) fn add_fault(&mut self, fault: Fault) {
        if matches!(fault.kind, FaultKind::Stale(_)) {
            self.history.keep();
        }
        self.faults.add(fault);
    }

    /// Chooses faults for all calls from now on.
    pub(crate) fn add_random_faults(&mut self, faults: RandomFaults) {
        self.history.keep();
        self.random_faults = Some(RandomFaultSource::new(faults));
    }

    /// Returns what AWS checks for a call with this signature.
    pub(crate) fn authorization_checks(
        &self,
        call: &ApiCall,
        scope: &CredentialScope,
    ) -> Vec<AuthorizationCheck> {
        let caller = self.state.caller(&scope.access_key, &scope.region);
        authorization::checks(&self.state, &caller, call)
    }

    /// Takes the faults of a call.
    pub(crate) fn take_faults(&mut self, call: &ApiCall) -> InjectedFault {
        let mut injected = self.faults.take(&call.service, &call.operation);
        if let Some(random) = &mut self.random_faults {
            random.add(&call.operation, &mut injected);
        }
        injected
    }

    /// Makes the calls of another client; its errors are logged only.
    pub(crate) fn call_by_others(&mut self, calls: &[OtherCall]) {
        for other in calls {
            let (service, operation) = (other.service.clone(), other.operation.clone());
            let call = ApiCall { service, operation, input: other.input.clone() };
            let caller = self.state.own_caller();
            if let Err(error) = self.answer(&caller, &call) {
                tracing::warn!(%error, operation = call.operation, "a call of another client failed");
            }
        }
    }

    /// Moves simulated time on by a duration.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.tick(false);
        self.clock.shift(by);
        self.state.reported_times = self.clock.reported();
        let target = self.state.now + millis(by);
        self.advance_to(target, Millis::MAX);
    }

    /// Moves simulated time on to where the clock is. `is_poll` says whether the call at hand is one on which a polled
    /// clock advances.
    pub(crate) fn tick(&mut self, is_poll: bool) {
        let target = self.clock.target(self.state.now, is_poll);
        self.advance_to(target, MAX_CATCH_UP);
    }

    /// Simulates second by second up to `target`; what lies further back than `limit` is skipped.
    fn advance_to(&mut self, target: Millis, limit: Millis) {
        let SandboxState { now, ids, regions, .. } = &mut self.state;
        if target - *now > limit {
            *now = target - limit;
        }
        while *now / 1000 < target / 1000 {
            *now = (*now / 1000 + 1) * 1000;
            if target - *now <= MAX_STALENESS {
                self.history.record(*now, regions);
            }
            for resources in regions.values_mut() {
                logs::keep_streams_of_expired_tasks(resources, *now);
                rollout::step(resources, ids, *now);
            }
        }
        *now = (*now).max(target);
    }

    /// Answers a call that came over HTTP, in the order in which AWS checks it.
    ///
    /// # Errors
    /// Those of the signature, of the fault, of the request rates, and of the operation.
    pub(crate) fn handle(
        &mut self,
        call: &ApiCall,
        signature: Result<CredentialScope, ApiError>,
        injected: &InjectedFault,
    ) -> Result<Value, ApiError> {
        let fault = injected.kind.as_ref();
        let scope = match signature {
            // The token is the caller's identity.
            Err(_) if call.operation == "AssumeRoleWithWebIdentity" => {
                CredentialScope { region: self.state.region.clone(), ..CredentialScope::default() }
            }
            signature => signature.map_err(|error| errors::for_protocol(error, &call.service))?,
        };
        let caller = self.state.caller(&scope.access_key, &scope.region);
        if let Some(error) = fault.and_then(|fault| fault.error(call, &caller.arn)) {
            return Err(error);
        }
        if let Some(policy) = &self.policy
            && let Some(denied) = policy.first_denied(&authorization::checks(&self.state, &caller, call))
        {
            return Err(errors::denied_by_policy(
                &call.service,
                &caller.arn,
                &denied.action,
                &denied.resource,
            ));
        }
        if let Some(rate_limits) = &mut self.rate_limits
            && !rate_limits.try_take(&caller.region_key(), call, Instant::now())
        {
            return Err(errors::throttled(&call.service));
        }
        let is_poll = self.is_poll(&caller, call);
        self.tick(is_poll);
        if self.state.has_expired_credentials(self.started) {
            return Err(errors::expired_token(&call.service));
        }
        match fault {
            Some(FaultKind::FailedEntries { ids, code, message }) => {
                let failure = partial_failure::EntryFailure { ids, code, message };
                partial_failure::answer(call, &failure, |rest| self.answer(&caller, rest))
            }
            _ => match injected.stale.filter(|_| is_read(&call.operation)) {
                Some(age) => self.answer_stale(&caller, call, age),
                None => self.answer(&caller, call),
            },
        }
    }

    /// Runs an operation that reads on the state of a while ago.
    fn answer_stale(&mut self, caller: &Caller, call: &ApiCall, age: Duration) -> Result<Value, ApiError> {
        let Some(past) = self.history.at(self.state.now - millis(age)).cloned() else {
            return self.answer(caller, call);
        };
        let present = std::mem::replace(&mut self.state.regions, past);
        let answer = self.answer(caller, call);
        self.state.regions = present;
        answer
    }

    /// Runs the operation of a call at the current simulated time.
    ///
    /// # Errors
    /// Those of the operation.
    pub(crate) fn answer(&mut self, caller: &Caller, call: &ApiCall) -> Result<Value, ApiError> {
        if !is_read(&call.operation) {
            self.history.record(self.state.now, &self.state.regions);
        }
        let times = self.state.reported_times;
        let mut call = call.clone();
        times.replace_in_input(&call.service, &mut call.input);
        let mut output = services::answer(&mut self.state, caller, &call)?;
        times.replace_in(&mut output);
        Ok(output)
    }

    /// Returns the current time as clients see it, in seconds since 1970.
    pub(crate) fn reported_now(&self) -> f64 {
        self.state.reported_times.reported(self.state.now) as f64 / 1000.0
    }

    /// Returns whether a polled clock advances on a call: one that reads the progress of a rollout, or of a task outside
    /// a service.
    fn is_poll(&self, caller: &Caller, call: &ApiCall) -> bool {
        match call.operation.as_str() {
            "DescribeServices" => true,
            // Where log lines come late, a client waits by reading them.
            "FilterLogEvents" => self.state.scenarios.is_active(Scenario::LateLogs),
            "DescribeTasks" => !texts(&call.input, "tasks").iter().any(|id| self.is_service_task(caller, id)),
            _ => false,
        }
    }

    /// Returns whether a task, given by id or ARN, exists and belongs to a service.
    fn is_service_task(&self, caller: &Caller, given: &str) -> bool {
        let id = last_segment(given);
        let resources = self.state.regions.get(&caller.region_key());
        resources.is_some_and(|known| known.tasks.iter().any(|task| task.id == id && task.service.is_some()))
    }
}

/// Reads what `save` returned: the state, and the wall time at which it was saved.
fn parse_saved_state(saved: &Value) -> io::Result<(SandboxState, Millis)> {
    if saved["format"] != STATE_FORMAT {
        return Err(invalid_state(&format!("its format is {}, not {STATE_FORMAT}", saved["format"])));
    }
    let state =
        SandboxState::deserialize(&saved["state"]).map_err(|error| invalid_state(&error.to_string()))?;
    let saved_at = saved["saved_at"].as_i64().ok_or_else(|| invalid_state("`saved_at` is missing"))?;
    Ok((state, saved_at))
}

fn invalid_state(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a sandbox state: {why}"))
}
