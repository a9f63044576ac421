#!/usr/bin/env python3
"""Give a user of MiniStack a policy that `ecsail iam-policy` printed, and print an access key of the user as JSON.

MiniStack 1.5.33 with AUTH=true evaluates policies and verifies signatures. Of some services it names other resources
than AWS does (`core/iam_actions.py`): for most calls of ECS the cluster or nothing, for rules and log groups another form
of ARN, for schedules always the group `default`, for parameters that are read together nothing; and it has no condition
keys of ECS. Of statements about these services the actions alone are judged here: their resources become `*`. All others
are as they were printed. With `--roles` it only creates roles, without which MiniStack registers no definition.
"""

from __future__ import annotations

import argparse
import json
import sys

import boto3

USER = "ecsail"
TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"]}}]}
OTHERWISE_NAMED = {"ecs", "events", "logs", "scheduler", "ssm"}


def judged(statement: dict) -> dict:
    """The statement as MiniStack can judge it."""
    if {action.partition(":")[0] for action in statement["Action"]} & OTHERWISE_NAMED:
        return {**{name: value for name, value in statement.items() if name != "Condition"}, "Resource": "*"}
    return statement


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--without", help="the name of a statement to leave out")
    parser.add_argument("--roles", nargs="+", help="create these roles, and nothing else")
    options = parser.parse_args()
    iam = boto3.client("iam", endpoint_url=options.endpoint, region_name="us-east-1")
    if options.roles:
        for role in options.roles:
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
        return
    policy = json.load(sys.stdin)
    statements = [judged(one) for one in policy["Statement"] if one["Sid"] != options.without]
    if not any(user["UserName"] == USER for user in iam.list_users()["Users"]):
        iam.create_user(UserName=USER)
    document = json.dumps({**policy, "Statement": statements})
    iam.put_user_policy(UserName=USER, PolicyName="ecsail", PolicyDocument=document)
    keys = iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
    for key in keys:
        iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    print(json.dumps({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}))


main()
