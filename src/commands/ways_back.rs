//! Finds the rollback of each service. Everything is read, chosen and checked before anything changes.

use std::collections::BTreeMap;

use futures_util::StreamExt;

use super::change::{raised, terms, under_way};
use super::services::{Chosen, Found};
use crate::aws::error::failure;
use crate::aws::types::{TaskDefinition, family_of, number_of};
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::observe::past;
use crate::plan::refuse;
use crate::plan::rollback::images::{Images, images, references};
use crate::plan::rollback::service::{self, Sight, definition, registers, unchanged};
use crate::plan::rollback::{
    Choice, Past, Release, Target, Wanted, are_apart, choose, releases, told, wanted,
};
use crate::plan::{Plan, ServicePlan};
use crate::watch::snapshot::Followed;

/// The number of services that are read at once. Each takes about ten calls, and DescribeTaskDefinition allows a burst
/// of 50.
const SIDE_BY_SIDE: usize = 5;
/// The number of other targets that are checked if an image no longer exists.
const OTHERS: usize = 3;

/// The requested rollback.
#[derive(Clone, Debug)]
pub struct Asked {
    pub wanted: Wanted,
    /// Whether a target is named. A deployment in progress is then superseded, and not stopped.
    pub named: bool,
    /// Replace a deployment that is in progress.
    pub supersede: bool,
    /// Who asked for the rollback, if known.
    pub performer: Option<String>,
}

/// The rollbacks to execute: updates to earlier revisions, and deployments in progress to stop.
#[derive(Default)]
pub struct WaysBack {
    pub plan: Plan,
    pub under_way: Vec<Followed>,
    pub targets: Vec<Target>,
}

/// The rollback of one service.
enum Way {
    /// The deployment in progress is stopped.
    Stop(Box<(Followed, Target)>),
    /// The service already runs the target.
    Runs,
    /// The service is updated.
    Update(Box<Seen>),
}

/// The data for the update of one service.
struct Seen {
    past: Past,
    choice: Choice,
    images: Images,
    latest: Option<TaskDefinition>,
    performer: Option<String>,
}

/// Finds the rollback of each service.
///
/// # Errors
/// All reasons against the rollbacks, at once.
pub async fn find(asked: &Asked, found: &[Found], chosen: &Chosen) -> Result<WaysBack> {
    let mut ways = WaysBack::default();
    let mut failures = Vec::new();
    let looking = found.iter().map(|found| look(asked, found, chosen));
    let ways_of: Vec<_> = futures_util::stream::iter(looking).buffered(SIDE_BY_SIDE).collect().await;
    for (found, way) in found.iter().zip(ways_of) {
        match way {
            Ok(Way::Stop(stop)) => {
                ways.plan.notes.extend(goes_back_already(&stop.0));
                ways.under_way.push(stop.0);
                ways.targets.push(stop.1);
            }
            Ok(Way::Runs) => ways.plan.services.push(unchanged(&terms(&found.place, chosen), &found.service)),
            Ok(Way::Update(seen)) => match seen.plan(found, chosen, &mut ways.plan) {
                Ok((planned, target)) => {
                    ways.plan.services.push(planned);
                    ways.targets.push(target);
                }
                Err(failure) => failures.push(failure),
            },
            Err(found) => failures.extend(found),
        }
    }
    raised(failures)?;
    if are_apart(&ways.targets) {
        let note = "the services were not deployed together, and each is rolled back by its own history: name \
                    services to roll back only some";
        ways.plan.notes.push(note.to_owned());
    }
    Ok(ways)
}

/// Returns a warning if the deployment in progress is a rollback itself, so that rolling it back returns to the newer
/// revision.
pub fn goes_back_already(followed: &Followed) -> Option<String> {
    use crate::aws::types::revision_of;
    let way = followed.way_back.as_ref()?;
    let same_family = family_of(&way.revision) == family_of(&followed.revision);
    let older = number_of(&followed.revision)? < number_of(&way.revision)?;
    (same_family && older).then(|| {
        format!(
            "`{}`: the deployment in progress is a rollback to the older {}; stopping it returns to {}. To only \
             watch it, use `ecsail wait`",
            followed.key,
            revision_of(&followed.revision),
            way.revision_name()
        )
    })
}

