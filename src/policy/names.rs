//! What a manifest names, as the ARNs of policies.

use std::collections::BTreeSet;

use crate::aws::types::Via;
use crate::document::arn::Arn;
use crate::lookup::Lookup;
use crate::lookup::location::S3Object;
use crate::manifest::Manifest;
use crate::manifest::kms_environment::KmsEnvironment;
use crate::manifest::notify::{NotificationChannel, SecretSource};
use crate::permissions::Feature;
use crate::render::{DesiredService, DesiredState};

/// Matches any account, region or name.
pub(super) const ANY: &str = "*";

/// Where the resources are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The region; `*` where it is not known.
    pub region: String,
    /// The account; `*` where it is not known.
    pub account: String,
}

impl Home {
    /// Returns the partition of the region (General Reference, "Amazon Resource Names").
    pub fn partition(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if self.region.starts_with("us-gov-") => "aws-us-gov",
            Some("eusc") => "aws-eusc",
            _ => "aws",
        }
    }

    /// Returns the ARN of a resource in the region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition(), self.region, self.account)
    }

    /// Returns the ARN of a resource that is in no region, such as a role.
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition(), self.account)
    }

    /// Returns the ARN of a role, given by its name or its ARN.
    pub(super) fn role_arn(&self, given: &str) -> String {
        if given.starts_with("arn:") {
            return given.to_owned();
        }
        self.global_arn("iam", &format!("role/{}", given.trim_start_matches('/')))
    }
}

/// What templates look up, and where the Terraform states are.
#[derive(Clone, Debug, Default)]
pub struct AskedLookups {
    pub lookups: BTreeSet<Lookup>,
    /// The objects with Terraform states.
    pub objects: Vec<S3Object>,
}

/// What a manifest names.
#[derive(Clone, Debug)]
pub struct PolicyNames {
    pub(super) home: Home,
    pub(super) clusters: BTreeSet<String>,
    /// The clusters and the names of services.
    pub(super) services: BTreeSet<(String, String)>,
    pub(super) express: BTreeSet<(String, String)>,
    pub(super) families: BTreeSet<String>,
    pub(super) task_roles: BTreeSet<String>,
    pub(super) service_roles: BTreeSet<String>,
    schedule_roles: BTreeSet<String>,
    rule_roles: BTreeSet<String>,
    assumed_roles: BTreeSet<String>,
    pub(super) repositories: BTreeSet<String>,
    pub(super) log_groups: BTreeSet<String>,
    /// The ARNs of secrets, parameters and objects that documents name.
    pub(super) document_secrets: BTreeSet<String>,
    pub(super) document_parameters: BTreeSet<String>,
    pub(super) document_objects: BTreeSet<String>,
    lock_table: Option<String>,
    asked: AskedLookups,
    notify_parameters: BTreeSet<String>,
    /// The groups and the names of schedules.
    schedules: BTreeSet<(String, String)>,
    rules: BTreeSet<String>,
    /// The schedule group of the app and the stage.
    own_group: Option<String>,
    has_autoscaling: bool,
    has_protection: bool,
    has_verification: bool,
    decrypts_ciphertexts: bool,
    pub(super) has_service_connect: bool,
    pub(super) has_target_groups: bool,
    /// What is not in the manifest, so that the policy has `*` for it.
    pub(super) unknown: Vec<String>,
}

impl PolicyNames {
    /// Returns what a manifest names.
    pub fn of_manifest(
        manifest: &Manifest,
        desired: &DesiredState,
        asked: AskedLookups,
        home: Home,
    ) -> PolicyNames {
        let assumed =
            manifest.role.iter().chain(asked.objects.iter().filter_map(|object| object.role.as_ref()));
        let mut names = PolicyNames {
            assumed_roles: assumed.map(|role| home.role_arn(role)).collect(),
            home,
            clusters: manifest.cluster.iter().map(|cluster| cluster_name(cluster)).collect(),
            services: BTreeSet::new(),
            express: BTreeSet::new(),
            families: BTreeSet::new(),
            task_roles: BTreeSet::new(),
            service_roles: BTreeSet::new(),
            schedule_roles: BTreeSet::new(),
            rule_roles: BTreeSet::new(),
            repositories: BTreeSet::new(),
            log_groups: BTreeSet::new(),
            document_secrets: BTreeSet::new(),
            document_parameters: BTreeSet::new(),
            document_objects: BTreeSet::new(),
            lock_table: manifest.lock.as_ref().map(|lock| lock.table.clone()),
            asked,
            notify_parameters: notify_parameters(manifest),
            schedules: BTreeSet::new(),
            rules: BTreeSet::new(),
            own_group: desired.app_group.clone(),
            has_autoscaling: false,
            has_protection: manifest.protection.is_some(),
            has_verification: manifest.verify,
            decrypts_ciphertexts: manifest.kms_environment == KmsEnvironment::Decrypt,
            has_service_connect: false,
            has_target_groups: false,
            unknown: Vec::new(),
        };
        desired.all_services().for_each(|service| names.add_service(service));
        names.add_tasks(desired);
        names.add_schedules(desired);
        names
    }

