//! A small AWS on loopback: ECS, and what deployments need beside it (ECR, STS, CloudWatch Logs, target
//! groups, scalable targets, EventBridge rules and EventBridge Scheduler).
//!
//! The AWS SDKs and the AWS CLI can call it. Rollouts advance on a simulated clock, so that a test, or a
//! person without an account, can watch a deployment, a failure and a rollback. A [`Scenario`] is what goes
//! wrong with a rollout, a [`Fault`] what goes wrong with a call.
//!
//! The crate uses no AWS crate and nothing of ecsail, so that a mistake in one of them cannot hide in both.
//! It binds loopback only, and never opens a connection.

mod api;
mod arn;
mod clock;
mod control;
mod expression;
mod faults;
mod hidden_values;
mod history;
mod ids;
mod in_process;
mod model;
mod params;
mod principals;
mod protocol;
mod random_faults;
mod rate_limits;
mod request_log;
mod rollout;
mod scenario;
mod seed;
mod server;
mod services;
mod simulation;
mod state;
#[cfg(test)]
mod tests;
mod time;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use api::ApiError;
pub use clock::Clock;
pub use faults::{Fault, FaultKind, OtherCall};
pub use in_process::{HttpRequest, HttpResponse};
pub use random_faults::RandomFaults;
pub use request_log::Request;
pub use scenario::{Scenario, ScenarioInfo, UnknownScenario, scenarios};
pub use seed::{
    Seed, SeedObject, SeedParameter, SeedRepository, SeedService, SeedStack, SeedTag, SeedTaskDefinition,
};
pub use server::Limits;

use api::ApiCall;
use server::{Endpoint, Server, Token};
use simulation::{SharedSimulation, Simulation};

/// The settings of a new sandbox.
#[derive(Debug, Clone)]
pub struct Options {
    /// How time passes.
    pub clock: Clock,
    /// What goes wrong from the start. Ignored where `state` is given: its scenarios apply.
    pub scenario: Scenario,
    /// The account that callers are in.
    pub account: String,
    /// The region of `call` and `seed`. Calls over HTTP name their region in the signature.
    pub region: String,
    /// The port; any free one when 0.
    pub port: u16,
    /// Whether calls are throttled at the rates that ECS allows. Under a scaled wall clock the rates are
    /// scaled too.
    pub rate_limits: bool,
    /// The state that `save` of an earlier sandbox returned, to continue from.
    pub state: Option<Value>,
    /// The token that the control endpoints require; a random one when none.
    pub token: Option<String>,
    /// How much one client can take of the server.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            clock: Clock::Wall { factor: 1.0 },
            scenario: Scenario::Steady,
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            port: 0,
            rate_limits: false,
            state: None,
            token: None,
            limits: Limits::default(),
        }
    }
}

/// A running sandbox; it stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    simulation: Arc<SharedSimulation>,
    token: Token,
    server: Server,
}

impl Sandbox {
    /// Starts a sandbox on loopback, on a thread of its own.
    ///
    /// # Errors
    /// When the port cannot be bound, or the given state is not one that `save` returned.
    pub fn start(options: Options) -> io::Result<Sandbox> {
        let simulation = Arc::new(SharedSimulation::new(Simulation::new(&options)?));
        let token = Token::new(options.token.as_deref());
        let endpoint =
            Endpoint { simulation: Arc::clone(&simulation), token: token.clone(), limits: options.limits };
        let server = Server::start(endpoint, options.port)?;
        Ok(Sandbox { simulation, token, server })
    }

    /// Stops the server, and closes all connections. The state stays, and can be saved.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Returns the token that the control endpoints under `/_sandbox/` require, in `Authorization: Bearer`.
    pub fn token(&self) -> &str {
        self.token.as_str()
    }

    /// Returns the endpoint, as for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Returns the port that the sandbox listens on.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Adds clusters, services in a steady state, and images; skips those that exist already. Returns the number of images
    /// that were added.
    ///
    /// # Errors
    /// When ECS would refuse one of them; the text names it and gives ECS's reason.
    pub fn seed(&self, seed: &Seed) -> Result<usize, String> {
        seed::apply(&mut self.simulation.lock().state, seed)
    }

    /// Sets what goes wrong with the deployments (and tasks) that start from now on: those of one service or task family,
    /// or all that have no scenario of their own.
    pub fn set_scenario(&self, service: Option<&str>, scenario: Scenario) {
        self.simulation.lock().set_scenario(service, scenario);
    }

    /// Adds a fault, to be injected into the calls that it matches.
    pub fn inject(&self, fault: Fault) {
        self.simulation.lock().add_fault(fault);
    }

    /// Injects faults that a seed chooses into all calls from now on, beside those of `inject`.
    pub fn inject_random(&self, faults: RandomFaults) {
        self.simulation.lock().add_random_faults(faults);
    }

    /// Removes all faults that have not been used up, and sends the answers that were withheld.
    pub fn clear_faults(&self) {
        self.simulation.clear_faults();
    }

    /// Returns the latest requests since the start or the last `clear_requests`, in the order in which they came. Values of
    /// environment variables and secrets are not in them.
    pub fn requests(&self) -> Vec<Request> {
        self.simulation.lock().log.all()
    }

    /// Removes all requests from the log.
    pub fn clear_requests(&self) {
        self.simulation.lock().log.clear();
    }

    /// Returns the simulation, for the modules that answer requests.
    pub(crate) fn simulation(&self) -> &SharedSimulation {
        &self.simulation
    }

    /// Moves simulated time on, whatever the clock.
    pub fn advance(&self, by: Duration) {
        let mut rest = by;
        while !rest.is_zero() {
            rest = self.simulation.advance_part(rest);
        }
    }

    /// Returns the current time as clients see it, in seconds since 1970: wall time under a wall clock, simulated time
    /// otherwise.
    pub fn now(&self) -> f64 {
        let mut simulation = self.simulation.lock();
        simulation.tick(false);
        simulation.reported_now()
    }

    /// Runs an operation without HTTP, for setting up and checking tests: it is not logged, does not move time on, and no
    /// fault is injected. `service` is `ecs`, `ecr`, `logs`, `application-autoscaling`, `events`, `scheduler`,
    /// `elasticloadbalancing`, `dynamodb`, `ssm`, `secretsmanager`, `cloudformation`, `s3` or `sts`.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn call(&self, service: &str, operation: &str, input: Value) -> Result<Value, ApiError> {
        let mut simulation = self.simulation.lock();
        simulation.tick(false);
        let caller = simulation.state.own_caller();
        let call = ApiCall { service: service.to_owned(), operation: operation.to_owned(), input };
        simulation.answer(&caller, &call)
    }

    /// Sets a tag on a service of the sandbox's own account that only AWS can set, such as `aws:cloudformation:stack-name`;
    /// `service` is `cluster/name`. A service that does not exist is left out.
    pub fn set_system_tag(&self, service: &str, key: &str, value: &str) {
        let mut simulation = self.simulation.lock();
        let caller = simulation.state.own_caller();
        let resources = simulation.state.call_context(&caller).resources;
        if let Some(found) = resources.services.get_mut(service) {
            found.tags.push(serde_json::json!({ "key": key, "value": value }));
        }
    }

    /// Returns the whole state, for `Options::state` of a later sandbox. Requests and faults are not part of it.
    pub fn save(&self) -> Value {
        let mut simulation = self.simulation.lock();
        simulation.tick(false);
        simulation.save()
    }
}
