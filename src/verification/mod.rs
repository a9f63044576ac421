//! What rendered documents name in AWS, and what is wrong with it: collects references with their places, and judges them by what
//! AWS answered. Never calls AWS.

mod answer;
mod collect;
mod judge;
mod reference;
#[cfg(test)]
mod tests;
mod text;

pub use answer::{Answer, Facts, TargetGroupFacts};
pub use collect::{Definition, EVENTS, References, SCHEDULER};

pub use judge::{Finding, Surroundings, Verdict, VerifiedReferences, judge};
pub use reference::{Demand, Reference, Target, Traffic};
