"""Call the operations of Application Auto Scaling on a service.

Part of `drive_sandbox.py`, whose `Driver` makes the calls and compares the answers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drive_sandbox import Driver

NAME = "Application-AutoScaling"
OPERATIONS = {
    NAME: """RegisterScalableTarget DescribeScalableTargets DeregisterScalableTarget
        PutScalingPolicy DescribeScalingPolicies DeleteScalingPolicy PutScheduledAction
        DescribeScheduledActions DeleteScheduledAction""".split(),
}

RANGE = {"MinCapacity": 0, "MaxCapacity": 3}
CPU = {"TargetValue": 60, "ScaleInCooldown": 120,
       "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}
BACKLOG = {"TargetValue": 10.5, "DisableScaleIn": True, "CustomizedMetricSpecification": {
    "MetricName": "Backlog", "Namespace": "Shop", "Statistic": "Average",
    "Dimensions": [{"Name": "Queue", "Value": "orders"}]}}
STEPS = {"AdjustmentType": "PercentChangeInCapacity", "MinAdjustmentMagnitude": 1, "Cooldown": 60,
         "MetricAggregationType": "Maximum", "StepAdjustments": [
             {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 10},
             {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 30}]}


def drive_autoscaling(drive: Driver, resource: str) -> None:
    """A scalable target, its policies and its scheduled actions, and invalid ones."""
    of = {"ServiceNamespace": "ecs"}
    at = {**of, "ResourceId": resource, "ScalableDimension": "ecs:service:DesiredCount"}
    drive.refuse(f"{NAME}.PutScalingPolicy", "ObjectNotFoundException", "No scalable target", **at,
                 PolicyName="cpu", PolicyType="TargetTrackingScaling",
                 TargetTrackingScalingPolicyConfiguration=CPU)
    drive.refuse(f"{NAME}.RegisterScalableTarget", "ValidationException", "doesn't exist",
                 **{**at, "ResourceId": resource + "-none"}, **RANGE)
    made = drive.call(f"{NAME}.RegisterScalableTarget", **at, **RANGE)
    drive.demand(f"{NAME}.RegisterScalableTarget", made, "ScalableTargetARN")
    found = drive.call(f"{NAME}.DescribeScalableTargets", **of, ResourceIds=[resource])
    drive.demand(f"{NAME}.DescribeScalableTargets", found, "ScalableTargets[].SuspendedState")
    drive_policies(drive, of, at)
    drive_actions(drive, of, at)
    drive.call(f"{NAME}.DeregisterScalableTarget", **at)
    drive.refuse(f"{NAME}.DeregisterScalableTarget", "ObjectNotFoundException", **at)
    left = drive.call(f"{NAME}.DescribeScalingPolicies", **of)["ScalingPolicies"]
    drive.expect(left == [], f"{NAME}.DescribeScalingPolicies: {left} without a target")


def drive_policies(drive: Driver, of: dict, at: dict) -> None:
    """Policies of two types, put twice, listed and deleted."""
    put, tracking = f"{NAME}.PutScalingPolicy", {"PolicyType": "TargetTrackingScaling"}
    made = drive.call(put, **at, **tracking, PolicyName="cpu",
                      TargetTrackingScalingPolicyConfiguration=CPU)
    drive.demand(put, made, "PolicyARN", "Alarms[].AlarmName", "Alarms[].AlarmARN")
    drive.call(put, **at, **tracking, PolicyName="backlog",
               TargetTrackingScalingPolicyConfiguration=BACKLOG)
    drive.call(put, **at, PolicyName="steps", PolicyType="StepScaling",
               StepScalingPolicyConfiguration=STEPS)
    drive.refuse(put, "ValidationException", "Only one TargetTrackingScaling policy", **at,
                 **tracking, PolicyName="twice", TargetTrackingScalingPolicyConfiguration=CPU)
    drive.refuse(put, "ValidationException", "Resource label", **at, **tracking, PolicyName="label",
                 TargetTrackingScalingPolicyConfiguration={
                     "TargetValue": 9, "PredefinedMetricSpecification": {
                         "PredefinedMetricType": "ALBRequestCountPerTarget"}})
    listed = drive.call(f"{NAME}.DescribeScalingPolicies", **at)["ScalingPolicies"]
    kept = {policy["PolicyName"]: policy for policy in listed}
    drive.expect(sorted(kept) == ["backlog", "cpu", "steps"], f"{NAME}: policies {sorted(kept)}")
    for name, member, given in [
            ("cpu", "TargetTrackingScalingPolicyConfiguration", CPU),
            ("backlog", "TargetTrackingScalingPolicyConfiguration", BACKLOG),
            ("steps", "StepScalingPolicyConfiguration", STEPS)]:
        drive.expect(kept[name][member] == given, f"{NAME}: {name} is {kept[name][member]}")
    one = drive.call(f"{NAME}.DescribeScalingPolicies", **of, PolicyNames=["cpu"], MaxResults=1)
    drive.expect([p["PolicyName"] for p in one["ScalingPolicies"]] == ["cpu"], f"{NAME}: {one}")
    drive.call(f"{NAME}.DeleteScalingPolicy", **at, PolicyName="cpu")
    drive.refuse(f"{NAME}.DeleteScalingPolicy", "ObjectNotFoundException", **at, PolicyName="cpu")


def drive_actions(drive: Driver, of: dict, at: dict) -> None:
    """A scheduled action, put twice, listed and deleted."""
    put = f"{NAME}.PutScheduledAction"
    end = datetime(2099, 6, 1, tzinfo=UTC)
    drive.call(put, **at, ScheduledActionName="night", Schedule="cron(0 22 * * ? *)", EndTime=end,
               Timezone="Asia/Tokyo", ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 1})
    found = drive.call(f"{NAME}.DescribeScheduledActions", **at)["ScheduledActions"]
    drive.expect([action.get("EndTime") for action in found] == [end], f"{NAME}: {found}")
    drive.call(put, **at, ScheduledActionName="night", Schedule="cron(0 23 * * ? *)")
    found = drive.call(f"{NAME}.DescribeScheduledActions", **of)["ScheduledActions"]
    drive.expect([(action["Schedule"], action["Timezone"], "EndTime" in action) for action in found]
                 == [("cron(0 23 * * ? *)", "Asia/Tokyo", False)], f"{NAME}: {found}")
    drive.refuse(put, "ValidationException", "At least one of minimum capacity", **at,
                 ScheduledActionName="none", Schedule="rate(1 hour)", ScalableTargetAction={})
    drive.call(f"{NAME}.DeleteScheduledAction", **at, ScheduledActionName="night")
    drive.refuse(f"{NAME}.DeleteScheduledAction", "ObjectNotFoundException", **at,
                 ScheduledActionName="night")
