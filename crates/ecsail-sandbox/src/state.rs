//! The state of the sandbox: the resources of each account and region. Looks resources up; never advances
//! them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::ApiError;
use crate::arn::{last_segment, parse_definition};
use crate::ids::Ids;
use crate::model::{
    Cluster, Deployment, EventBus, Inventory, LogStream, PullThroughRule, Repository, ScalableTarget,
    Schedule, ScheduleGroup, Service, Table, Task, TaskDefinition,
};
use crate::principals;
use crate::scenario::{IncidentKind, Scenario};
use crate::time::{Millis, ReportedTimes};

/// The principal that makes a call, and the region of the call.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

impl Caller {
    /// Returns the key of the caller's account and region, `account/region`.
    pub(crate) fn region_key(&self) -> String {
        format!("{}/{}", self.account, self.region)
    }
}

/// The principal of an access key: a known one, or one that `AssumeRole` returned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    /// The secret of the key; without one, no signature of it can be verified.
    #[serde(default)]
    pub(crate) secret: Option<String>,
    #[serde(default)]
    pub(crate) session_token: Option<String>,
}

/// The scenarios in effect.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Scenarios {
    pub(crate) default: Scenario,
    pub(crate) by_service: BTreeMap<String, Scenario>,
}

impl Scenarios {
    /// Returns the scenario of a service or task family.
    pub(crate) fn for_name(&self, name: &str) -> Scenario {
        self.by_service.get(name).copied().unwrap_or(self.default)
    }

    /// Returns whether `scenario` is in effect for any service.
    pub(crate) fn is_active(&self, scenario: Scenario) -> bool {
        self.default == scenario || self.by_service.values().any(|s| *s == scenario)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SandboxState {
    pub(crate) now: Millis,
    /// The times that clients see.
    #[serde(default)]
    pub(crate) reported_times: ReportedTimes,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) ids: Ids,
    pub(crate) scenarios: Scenarios,
    pub(crate) regions: BTreeMap<String, Resources>,
    pub(crate) principals: BTreeMap<String, Principal>,
}

impl SandboxState {
    pub(crate) fn new(now: Millis, account: &str, region: &str, scenario: Scenario) -> SandboxState {
        SandboxState {
            now,
            reported_times: ReportedTimes::default(),
            account: account.to_owned(),
            region: region.to_owned(),
            ids: Ids::default(),
            scenarios: Scenarios { default: scenario, by_service: BTreeMap::new() },
            regions: BTreeMap::new(),
            principals: BTreeMap::new(),
        }
    }

    /// Returns the principal of an access key, if the sandbox knows the key.
    pub(crate) fn principal(&self, access_key: &str) -> Option<Principal> {
        let opened = self.principals.get(access_key).cloned();
        opened.or_else(|| principals::known(access_key, &self.account))
    }

    /// Returns the caller with this access key and region. Unknown keys belong to the sandbox's own account.
    pub(crate) fn caller(&self, access_key: &str, region: &str) -> Caller {
        let region = region.to_owned();
        match self.principal(access_key) {
            Some(Principal { account, arn, user_id, .. }) => Caller { account, region, arn, user_id },
            None => Caller {
                account: self.account.clone(),
                region,
                arn: format!("arn:aws:iam::{}:user/sandbox", self.account),
                user_id: "AIDASANDBOXSANDBOX000".to_owned(),
            },
        }
    }

    /// Returns a caller in the sandbox's own account and region.
    pub(crate) fn own_caller(&self) -> Caller {
        self.caller("", &self.region)
    }

    /// Returns whether the callers' credentials have expired. `login` is the time at which they were issued:
    /// a new start of the sandbox, or another scenario, issues new ones.
    pub(crate) fn has_expired_credentials(&self, login: Millis) -> bool {
        let services = self.regions.values().flat_map(|resources| resources.services.values());
        let has_expired = |deployment: &Deployment| {
            let incident = deployment.effects.incident.filter(|i| i.kind == IncidentKind::Expired);
            deployment.created >= login
                && incident.is_some_and(|incident| incident.is_active(self.now - deployment.created))
        };
        services
            .filter(|service| self.scenarios.for_name(&service.name) == Scenario::Expires)
            .any(|service| service.deployments.iter().any(has_expired))
    }

    /// Returns the context of a call.
    pub(crate) fn call_context<'a>(&'a mut self, caller: &'a Caller) -> CallContext<'a> {
        let SandboxState { now, reported_times, ids, scenarios, regions, principals, .. } = self;
        let resources = regions
            .entry(caller.region_key())
            .or_insert_with(|| Resources::new(&caller.account, &caller.region));
        CallContext { now: *now, times: *reported_times, ids, scenarios, resources, principals, caller }
    }
}

/// What an operation reads and changes: the resources of the caller's account and region, and the rest of
/// the state.
pub(crate) struct CallContext<'a> {
    pub(crate) now: Millis,
    /// For the times in inputs that are kept as they are given.
    pub(crate) times: ReportedTimes,
    pub(crate) ids: &'a mut Ids,
    pub(crate) scenarios: &'a Scenarios,
    pub(crate) resources: &'a mut Resources,
    pub(crate) principals: &'a mut BTreeMap<String, Principal>,
    pub(crate) caller: &'a Caller,
}

