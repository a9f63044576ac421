"""Call the operations of EventBridge rules and EventBridge Scheduler.

Part of `drive_sandbox.py`, whose `Driver` makes the calls and compares the answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drive_sandbox import Driver

OPERATIONS = {
    "Events": """CreateEventBus DescribeEventBus DeleteEventBus ListEventBuses PutRule
        DescribeRule ListRules DeleteRule EnableRule DisableRule PutTargets RemoveTargets
        ListTargetsByRule ListRuleNamesByTarget TagResource UntagResource
        ListTagsForResource""".split(),
    "Scheduler": """CreateSchedule GetSchedule UpdateSchedule DeleteSchedule ListSchedules
        CreateScheduleGroup GetScheduleGroup DeleteScheduleGroup ListScheduleGroups
        TagResource UntagResource ListTagsForResource""".split(),
}

TAGS = [{"Key": "team", "Value": "shop"}]


def run_task(account: str, region: str) -> dict:
    """A target that runs a task, as both services take it."""
    return {"Arn": f"arn:aws:ecs:{region}:{account}:cluster/conformance",
            "RoleArn": f"arn:aws:iam::{account}:role/events",
            "EcsParameters": {
                "TaskDefinitionArn": f"arn:aws:ecs:{region}:{account}:task-definition/web:1"}}


def drive_rules(drive: Driver, account: str) -> None:
    """Buses, a rule with targets, and invalid calls."""
    bus = drive.call("Events.CreateEventBus", Name="orders", Description="what was ordered")
    drive.demand("Events.CreateEventBus", bus, "EventBusArn")
    found = drive.call("Events.DescribeEventBus", Name="orders")
    drive.expect(found["Arn"] == bus["EventBusArn"], "Events.DescribeEventBus: another ARN")
    names = [bus["Name"] for bus in drive.call("Events.ListEventBuses")["EventBuses"]]
    drive.expect(names == ["default", "orders"], f"Events.ListEventBuses: {names}")
    drive.call("Events.DeleteEventBus", Name="orders")
    rule = drive.call("Events.PutRule", Name="nightly", ScheduleExpression="cron(0 3 * * ? *)",
                      Tags=TAGS)["RuleArn"]
    target = run_task(account, drive.args.region)
    put = drive.call("Events.PutTargets", Rule="nightly",
                     Targets=[{"Id": f"t{number}", **target} for number in range(6)])
    drive.expect(put["FailedEntryCount"] == 1, f"Events.PutTargets: {put['FailedEntryCount']}")
    drive.demand("Events.PutTargets", put, "FailedEntries[].ErrorCode")
    drive.call("Events.DisableRule", Name="nightly")
    drive.expect(drive.call("Events.DescribeRule", Name="nightly")["State"] == "DISABLED",
                 "Events.DescribeRule: not DISABLED")
    drive.call("Events.EnableRule", Name="nightly")
    drive.demand("Events.ListRules", drive.call("Events.ListRules"), "Rules[].Arn", "Rules[].State")
    targets = drive.call("Events.ListTargetsByRule", Rule="nightly")["Targets"]
    drive.expect([target["Id"] for target in targets] == ["t0", "t1", "t2", "t3", "t4"],
                 f"Events.ListTargetsByRule: {targets}")
    named = drive.call("Events.ListRuleNamesByTarget", TargetArn=target["Arn"])["RuleNames"]
    drive.expect(named == ["nightly"], f"Events.ListRuleNamesByTarget: {named}")
    drive.call("Events.TagResource", ResourceARN=rule, Tags=[{"Key": "more", "Value": ""}])
    drive.call("Events.UntagResource", ResourceARN=rule, TagKeys=["more"])
    tags = drive.call("Events.ListTagsForResource", ResourceARN=rule)["Tags"]
    drive.expect(tags == TAGS, f"Events.ListTagsForResource: {tags}")
    drive.refuse("Events.DeleteRule", "ValidationException", "has targets", Name="nightly")
    drive.call("Events.RemoveTargets", Rule="nightly", Ids=[target["Id"] for target in targets])
    drive.call("Events.DeleteRule", Name="nightly")
    drive.refuse("Events.DescribeRule", "ResourceNotFoundException", Name="nightly")
    drive.refuse("Events.PutRule", "ValidationException", "ScheduleExpression", Name="bad",
                 ScheduleExpression="cron(0 3 * * *)")


def drive_scheduler(drive: Driver, account: str) -> None:
    """A group, a schedule in it, and invalid calls."""
    group = drive.call("Scheduler.CreateScheduleGroup", Name="reports", Tags=TAGS)["ScheduleGroupArn"]
    drive.expect(drive.call("Scheduler.GetScheduleGroup", Name="reports")["Arn"] == group,
                 "Scheduler.GetScheduleGroup: another ARN")
    groups = [group["Name"] for group in drive.call("Scheduler.ListScheduleGroups")["ScheduleGroups"]]
    drive.expect(groups == ["default", "reports"], f"Scheduler.ListScheduleGroups: {groups}")
    drive.call("Scheduler.TagResource", ResourceArn=group, Tags=[{"Key": "a", "Value": "b"}])
    drive.call("Scheduler.UntagResource", ResourceArn=group, TagKeys=["a"])
    tags = drive.call("Scheduler.ListTagsForResource", ResourceArn=group)["Tags"]
    drive.expect(tags == TAGS, f"Scheduler.ListTagsForResource: {tags}")
    given = {"Name": "nightly", "GroupName": "reports", "FlexibleTimeWindow": {"Mode": "OFF"},
             "ScheduleExpression": "cron(0 3 * * ? *)", "Target": run_task(account, drive.args.region)}
    made = drive.call("Scheduler.CreateSchedule", **given, ScheduleExpressionTimezone="Asia/Tokyo")
    drive.demand("Scheduler.CreateSchedule", made, "ScheduleArn")
    drive.refuse("Scheduler.CreateSchedule", "ConflictException", status=409, **given)
    drive.call("Scheduler.UpdateSchedule", **given)
    kept = drive.call("Scheduler.GetSchedule", Name="nightly", GroupName="reports")
    drive.expect(kept["ScheduleExpressionTimezone"] == "UTC",
                 "Scheduler.UpdateSchedule: what was not given was kept")
    listed = drive.call("Scheduler.ListSchedules", GroupName="reports", MaxResults=10)
    drive.demand("Scheduler.ListSchedules", listed, "Schedules[].Target.Arn", "Schedules[].State")
    drive.call("Scheduler.DeleteSchedule", Name="nightly", GroupName="reports")
    drive.refuse("Scheduler.GetSchedule", "ResourceNotFoundException", status=404, Name="nightly",
                 GroupName="reports")
    drive.call("Scheduler.DeleteScheduleGroup", Name="reports")
    drive.refuse("Scheduler.CreateSchedule", "ValidationException", "Schedule Expression",
                 **{**given, "GroupName": "default", "ScheduleExpression": "nightly"})
