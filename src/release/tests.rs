use super::*;
use State::*;

/// Returns a release of services, each with what it needs; all are waiting.
fn release(services: &[(&str, &[&str])]) -> Release {
    let target = |(key, _): &(&str, &[&str])| Target {
        kind: Kind::Service,
        key: (*key).to_owned(),
        state: Waiting,
        detail: None,
    };
    let needs = services.iter().filter(|(_, needs)| !needs.is_empty());
    let needs =
        needs.map(|(key, needs)| ((*key).to_owned(), needs.iter().map(ToString::to_string).collect()));
    Release {
        id: "r".to_owned(),
        tag: None,
        targets: services.iter().map(target).collect(),
        needs: needs.collect(),
    }
}

fn states(release: &Release) -> Vec<State> {
    release.targets.iter().map(|target| target.state).collect()
}

#[test]
fn what_needs_nothing_begins_at_once_and_no_more_than_may() {
    let mut release = release(&[("a", &[]), ("b", &[]), ("c", &[])]);
    assert_eq!(release.ready(2), ["a", "b"]);
    release.set(Kind::Service, "a", InProgress, None);
    release.set(Kind::Service, "b", InProgress, None);
    assert!(release.ready(0).is_empty());
    assert_eq!(release.ready(2), ["c"]);
}

#[test]
fn a_service_waits_for_what_it_needs_and_for_nothing_else() {
    let mut release = release(&[("web", &["db"]), ("db", &[]), ("slow", &[])]);
    assert_eq!(release.ready(9), ["db", "slow"]);
    release.set(Kind::Service, "slow", InProgress, None);
    release.set(Kind::Service, "db", InProgress, None);
    assert!(release.ready(9).is_empty());
    release.set(Kind::Service, "db", Succeeded, None);
    assert_eq!(release.ready(9), ["web"]);
}

#[test]
fn what_is_unchanged_is_up() {
    let mut release = release(&[("web", &["db"]), ("db", &[])]);
    release.set(Kind::Service, "db", Unchanged, None);
    assert_eq!(release.ready(9), ["web"]);
}

#[test]
fn what_needs_a_service_that_failed_is_not_reached_down_the_line() {
    let mut release = release(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[])]);
    release.set(Kind::Service, "a", Failed, None);
    assert_eq!(states(&release), [Failed, NotReached, NotReached, Waiting]);
    assert_eq!(release.targets[2].detail.as_deref(), Some("it needs `b`"));
    assert_eq!(release.ready(9), ["d"]);
}

#[test]
fn a_release_is_a_success_only_where_every_target_came_where_it_should() {
    for (states, outcome) in [
        (&[Succeeded, Unchanged][..], Outcome::Succeeded),
        (&[Unchanged, Unchanged], Outcome::Unchanged),
        (&[Unchanged, NotNeeded], Outcome::Unchanged),
        (&[Succeeded, NotNeeded], Outcome::Succeeded),
        (&[Succeeded, Failed], Outcome::Failed),
        (&[Succeeded, NotReached], Outcome::Failed),
        (&[Unchanged, NotReached], Outcome::Failed),
        (&[Succeeded, Waiting], Outcome::Failed),
        (&[RolledBack, NotReached], Outcome::RolledBack),
        (&[RolledBack, Unchanged], Outcome::RolledBack),
        (&[RolledBack, Succeeded], Outcome::Failed),
        (&[RolledBack, Failed], Outcome::Failed),
        (&[Succeeded, InProgress], Outcome::InProgress),
        (&[Failed, InProgress], Outcome::Failed),
        (&[RolledBack, InProgress], Outcome::InProgress),
        (&[], Outcome::Unchanged),
    ] {
        let mut release = release(&[]);
        let target =
            |state: &State| Target { kind: Kind::Service, key: String::new(), state: *state, detail: None };
        release.targets = states.iter().map(target).collect();
        assert_eq!(release.outcome(), outcome, "{states:?}");
    }
}

#[test]
fn what_waits_when_a_release_stops_is_not_reached() {
    let mut release = release(&[("a", &[]), ("b", &[])]);
    release.set(Kind::Service, "a", InProgress, None);
    release.stop("`migrate` failed");
    assert_eq!(states(&release), [InProgress, NotReached]);
    assert_eq!(release.targets[1].detail.as_deref(), Some("`migrate` failed"));
}