async fn look(asked: &Asked, found: &Found, chosen: &Chosen) -> Result<Way, Vec<Failure>> {
    let (aws, service) = (&chosen.aws, &found.service);
    if let Some(refusal) = refuse::moving(service) {
        if !asked.named {
            let stop = under_way(found, chosen).await.map_err(|failure| vec![failure])?;
            return Ok(Way::Stop(Box::new(stop)));
        }
        if !asked.supersede {
            let hint = "leave out `--to` and `--steps` to stop the deployment in progress".to_owned();
            return Err(vec![refusal.hint(hint)]);
        }
    }
    let one = |failure: Failure| vec![failure];
    let mut past = past::past(aws, &found.place.cluster, service).await.map_err(call_failed)?;
    read_further(&asked.wanted, found, &mut past, aws).await.map_err(call_failed)?;
    let Some(choice) = choose(service, &past, &asked.wanted).map_err(one)? else { return Ok(Way::Runs) };
    let images = match check(&choice.to, &mut past, aws).await {
        Ok(images) => images,
        Err(gone) => return Err(with_others(&found.place.key, gone, &choice, &mut past, aws).await),
    };
    let registered = definition(&choice.to, &past).map_err(one)?;
    let (mut latest, mut performer) = (None, asked.performer.clone());
    if registers(registered, &images) {
        let family = family_of(&choice.to.definition).to_owned();
        let (found, caller) = futures_util::future::join(aws.task_definition(&family), aws.caller()).await;
        latest = found.map_err(call_failed)?;
        // The caller is only recorded, so an error of STS is ignored.
        performer = performer.or(caller.ok().map(|caller| caller.arn));
    }
    Ok(Way::Update(Box::new(Seen { past, choice, images, latest, performer })))
}

/// Returns the failure of a call.
fn call_failed(error: ApiError) -> Vec<Failure> {
    vec![failure(error)]
}

/// Reads the definitions that the choice needs and the history does not have.
async fn read_further(asked: &Wanted, found: &Found, past: &mut Past, aws: &Aws) -> Result<(), ApiError> {
    let known = releases(&found.service, past);
    if wanted::is_known(asked, past, &known) {
        return Ok(());
    }
    let family = family_of(&known.running.definition).to_owned();
    match asked {
        Wanted::Back(_) => {
            past::read_registered(aws, past, &family, wanted::number_below(past, &known)).await
        }
        Wanted::Revision(name) => past::read_definitions(aws, past, vec![name.clone()]).await,
        Wanted::Number(number) => {
            past::read_definitions(aws, past, vec![format!("{family}:{number}")]).await?;
            past::read_for_an_image(aws, past, &family).await
        }
        Wanted::Image(_) => past::read_for_an_image(aws, past, &family).await,
    }
}

/// Returns the definition of a release with the images that ran.
///
/// # Errors
/// The definition was deleted, or images no longer exist.
async fn check(release: &Release, past: &mut Past, aws: &Aws) -> Result<Images, Vec<Failure>> {
    let one = |failure: Failure| vec![failure];
    past::read_definitions(aws, past, vec![release.definition.clone()]).await.map_err(call_failed)?;
    let definition = definition(release, past).map_err(one)?;
    let digests: BTreeMap<String, String> = release.digests(Some(definition));
    let references = references(&definition.document, &digests);
    let states = aws.images(&references).await.map_err(call_failed)?;
    images(&definition.document, &digests, &states)
}

/// Adds to the failures a hint with other targets, each of which is checked in the same way.
async fn with_others(
    key: &str,
    gone: Vec<Failure>,
    choice: &Choice,
    past: &mut Past,
    aws: &Aws,
) -> Vec<Failure> {
    let mut names = Vec::new();
    let others = choice.others.iter().filter(|other| other.definition != choice.to.definition);
    for other in others.take(OTHERS) {
        if check(other, past, aws).await.is_ok() {
            names.push(format!("`--to {}`", other.revision_name()));
        }
    }
    let hint = match names.as_slice() {
        [] => "there is no other deployment to roll back to".to_owned(),
        names => format!("roll back to another deployment with {}", names.join(", ")),
    };
    let attempted = format!("failed to roll `{key}` back to `{}`", choice.to.revision_name());
    let wrapped = |mut failure: Failure| {
        let hints = std::mem::take(&mut failure.hints);
        let wrapped = Failure::error(attempted.as_str()).because(failure).hint(hint.clone());
        hints.into_iter().fold(wrapped, Failure::hint)
    };
    gone.into_iter().map(wrapped).collect()
}

impl Seen {
    fn plan(self, found: &Found, chosen: &Chosen, plan: &mut Plan) -> Result<(ServicePlan, Target), Failure> {
        let sight = Sight {
            terms: terms(&found.place, chosen),
            service: &found.service,
            past: &self.past,
            choice: &self.choice,
            images: &self.images,
            latest: self.latest.as_ref(),
            performer: self.performer.clone(),
        };
        let planned = service::plan(&sight, plan)?;
        plan.notes.extend(self.past.notes.iter().map(|note| format!("`{}`: {note}", found.place.key)));
        let Choice { from, to, source, left_out, .. } = self.choice;
        let target = Target {
            service: found.place.key.clone(),
            cluster: found.place.cluster.clone(),
            from: told(&from, &self.past),
            to: Some(told(&to, &self.past)),
            source,
            left_out,
            pinned: self.images.pinned,
        };
        Ok((planned, target))
    }
}
