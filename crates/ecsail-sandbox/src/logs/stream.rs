//! Log groups and streams. Owns which there are, by the task definitions and the tasks; never writes a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Container, Definition, Phase, Task};
use crate::rollout::STOPPING;
use crate::script::Fate;
use crate::state::{Caller, Millis, Realm, World, last_part};

/// How many streams of tasks that are forgotten stay readable.
const REMEMBERED: usize = 400;

/// A log stream: one container of one task, and what its lines tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stream {
    region: String,
    group: String,
    pub(super) name: String,
    pub(super) story: Fate,
    /// Its task belongs to a service; one of its own ends when its work is done.
    pub(super) serves: bool,
    /// Such as `app, web:2`.
    pub(super) title: String,
    pub(super) port: u64,
    /// The container's memory limit in MiB, or the task's.
    pub(super) memory: u64,
    pub(super) started: Millis,
    /// When it was told to end.
    pub(super) told: Option<Millis>,
    pub(super) ended: Option<Millis>,
}

impl Stream {
    /// Returns the id of the event at this time: 56 digits, in the order of time.
    pub(super) fn event_id(&self, at: Millis) -> String {
        format!("{at:020}{:036}", u128::from(self.number()))
    }

    /// Returns a number that is the stream's own.
    pub(super) fn number(&self) -> u64 {
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.name.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
    }
}

/// Returns the groups in the caller's region that task definitions name, with the first of these.
pub(super) fn groups<'a>(world: &'a World, caller: &Caller) -> BTreeMap<&'a str, &'a Definition> {
    let mut out: BTreeMap<&str, &Definition> = BTreeMap::new();
    for realm in world.realms.values().filter(|realm| realm.account == caller.account) {
        for definition in realm.families.values().flatten() {
            for options in definition.containers().iter().filter_map(options) {
                let region = options["awslogs-region"].as_str().unwrap_or(&realm.region);
                let name = options["awslogs-group"].as_str().filter(|_| region == caller.region);
                if let Some(name) = name {
                    let known = out.entry(name).or_insert(definition);
                    if creation(definition) < creation(known) {
                        *known = definition;
                    }
                }
            }
        }
    }
    out
}

/// Returns when a definition was registered, as the time at which its groups were made.
pub(super) fn creation(definition: &Definition) -> Millis {
    let at = definition.document.get("registeredAt").and_then(Value::as_f64);
    at.map_or(0, |seconds| (seconds * 1000.0) as Millis)
}

/// Returns the streams of a group in the caller's region.
pub(super) fn streams(world: &World, caller: &Caller, group: &str) -> Vec<Stream> {
    let realms = world.realms.values().filter(|realm| realm.account == caller.account);
    let here = |stream: &Stream| stream.group == group && stream.region == caller.region;
    realms
        .flat_map(|realm| {
            let live = realm.tasks.iter().flat_map(|task| of_task(realm, task));
            realm.streams.iter().cloned().chain(live).filter(here).collect::<Vec<_>>()
        })
        .collect()
}

/// Keeps the streams of tasks that are about to be forgotten.
pub(crate) fn remember(realm: &mut Realm, forgotten: impl Fn(&Task) -> bool) {
    let fresh: Vec<Stream> =
        realm.tasks.iter().filter(|task| forgotten(task)).flat_map(|task| of_task(realm, task)).collect();
    realm.streams.extend(fresh);
    let surplus = realm.streams.len().saturating_sub(REMEMBERED);
    realm.streams.drain(..surplus);
}

/// Returns the streams of a task: one for each container that writes to CloudWatch, once they ran.
fn of_task(realm: &Realm, task: &Task) -> Vec<Stream> {
    let (Some(started), Some(definition)) = (task.times.started, realm.definition(&task.definition)) else {
        return Vec::new();
    };
    let culprit = task.containers.iter().position(|c| c.essential).unwrap_or(0);
    let stream = |(at, container): (usize, &Container)| {
        let given = definition.containers().iter().find(|c| c["name"] == container.name.as_str())?;
        let options = options(given)?;
        let name = match options["awslogs-stream-prefix"].as_str() {
            Some(prefix) => format!("{prefix}/{}/{}", container.name, task.id),
            None => container.runtime_id.clone(),
        };
        let memory = container.memory.as_deref().or_else(|| task.fixed.get("memory")?.as_str());
        Some(Stream {
            region: options["awslogs-region"].as_str().unwrap_or(&realm.region).to_owned(),
            group: options["awslogs-group"].as_str()?.to_owned(),
            name,
            story: if at == culprit { task.fate } else { Fate::Good },
            serves: task.service.is_some(),
            title: format!("{}, {}", container.name, last_part(&task.definition)),
            port: given["portMappings"][0]["containerPort"].as_u64().unwrap_or(8080),
            memory: memory.and_then(|text| text.parse().ok()).filter(|m| *m > 0).unwrap_or(512),
            started,
            told: told(task),
            ended: task.times.execution_stopped,
        })
    };
    task.containers.iter().enumerate().filter_map(stream).collect()
}

/// Returns when the containers of a task got their SIGTERM, where they did.
fn told(task: &Task) -> Option<Millis> {
    let stop = task.stop.as_ref().filter(|stop| stop.code != "EssentialContainerExited")?;
    match (task.phase, task.times.execution_stopped) {
        _ if !task.targeted => task.times.stopping,
        (Phase::Stopping, _) => Some(task.since),
        (_, Some(ended)) if stop.code != "TaskFailedToStart" => Some(ended - STOPPING),
        _ => None,
    }
}

/// Returns the options of a container's log driver where that is `awslogs`.
fn options(container: &Value) -> Option<&Value> {
    let given = &container["logConfiguration"];
    (given["logDriver"] == "awslogs").then(|| &given["options"])
}
