//! Faults that hit any call, chosen by a seed: the same calls in the same order get the same faults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::faults::{FaultKind, InjectedFault, is_read};

/// How often calls go wrong, and how old the state is that reads show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomFaults {
    /// The seed of the choices.
    pub seed: u64,
    /// The greatest age of the state that a read shows, up to two seconds. Half of the reads show the current state.
    pub staleness: Duration,
    /// Of a thousand calls that change something, those that do not arrive.
    pub lost_calls: u32,
    /// Of a thousand calls that change something, those that take effect without an answer.
    pub lost_answers: u32,
}

/// Chooses faults.
#[derive(Debug)]
pub(crate) struct RandomFaultSource {
    rules: RandomFaults,
    random: SplitMix,
}

impl RandomFaultSource {
    pub(crate) fn new(rules: RandomFaults) -> RandomFaultSource {
        RandomFaultSource { random: SplitMix(rules.seed), rules }
    }

    /// Adds the faults of a call to those that were injected by name.
    pub(crate) fn add(&mut self, operation: &str, injected: &mut InjectedFault) {
        if is_read(operation) {
            let age = self.random.below(2 * (self.rules.staleness.as_millis() as u64 + 1));
            if injected.stale.is_none() && age <= self.rules.staleness.as_millis() as u64 && age > 0 {
                injected.stale = Some(Duration::from_millis(age));
            }
            return;
        }
        let draw = self.random.below(1000) as u32;
        if injected.kind.is_some() {
            return;
        }
        if draw < self.rules.lost_calls {
            injected.kind = Some(FaultKind::DropBefore);
        } else if draw < self.rules.lost_calls + self.rules.lost_answers {
            injected.kind = Some(FaultKind::DropAfter);
        }
    }
}

/// A generator of numbers from a seed (`SplitMix64`, Steele, Lea and Flood, 2014).
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(seed: u64) -> Vec<Option<FaultKind>> {
        let rules = RandomFaults { seed, staleness: Duration::ZERO, lost_calls: 300, lost_answers: 300 };
        let mut source = RandomFaultSource::new(rules);
        let mut draw = || {
            let mut injected = InjectedFault::default();
            source.add("UpdateService", &mut injected);
            injected.kind
        };
        (0..50).map(|_| draw()).collect()
    }

    #[test]
    fn a_seed_gives_the_same_faults_again_and_another_gives_others() {
        assert_eq!(kinds(7), kinds(7));
        assert_ne!(kinds(7), kinds(8));
        assert!(kinds(7).contains(&Some(FaultKind::DropAfter)), "answers are lost");
        assert!(kinds(7).contains(&None), "most calls arrive");
    }

    #[test]
    fn reads_are_stale_by_at_most_the_given_age() {
        let rules =
            RandomFaults { seed: 1, staleness: Duration::from_secs(2), lost_calls: 1000, lost_answers: 0 };
        let mut source = RandomFaultSource::new(rules);
        let mut ages = Vec::new();
        for _ in 0..200 {
            let mut injected = InjectedFault::default();
            source.add("DescribeServices", &mut injected);
            assert_eq!(injected.kind, None, "a read is never lost");
            ages.push(injected.stale.unwrap_or_default());
        }
        assert!(ages.iter().all(|age| *age <= Duration::from_secs(2)), "{ages:?}");
        assert!(ages.contains(&Duration::ZERO), "some are current");
        assert!(ages.iter().any(|age| *age > Duration::from_secs(1)), "{ages:?}");
    }
}
