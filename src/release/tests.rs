use super::*;
use State::*;

/// Returns a release of services, each with what it needs; all are waiting.
fn release(services: &[(&str, &[&str])]) -> Release {
    let target = |(key, _): &(&str, &[&str])| ReleaseTarget {
        kind: TargetKind::Service,
        key: (*key).to_owned(),
        state: Waiting,
        detail: None,
    };
    let needs = services.iter().filter(|(_, needs)| !needs.is_empty());
    let needs =
        needs.map(|(key, needs)| ((*key).to_owned(), needs.iter().map(ToString::to_string).collect()));
    Release {
        destination: crate::destination::Destination::default(),
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
    assert_eq!(release.ready_services(2), ["a", "b"]);
    release.set_state(TargetKind::Service, "a", InProgress, None);
    release.set_state(TargetKind::Service, "b", InProgress, None);
    assert!(release.ready_services(0).is_empty());
    assert_eq!(release.ready_services(2), ["c"]);
}

#[test]
fn a_service_waits_for_what_it_needs_and_for_nothing_else() {
    let mut release = release(&[("web", &["db"]), ("db", &[]), ("slow", &[])]);
    assert_eq!(release.ready_services(9), ["db", "slow"]);
    release.set_state(TargetKind::Service, "slow", InProgress, None);
    release.set_state(TargetKind::Service, "db", InProgress, None);
    assert!(release.ready_services(9).is_empty());
    release.set_state(TargetKind::Service, "db", Succeeded, None);
    assert_eq!(release.ready_services(9), ["web"]);
}

#[test]
fn what_is_unchanged_is_up() {
    let mut release = release(&[("web", &["db"]), ("db", &[])]);
    release.set_state(TargetKind::Service, "db", Unchanged, None);
    assert_eq!(release.ready_services(9), ["web"]);
}

#[test]
fn dependents_of_a_failed_service_are_skipped() {
    let mut release = release(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[])]);
    release.set_state(TargetKind::Service, "a", Failed, None);
    assert_eq!(states(&release), [Failed, NotReached, NotReached, Waiting]);
    assert_eq!(release.targets[2].detail.as_deref(), Some("it needs `b`"));
    assert_eq!(release.ready_services(9), ["d"]);
}

#[test]
fn release_succeeds_only_if_every_target_does() {
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
        let target = |state: &State| ReleaseTarget {
            kind: TargetKind::Service,
            key: String::new(),
            state: *state,
            detail: None,
        };
        release.targets = states.iter().map(target).collect();
        assert_eq!(release.outcome(), outcome, "{states:?}");
    }
}

#[test]
fn waiting_targets_are_skipped_when_a_release_stops() {
    let mut release = release(&[("a", &[]), ("b", &[])]);
    release.set_state(TargetKind::Service, "a", InProgress, None);
    release.skip_waiting("`migrate` failed");
    assert_eq!(states(&release), [InProgress, NotReached]);
    assert_eq!(release.targets[1].detail.as_deref(), Some("`migrate` failed"));
}
