//! The world: everything that the sandbox remembers, by account and region. Owns finding things and
//! moving time; never decides what a rollout does, nor how an answer looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::autoscaling::ScalableTarget;
use crate::eventbridge::Bus;
use crate::ids::Ids;
use crate::logs::Stream;
use crate::model::{Definition, Deployment, Service, Task};
use crate::rollout;
use crate::scenario::Scenario;
use crate::scheduler::{Group, Schedule};
use crate::script::What;
use crate::wire::ApiError;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// Who makes a call, and where.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

impl Caller {
    /// Returns the key of the realm that it calls into.
    pub(crate) fn realm(&self) -> String {
        format!("{}/{}", self.account, self.region)
    }
}

/// The principal behind an access key that AssumeRole has handed out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

/// Which scenario holds for whom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Scenarios {
    pub(crate) all: Scenario,
    pub(crate) by_service: BTreeMap<String, Scenario>,
}

impl Scenarios {
    /// Returns the scenario in force for a service (or a task family) of this name.
    pub(crate) fn of(&self, name: &str) -> Scenario {
        self.by_service.get(name).copied().unwrap_or(self.all)
    }

    /// Returns whether `scenario` is in force for anything.
    pub(crate) fn any(&self, scenario: Scenario) -> bool {
        self.all == scenario || self.by_service.values().any(|s| *s == scenario)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) ids: Ids,
    pub(crate) scenarios: Scenarios,
    pub(crate) realms: BTreeMap<String, Realm>,
    pub(crate) principals: BTreeMap<String, Principal>,
}

impl World {
    pub(crate) fn new(now: Millis, account: &str, region: &str, scenario: Scenario) -> World {
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
    pub(crate) fn caller(&self, access_key: &str, region: &str) -> Caller {
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
    pub(crate) fn own_caller(&self) -> Caller {
        self.caller("", &self.region)
    }

    /// Steps the simulation, second by second, up to `target`.
    pub(crate) fn move_to(&mut self, target: Millis, most: Millis) {
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
    pub(crate) fn is_expired(&self, login: Millis) -> bool {
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
    pub(crate) fn env<'a>(&'a mut self, caller: &'a Caller) -> Env<'a> {
        let World { now, ids, scenarios, realms, principals, .. } = self;
        let realm =
            realms.entry(caller.realm()).or_insert_with(|| Realm::new(&caller.account, &caller.region));
        Env { now: *now, ids, scenarios, realm, principals, caller }
    }
}

/// What one call works with: its realm, and the rest of the world that it may need.
pub(crate) struct Env<'a> {
    pub(crate) now: Millis,
    pub(crate) ids: &'a mut Ids,
    pub(crate) scenarios: &'a Scenarios,
    pub(crate) realm: &'a mut Realm,
    pub(crate) principals: &'a mut BTreeMap<String, Principal>,
    pub(crate) caller: &'a Caller,
}

/// All that one account has in one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Realm {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    pub(crate) families: BTreeMap<String, Vec<Definition>>,
    /// By `cluster/name`.
    pub(crate) services: BTreeMap<String, Service>,
    /// In the order in which they were created.
    pub(crate) tasks: Vec<Task>,
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// Log streams of tasks that are forgotten, the oldest first.
    #[serde(default)]
    pub(crate) streams: Vec<Stream>,
    /// Scalable targets by resource id, such as `service/shop/web`.
    #[serde(default)]
    pub(crate) scalable: BTreeMap<String, ScalableTarget>,
    /// Idempotency tokens of RunTask: what the first call with the token started.
    pub(crate) tokens: BTreeMap<String, Token>,
    /// Event buses and their rules, but for a default bus that nothing was ever put on.
    #[serde(default)]
    pub(crate) buses: BTreeMap<String, Bus>,
    /// Schedule groups, but for the default one.
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, Group>,
    /// By `group/name`.
    #[serde(default)]
    pub(crate) schedules: BTreeMap<String, Schedule>,
}

/// What was done under an idempotency token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) input: Value,
    pub(crate) tasks: Vec<String>,
    /// Why others were not started.
    #[serde(default)]
    pub(crate) failures: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) settings: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) created: Millis,
    pub(crate) settings: Map<String, Value>,
    pub(crate) images: Vec<Image>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) digest: String,
    pub(crate) tags: Vec<String>,
    pub(crate) pushed: Millis,
    pub(crate) manifest: Option<String>,
    pub(crate) media_type: String,
    /// What a scan found, by severity; it was not scanned when none.
    #[serde(default)]
    pub(crate) findings: Option<BTreeMap<String, i64>>,
}

impl Realm {
    pub(crate) fn new(account: &str, region: &str) -> Realm {
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
    pub(crate) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{resource}", self.region, self.account)
    }

    /// Returns the ARN of a resource of another service, such as `events` and `rule/nightly`.
    pub(crate) fn arn_of(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// Returns the name of a cluster given by name or ARN, or by nothing at all: `default`.
    pub(crate) fn cluster(&self, given: Option<&str>) -> Result<String, ApiError> {
        let name = last_part(given.unwrap_or("default"));
        let not_found = || ApiError::new("ClusterNotFoundException", "Cluster not found.");
        self.clusters.get(name).map(|cluster| cluster.name.clone()).ok_or_else(not_found)
    }

    /// Returns the task definition that `family`, `family:revision` or an ARN means.
    pub(crate) fn definition(&self, given: &str) -> Option<&Definition> {
        let (family, revision) = definition_key(given);
        let revisions = self.families.get(family)?;
        match revision {
            Some(revision) => revisions.iter().find(|d| d.revision == revision),
            None => revisions.iter().rev().find(|d| d.status == "ACTIVE"),
        }
    }

    /// Returns the digest of an image: as pushed where its repository is known here, none where that
    /// repository lacks it, and a made-up one for a repository elsewhere.
    pub(crate) fn digest(&self, image: &str) -> Option<String> {
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
            None => Some(crate::ids::digest_of(image)),
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
pub(crate) fn service_key(cluster: &str, given: &str) -> String {
    format!("{cluster}/{}", last_part(given))
}

/// Splits `family:revision`, a bare family, or an ARN of one.
pub(crate) fn definition_key(given: &str) -> (&str, Option<u64>) {
    let name = if given.starts_with("arn:") { last_part(given) } else { given };
    match name.split_once(':') {
        Some((family, revision)) => (family, Some(revision.parse().unwrap_or(0))),
        None => (name, None),
    }
}

/// Returns what follows the last `/`.
pub(crate) fn last_part(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}

/// Returns a timestamp as the JSON protocol carries it: seconds with a fraction.
pub(crate) fn seconds(at: Millis) -> Value {
    Value::from(at as f64 / 1000.0)
}