impl CallContext<'_> {
    /// Returns the current time as clients see it, in seconds since 1970.
    pub(crate) fn reported_now(&self) -> f64 {
        self.times.reported(self.now) as f64 / 1000.0
    }
}

/// The resources of one account in one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Resources {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    pub(crate) families: BTreeMap<String, Vec<TaskDefinition>>,
    /// By `cluster/name`.
    pub(crate) services: BTreeMap<String, Service>,
    /// In the order in which they were created.
    pub(crate) tasks: Vec<Task>,
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// By prefix.
    #[serde(default)]
    pub(crate) pull_through_rules: BTreeMap<String, PullThroughRule>,
    /// Log streams of tasks that ECS no longer describes, the oldest first.
    pub(crate) log_streams: Vec<LogStream>,
    /// The ARNs of target groups that exist although no service names them.
    #[serde(default)]
    pub(crate) target_groups: BTreeSet<String>,
    /// Scalable targets by resource id, such as `service/shop/web`.
    pub(crate) scalable_targets: BTreeMap<String, ScalableTarget>,
    /// `RunTask` calls by their `clientToken`.
    pub(crate) run_task_tokens: BTreeMap<String, RunTaskToken>,
    /// Event buses by name. The default one is added on its first use.
    pub(crate) event_buses: BTreeMap<String, EventBus>,
    /// Schedule groups by name, without the default one, unless it has tags.
    pub(crate) schedule_groups: BTreeMap<String, ScheduleGroup>,
    /// By `group/name`.
    pub(crate) schedules: BTreeMap<String, Schedule>,
    /// DynamoDB tables by name.
    #[serde(default)]
    pub(crate) tables: BTreeMap<String, Table>,
    /// The values of parameters of Systems Manager by name.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Value>,
    /// The secrets of Secrets Manager by name, without values.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, Value>,
    /// The values of secrets by the ids of their versions.
    #[serde(default)]
    pub(crate) secret_values: BTreeMap<String, Value>,
    /// The keys of KMS by id.
    #[serde(default)]
    pub(crate) kms_keys: BTreeMap<String, Value>,
    /// The ids of keys by alias, such as `alias/shop`.
    #[serde(default)]
    pub(crate) kms_aliases: BTreeMap<String, String>,
    /// What ciphertexts stand for, by the ciphertext in Base64.
    #[serde(default)]
    pub(crate) ciphertexts: BTreeMap<String, Value>,
    /// The stacks of CloudFormation by name, with what they export.
    #[serde(default)]
    pub(crate) stacks: BTreeMap<String, Value>,
    /// The buckets of S3 by name: the texts of their objects by key.
    #[serde(default)]
    pub(crate) buckets: BTreeMap<String, BTreeMap<String, String>>,
    /// What else exists that documents name.
    #[serde(default)]
    pub(crate) inventory: Inventory,
}

/// A `RunTask` call with a `clientToken`, and its result.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RunTaskToken {
    pub(crate) input: Value,
    pub(crate) tasks: Vec<String>,
    /// The failures of the call.
    pub(crate) failures: Vec<Value>,
}

impl Resources {
    pub(crate) fn new(account: &str, region: &str) -> Resources {
        Resources {
            account: account.to_owned(),
            region: region.to_owned(),
            clusters: BTreeMap::new(),
            families: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: Vec::new(),
            repositories: BTreeMap::new(),
            pull_through_rules: BTreeMap::new(),
            log_streams: Vec::new(),
            target_groups: BTreeSet::new(),
            scalable_targets: BTreeMap::new(),
            run_task_tokens: BTreeMap::new(),
            event_buses: BTreeMap::new(),
            schedule_groups: BTreeMap::new(),
            schedules: BTreeMap::new(),
            tables: BTreeMap::new(),
            parameters: BTreeMap::new(),
            secrets: BTreeMap::new(),
            secret_values: BTreeMap::new(),
            kms_keys: BTreeMap::new(),
            kms_aliases: BTreeMap::new(),
            ciphertexts: BTreeMap::new(),
            stacks: BTreeMap::new(),
            buckets: BTreeMap::new(),
            inventory: Inventory::default(),
        }
    }

    /// Returns the ARN of an ECS resource, such as `cluster/shop`.
    pub(crate) fn ecs_arn(&self, resource: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{resource}", self.region, self.account)
    }

    /// Returns the ARN of a resource of any service, such as `events` and `rule/nightly`.
    pub(crate) fn service_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// Returns the name of an existing cluster, given by name or ARN; `default` when none is given.
    pub(crate) fn cluster_name(&self, given: Option<&str>) -> Result<String, ApiError> {
        let name = last_segment(given.unwrap_or("default"));
        let not_found = || ApiError::new("ClusterNotFoundException", "Cluster not found.");
        self.clusters.get(name).map(|cluster| cluster.name.clone()).ok_or_else(not_found)
    }

    /// Returns a task definition, given by `family`, `family:revision` or ARN. A family alone means its
    /// newest ACTIVE revision.
    pub(crate) fn task_definition(&self, given: &str) -> Option<&TaskDefinition> {
        let (family, revision) = parse_definition(given);
        let revisions = self.families.get(family)?;
        match revision {
            Some(revision) => revisions.iter().find(|d| d.revision == revision),
            None => revisions.iter().rev().find(|d| d.status == "ACTIVE"),
        }
    }
}