    fn add_service(&mut self, service: &DesiredService) {
        let cluster = cluster_name(&service.cluster);
        self.clusters.insert(cluster.clone());
        self.services.insert((cluster.clone(), service.name.clone()));
        self.has_autoscaling |= service.autoscaling.is_some() || service.enforce_desired_count;
        self.add_definition(&format!("service `{}`", service.key), &service.definition);
        self.add_service_document(service.service.as_ref());
        if matches!(service.definition, crate::render::DefinitionSource::Express(_)) {
            self.express.insert((cluster, service.name.clone()));
        }
    }

    fn add_tasks(&mut self, desired: &DesiredState) {
        for task in &desired.tasks {
            self.add_task(&format!("task `{}`", task.key), &task.spec);
        }
        for schedule in &desired.schedules {
            for target in &schedule.targets {
                self.add_task(&format!("schedule `{}`", schedule.key), &target.spec);
            }
        }
    }

    fn add_schedules(&mut self, desired: &DesiredState) {
        for schedule in &desired.schedules {
            let roles: Vec<String> = schedule
                .targets
                .iter()
                .filter_map(|target| target.role.as_deref())
                .map(|role| self.home.role_arn(role))
                .collect();
            match schedule.kind {
                Via::Scheduler => {
                    let group = schedule.group.clone().unwrap_or_else(|| "default".to_owned());
                    self.schedules.insert((group, schedule.name.clone()));
                    self.schedule_roles.extend(roles);
                }
                Via::Rule => {
                    self.rules.insert(schedule.name.clone());
                    self.rule_roles.extend(roles);
                }
            }
        }
    }

    /// Returns the names of everything in the account and the region, for what is read as a whole.
    pub(super) fn in_account(&self) -> PolicyNames {
        let any = || BTreeSet::from([ANY.to_owned()]);
        let any_pair = || BTreeSet::from([(ANY.to_owned(), ANY.to_owned())]);
        PolicyNames {
            clusters: any(),
            services: any_pair(),
            express: any_pair(),
            schedules: any_pair(),
            rules: any(),
            repositories: BTreeSet::from([self.home.arn("ecr", "repository/*")]),
            ..self.clone()
        }
    }

    /// Returns what the policy has `*` for, because the manifest does not name it.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Returns where the resources are.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Returns whether the manifest has something.
    pub(super) fn has(&self, feature: Feature) -> bool {
        match feature {
            Feature::Autoscaling => self.has_autoscaling,
            Feature::EcrImages => !self.repositories.is_empty(),
            Feature::Express => !self.express.is_empty(),
            Feature::Protection => self.has_protection,
            Feature::Rules => !self.rules.is_empty(),
            Feature::Schedules => !self.schedules.is_empty(),
            Feature::AnySchedule => !self.rules.is_empty() || !self.schedules.is_empty(),
            Feature::ServiceConnect => self.has_service_connect,
            Feature::SecretValues => false,
            Feature::Verification => self.has_verification,
            Feature::Ciphertexts => self.decrypts_ciphertexts,
            Feature::TargetGroups => self.has_target_groups,
        }
    }

    pub(super) fn has_exports(&self) -> bool {
        self.asked.lookups.contains(&Lookup::Exports)
    }

    pub(super) fn cluster_arns(&self) -> Vec<String> {
        self.clusters.iter().map(|cluster| self.home.arn("ecs", &format!("cluster/{cluster}"))).collect()
    }

    /// Returns the ARNs of services, or of what is below them: `KIND/CLUSTER/NAME` and a suffix.
    pub(super) fn service_arns(&self, kind: &str, suffix: &str) -> Vec<String> {
        let arn = |(cluster, name): &(String, String)| {
            self.home.arn("ecs", &format!("{kind}/{cluster}/{name}{suffix}"))
        };
        self.services.iter().map(arn).collect()
    }

    pub(super) fn express_service_arns(&self) -> Vec<String> {
        let arn =
            |(cluster, name): &(String, String)| self.home.arn("ecs", &format!("service/{cluster}/{name}"));
        self.express.iter().map(arn).collect()
    }

    pub(super) fn family_arns(&self) -> Vec<String> {
        if self.families.contains(ANY) {
            return vec![self.home.arn("ecs", "task-definition/*")];
        }
        self.families
            .iter()
            .map(|family| self.home.arn("ecs", &format!("task-definition/{family}:*")))
            .collect()
    }

