#!/usr/bin/env python3
"""Create the resources in MiniStack or moto that the tests deploy to.

Creates cluster `main`, repository `shop/app` with its tags, a subnet and a security group,
task definition `web:1` on tag v1 and service `web` with two tasks (and others like it, on
request), and prints them as JSON. Existing resources are reused, so that it can run twice.
On MiniStack a 12-digit access key is a separate account: many tests share a process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from docker_standin import MANIFEST_TYPE, manifest

CLUSTER = "main"
REPOSITORY = "shop/app"
FAMILY = "web"
SERVICE = "web"
TAGS = ["v1", "v2", "v3", "slow", "crash", "nopull"]


class Aws:
    """The clients for one emulator and region."""

    def __init__(self, endpoint: str, region: str) -> None:
        session = boto3.Session(region_name=region)
        options = {"endpoint_url": endpoint,
                   "config": Config(retries={"mode": "standard", "max_attempts": 3})}
        self.ecs = session.client("ecs", **options)
        self.ecr = session.client("ecr", **options)
        self.ec2 = session.client("ec2", **options)
        self.sts = session.client("sts", **options)
        self.ssm = session.client("ssm", **options)


def seed_images(aws: Aws) -> tuple[str, dict]:
    """The repository and its tags, as (URI, {tag: digest})."""
    try:
        aws.ecr.create_repository(repositoryName=REPOSITORY)
    except aws.ecr.exceptions.RepositoryAlreadyExistsException:
        pass
    for tag in TAGS:
        try:
            aws.ecr.put_image(repositoryName=REPOSITORY, imageTag=tag, imageManifest=manifest(tag),
                              imageManifestMediaType=MANIFEST_TYPE)
        except aws.ecr.exceptions.ImageAlreadyExistsException:
            pass
    found = aws.ecr.describe_repositories(repositoryNames=[REPOSITORY])["repositories"][0]
    details = aws.ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    digests = {tag: image["imageDigest"] for image in details for tag in image.get("imageTags", [])}
    return found["repositoryUri"], {tag: digests[tag] for tag in TAGS}


def seed_network(aws: Aws) -> dict:
    """A subnet and a security group of the default VPC."""
    subnets = aws.ec2.describe_subnets()["Subnets"]
    if subnets:
        subnet = sorted(subnets, key=lambda item: item["SubnetId"])[0]
    else:
        vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        subnet = aws.ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.1.0/24")["Subnet"]
    wanted = [{"Name": "group-name", "Values": ["shop-web"]},
              {"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    groups = aws.ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]
    group = groups[0]["GroupId"] if groups else aws.ec2.create_security_group(
        GroupName="shop-web", Description="web", VpcId=subnet["VpcId"])["GroupId"]
    return {"awsvpcConfiguration": {"subnets": [subnet["SubnetId"]], "securityGroups": [group],
                                    "assignPublicIp": "DISABLED"}}


def seed_task_definition(aws: Aws, account: str, region: str, image: str) -> str:
    """The ARN of the newest ACTIVE revision of the family, registered if there is none."""
    known = aws.ecs.list_task_definitions(familyPrefix=FAMILY, sort="DESC")["taskDefinitionArns"]
    if known:
        return known[0]
    role = f"arn:aws:iam::{account}:role/ecsTaskExecutionRole"
    logs = {"awslogs-group": "/ecs/web", "awslogs-region": region, "awslogs-stream-prefix": "web",
            "awslogs-create-group": "true"}
    container = {"name": "app", "image": image, "essential": True, "memory": 512,
                 "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                 "environment": [{"name": "LOG_LEVEL", "value": "info"}],
                 "logConfiguration": {"logDriver": "awslogs", "options": logs}}
    answer = aws.ecs.register_task_definition(
        family=FAMILY, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256",
        memory="512", executionRoleArn=role, containerDefinitions=[container])
    return answer["taskDefinition"]["taskDefinitionArn"]


def seed_secrets(aws: Aws) -> None:
    """The parameters that definitions of the tests name as secrets; MiniStack reads them at a task's start."""
    for name in "fghi":
        aws.ssm.put_parameter(Name=f"/shop/{name}", Value=name, Type="SecureString", Overwrite=True)


