#!/usr/bin/env python3
"""Create in moto or MiniStack what documents name, as far as the emulator has it. Prints JSON: the ids, and what could not be made."""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from collections.abc import Callable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

SERVICES = ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "scheduler.amazonaws.com"]


def trust(services: list[str]) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    options = parser.parse_args()

    def client(service: str):
        return boto3.client(service, endpoint_url=options.endpoint, region_name="us-east-1")

    made: dict[str, str] = {}
    missing: list[str] = []

    def make(name: str, create: Callable[[], str]) -> None:
        try:
            made[name] = create()
        except (ClientError, BotoCoreError, KeyError, IndexError) as error:
            made[name] = ""
            missing.append(f"{name}: {error}")

    iam, ec2 = client("iam"), client("ec2")
    role = iam.create_role(RoleName="all", AssumeRolePolicyDocument=trust(SERVICES))["Role"]["Arn"]
    made["role"] = role
    iam.create_role(RoleName="functions", AssumeRolePolicyDocument=trust(["lambda.amazonaws.com"]))
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{at}.0/24",
                                 AvailabilityZone=f"us-east-1{'ab'[at]}")["Subnet"]["SubnetId"]
               for at in (0, 1)]
    made["subnet"] = subnets[0]
    made["security_group"] = ec2.create_security_group(
        GroupName="web", Description="web", VpcId=vpc)["GroupId"]

    def target_group() -> str:
        elb = client("elbv2")
        balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc,
                                        TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
                            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        return group

    def function() -> str:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("main.py", "def handler(event, context):\n    return {}\n")
        return client("lambda").create_function(
            FunctionName="check", Runtime="python3.12", Handler="main.handler", Role=role,
            Code={"ZipFile": code.getvalue()})["FunctionArn"]

    def alarm() -> str:
        client("cloudwatch").put_metric_alarm(
            AlarmName="errors", MetricName="Errors", Namespace="web", Period=60, EvaluationPeriods=1,
            Threshold=1, Statistic="Sum", ComparisonOperator="GreaterThanThreshold")
        return "errors"

    def bucket() -> str:
        s3 = client("s3")
        s3.create_bucket(Bucket="config")
        s3.put_object(Bucket="config", Key="a b/prod.env", Body=b"A=1\n")
        return "arn:aws:s3:::config/a b/prod.env"

    def log_group() -> str:
        client("logs").create_log_group(logGroupName="/ecs/web")
        return "/ecs/web"

    def namespace() -> str:
        client("servicediscovery").create_http_namespace(Name="shop.local")
        return "shop.local"

    def parameter() -> str:
        client("ssm").put_parameter(Name="/shop/token", Type="SecureString", Value="blue-sky-77")
        return "/shop/token"

    def index() -> str:
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1, "digest": f"sha256:{'1' * 64}",
             "platform": {"os": "linux", "architecture": architecture}} for architecture in ("amd64", "arm64")]}
        client("ecr").put_image(repositoryName="shop/app", imageTag="many", imageManifest=json.dumps(manifest),
                                imageManifestMediaType=manifest["mediaType"])
        return "many"

    make("target_group", target_group)
    make("function", function)
    make("alarm", alarm)
    make("object", bucket)
    make("log_group", log_group)
    make("namespace", namespace)
    make("parameter", parameter)
    make("image", index)
    make("secret", lambda: client("secretsmanager").create_secret(
        Name="shop/db", SecretString='{"password": "hunter22"}')["ARN"])
    make("file_system", lambda: client("efs").create_file_system(CreationToken="web")["FileSystemId"])
    make("access_point", lambda: client("efs").create_access_point(
        ClientToken="web", FileSystemId=made["file_system"])["AccessPointId"])
    print(json.dumps({"made": made, "missing": missing}))


main()