    /// Returns the ARNs of the task definitions that ECS makes of Express services: of the cluster's and the service's name.
    pub(super) fn express_family_arns(&self) -> Vec<String> {
        let arn = |(cluster, name): &(String, String)| {
            self.home.arn("ecs", &format!("task-definition/{cluster}-{name}:*"))
        };
        self.express.iter().map(arn).collect()
    }

    pub(super) fn task_arns(&self) -> Vec<String> {
        self.clusters.iter().map(|cluster| self.home.arn("ecs", &format!("task/{cluster}/*"))).collect()
    }

    pub(super) fn task_roles(&self) -> Vec<String> {
        sorted(&self.task_roles)
    }

    pub(super) fn service_roles(&self) -> Vec<String> {
        sorted(&self.service_roles)
    }

    pub(super) fn schedule_roles(&self) -> Vec<String> {
        sorted(&self.schedule_roles)
    }

    pub(super) fn rule_roles(&self) -> Vec<String> {
        sorted(&self.rule_roles)
    }

    /// Returns the ARNs of all roles that documents and schedules name.
    pub(super) fn named_roles(&self) -> Vec<String> {
        let of_documents = self.task_roles.union(&self.service_roles);
        let of_schedules = self.schedule_roles.union(&self.rule_roles);
        sorted(&of_documents.chain(of_schedules).cloned().collect())
    }

    pub(super) fn assumed_roles(&self) -> Vec<String> {
        sorted(&self.assumed_roles)
    }

    pub(super) fn repository_arns(&self) -> Vec<String> {
        sorted(&self.repositories)
    }

    pub(super) fn log_group_arns(&self) -> Vec<String> {
        sorted(&self.log_groups)
    }

    /// Returns the ARNs of the alarms that AWS creates for the target tracking policies of services.
    pub(super) fn alarm_arns(&self) -> Vec<String> {
        let arn = |(cluster, name): &(String, String)| {
            self.home.arn("cloudwatch", &format!("alarm:TargetTracking-service/{cluster}/{name}-*"))
        };
        self.services.iter().map(arn).collect()
    }

    pub(super) fn table_arns(&self) -> Vec<String> {
        self.lock_table.iter().map(|table| self.home.arn("dynamodb", &format!("table/{table}"))).collect()
    }

    pub(super) fn parameter_arns(&self) -> Vec<String> {
        let names = self.asked.lookups.iter().filter_map(|lookup| match lookup {
            Lookup::Parameter(name) => Some(name.as_str()),
            _ => None,
        });
        names.map(|name| self.parameter_arn(name)).collect()
    }

    pub(super) fn notify_parameter_arns(&self) -> Vec<String> {
        self.notify_parameters.iter().map(|name| self.parameter_arn(name)).collect()
    }

    /// Returns the ARN of a parameter: the slash before its path and the selector of a version are not part of it.
    pub(super) fn parameter_arn(&self, given: &str) -> String {
        if given.starts_with("arn:") {
            return given.to_owned();
        }
        let name = given.split(':').next().unwrap_or(given);
        self.home.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')))
    }

    pub(super) fn secret_arns(&self) -> Vec<String> {
        let names = self.asked.lookups.iter().filter_map(|lookup| match lookup {
            Lookup::Secret(name) => Some(name.as_str()),
            _ => None,
        });
        let arn = |name: &str| {
            if name.starts_with("arn:") {
                return name.to_owned();
            }
            // AWS adds a hyphen and six characters to the name.
            self.home.arn("secretsmanager", &format!("secret:{name}-??????"))
        };
        names.map(arn).collect()
    }

    pub(super) fn stack_arns(&self) -> Vec<String> {
        let names = self.asked.lookups.iter().filter_map(|lookup| match lookup {
            Lookup::Outputs(stack) => Some(stack),
            _ => None,
        });
        names.map(|stack| self.home.arn("cloudformation", &format!("stack/{stack}/*"))).collect()
    }

    pub(super) fn object_arns(&self) -> Vec<String> {
        let partition = self.home.partition();
        let arns: BTreeSet<String> = self
            .asked
            .objects
            .iter()
            .map(|object| format!("arn:{partition}:s3:::{}/{}", object.bucket, object.key))
            .collect();
        arns.into_iter().collect()
    }

    /// Returns the ARNs of the keys of parameters and objects, which the manifest does not name.
    pub(super) fn key_arns(&self) -> Vec<String> {
        if self.key_users().is_empty() {
            return Vec::new();
        }
        let Home { account, .. } = &self.home;
        vec![format!("arn:{}:kms:*:{account}:key/*", self.home.partition())]
    }

