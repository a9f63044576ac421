//! Owns the finding of the ways back of services: each is looked at, chosen and checked before anything changes.

use std::collections::BTreeMap;

use futures_util::StreamExt;

use super::change::{raised, terms, under_way};
use super::services::{Chosen, Found};
use crate::aws::observe::failure;
use crate::aws::past::{Past, family_of};
use crate::aws::types::TaskDefinition;
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::plan::refuse;
use crate::plan::rollback::images::{Images, images, references};
use crate::plan::rollback::service::{self, Sight, definition, registers, unchanged};
use crate::plan::rollback::{Choice, Release, Target, Wanted, are_apart, choose, releases, told, wanted};
use crate::plan::{Plan, ServicePlan};
use crate::watch::snapshot::Followed;

/// How many services are looked at side by side: each takes some ten calls, and DescribeTaskDefinition has 50 at once.
const SIDE_BY_SIDE: usize = 5;
/// How many other targets are looked at where an image is gone.
const OTHERS: usize = 3;

/// Holds what is asked of the ways back.
#[derive(Clone, Debug)]
pub struct Asked {
    pub wanted: Wanted,
    /// Whether a target is named, so that what is under way is not simply taken back.
    pub named: bool,
    /// Replace a deployment that is under way.
    pub supersede: bool,
    /// Who asks, where that is known.
    pub performer: Option<String>,
}

/// Holds what is to be done: updates to what ran before, and deployments under way that are taken back.
#[derive(Default)]
pub struct WaysBack {
    pub plan: Plan,
    pub under_way: Vec<Followed>,
    pub targets: Vec<Target>,
}

/// Holds the way back of one service.
enum Way {
    /// What is under way is stopped.
    Stop(Box<(Followed, Target)>),
    /// It runs what was asked for.
    Runs,
    /// It is updated.
    Update(Box<Seen>),
}

/// Holds what was seen of a service that is to be updated.
struct Seen {
    past: Past,
    choice: Choice,
    images: Images,
    latest: Option<TaskDefinition>,
    performer: Option<String>,
}

/// Returns the way back of every service.
///
/// # Errors
/// Everything that stands against it, at once.
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
        let note = "these services were not deployed together, and each goes back by its own history: name only those \
                    that are meant";
        ways.plan.notes.push(note.to_owned());
    }
    Ok(ways)
}

/// Returns a warning where the deployment under way brings back an older revision: taking it back goes forward again.
pub fn goes_back_already(followed: &Followed) -> Option<String> {
    use crate::aws::past::number_of;
    use crate::aws::types::revision_of;
    let way = followed.way_back.as_ref()?;
    let same_family = family_of(&way.revision) == family_of(&followed.revision);
    let older = number_of(&followed.revision)? < number_of(&way.revision)?;
    (same_family && older).then(|| {
        format!(
            "`{}`: the deployment under way brings back the older {}; taking it back returns to {}. `ecsail wait` only \
             watches it",
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
            let hint = "without `--to` and `--steps` it is taken back".to_owned();
            return Err(vec![refusal.hint(hint)]);
        }
    }
    let one = |failure: Failure| vec![failure];
    let mut past = aws.past(&found.place.cluster, service).await.map_err(call_failed)?;
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
        // Who it was is only a record: without STS it stays away.
        performer = performer.or(caller.ok().map(|caller| caller.arn));
    }
    Ok(Way::Update(Box::new(Seen { past, choice, images, latest, performer })))
}

/// Returns the failure of a call.
fn call_failed(error: ApiError) -> Vec<Failure> {
    vec![failure(error)]
}

/// Reads what the history does not tell and the choice needs.
async fn read_further(asked: &Wanted, found: &Found, past: &mut Past, aws: &Aws) -> Result<(), ApiError> {
    let known = releases(&found.service, past);
    if wanted::is_known(asked, past, &known) {
        return Ok(());
    }
    let family = family_of(&known.running.definition).to_owned();
    match asked {
        Wanted::Back(_) => aws.read_registered(past, &family, wanted::number_below(past, &known)).await,
        Wanted::Revision(name) => aws.read_definitions(past, vec![name.clone()]).await,
        Wanted::Number(number) => {
            aws.read_definitions(past, vec![format!("{family}:{number}")]).await?;
            aws.read_for_an_image(past, &family).await
        }
        Wanted::Image(_) => aws.read_for_an_image(past, &family).await,
    }
}

/// Returns the definition of a release with the images that ran.
///
/// # Errors
/// It was deleted, or images are gone.
async fn check(release: &Release, past: &mut Past, aws: &Aws) -> Result<Images, Vec<Failure>> {
    let one = |failure: Failure| vec![failure];
    aws.read_definitions(past, vec![release.definition.clone()]).await.map_err(call_failed)?;
    let definition = definition(release, past).map_err(one)?;
    let digests: BTreeMap<String, String> = release.digests(Some(definition));
    let references = references(&definition.document, &digests);
    let states = aws.images(&references).await.map_err(call_failed)?;
    images(&definition.document, &digests, &states)
}

/// Returns the failures with the names of what else could be gone back to: each was checked as the first.
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
        [] => "nothing else is known that could be gone back to".to_owned(),
        names => format!("these could be gone back to: {}", names.join(", ")),
    };
    let attempted = format!("take `{key}` back to `{}`", choice.to.revision_name());
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
