#!/usr/bin/env python3
"""Read and change the state of an emulator with boto3, beside ecsail.

    scaling                  the scalable targets with their policies and scheduled actions, as JSON
    show                     schedules, their groups, rules, services and tasks, as JSON
    retry NAME               sets a retry policy on the targets of a schedule or rule
    foreign RULE             adds a target of another owner to a rule
    fill NAME                sets what the manifests of the tests leave out of a schedule or rule
    override NAME WORD...    sets the command of container `app` on the targets of a schedule or rule
    others                   creates schedules and rules without an owner, of app `cart` and of stage `staging`
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

import boto3

CLUSTER = "main"
POLICY = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 600}
# What GetSchedule answers and UpdateSchedule does not take.
READ_ONLY = ["Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"]
PERIOD = {"StartDate": datetime(2099, 1, 1, 9, 30, tzinfo=UTC), "EndDate": datetime(2099, 6, 1, tzinfo=UTC)}
QUEUE = "arn:aws:sqs:us-east-1:123456789012:other"
STAGING = {"ecsail:app": "shop", "ecsail:stage": "staging"}
FOREIGN = {"Id": "other", "Arn": QUEUE}


class Client:
    """The clients for one emulator."""

    def __init__(self, endpoint: str) -> None:
        session = boto3.Session()
        names = ["scheduler", "events", "ecs", "application-autoscaling"]
        self.scheduler, self.events, self.ecs, self.autoscaling = (
            session.client(name, endpoint_url=endpoint) for name in names)

    def schedule(self, name: str) -> dict | None:
        """The schedule of this name, in any group."""
        for found in self.scheduler.list_schedules()["Schedules"]:
            if found["Name"] == name:
                return self.scheduler.get_schedule(Name=name, GroupName=found["GroupName"])
        return None

    def schedules(self) -> dict:
        """All schedules, by name."""
        names = [found["Name"] for found in self.scheduler.list_schedules()["Schedules"]]
        return {name: self.schedule(name) for name in names}

    def groups(self) -> dict:
        """The tags of the schedule groups, by name."""
        found = self.scheduler.list_schedule_groups()["ScheduleGroups"]
        tags = {group["Name"]: self.scheduler.list_tags_for_resource(ResourceArn=group["Arn"])["Tags"]
                for group in found if group["Name"] != "default"}
        return {name: {tag["Key"]: tag["Value"] for tag in pairs} for name, pairs in tags.items()}

    def rules(self) -> dict:
        """All rules with their targets (by id) and tags, by name."""
        return {rule["Name"]: self.whole(rule) for rule in self.events.list_rules()["Rules"]}

    def whole(self, rule: dict) -> dict:
        """A rule with its targets and tags."""
        targets = self.events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        tags = self.events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        return {**rule, "Targets": {target["Id"]: target for target in targets},
                "Tags": {tag["Key"]: tag["Value"] for tag in tags}}

    def services(self) -> dict:
        """The revision that each service is to run, by the service's name."""
        arns = self.ecs.list_services(cluster=CLUSTER)["serviceArns"]
        found = self.ecs.describe_services(cluster=CLUSTER, services=arns)["services"] if arns else []
        return {service["serviceName"]: service["taskDefinition"].rpartition("/")[2] for service in found}

    def tasks(self) -> list[dict]:
        """The one-off tasks."""
        arns = [arn for status in ["RUNNING", "STOPPED"]
                for arn in self.ecs.list_tasks(cluster=CLUSTER, desiredStatus=status)["taskArns"]]
        found = self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
        own = [task for task in found if not (task.get("group") or "").startswith("service:")]
        return [{"startedBy": task.get("startedBy"), "lastStatus": task["lastStatus"],
                 "taskDefinition": task["taskDefinitionArn"].rpartition("/")[2],
                 "containers": [container.get("exitCode") for container in task["containers"]],
                 "command": task["overrides"]["containerOverrides"][0].get("command")} for task in own]

    def images(self) -> dict:
        """The tag that each revision's first container runs."""
        found = {}
        for arn in self.ecs.list_task_definitions()["taskDefinitionArns"]:
            definition = self.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            found[arn.rpartition("/")[2]] = definition["containerDefinitions"][0]["image"].rpartition(":")[2]
        return found

    def show(self) -> dict:
        """Everything."""
        return {"schedules": self.schedules(), "groups": self.groups(), "rules": self.rules(),
                "services": self.services(), "tasks": self.tasks(), "images": self.images()}

    def scaling(self) -> dict:
        """The scalable targets, the policies and the scheduled actions of ECS."""
        of = {"ServiceNamespace": "ecs"}
        targets = self.autoscaling.describe_scalable_targets(**of)["ScalableTargets"]
        policies = self.autoscaling.describe_scaling_policies(**of)["ScalingPolicies"]
        actions = self.autoscaling.describe_scheduled_actions(**of)["ScheduledActions"]
        return {"targets": {target["ResourceId"]: target for target in targets},
                "policies": {policy["PolicyName"]: policy for policy in policies},
                "actions": {action["ScheduledActionName"]: action for action in actions}}

    def change(self, name: str, of_target: dict, of_schedule: dict | None = None) -> None:
        """Set members of a schedule and its target, or of a rule's targets."""
        if schedule := self.schedule(name):
            document = {key: value for key, value in schedule.items() if key not in READ_ONLY}
            document["Target"].update(of_target)
            self.scheduler.update_schedule(**document | (of_schedule or {}))
        else:
            targets = self.events.list_targets_by_rule(Rule=name)["Targets"]
            self.events.put_targets(Rule=name, Targets=[target | of_target for target in targets])

    def retry(self, name: str) -> None:
        """Set the retry policy of a schedule or a rule's targets."""
        self.change(name, {"RetryPolicy": POLICY})

    def fill(self, name: str) -> None:
        """Set a description, a period, a window, a retry policy and a dead-letter queue, where there can be one."""
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
        about = {"Description": "by hand", "FlexibleTimeWindow": window, **PERIOD}
        self.change(name, {"RetryPolicy": POLICY, "DeadLetterConfig": {"Arn": QUEUE}}, about)
        if not self.schedule(name):
            rule = self.events.describe_rule(Name=name)
            kept = {key: rule[key] for key in ["Name", "ScheduleExpression", "State"]}
            self.events.put_rule(**kept, Description="by hand")

    def override(self, name: str, *command: str) -> None:
        """Set the command that a schedule or a rule's targets give to container `app`."""
        overrides = {"containerOverrides": [{"name": "app", "command": command}]}
        self.change(name, {"Input": json.dumps(overrides)})

    def others(self) -> None:
        """Create a rule and a schedule without an owner, of another app, and of a stage."""
        for name, tags in [("nobody", {}), ("cart", {"ecsail:app": "cart"}), ("shop-staging", STAGING)]:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            self.events.put_rule(Name=f"{name}-rule", ScheduleExpression="rate(1 day)", Tags=pairs)
            self.foreign(f"{name}-rule")
            if tags:
                self.scheduler.create_schedule_group(Name=name, Tags=pairs)
            self.scheduler.create_schedule(
                Name=f"{name}-schedule", GroupName=name if tags else "default",
                ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
                Target={"Arn": QUEUE, "RoleArn": "arn:aws:iam::123456789012:role/starter"})

    def foreign(self, name: str) -> None:
        """Add a queue to the targets of a rule."""
        self.events.put_targets(Rule=name, Targets=[FOREIGN])


def main() -> None:
    """Run the command, and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="URL of the emulator")
    parser.add_argument("verb", choices=["scaling", "show", "retry", "foreign", "fill", "override", "others"])
    parser.add_argument("names", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    client = Client(args.endpoint)
    print(json.dumps(getattr(client, args.verb)(*args.names), default=str, indent=2))


if __name__ == "__main__":
    main()