    /// Returns the ARNs of the keys of ciphertexts, which may be of any region.
    pub(super) fn ciphertext_key_arns(&self) -> Vec<String> {
        vec![format!("arn:{}:kms:*:{}:key/*", self.home.partition(), self.home.account)]
    }

    /// Returns the services that use the keys, as `kms:ViaService` has them.
    pub(super) fn key_users(&self) -> Vec<String> {
        let mut users = Vec::new();
        if !self.parameter_arns().is_empty() || !self.notify_parameters.is_empty() {
            users.push(format!("ssm.{}.amazonaws.com", self.home.region));
        }
        let regions: BTreeSet<&str> = self
            .asked
            .objects
            .iter()
            .map(|object| object.region.as_deref().unwrap_or(&self.home.region))
            .collect();
        users.extend(regions.into_iter().map(|region| format!("s3.{region}.amazonaws.com")));
        users
    }

    pub(super) fn schedule_arns(&self) -> Vec<String> {
        self.arns_of_schedules(&self.schedules)
    }

    /// Returns the ARNs of schedules, and of those that may have their names already.
    pub(super) fn same_schedule_arns(&self) -> Vec<String> {
        let mut same = self.schedules.clone();
        for name in self.schedules.iter().map(|(_, name)| name).chain(&self.rules) {
            same.extend(self.usual_groups().into_iter().map(|group| (group, name.clone())));
        }
        self.arns_of_schedules(&same)
    }

    pub(super) fn own_schedule_arns(&self) -> Vec<String> {
        let own = self.own_group.iter().map(|group| (group.clone(), ANY.to_owned()));
        self.arns_of_schedules(&own.collect())
    }

    fn arns_of_schedules(&self, schedules: &BTreeSet<(String, String)>) -> Vec<String> {
        let arn = |(group, name): &(String, String)| {
            self.home.arn("scheduler", &format!("schedule/{group}/{name}"))
        };
        schedules.iter().map(arn).collect()
    }

    /// Returns the groups in which a schedule may be that the manifest has elsewhere.
    fn usual_groups(&self) -> Vec<String> {
        self.own_group.iter().cloned().chain(["default".to_owned()]).collect()
    }

    pub(super) fn schedule_group_arns(&self) -> Vec<String> {
        self.arns_of_groups(self.schedules.iter().map(|(group, _)| group.clone()).collect())
    }

    pub(super) fn same_schedule_group_arns(&self) -> Vec<String> {
        let named = self.schedules.iter().map(|(group, _)| group.clone());
        self.arns_of_groups(named.chain(self.usual_groups()).collect())
    }

    pub(super) fn own_schedule_group_arn(&self) -> Vec<String> {
        self.arns_of_groups(self.own_group.iter().cloned().collect())
    }

    fn arns_of_groups(&self, groups: BTreeSet<String>) -> Vec<String> {
        groups.iter().map(|group| self.home.arn("scheduler", &format!("schedule-group/{group}"))).collect()
    }

    pub(super) fn rule_arns(&self) -> Vec<String> {
        self.rules.iter().map(|rule| self.home.arn("events", &format!("rule/{rule}"))).collect()
    }

    /// Returns the ARNs of rules, and of those that have the names of schedules.
    pub(super) fn same_rule_arns(&self) -> Vec<String> {
        let names: BTreeSet<&String> =
            self.schedules.iter().map(|(_, name)| name).chain(&self.rules).collect();
        names.iter().map(|name| self.home.arn("events", &format!("rule/{name}"))).collect()
    }
}

/// Returns ARNs in their order; one that matches all of its kind replaces the others.
fn sorted(arns: &BTreeSet<String>) -> Vec<String> {
    let is_any = |arn: &&String| {
        arn.ends_with("role/*") || arn.ends_with("repository/*") || arn.ends_with("log-group:*")
    };
    match arns.iter().find(is_any) {
        Some(any) => vec![any.clone()],
        None => arns.iter().cloned().collect(),
    }
}

/// Returns the name of a cluster, given by its name or its ARN.
pub(super) fn cluster_name(given: &str) -> String {
    let resource = Arn::parse(given).and_then(|arn| arn.resource.strip_prefix("cluster/"));
    resource.unwrap_or(given).to_owned()
}

fn notify_parameters(manifest: &Manifest) -> BTreeSet<String> {
    let sources = manifest.notify.iter().flat_map(|entry| {
        let secret = match &entry.channel {
            NotificationChannel::Webhook { secret } => secret.as_ref(),
            NotificationChannel::Slack => None,
        };
        [Some(&entry.address), secret]
    });
    let parameter = |source: &SecretSource| match source {
        SecretSource::Parameter(name) => Some(name.clone()),
        SecretSource::Variable(_) => None,
    };
    sources.flatten().filter_map(parameter).collect()
}
