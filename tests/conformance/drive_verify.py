#!/usr/bin/env python3
"""Read with boto3 what the sandbox has of what documents name, and what it has not."""

from __future__ import annotations

import argparse

import boto3
from botocore.exceptions import ClientError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    options = parser.parse_args()

    def client(service: str):
        return boto3.client(service, endpoint_url=options.endpoint, region_name="us-east-1")

    def refused(code: str, call, **given) -> None:
        try:
            call(**given)
        except ClientError as error:
            assert error.response["Error"]["Code"] == code, error
            return
        raise AssertionError(f"no {code}")

    iam = client("iam")
    role = iam.get_role(RoleName="task-aaaa")["Role"]
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Service": ["ecs-tasks.amazonaws.com"]}, role
    refused("NoSuchEntity", iam.get_role, RoleName="none")
    ec2 = client("ec2")
    found = ec2.describe_subnets(Filters=[{"Name": "subnet-id", "Values": ["subnet-0aaaa", "subnet-0bbbb"]}])
    assert [subnet["VpcId"] for subnet in found["Subnets"]] == ["vpc-1"], found
    found = ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": ["sg-0aaaa"]}])
    assert [group["VpcId"] for group in found["SecurityGroups"]] == ["vpc-1"], found
    efs = client("efs")
    assert efs.describe_file_systems(FileSystemId="fs-0aaaa")["FileSystems"][0]["FileSystemId"] == "fs-0aaaa"
    refused("FileSystemNotFound", efs.describe_file_systems, FileSystemId="fs-0bbbb")
    points = efs.describe_access_points(AccessPointId="fsap-0aaaa")["AccessPoints"]
    assert points[0]["FileSystemId"] == "fs-0aaaa", points
    refused("AccessPointNotFound", efs.describe_access_points, AccessPointId="fsap-0bbbb")
    functions = client("lambda")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:check-aaaa"
    assert functions.get_function_configuration(FunctionName=arn)["FunctionArn"] == arn
    refused("ResourceNotFoundException", functions.get_function_configuration, FunctionName="none")
    spaces = client("servicediscovery")
    named = [{"Name": "NAME", "Values": ["aaaa.local"], "Condition": "EQ"}]
    space = spaces.list_namespaces(Filters=named)["Namespaces"][0]
    assert spaces.get_namespace(Id=space["Id"])["Namespace"]["Name"] == "aaaa.local"
    refused("NamespaceNotFound", spaces.get_namespace, Id="ns-none")
    logs = client("logs").describe_log_groups(logGroupNamePrefix="/ecs/")["logGroups"]
    assert [group["logGroupName"] for group in logs] == ["/ecs/aaaa"], logs
    objects = client("s3")
    objects.head_object(Bucket="config", Key="aaaa.env")
    refused("404", objects.head_object, Bucket="config", Key="none.env")
    secrets = client("secretsmanager")
    assert "password" in secrets.get_secret_value(SecretId="db")["SecretString"]


main()
