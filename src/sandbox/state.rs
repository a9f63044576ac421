//! The world: everything that the sandbox remembers, by account and region. Owns finding things and
//! moving time; never decides what a rollout does, nor how an answer looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::autoscaling::ScalableTarget;
use super::eventbridge::Bus;
use super::ids::Ids;
use super::logs::Stream;
use super::model::{Definition, Deployment, Service, Task};
use super::rollout;
use super::scenario::Scenario;
use super::scheduler::{Group, Schedule};
use super::script::What;
use super::wire::ApiError;

/// Milliseconds since 1970.
pub(super) type Millis = i64;

/// Who makes a call, and where.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) arn: String,
    pub(super) user_id: String,
}

impl Caller {
    /// Returns the key of the realm that it calls into.
    pub(super) fn realm(&self) -> String {
        format!("{}/{}", self.account, self.region)
    }
}

/// The principal behind an access key that AssumeRole has handed out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Principal {
    pub(super) account: String,
    pub(super) arn: String,
    pub(super) user_id: String,
}

/// Which scenario holds for whom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Scenarios {
    pub(super) all: Scenario,
    pub(super) by_service: BTreeMap<String, Scenario>,
}

impl Scenarios {
    /// Returns the scenario in force for a service (or a task family) of this name.
    pub(super) fn of(&self, name: &str) -> Scenario {
        self.by_service.get(name).copied().unwrap_or(self.all)
    }

    /// Returns whether `scenario` is in force for anything.
    pub(super) fn any(&self, scenario: Scenario) -> bool {
        self.all == scenario || self.by_service.values().any(|s| *s == scenario)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) now: Millis,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) ids: Ids,
    pub(super) scenarios: Scenarios,
    pub(super) realms: BTreeMap<String, Realm>,
    pub(super) principals: BTreeMap<String, Principal>,
}

impl World {
    pub(super) fn new(now: Millis, account: &str, region: &str, scenario: Scenario) -> World {
        World {
            now,
            account: account.to_owned(),
            region: region.to_owned(),
            ids: Ids::default(),
            scenarios: Scenarios { all: scenario, by_service: BTreeMap::new() },
            realms: BTreeMap::new(),
            principals: BTreeMap::new(),
        }
    }

    /// Returns who the holder of `access_key` is, calling into `region`.
    pub(super) fn caller(&self, access_key: &str, region: &str) -> Caller {
        let region = region.to_owned();
        match self.principals.get(access_key) {
            Some(p) => {
                Caller { account: p.account.clone(), region, arn: p.arn.clone(), user_id: p.user_id.clone() }
            }
            None => Caller {
                account: self.account.clone(),
                region,
                arn: format!("arn:aws:iam::{}:user/sandbox", self.account),
                user_id: "AIDASANDBOXSANDBOX000".to_owned(),
            },
        }
    }

    /// Returns the caller that the sandbox itself is: its own account and region.
    pub(super) fn own_caller(&self) -> Caller {
        self.caller("", &self.region)
    }

    /// Steps the simulation, second by second, up to `target`.
    pub(super) fn move_to(&mut self, target: Millis, most: Millis) {
        if target - self.now > most {
            self.now = target - most;
        }
        while self.now / 1000 < target / 1000 {
            self.now = (self.now / 1000 + 1) * 1000;
            let World { now, ids, realms, .. } = self;
            for realm in realms.values_mut() {
                rollout::step(realm, ids, *now);
            }
        }
        self.now = self.now.max(target);
    }

    /// Returns whether the callers' credentials have expired since `login`: whoever starts the sandbox
    /// anew, or sets another scenario, has fresh ones.
    pub(super) fn is_expired(&self, login: Millis) -> bool {
        let services = self.realms.values().flat_map(|realm| realm.services.values());
        let struck = |deployment: &Deployment| {
            let incident = deployment.script.incident.filter(|i| i.what == What::Expired);
            deployment.created >= login
                && incident.is_some_and(|incident| incident.is_on(self.now - deployment.created))
        };
        services
            .filter(|service| self.scenarios.of(&service.name) == Scenario::Expires)
            .any(|service| service.deployments.iter().any(struck))
    }

    /// Returns what a call by `caller` works with.
    pub(super) fn env<'a>(&'a mut self, caller: &'a Caller) -> Env<'a> {
        let World { now, ids, scenarios, realms, principals, .. } = self;
        let realm =
            realms.entry(caller.realm()).or_insert_with(|| Realm::new(&caller.account, &caller.region));
        Env { now: *now, ids, scenarios, realm, principals, caller }
    }
}

/// What one call works with: its realm, and the rest of the world that it may need.
pub(super) struct Env<'a> {
    pub(super) now: Millis,
    pub(super) ids: &'a mut Ids,
    pub(super) scenarios: &'a Scenarios,
    pub(super) realm: &'a mut Realm,
    pub(super) principals: &'a mut BTreeMap<String, Principal>,
    pub(super) caller: &'a Caller,
}

