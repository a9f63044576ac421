//! Makes every call to AWS.
//!
//! The only module that uses an `aws_sdk_*` crate, and the only one that connects to anything. Other modules see ecsail's own types ([`types`]), which are parsed
//! from the raw JSON of the responses, so that no field is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ecs::config::retry::{RetryPartition, TokenBucket};

use crate::error::Result;
use crate::settings::Settings;

pub mod autoscaling;
mod certificates;
pub mod change_guard;
pub mod cloudformation;
mod config;
pub mod definitions;
pub mod dynamodb;
pub mod ecr;
pub mod ecs;
pub mod elb;
mod endpoint;
mod environment;
pub mod error;
pub mod eventbridge;
pub mod exec_session;
mod express;
mod http_client;
pub mod http_sender;
pub mod https_file;
pub mod identity_proof;
#[cfg(all(test, feature = "sandbox"))]
pub(crate) mod in_process;
pub mod kms;
pub mod login;
pub mod logs;
pub mod lookup;
pub mod named_resources;
mod namespaces;
mod observed;
mod pacer;
pub mod parameter_store;
mod rates;
pub mod raw_json;
mod regions;
pub mod rule_targets;
pub mod run_task;
pub mod s3;
pub mod schedule_targets;
pub mod scheduler;
pub mod secretsmanager;
mod services;
mod signed_answer;
pub mod signed_call;
pub mod ssm;
mod states;
pub mod sts;
mod tagged_services;
mod tasks;
mod transport;
pub mod types;
pub mod webhook;
mod xml;

pub use error::ApiError;

use change_guard::ChangeGuard;
use config::Configuration;
#[cfg(test)]
pub(crate) use config::DEFAULT_LOOKUP_PAUSE;
use environment::Machine;
use login::{Login, LoginReporter};
use pacer::{Pacer, ThrottleFeedback};
use transport::Transport;

/// The most calls made concurrently where each reads one thing: few enough for the smallest token bucket.
pub const MAX_CONCURRENT_CALLS: usize = 8;

/// The most rules read or put concurrently. The rate of the calls is limited as well, however fast the responses are.
pub const RULES_AT_ONCE: usize = 3;

/// The AWS clients of one run.
pub struct Aws {
    config: SdkConfig,
    login: Option<Login>,
    pacer: Arc<Pacer>,
    ecs: aws_sdk_ecs::Client,
    /// ECR clients by region: an image is looked up in the region of its repository.
    ecr: Mutex<BTreeMap<String, aws_sdk_ecr::Client>>,
    /// CloudWatch Logs clients by region: a container's log options may name another region.
    logs: Mutex<BTreeMap<String, aws_sdk_cloudwatchlogs::Client>>,
    elb: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    events: OnceLock<aws_sdk_eventbridge::Client>,
    scheduler: OnceLock<aws_sdk_scheduler::Client>,
    autoscaling: OnceLock<aws_sdk_applicationautoscaling::Client>,
    /// The pause before what a call without an answer did is looked for again.
    lookup_pause: Duration,
    transport: Transport,
    machine: Machine,
    /// The region of the services.
    pub region: String,
}

impl Aws {
    /// Returns the clients for the region and the role that a manifest names, with the environment's credentials.
    ///
    /// Sends nothing: credentials are obtained by [`Aws::log_in`], or else by the first call.
    ///
    /// # Errors
    /// No region is set, or the settings are invalid.
    pub async fn connect(settings: &Settings, region: Option<&str>, role: Option<&str>) -> Result<Aws> {
        let Configuration { config, login, pacer, lookup_pause, transport, machine } =
            config::load(settings, region, role).await?;
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let ecs = aws_sdk_ecs::config::Builder::from(&config)
            .interceptor(ThrottleFeedback(Arc::clone(&pacer)))
            // Throttled calls are paced, so that nothing else has to bound their number.
            .retry_partition(RetryPartition::custom("ecs").token_bucket(TokenBucket::unlimited()).build());
        Ok(Aws {
            ecs: aws_sdk_ecs::Client::from_conf(ecs.build()),
            ecr: Mutex::default(),
            logs: Mutex::default(),
            elb: OnceLock::new(),
            autoscaling: OnceLock::new(),
            events: OnceLock::new(),
            scheduler: OnceLock::new(),
            region,
            lookup_pause,
            transport,
            machine,
            config,
            login,
            pacer,
        })
    }

    /// Sets what allows each call of this run that changes something, from now on.
    pub fn guard_changes(&self, guard: Arc<dyn ChangeGuard>) {
        self.transport.set_guard(guard);
    }

    /// Returns how long the last of so many calls of an operation of ECS, such as `UpdateService`, would wait for its
    /// turn.
    pub fn expected_wait(&self, operation: &str, calls: usize) -> Duration {
        self.pacer.expected_wait(operation, calls)
    }

    /// Returns the note that so many calls of an operation of ECS wait for their turn; none where that is short. `what` is
    /// what they do.
    pub fn wait_note(&self, what: &str, operation: &str, calls: usize) -> Option<String> {
        pacer::wait_note(what, self.expected_wait(operation, calls))
    }

    /// Returns the pauses between the looks for what a call without an answer did.
    pub fn lookup_pauses(&self) -> [Duration; 2] {
        [self.lookup_pause; 2]
    }

    /// Obtains the credentials of the run, so that no call has to wait for a login.
    ///
    /// # Errors
    /// There are none, or their source failed.
    pub async fn log_in(&self, reporter: &dyn LoginReporter) -> Result<()> {
        match &self.login {
            Some(login) => Ok(login.log_in(reporter).await?),
            None => Ok(()),
        }
    }

    fn ecr(&self, region: &str) -> aws_sdk_ecr::Client {
        let mut clients = self.ecr.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(region.to_owned()).or_insert_with(|| {
            let region = aws_config::Region::new(region.to_owned());
            let config = aws_sdk_ecr::config::Builder::from(&self.config).region(region).build();
            aws_sdk_ecr::Client::from_conf(config)
        });
        client.clone()
    }

    fn logs(&self, region: &str) -> aws_sdk_cloudwatchlogs::Client {
        let mut clients = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(region.to_owned()).or_insert_with(|| {
            let region = aws_config::Region::new(region.to_owned());
            let config = aws_sdk_cloudwatchlogs::config::Builder::from(&self.config).region(region).build();
            aws_sdk_cloudwatchlogs::Client::from_conf(config)
        });
        client.clone()
    }

    fn elb(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        self.elb.get_or_init(|| aws_sdk_elasticloadbalancingv2::Client::new(&self.config))
    }

    fn eventbridge(&self) -> &aws_sdk_eventbridge::Client {
        self.events.get_or_init(|| {
            let config = aws_sdk_eventbridge::config::Builder::from(&self.config)
                .interceptor(ThrottleFeedback(Arc::clone(&self.pacer)))
                .retry_partition(
                    RetryPartition::custom("events").token_bucket(TokenBucket::unlimited()).build(),
                );
            aws_sdk_eventbridge::Client::from_conf(config.build())
        })
    }

    fn scheduler(&self) -> &aws_sdk_scheduler::Client {
        self.scheduler.get_or_init(|| aws_sdk_scheduler::Client::new(&self.config))
    }

    fn autoscaling(&self) -> &aws_sdk_applicationautoscaling::Client {
        self.autoscaling.get_or_init(|| aws_sdk_applicationautoscaling::Client::new(&self.config))
    }
}

#[cfg(test)]
mod tests;
