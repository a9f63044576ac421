//! A small AWS on loopback: ECS, ECR, STS, CloudWatch Logs, target groups, scalable targets, EventBridge's rules and the
//! scheduler, as far as deploys need them.
//!
//! It speaks what the SDKs and the AWS CLI speak, and moves rollouts on a clock of its own, so that a
//! test, or a newcomer without an account, can see a deploy, a failure and a rollback. Scenarios
//! script what goes wrong with rollouts, faults what goes wrong with calls.
//!
//! It shares nothing with the rest of the crate, so that it cannot share its mistakes; it only ever
//! binds loopback, and it never reaches out.

mod auth;
mod autoscaling;
mod buckets;
mod clock;
mod control;
mod ecr;
mod ecs;
mod elb;
mod eventbridge;
mod expression;
mod faults;
mod ids;
mod log;
mod logs;
mod model;
mod params;
mod query;
mod rest;
mod rollout;
mod scenario;
mod scenes;
mod scheduler;
mod script;
mod seed;
mod server;
mod state;
mod sts;
mod task;
#[cfg(test)]
mod tests;
mod wire;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

pub use clock::Clock;
pub use faults::{Fault, FaultKind};
pub use log::Request;
pub use scenario::{Scenario, ScenarioInfo, UnknownScenario, scenarios};
pub use seed::{Seed, SeedRepository, SeedService, SeedTag};
pub use wire::ApiError;

use buckets::Buckets;
use clock::{Ticker, millis, wall_now};
use server::{Inner, Server, Shared};
use state::World;
use wire::Asked;

/// How a sandbox starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// How time passes.
    pub clock: Clock,
    /// What goes wrong from the start. Where `state` is given its scenarios hold instead.
    pub scenario: Scenario,
    /// The account that callers are in.
    pub account: String,
    /// The region of `call` and `seed`; callers bring their own in the signature.
    pub region: String,
    /// The port; any free one when 0.
    pub port: u16,
    /// Whether calls are throttled at the rates that ECS allows; under a scaled wall clock the rates are scaled too.
    pub rate_limits: bool,
    /// What an earlier sandbox's `save` returned, to go on from there.
    pub state: Option<Value>,
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
        }
    }
}

/// A running sandbox; ends when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    server: Server,
}

impl Sandbox {
    /// Starts a sandbox on loopback, on a thread of its own.
    ///
    /// # Errors
    /// When the port cannot be bound, or the given state is not one that `save` returned.
    pub fn start(options: Options) -> io::Result<Sandbox> {
        let inner = Inner::new(&options)?;
        let shared = Arc::new(Shared(Mutex::new(inner)));
        let server = Server::start(Arc::clone(&shared), options.port)?;
        Ok(Sandbox { shared, server })
    }

    /// Returns the endpoint, as for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// Returns the port that it listens on.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// Adds clusters, steady services and images; leaves alone what is there already.
    ///
    /// # Errors
    /// When ECS would refuse one of them; says which and why.
    pub fn seed(&self, seed: &Seed) -> Result<(), String> {
        self.shared.lock().world.seed(seed)
    }

    /// Sets what goes wrong with the deployments (and tasks) that start from now on: those of one
    /// service, or task family, or all that have none of their own.
    pub fn set_scenario(&self, service: Option<&str>, scenario: Scenario) {
        self.shared.lock().set_scenario(service, scenario);
    }

    /// Adds a fault to those that wait for their calls.
    pub fn inject(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Takes back all faults that have not struck yet.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Returns all requests since the start or the last `clear_requests`, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().log.all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }

    /// Moves simulated time on, whatever the clock.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().advance(by);
    }

    /// Returns simulated time, in seconds since 1970.
    pub fn now(&self) -> f64 {
        let mut inner = self.shared.lock();
        inner.tick(false);
        inner.world.now as f64 / 1000.0
    }

    /// Does an operation without HTTP, for setting up and checking tests: it is not logged, moves no
    /// time, and no fault strikes it. `service` is `ecs`, `ecr`, `logs`, `application-autoscaling`, `events`, `scheduler`,
    /// `elasticloadbalancing` or `sts`.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn call(&self, service: &str, operation: &str, input: Value) -> Result<Value, ApiError> {
        let mut inner = self.shared.lock();
        inner.tick(false);
        let caller = inner.world.own_caller();
        let asked = Asked { service: service.to_owned(), operation: operation.to_owned(), input };
        inner.answer(&caller, &asked)
    }

    /// Returns the whole state, for `Options::state` of a later sandbox. Requests and faults are not in it.
    pub fn save(&self) -> Value {
        let mut inner = self.shared.lock();
        inner.tick(false);
        // The world is maps with text keys, lists and numbers: nothing that JSON cannot hold.
        let world = serde_json::to_value(&inner.world).unwrap_or_default();
        json!({ "format": 1, "saved_at": wall_now(), "world": world })
    }
}

impl Inner {
    fn new(options: &Options) -> io::Result<Inner> {
        let saved = options.state.as_ref().map(restored).transpose()?;
        let resumed = saved.as_ref().map(|(world, at)| (world.now, *at));
        let ticker = Ticker::new(options.clock, resumed);
        let pace = ticker.pace();
        let world = match saved {
            Some((world, _)) => {
                World { account: options.account.clone(), region: options.region.clone(), ..world }
            }
            None => World::new(ticker.origin(), &options.account, &options.region, options.scenario),
        };
        Ok(Inner {
            login: ticker.origin(),
            world,
            ticker,
            log: log::Log::default(),
            faults: faults::Faults::default(),
            buckets: options.rate_limits.then(|| Buckets::new(pace)),
        })
    }

    fn set_scenario(&mut self, service: Option<&str>, scenario: Scenario) {
        let scenarios = &mut self.world.scenarios;
        match service {
            Some(name) => {
                scenarios.by_service.insert(name.to_owned(), scenario);
            }
            None => scenarios.all = scenario,
        }
    }

    fn advance(&mut self, by: Duration) {
        self.tick(false);
        self.ticker.shift(by);
        let target = self.world.now + millis(by);
        self.world.move_to(target, state::Millis::MAX);
    }
}

/// Reads what `save` returned: the world and the wall time of the save.
fn restored(state: &Value) -> io::Result<(World, state::Millis)> {
    let bad = |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("not a sandbox state: {why}"));
    if state["format"] != 1 {
        return Err(bad("unknown format".to_owned()));
    }
    let world: World = serde::Deserialize::deserialize(&state["world"])
        .map_err(|e: serde_json::Error| bad(e.to_string()))?;
    Ok((world, state["saved_at"].as_i64().unwrap_or_default()))
}