/// All that one account has in one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Realm {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) clusters: BTreeMap<String, Cluster>,
    pub(super) families: BTreeMap<String, Vec<Definition>>,
    /// By `cluster/name`.
    pub(super) services: BTreeMap<String, Service>,
    /// In the order in which they were created.
    pub(super) tasks: Vec<Task>,
    pub(super) repositories: BTreeMap<String, Repository>,
    /// Log streams of tasks that are forgotten, the oldest first.
    #[serde(default)]
    pub(super) streams: Vec<Stream>,
    /// Scalable targets by resource id, such as `service/shop/web`.
    #[serde(default)]
    pub(super) scalable: BTreeMap<String, ScalableTarget>,
    /// Idempotency tokens of RunTask: what the first call with the token started.
    pub(super) tokens: BTreeMap<String, Token>,
    /// Event buses and their rules, but for a default bus that nothing was ever put on.
    #[serde(default)]
    pub(super) buses: BTreeMap<String, Bus>,
    /// Schedule groups, but for the default one.
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Group>,
    /// By `group/name`.
    #[serde(default)]
    pub(super) schedules: BTreeMap<String, Schedule>,
}

/// What was done under an idempotency token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) input: Value,
    pub(super) tasks: Vec<String>,
    /// Why others were not started.
    #[serde(default)]
    pub(super) failures: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) settings: Map<String, Value>,
    pub(super) tags: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Repository {
    pub(super) name: String,
    pub(super) created: Millis,
    pub(super) settings: Map<String, Value>,
    pub(super) images: Vec<Image>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Image {
    pub(super) digest: String,
    pub(super) tags: Vec<String>,
    pub(super) pushed: Millis,
    pub(super) manifest: Option<String>,
    pub(super) media_type: String,
    /// What a scan found, by severity; it was not scanned when none.
    #[serde(default)]
    pub(super) findings: Option<BTreeMap<String, i64>>,
}

impl Realm {
    pub(super) fn new(account: &str, region: &str) -> Realm {
        Realm {
            account: account.to_owned(),
            region: region.to_owned(),
            clusters: BTreeMap::new(),
            families: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: Vec::new(),
            repositories: BTreeMap::new(),
            streams: Vec::new(),
            scalable: BTreeMap::new(),
            tokens: BTreeMap::new(),
            buses: BTreeMap::new(),
            groups: BTreeMap::new(),
            schedules: BTreeMap::new(),
        }
    }

    /// Returns the ARN of an ECS resource, such as `cluster/shop`.
    pub(super) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{resource}", self.region, self.account)
    }

    /// Returns the ARN of a resource of another service, such as `events` and `rule/nightly`.
    pub(super) fn arn_of(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// Returns the name of a cluster given by name or ARN, or by nothing at all: `default`.
    pub(super) fn cluster(&self, given: Option<&str>) -> Result<String, ApiError> {
        let name = last_part(given.unwrap_or("default"));
        let not_found = || ApiError::new("ClusterNotFoundException", "Cluster not found.");
        self.clusters.get(name).map(|cluster| cluster.name.clone()).ok_or_else(not_found)
    }

    /// Returns the task definition that `family`, `family:revision` or an ARN means.
    pub(super) fn definition(&self, given: &str) -> Option<&Definition> {
        let (family, revision) = definition_key(given);
        let revisions = self.families.get(family)?;
        match revision {
            Some(revision) => revisions.iter().find(|d| d.revision == revision),
            None => revisions.iter().rev().find(|d| d.status == "ACTIVE"),
        }
    }

    /// Returns the digest of an image: as pushed where its repository is known here, none where that
    /// repository lacks it, and a made-up one for a repository elsewhere.
    pub(super) fn digest(&self, image: &str) -> Option<String> {
        if let Some((_, digest)) = image.split_once('@') {
            let known = self.repository_of(image).is_none_or(|r| r.images.iter().any(|i| i.digest == digest));
            return known.then(|| digest.to_owned());
        }
        match self.repository_of(image) {
            Some(repository) => {
                let tag = last_part(image).split_once(':').map_or("latest", |(_, tag)| tag);
                let found = repository.images.iter().find(|i| i.tags.iter().any(|t| t == tag));
                found.map(|image| image.digest.clone())
            }
            None => Some(super::ids::digest_of(image)),
        }
    }

    fn repository_of(&self, image: &str) -> Option<&Repository> {
        let (host, path) = image.split_once('/')?;
        if host != format!("{}.dkr.ecr.{}.amazonaws.com", self.account, self.region) {
            return None;
        }
        let name = path.split(['@', ':']).next().unwrap_or(path);
        self.repositories.get(name)
    }
}

/// Returns the key of a service given by name or ARN in a cluster.
pub(super) fn service_key(cluster: &str, given: &str) -> String {
    format!("{cluster}/{}", last_part(given))
}

/// Splits `family:revision`, a bare family, or an ARN of one.
pub(super) fn definition_key(given: &str) -> (&str, Option<u64>) {
    let name = if given.starts_with("arn:") { last_part(given) } else { given };
    match name.split_once(':') {
        Some((family, revision)) => (family, Some(revision.parse().unwrap_or(0))),
        None => (name, None),
    }
}

/// Returns what follows the last `/`.
pub(super) fn last_part(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}

/// Returns a timestamp as the JSON protocol carries it: seconds with a fraction.
pub(super) fn seconds(at: Millis) -> Value {
    Value::from(at as f64 / 1000.0)
}