def find_service(aws: Aws, name: str) -> dict | None:
    """The service, or None."""
    services = aws.ecs.describe_services(cluster=CLUSTER, services=[name])["services"]
    active = [service for service in services if service["status"] == "ACTIVE"]
    return active[0] if active else None


def seed_service(aws: Aws, name: str, task_definition: str, breaker: bool) -> dict:
    """The service, created if it does not exist."""
    if found := find_service(aws, name):
        return found
    deployment = {"maximumPercent": 200, "minimumHealthyPercent": 100,
                  "deploymentCircuitBreaker": {"enable": breaker, "rollback": breaker}}
    return aws.ecs.create_service(
        cluster=CLUSTER, serviceName=name, taskDefinition=task_definition, desiredCount=2,
        launchType="FARGATE", deploymentConfiguration=deployment,
        networkConfiguration=seed_network(aws))["service"]


def wait_until_steady(aws: Aws, name: str, seconds: float) -> dict:
    """The service once its tasks run and their deployment is the only one."""
    deadline = time.monotonic() + seconds
    while True:
        service = find_service(aws, name)
        if service is None:
            sys.exit("the service went away while it was waited for")
        steady = (service["runningCount"] == service["desiredCount"]
                  and [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"])
        if steady:
            return service
        if time.monotonic() > deadline:
            sys.exit(f"the service is not steady after {seconds:g} s: {service['deployments']}")
        time.sleep(0.2)


def seed(args: argparse.Namespace) -> dict:
    """Create everything, and return it."""
    aws = Aws(args.endpoint, args.region)
    account = aws.sts.get_caller_identity()["Account"]
    cluster = aws.ecs.create_cluster(clusterName=CLUSTER)["cluster"]["clusterArn"]
    uri, digests = seed_images(aws)
    image = f"{account}.dkr.ecr.{args.region}.amazonaws.com/{REPOSITORY}"
    task_definition = seed_task_definition(aws, account, args.region, f"{image}:v1")
    seed_secrets(aws)
    names = [SERVICE, *args.also]
    services = [seed_service(aws, name, task_definition, args.breaker) for name in names]
    # moto never completes a rollout, so this does not wait for one.
    steady = args.kind == "ministack"
    if steady:
        services = [wait_until_steady(aws, name, args.timeout) for name in names]
    service = services[0]
    return {"account": account, "region": args.region, "cluster": cluster, "repository": image,
            "repositoryUri": uri, "digests": digests, "taskDefinition": service["taskDefinition"],
            "service": service["serviceArn"], "steady": steady,
            "networkConfiguration": service.get("networkConfiguration", {})}


def quiet_environment(access_key: str) -> None:
    """Remove the user's AWS settings and proxies from the environment, for boto3 and the AWS CLI."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(AWS_ACCESS_KEY_ID=access_key, AWS_SECRET_ACCESS_KEY="secret", AWS_PAGER="",
                      AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
                      AWS_EC2_METADATA_DISABLED="true", NO_PROXY="*", no_proxy="*")


def main() -> None:
    """Read the flags, seed, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="URL of the emulator")
    parser.add_argument("--kind", required=True, choices=["ministack", "moto"])
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--access-key", default="123456789012", help="12 digits name the account")
    parser.add_argument("--no-breaker", dest="breaker", action="store_false",
                        help="leave the deployment circuit breaker off")
    parser.add_argument("--also", action="append", default=[], metavar="NAME",
                        help="another service that runs the same")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds to wait until steady")
    args = parser.parse_args()
    quiet_environment(args.access_key)
    try:
        print(json.dumps(seed(args), indent=2))
    except ClientError as error:
        sys.exit(f"seeding failed: {error}")


if __name__ == "__main__":
    main()
