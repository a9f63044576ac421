//! Application Auto Scaling: the range of a service's tasks.

use serde_json::{Value, json};

use super::http::post;
use super::support::seeded_sandbox;
use crate::{ApiError, Clock, Options, Sandbox};

impl Sandbox {
    fn scaling(&self, operation: &str, members: Value) -> Result<Value, ApiError> {
        let mut input = json!({ "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount" });
        members.as_object().into_iter().flatten().for_each(|(k, v)| input[k.as_str()] = v.clone());
        self.call("application-autoscaling", operation, input)
    }

    fn register(&self, members: Value) -> Result<Value, ApiError> {
        let mut input = json!({ "ResourceId": "service/shop/web" });
        members.as_object().into_iter().flatten().for_each(|(k, v)| input[k.as_str()] = v.clone());
        self.scaling("RegisterScalableTarget", input)
    }

    fn target(&self) -> Value {
        let asked = json!({ "ResourceIds": ["service/shop/web"] });
        self.scaling("DescribeScalableTargets", asked).expect("answers")["ScalableTargets"][0].clone()
    }
}

#[test]
fn a_target_is_registered_changed_and_deregistered() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    assert!(sandbox.target().is_null());
    sandbox.register(json!({ "MinCapacity": 1, "MaxCapacity": 4 })).expect("a range");
    sandbox.register(json!({ "MaxCapacity": 6 })).expect("a wider one");
    let suspended = json!({ "SuspendedState": { "DynamicScalingInSuspended": true } });
    sandbox.register(suspended).expect("suspended");
    let target = sandbox.target();
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(1), &json!(6)));
    let state = json!({ "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false,
        "ScheduledScalingSuspended": false });
    assert_eq!(target["SuspendedState"], state);
    let again =
        Sandbox::start(Options { clock: Clock::Held, state: Some(sandbox.save()), ..Options::default() });
    assert_eq!(again.expect("the state is good").target(), target);
    let id = json!({ "ResourceId": "service/shop/web" });
    sandbox.scaling("DeregisterScalableTarget", id.clone()).expect("it is there");
    let gone = sandbox.scaling("DeregisterScalableTarget", id).expect_err("it is gone");
    assert_eq!(gone.code, "ObjectNotFoundException");
}

#[test]
fn the_desired_count_is_put_into_the_range() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.register(json!({ "MinCapacity": 3, "MaxCapacity": 4 })).expect("a range");
    assert_eq!(sandbox.web()["desiredCount"], 3);
    sandbox.until(90, |sandbox| sandbox.web()["runningCount"] == 3);
    assert_eq!(sandbox.web()["deployments"].as_array().map(Vec::len), Some(1), "no deployment is started");
}

#[test]
fn what_makes_no_range_is_refused() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let message = |members: Value| {
        let error = sandbox.register(members).expect_err("refused");
        assert_eq!(error.code, "ValidationException");
        error.message
    };
    assert!(message(json!({ "MinCapacity": 1 })).contains("required"));
    let reversed = message(json!({ "MinCapacity": 3, "MaxCapacity": 1 }));
    assert_eq!(reversed, "Maximum capacity cannot be less than minimum capacity");
    let range = json!({ "ResourceId": "service/shop/api", "MinCapacity": 1, "MaxCapacity": 2 });
    assert_eq!(message(range), "ECS service doesn't exist: service/shop/api");
}

#[test]
fn its_errors_have_a_message_with_a_capital() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let answer = post(&sandbox, "application-autoscaling", "DescribeScalableTargets", &json!({}));
    assert_eq!(answer.status, 400);
    assert!(answer.json()["Message"].as_str().is_some_and(|text| text.contains("'serviceNamespace'")));
}
