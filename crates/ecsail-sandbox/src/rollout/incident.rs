//! Incidents: what happens in the course of a deployment, by its script. Owns those that happen once;
//! those that last a while are asked after where they matter.

use serde_json::json;

use super::Hand;
use super::begin::{Cause, begin};
use super::finish::dismiss;
use super::life::stop;
use crate::model::{EntryStatus, Service};
use crate::script::{Script, What};
use crate::state::{Millis, seconds};

/// How many tasks lose their spot capacity at most.
const INTERRUPTED: usize = 2;

impl Hand<'_> {
    /// Lets happen what is to happen once, when its time has come.
    pub(super) fn strike(&mut self) {
        let now = self.now;
        let Some(primary) = self.service.deployments.first().filter(|d| !d.struck) else {
            return;
        };
        let id = primary.id.clone();
        let happened = match primary.incident(now) {
            Some(What::Spot) => self.interrupt(&id),
            Some(What::Scaled) => {
                self.service.desired += self.service.desired.div_ceil(2).max(1);
                true
            }
            Some(What::Superseded) => self.supersede(),
            Some(What::Deleted) => {
                dismiss(self.service, now);
                true
            }
            Some(What::Stopped) => {
                let entry = primary.entry.clone();
                ask_back(self.service, &entry, now);
                true
            }
            _ => false,
        };
        if let Some(struck) = self.service.deployments.iter_mut().find(|d| d.id == id) {
            struck.struck = happened;
        }
    }

    /// Takes the capacity of a few running tasks away; of none as long as none runs.
    fn interrupt(&mut self, deployment: &str) -> bool {
        let (now, service) = (self.now, &*self.service);
        let running = |t: &&mut super::Task| t.is_of(service) && t.is_in(deployment) && t.is_running();
        let mut some = false;
        for task in self.realm.tasks.iter_mut().filter(running).take(INTERRUPTED) {
            stop(task, now, "SpotInterruption", "Your Spot Task was interrupted.");
            some = true;
        }
        some
    }

    /// Deploys a new revision of the same family, as somebody else would.
    fn supersede(&mut self) -> bool {
        let now = self.now;
        let Some(mut definition) = self.realm.definition(&self.service.definition).cloned() else {
            return false;
        };
        let last = self.realm.families.get(&definition.family).and_then(|revisions| revisions.last());
        definition.revision = last.map_or(1, |last| last.revision + 1);
        definition.arn =
            self.realm.arn(&format!("task-definition/{}:{}", definition.family, definition.revision));
        let somebody = format!("arn:aws:iam::{}:user/somebody-else", self.realm.account);
        let facts = [
            ("taskDefinitionArn", json!(definition.arn)),
            ("revision", json!(definition.revision)),
            ("registeredAt", seconds(now)),
            ("registeredBy", json!(somebody)),
        ];
        for (name, value) in facts {
            definition.document.insert(name.to_owned(), value);
        }
        let arn = definition.arn.clone();
        self.realm.families.entry(definition.family.clone()).or_default().push(definition);
        let cause = Cause { definition: &arn, script: Script::default(), now };
        begin(self.service, self.realm, self.ids, cause);
        true
    }
}

/// Asks for the rollback of a service deployment that is under way.
pub(crate) fn ask_back(service: &mut Service, entry: &str, now: Millis) {
    halt(service, entry, EntryStatus::RollbackRequested, now);
}

/// Puts a service deployment into a status in which it launches nothing any more.
pub(crate) fn halt(service: &mut Service, entry: &str, status: EntryStatus, now: Millis) {
    let Some(entry) = service.entry(entry) else {
        return;
    };
    entry.status = status;
    entry.updated = now;
    for deployment in service.deployments.iter_mut().filter(|d| d.primary) {
        deployment.aborted = true;
        deployment.updated = now;
    }
}
