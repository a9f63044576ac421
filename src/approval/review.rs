//! The reviewers of a GitHub environment: whether their review counts as an approval.

/// A review of the environments of a workflow run, as GitHub's API answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReview {
    /// `approved`, `rejected` or `pending`.
    pub state: String,
    pub user_id: u64,
    pub login: String,
    pub environments: Vec<String>,
}

/// A workflow run with its reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewedRun {
    /// The number of the attempt, from 1.
    pub attempt: u64,
    /// The ids of the users who started the run and this attempt.
    pub actors: Vec<u64>,
    pub reviews: Vec<RunReview>,
}

impl ReviewedRun {
    /// Returns the login of a reviewer whose review counts.
    ///
    /// # Errors
    /// Why none counts.
    pub fn approver(&self, environment: &str) -> Result<String, String> {
        // GitHub gives no time and no attempt of a review, so that one of an earlier attempt would count again.
        if self.attempt != 1 {
            return Err(format!(
                "the run is attempt {}, and reviews of earlier attempts cannot be told from its own",
                self.attempt
            ));
        }
        let of_environment = self.reviews.iter().filter(|review| {
            let is_of = |name: &String| name.eq_ignore_ascii_case(environment);
            review.state == "approved" && review.environments.iter().any(is_of)
        });
        let reviews: Vec<&RunReview> = of_environment.collect();
        if reviews.is_empty() {
            return Err(format!("nobody has approved environment `{environment}` of this run"));
        }
        let other = reviews.iter().find(|review| !self.actors.contains(&review.user_id));
        let other = other.map(|review| format!("{} (GitHub)", review.login));
        other.ok_or_else(|| format!("environment `{environment}` was approved only by who started the run"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(attempt: u64, reviews: &[(&str, u64, &str)]) -> ReviewedRun {
        let review = |(state, user_id, environment): &(&str, u64, &str)| RunReview {
            state: (*state).to_owned(),
            user_id: *user_id,
            login: format!("user{user_id}"),
            environments: vec![(*environment).to_owned()],
        };
        ReviewedRun { attempt, actors: vec![1, 2], reviews: reviews.iter().map(review).collect() }
    }

    #[test]
    fn a_review_of_another_person_counts() {
        assert_eq!(
            run(1, &[("approved", 7, "Production")]).approver("production"),
            Ok("user7 (GitHub)".to_owned())
        );
        for (what, run) in [
            ("an empty list", run(1, &[])),
            ("who started the run", run(1, &[("approved", 1, "production")])),
            ("who started the attempt", run(1, &[("approved", 2, "production")])),
            ("a rejection", run(1, &[("rejected", 7, "production")])),
            ("another environment", run(1, &[("approved", 7, "staging")])),
            ("a second attempt", run(2, &[("approved", 7, "production")])),
        ] {
            assert!(run.approver("production").is_err(), "{what}");
        }
    }
}
