//! Makes every call to AWS.
//!
//! The only module that uses an `aws_sdk_*` crate. Other modules see ecsail's own types ([`types`]), which are parsed
//! from the raw JSON of the responses, so that no field is lost.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use aws_config::SdkConfig;

use crate::error::Result;
use crate::settings::Settings;

pub mod autoscaling;
mod certificates;
pub mod config;
pub mod definitions;
pub mod ecr;
pub mod ecs;
pub mod elb;
mod environment;
pub mod error;
pub mod eventbridge;
pub mod exec_session;
mod http_client;
pub mod logs;
mod namespaces;
mod observed;
mod rate_limit;
pub mod raw_json;
pub mod rule_targets;
pub mod run_task;
pub mod schedule_targets;
pub mod scheduler;
mod states;
pub mod sts;
mod tasks;
pub mod types;

pub use error::ApiError;

use rate_limit::RateLimiter;

/// The most calls made concurrently where each reads one thing: few enough for the smallest token bucket.
pub const MAX_CONCURRENT_CALLS: usize = 8;

/// The most rules read or put concurrently. The rate limit applies as well, however fast the responses are.
pub const RULES_AT_ONCE: usize = 3;

/// The most calls of one kind to EventBridge a second: it allows 50 (EventBridge quotas), which other clients of the
/// account share.
const EVENTBRIDGE_CALLS_PER_SECOND: u32 = 40;

/// The AWS clients of one run.
pub struct Aws {
    config: SdkConfig,
    ecs: aws_sdk_ecs::Client,
    /// ECR clients by region: an image is looked up in the region of its repository.
    ecr: Mutex<BTreeMap<String, aws_sdk_ecr::Client>>,
    /// CloudWatch Logs clients by region: a container's log options may name another region.
    logs: Mutex<BTreeMap<String, aws_sdk_cloudwatchlogs::Client>>,
    elb: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    events: OnceLock<aws_sdk_eventbridge::Client>,
    eventbridge_limiter: RateLimiter,
    scheduler: OnceLock<aws_sdk_scheduler::Client>,
    autoscaling: OnceLock<aws_sdk_applicationautoscaling::Client>,
    /// The region of the services.
    pub region: String,
}

impl Aws {
    /// Returns the clients for the region and the role that a manifest names, with the environment's credentials.
    ///
    /// Sends nothing: credentials are resolved on the first call.
    ///
    /// # Errors
    /// No region is set, or the settings are invalid.
    pub async fn connect(settings: &Settings, region: Option<&str>, role: Option<&str>) -> Result<Aws> {
        let config = config::load(settings, region, role).await?;
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let ecs = aws_sdk_ecs::Client::new(&config);
        let (ecr, logs) = (Mutex::default(), Mutex::default());
        let (elb, autoscaling) = (OnceLock::new(), OnceLock::new());
        let (events, scheduler) = (OnceLock::new(), OnceLock::new());
        let events_pace = RateLimiter::new(EVENTBRIDGE_CALLS_PER_SECOND);
        Ok(Aws {
            ecs,
            ecr,
            logs,
            elb,
            autoscaling,
            events,
            eventbridge_limiter: events_pace,
            scheduler,
            region,
            config,
        })
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
        self.events.get_or_init(|| aws_sdk_eventbridge::Client::new(&self.config))
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
