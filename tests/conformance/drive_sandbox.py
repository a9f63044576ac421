#!/usr/bin/env python3
"""Call every operation of ecsail's sandbox with boto3, and a few with the AWS CLI.

Each answer is compared strictly with botocore's model of it (`strict_shapes.py`), and with
the effects of the earlier steps. Every deviation is a line on stderr; the exit code is 1 if
there is one. Errors are checked by their error code.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel

import drive_autoscaling
import drive_express
import drive_schedules
from docker_standin import MANIFEST_TYPE, manifest
from seed_emulator import quiet_environment
from strict_shapes import differences

OPERATIONS = {
    "ECS": """CreateCluster DescribeClusters ListClusters RegisterTaskDefinition
        DescribeTaskDefinition ListTaskDefinitions ListTaskDefinitionFamilies
        DeregisterTaskDefinition DeleteTaskDefinitions TagResource UntagResource
        ListTagsForResource CreateService UpdateService DeleteService DescribeServices
        ListServices ListServiceDeployments DescribeServiceDeployments
        DescribeServiceRevisions StopServiceDeployment ContinueServiceDeployment ListTasks
        DescribeTasks StopTask RunTask ListServicesByNamespace""".split() + drive_express.OPERATIONS,
    "ECR": """CreateRepository DescribeRepositories PutImage DescribeImages ListImages
        BatchGetImage BatchDeleteImage CreatePullThroughCacheRule DescribePullThroughCacheRules
        DeletePullThroughCacheRule""".split(),
    "STS": "GetCallerIdentity AssumeRole".split(),
    **drive_autoscaling.OPERATIONS,
    **drive_schedules.OPERATIONS,
}

CLUSTER = "conformance"
SERVICE = "web"
WHOLE = "whole"
FAMILY = "conformance-web"
REPOSITORY = "conformance/app"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"],
                                   "securityGroups": ["sg-0a1b2c3d"],
                                   "assignPublicIp": "DISABLED"}}


class Deviation(Exception):
    """An error after which the run cannot continue."""


class Driver:
    """Calls the sandbox and counts the results."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.deviations: dict[str, None] = {}
        self.driven: set[str] = set()
        self.refusals = 0
        self.commands = 0
        session = boto3.Session(region_name=args.region)
        config = Config(retries={"mode": "standard", "max_attempts": 5}, read_timeout=20)
        self.clients = {name: session.client(name.lower(), endpoint_url=args.endpoint, config=config)
                        for name in OPERATIONS}
        for client in self.clients.values():
            client.meta.events.register("after-call", self.check_answer)

    def deviate(self, message: str) -> None:
        """Record a deviation and print it, once."""
        if message in self.deviations:
            return
        self.deviations[message] = None
        print(f"DEVIATION {message}", file=sys.stderr, flush=True)

    def expect(self, holds: object, message: str) -> None:
        """Record a deviation unless a condition holds."""
        if not holds:
            self.deviate(message)

    def check_answer(self, http_response, parsed, model: OperationModel, **_: object) -> None:
        """Compare one raw answer with the model; botocore calls this after every call."""
        name = f"{model.service_model.service_id}.{model.name}"
        headers = http_response.headers
        wanted = {"query": "text/xml", "rest-json": "application/json"}.get(
            model.service_model.metadata["protocol"], "application/x-amz-json-1.1")
        self.expect((headers.get("Content-Type") or "").split(";")[0] == wanted,
                    f"{name}: Content-Type is {headers.get('Content-Type')}, not {wanted}")
        self.expect(parsed["ResponseMetadata"].get("RequestId"), f"{name}: no request id")
        if http_response.status_code != 200:
            return
        for difference in differences(model, http_response.content):
            self.deviate(f"{name}: {difference}")

    def call(self, name: str, **parameters: object) -> dict:
        """Make a call that must succeed; its first success is a line on stdout."""
        before = len(self.deviations)
        try:
            answer = self.invoke(name, parameters)
        except (ClientError, BotoCoreError) as error:
            raise Deviation(f"{name}: {error}") from error
        if name not in self.driven:
            self.driven.add(name)
            if len(self.deviations) == before:
                print(f"ok {name}", flush=True)
        return answer

    def invoke(self, name: str, parameters: dict) -> dict:
        """Make a call by the API's own name of the operation."""
        service, _, operation = name.partition(".")
        client = self.clients[service]
        for method, known in client.meta.method_to_api_mapping.items():
            if known == operation:
                return getattr(client, method)(**parameters)
        raise Deviation(f"botocore knows no {name}")

    def refuse(self, name: str, code: str, words: str = "", status: int = 400,
               **parameters: object) -> None:
        """Make a call that must fail with this code, and these words in its message."""
        before = len(self.deviations)
        try:
            self.invoke(name, parameters)
        except ClientError as error:
            found = error.response["Error"]
            self.expect(found["Code"] == code, f"{name}: error {found['Code']}, not {code}")
            self.expect(words in found["Message"],
                        f"{name}: message {found['Message']!r} does not say {words!r}")
            found = error.response["ResponseMetadata"]["HTTPStatusCode"]
            self.expect(found == status, f"{name}: {code} came with HTTP status {found}, not {status}")
        else:
            self.deviate(f"{name}: succeeded, though {code} was due")
        self.refusals += 1
        if len(self.deviations) == before:
            print(f"ok {name} refused: {code}", flush=True)

    def demand(self, name: str, answer: dict, *paths: str) -> None:
        """Record a deviation for each missing member that clients rely on; `a[].b` means that of each item."""
        for path in paths:
            found = [answer]
            for part in path.split("."):
                key, each = part.removesuffix("[]"), part.endswith("[]")
                values = [item.get(key) for item in found]
                self.expect(found and None not in values, f"{name}: {path} is absent (at {part})")
                present = [value for value in values if value is not None]
                found = [item for value in present for item in value] if each else present

    def wait(self, what: str, look: Callable[[], object]) -> object:
        """Poll until there is a result."""
        deadline = time.monotonic() + self.args.patience
        while time.monotonic() < deadline:
            if seen := look():
                return seen
            time.sleep(self.args.pause)
        raise Deviation(f"{what}: not so after {self.args.patience:g} s")

    def aws(self, *words: str) -> dict:
        """Run the AWS CLI of this virtual environment and read its JSON."""
        program = Path(sys.executable).with_name("aws")
        command = [str(program), "--endpoint-url", self.args.endpoint, "--region",
                   self.args.region, "--output", "json", *words]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
        title = " ".join(["aws", *words[:3 if words[1] == "wait" else 2]])
        if run.returncode != 0:
            raise Deviation(f"{title}: exit code {run.returncode}: {run.stderr.strip()}")
        self.commands += 1
        print(f"ok {title}", flush=True)
        return json.loads(run.stdout) if run.stdout.strip() else {}


def drive_sts(drive: Driver) -> str:
    """The caller; returns the account."""
    identity = drive.call("STS.GetCallerIdentity")
    drive.demand("STS.GetCallerIdentity", identity, "Account", "Arn", "UserId")
    account = identity["Account"]
    drive.expect(re.fullmatch(r"\d{12}", account), f"STS.GetCallerIdentity: account {account!r}")
    drive.expect(f":{account}:" in identity["Arn"], "STS.GetCallerIdentity: Arn of another account")
    role = f"arn:aws:iam::{account}:role/deploy"
    assumed = drive.call("STS.AssumeRole", RoleArn=role, RoleSessionName="conformance")
    drive.demand("STS.AssumeRole", assumed, "Credentials.SessionToken", "AssumedRoleUser.Arn")
    wanted = f"arn:aws:sts::{account}:assumed-role/deploy/conformance"
    drive.expect(assumed["AssumedRoleUser"]["Arn"] == wanted,
                 f"STS.AssumeRole: {assumed['AssumedRoleUser']['Arn']}, not {wanted}")
    return account


def drive_ecr(drive: Driver) -> str:
    """A repository with tags v1 to v3; returns its URI."""
    made = drive.call("ECR.CreateRepository", repositoryName=REPOSITORY)["repository"]
    drive.refuse("ECR.CreateRepository", "RepositoryAlreadyExistsException",
                 repositoryName=REPOSITORY)
    answer = drive.call("ECR.DescribeRepositories", repositoryNames=[REPOSITORY])
    drive.demand("ECR.DescribeRepositories", answer, "repositories[].repositoryArn",
                 "repositories[].repositoryUri", "repositories[].createdAt")
    found = answer["repositories"][0]
    drive.expect(found["repositoryUri"] == made["repositoryUri"], "ECR: the repository's URI varies")
    for tag in ("v1", "v2", "v3", "gone"):
        put = drive.call("ECR.PutImage", repositoryName=REPOSITORY, imageTag=tag,
                         imageManifest=manifest(tag), imageManifestMediaType=MANIFEST_TYPE)
        drive.demand("ECR.PutImage", put, "image.imageId.imageDigest", "image.imageId.imageTag")
    drive.refuse("ECR.PutImage", "ImageAlreadyExistsException", repositoryName=REPOSITORY,
                 imageTag="v1", imageManifest=manifest("v1"), imageManifestMediaType=MANIFEST_TYPE)
    drive_images(drive)
    drive_pull_through_rules(drive)
    return found["repositoryUri"]


def drive_pull_through_rules(drive: Driver) -> None:
    """A rule of the pull-through cache: made, found, and deleted."""
    rule = {"ecrRepositoryPrefix": "docker-hub"}
    made = drive.call("ECR.CreatePullThroughCacheRule", **rule,
                      upstreamRegistryUrl="registry-1.docker.io")
    drive.expect(made["upstreamRegistry"] == "docker-hub",
                 f"ECR.CreatePullThroughCacheRule: {made['upstreamRegistry']}")
    drive.refuse("ECR.CreatePullThroughCacheRule", "PullThroughCacheRuleAlreadyExistsException",
                 **rule, upstreamRegistryUrl="registry-1.docker.io")
    found = drive.call("ECR.DescribePullThroughCacheRules")["pullThroughCacheRules"]
    drive.expect([known["ecrRepositoryPrefix"] for known in found] == ["docker-hub"],
                 f"ECR.DescribePullThroughCacheRules: {found}")
    drive.refuse("ECR.DescribePullThroughCacheRules", "PullThroughCacheRuleNotFoundException",
                 ecrRepositoryPrefixes=["quay"])
    drive.call("ECR.DeletePullThroughCacheRule", **rule)
    drive.refuse("ECR.DeletePullThroughCacheRule", "PullThroughCacheRuleNotFoundException", **rule)


def drive_images(drive: Driver) -> None:
    """The images of the repository."""
    images = drive.call("ECR.DescribeImages", repositoryName=REPOSITORY,
                        imageIds=[{"imageTag": "v1"}, {"imageTag": "v2"}])
    drive.demand("ECR.DescribeImages", images, "imageDetails[].imageDigest",
                 "imageDetails[].imageTags", "imageDetails[].imagePushedAt")
    digests = {tag: image["imageDigest"] for image in images["imageDetails"]
               for tag in image["imageTags"]}
    drive.expect(set(digests) == {"v1", "v2"}, f"ECR.DescribeImages: tags {sorted(digests)}")
    for digest in digests.values():
        drive.expect(re.fullmatch("sha256:[0-9a-f]{64}", digest), f"ECR: digest {digest!r}")
    listed = drive.call("ECR.ListImages", repositoryName=REPOSITORY)["imageIds"]
    drive.expect({"imageTag": "v1", "imageDigest": digests.get("v1")} in listed,
                 f"ECR.ListImages: v1 with its digest is not in {listed}")
    got = drive.call("ECR.BatchGetImage", repositoryName=REPOSITORY,
                     imageIds=[{"imageTag": "v1"}, {"imageTag": "nosuch"}])
    drive.demand("ECR.BatchGetImage", got, "images[].imageId.imageDigest", "images[].imageManifest")
    drive.expect([image["imageManifest"] for image in got["images"]] == [manifest("v1")],
                 "ECR.BatchGetImage: not the manifest that was put")
    drive.expect([f["failureCode"] for f in got["failures"]] == ["ImageNotFound"],
                 f"ECR.BatchGetImage: failures {got['failures']}")
    deleted = drive.call("ECR.BatchDeleteImage", repositoryName=REPOSITORY,
                         imageIds=[{"imageTag": "gone"}])
    drive.expect(len(deleted["imageIds"]) == 1, f"ECR.BatchDeleteImage: {deleted['imageIds']}")
    for missing in ("gone", "nosuch"):
        drive.refuse("ECR.DescribeImages", "ImageNotFoundException", repositoryName=REPOSITORY,
                     imageIds=[{"imageTag": missing}])
    drive.refuse("ECR.DescribeImages", "RepositoryNotFoundException", repositoryName="no/such")


def drive_clusters(drive: Driver) -> str:
    """A cluster; returns its ARN."""
    made = drive.call("ECS.CreateCluster", clusterName=CLUSTER)
    drive.demand("ECS.CreateCluster", made, "cluster.clusterArn", "cluster.status")
    arn = made["cluster"]["clusterArn"]
    answer = drive.call("ECS.DescribeClusters", clusters=[CLUSTER, "nosuch"])
    drive.expect([c["clusterArn"] for c in answer["clusters"]] == [arn],
                 f"ECS.DescribeClusters: {answer['clusters']}")
    drive.expect(answer["clusters"][0]["status"] == "ACTIVE", "ECS.DescribeClusters: not ACTIVE")
    drive.expect([f["reason"] for f in answer["failures"]] == ["MISSING"],
                 f"ECS.DescribeClusters: failures {answer['failures']}")
    drive.expect(arn in drive.call("ECS.ListClusters")["clusterArns"],
                 "ECS.ListClusters: the new cluster is not listed")
    return arn


def definition(image: str, account: str, family: str = FAMILY) -> dict:
    """The input of RegisterTaskDefinition for one container on Fargate."""
    container = {"name": "app", "image": image, "essential": True,
                 "portMappings": [{"name": "http", "containerPort": 8080, "protocol": "tcp"}],
                 "environment": [{"name": "EMPTY", "value": ""}]}
    return {"family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "containerDefinitions": [container],
            "taskRoleArn": f"arn:aws:iam::{account}:role/shop",
            "executionRoleArn": f"arn:aws:iam::{account}:role/ecsTaskExecutionRole"}


def drive_definitions(drive: Driver, image: str, account: str) -> list[str]:
    """Three revisions with tags; returns their ARNs."""
    tags = [{"key": "team", "value": "shop"}]
    arns = []
    for tag in ("v1", "v2", "v3"):
        made = drive.call("ECS.RegisterTaskDefinition", **definition(f"{image}:{tag}", account),
                          tags=tags)
        drive.demand("ECS.RegisterTaskDefinition", made, "taskDefinition.taskDefinitionArn",
                     "taskDefinition.revision", "taskDefinition.status",
                     "taskDefinition.registeredAt", "taskDefinition.compatibilities")
        drive.expect(made.get("tags") == tags, f"ECS.RegisterTaskDefinition: tags {made.get('tags')}")
        arns.append(made["taskDefinition"]["taskDefinitionArn"])
    drive_definition_reads(drive, arns, tags)
    drive_definition_errors(drive, image, account)
    return arns


def drive_definition_reads(drive: Driver, arns: list[str], tags: list[dict]) -> None:
    """The read operations of revisions."""
    latest = drive.call("ECS.DescribeTaskDefinition", taskDefinition=FAMILY, include=["TAGS"])
    drive.expect(latest["taskDefinition"]["taskDefinitionArn"] == arns[-1],
                 "ECS.DescribeTaskDefinition: a family is not its latest revision")
    drive.expect(latest.get("tags") == tags, f"ECS.DescribeTaskDefinition: {latest.get('tags')}")
    bare = drive.call("ECS.DescribeTaskDefinition", taskDefinition=arns[0])
    drive.expect(not bare.get("tags"), "ECS.DescribeTaskDefinition: tags that were not asked for")
    environment = bare["taskDefinition"]["containerDefinitions"][0].get("environment")
    drive.expect(environment == [{"name": "EMPTY", "value": ""}],
                 f"ECS.DescribeTaskDefinition: environment {environment}")
    drive.expect(pages(drive, "ECS.ListTaskDefinitions", "taskDefinitionArns",
                       familyPrefix=FAMILY, sort="DESC") == arns[::-1],
                 "ECS.ListTaskDefinitions: pages of one do not make up the list")
    families = drive.call("ECS.ListTaskDefinitionFamilies", familyPrefix=FAMILY, status="ACTIVE")
    drive.expect(families["families"] == [FAMILY], f"ECS.ListTaskDefinitionFamilies: {families}")


def pages(drive: Driver, name: str, member: str, **parameters: object) -> list[str]:
    """Everything that a list operation gives, one item a page."""
    collected, token = [], {}
    for _ in range(20):
        answer = drive.call(name, maxResults=1, **parameters, **token)
        drive.expect(len(answer[member]) <= 1, f"{name}: more than maxResults on a page")
        collected += answer[member]
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    return collected


def drive_definition_errors(drive: Driver, image: str, account: str) -> None:
    """Invalid task definitions."""
    good = definition(f"{image}:v1", account)
    drive.refuse("ECS.RegisterTaskDefinition", "ClientException",
                 **{**good, "family": "bad family!"})
    drive.refuse("ECS.RegisterTaskDefinition", "ClientException", "Tags can not be empty",
                 **good, tags=[])
    drive.refuse("ECS.RegisterTaskDefinition", "ClientException",
                 **{**good, "containerDefinitions": []})
    drive.refuse("ECS.DescribeTaskDefinition", "ClientException",
                 "Unable to describe task definition", taskDefinition="no-such-family")


def drive_tags(drive: Driver, arn: str) -> None:
    """Tags of a resource, added and removed."""
    drive.call("ECS.TagResource", resourceArn=arn,
               tags=[{"key": "stage", "value": "test"}, {"key": "owner", "value": "me"}])
    drive.call("ECS.UntagResource", resourceArn=arn, tagKeys=["owner"])
    listed = drive.call("ECS.ListTagsForResource", resourceArn=arn)["tags"]
    drive.expect({"key": "stage", "value": "test"} in listed
                 and "owner" not in [tag["key"] for tag in listed],
                 f"ECS.ListTagsForResource: {listed}")


def service_now(drive: Driver, name: str = SERVICE) -> dict:
    """A service as DescribeServices has it."""
    answer = drive.call("ECS.DescribeServices", cluster=CLUSTER, services=[name], include=["TAGS"])
    if len(answer["services"]) != 1:
        raise Deviation(f"ECS.DescribeServices: {len(answer['services'])} services, not one")
    return answer["services"][0]


def primary(service: dict) -> dict:
    """The PRIMARY deployment of the service."""
    found = [d for d in service["deployments"] if d["status"] == "PRIMARY"]
    if len(found) != 1:
        raise Deviation(f"{len(found)} PRIMARY deployments in {service['deployments']}")
    return found[0]


def wait_completed(drive: Driver, deployment: str, name: str = SERVICE) -> dict:
    """The service once a deployment is completed, alone, and its tasks run."""
    def look() -> dict | None:
        service = service_now(drive, name)
        found = [d for d in service["deployments"] if d["id"] == deployment]
        if not found or found[0]["rolloutState"] == "FAILED":
            raise Deviation(f"deployment {deployment} went away or failed: {service['deployments']}")
        done = (found[0]["rolloutState"] == "COMPLETED" and len(service["deployments"]) == 1
                and service["runningCount"] == service["desiredCount"])
        return service if done else None
    return drive.wait(f"deployment {deployment} completed", look)


def drive_service(drive: Driver, arns: list[str]) -> None:
    """A service, created, read, and rolled out to its second revision."""
    request = {"cluster": CLUSTER, "serviceName": SERVICE, "taskDefinition": arns[0],
               "desiredCount": 2, "launchType": "FARGATE", "networkConfiguration": NETWORK,
               "deploymentConfiguration": {
                   "deploymentCircuitBreaker": {"enable": True, "rollback": True}}}
    made = drive.call("ECS.CreateService", **request)
    drive.demand("ECS.CreateService", made, "service.serviceArn", "service.deployments[].id")
    wait_completed(drive, primary(made["service"])["id"])
    arn = made["service"]["serviceArn"]
    listed = drive.call("ECS.ListServices", cluster=CLUSTER)["serviceArns"]
    drive.expect(listed == [arn], f"ECS.ListServices: {listed}")
    drive_tags(drive, arn)
    updated = drive.call("ECS.UpdateService", cluster=CLUSTER, service=SERVICE,
                         taskDefinition=arns[1])["service"]
    drive.expect(primary(updated)["taskDefinition"] == arns[1],
                 "ECS.UpdateService: the PRIMARY deployment is not the new revision")
    service = wait_completed(drive, primary(updated)["id"])
    drive.demand("ECS.DescribeServices", {"services": [service]}, "services[].events[].message",
                 "services[].events[].createdAt", "services[].deploymentConfiguration",
                 "services[].deployments[].rolloutStateReason", "services[].createdAt",
                 "services[].deployments[].failedTasks", "services[].networkConfiguration")
    drive.expect(service["taskDefinition"] == arns[1], "ECS.DescribeServices: not the new revision")
    drive_service_errors(drive)
    drive_namespace(drive, arns[0])


def drive_namespace(drive: Driver, definition_arn: str) -> None:
    """A service in a namespace, found by the namespace, and deleted."""
    made = drive.call("ECS.CreateService", cluster=CLUSTER, serviceName="mesh",
                      taskDefinition=definition_arn, desiredCount=0, launchType="FARGATE",
                      networkConfiguration=NETWORK,
                      serviceConnectConfiguration={"enabled": True, "namespace": "shop"})
    arn = made["service"]["serviceArn"]
    listed = drive.call("ECS.ListServicesByNamespace", namespace="shop")["serviceArns"]
    drive.expect(listed == [arn], f"ECS.ListServicesByNamespace: {listed}")
    drive.refuse("ECS.ListServicesByNamespace", "NamespaceNotFoundException", namespace="nosuch")
    drive.call("ECS.DeleteService", cluster=CLUSTER, service="mesh", force=True)


def drive_service_errors(drive: Driver) -> None:
    """Invalid and missing services."""
    at = {"cluster": CLUSTER}
    drive.refuse("ECS.DescribeServices", "ClusterNotFoundException", cluster="nosuch",
                 services=[SERVICE])
    drive.refuse("ECS.ListTasks", "ClusterNotFoundException", cluster="nosuch")
    drive.refuse("ECS.UpdateService", "ServiceNotFoundException", **at, service="nosuch",
                 forceNewDeployment=True)
    drive.refuse("ECS.UpdateService", "ClientException", **at, service=SERVICE,
                 taskDefinition="no-such-family:1")
    drive.refuse("ECS.CreateService", "InvalidParameterException", "not idempotent", **at,
                 serviceName=SERVICE, taskDefinition=f"{FAMILY}:3", desiredCount=7,
                 launchType="FARGATE", networkConfiguration=NETWORK)
    drive.refuse("ECS.DeleteService", "InvalidParameterException", "scaled above 0", **at,
                 service=SERVICE)
    answer = drive.call("ECS.DescribeServices", **at, services=[SERVICE, "nosuch"])
    drive.demand("ECS.DescribeServices", answer, "failures[].arn", "failures[].reason")
    drive.expect(len(answer["services"]) == 1 and
                 [f["reason"] for f in answer["failures"]] == ["MISSING"],
                 f"ECS.DescribeServices: failures {answer['failures']} for an unknown service")


def deployments_of(drive: Driver, *statuses: str) -> list[dict]:
    """The service deployments in some statuses, newest first."""
    filters = {"status": list(statuses)} if statuses else {}
    return drive.call("ECS.ListServiceDeployments", cluster=CLUSTER, service=SERVICE,
                      **filters)["serviceDeployments"]


def drive_service_deployments(drive: Driver, arns: list[str]) -> None:
    """The newest service deployment and the revision that it moved to."""
    brief = deployments_of(drive)
    if not brief:
        raise Deviation("ECS.ListServiceDeployments: empty after two rollouts")
    drive.demand("ECS.ListServiceDeployments", {"all": brief}, "all[].serviceDeploymentArn",
                 "all[].status", "all[].startedAt", "all[].targetServiceRevisionArn")
    drive.expect(brief == deployments_of(drive, "SUCCESSFUL"),
                 "ECS.ListServiceDeployments: the filter for SUCCESSFUL loses finished ones")
    newest = max(brief, key=lambda item: item["createdAt"])
    answer = drive.call("ECS.DescribeServiceDeployments",
                        serviceDeploymentArns=[newest["serviceDeploymentArn"]])
    drive.demand("ECS.DescribeServiceDeployments", answer, "serviceDeployments[].status",
                 "serviceDeployments[].targetServiceRevision.arn",
                 "serviceDeployments[].deploymentCircuitBreaker.status",
                 "serviceDeployments[].finishedAt", "serviceDeployments[].sourceServiceRevisions")
    detail = answer["serviceDeployments"][0]
    drive.expect(detail["status"] == "SUCCESSFUL", f"ECS: service deployment {detail['status']}")
    revision = drive.call("ECS.DescribeServiceRevisions",
                          serviceRevisionArns=[detail["targetServiceRevision"]["arn"]])
    drive.demand("ECS.DescribeServiceRevisions", revision, "serviceRevisions[].taskDefinition",
                 "serviceRevisions[].containerImages[].image",
                 "serviceRevisions[].containerImages[].containerName")
    drive.expect(revision["serviceRevisions"][0]["taskDefinition"] == arns[1],
                 "ECS.DescribeServiceRevisions: not the task definition that was deployed")


def drive_stop_deployment(drive: Driver, arns: list[str]) -> None:
    """A rollout that is stopped is rolled back to the previous revision."""
    drive.call("ECS.UpdateService", cluster=CLUSTER, service=SERVICE, taskDefinition=arns[2])
    running = deployments_of(drive, "PENDING", "IN_PROGRESS")
    if not running:
        raise Deviation("ECS.ListServiceDeployments: no deployment is under way after UpdateService")
    arn = running[0]["serviceDeploymentArn"]
    stopped = drive.call("ECS.StopServiceDeployment", serviceDeploymentArn=arn, stopType="ROLLBACK")
    drive.expect(stopped.get("serviceDeploymentArn") == arn, f"ECS.StopServiceDeployment: {stopped}")

    def look() -> dict | None:
        service_now(drive)  # on the sandbox's clock, a look moves time
        answer = drive.call("ECS.DescribeServiceDeployments", serviceDeploymentArns=[arn])
        found = answer["serviceDeployments"][0]
        return found if found["status"] not in (
            "PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED",
            "ROLLBACK_IN_PROGRESS") else None
    ended = drive.wait(f"service deployment {arn} stopped", look)
    drive.expect(ended["status"] == "ROLLBACK_SUCCESSFUL",
                 f"ECS: a stopped rollout ended as {ended['status']}")
    service = drive.wait("one deployment is left after the rollback", lambda: next(
        (s for s in [service_now(drive)] if len(s["deployments"]) == 1), None))
    drive.expect(service["taskDefinition"] == arns[1], "ECS: the rollback left the new revision")
    drive.refuse("ECS.StopServiceDeployment", "ConflictException", serviceDeploymentArn=arn)


def whole_service(account: str, definition_arn: str) -> dict:
    """The input of CreateService with every member that an answer has, and two target groups."""
    elb = f"arn:aws:elasticloadbalancing:us-east-1:{account}"
    role = f"arn:aws:iam::{account}:role/ecsInfrastructureRole"
    groups = [f"{elb}:targetgroup/{name}/0123456789abcdef" for name in ("blue", "green")]
    rules = [f"{elb}:listener-rule/app/web/0123456789abcdef/0123456789abcdef/{end}"
             for end in ("0123456789abcdef", "fedcba9876543210")]
    balancer = {"targetGroupArn": groups[0], "containerName": "app", "containerPort": 8080,
                "advancedConfiguration": {"alternateTargetGroupArn": groups[1], "roleArn": role,
                                          "productionListenerRule": rules[0],
                                          "testListenerRule": rules[1]}}
    deployments = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1,
                   "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                   "alarms": {"alarmNames": ["5xx"], "enable": True, "rollback": True},
                   "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}]}
    return {"cluster": CLUSTER, "serviceName": WHOLE, "taskDefinition": definition_arn,
            "desiredCount": 1, "clientToken": "whole", "networkConfiguration": NETWORK,
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}],
            "platformVersion": "LATEST", "loadBalancers": [balancer], "serviceRegistries": [],
            "deploymentConfiguration": deployments, "healthCheckGracePeriodSeconds": 30,
            "schedulingStrategy": "REPLICA", "availabilityZoneRebalancing": "ENABLED",
            "serviceConnectConfiguration": {"enabled": False},
            "vpcLatticeConfigurations": [{"roleArn": role, "targetGroupArn": groups[0],
                                          "portName": "http"}],
            "monitoring": {"metricConfigurations": [{"metricNames": ["CPUUtilization"],
                                                     "resolutionSeconds": 20}]},
            "tags": [{"key": "team", "value": "shop"}], "propagateTags": "SERVICE",
            "enableECSManagedTags": True, "enableExecuteCommand": True}


def drive_whole_service(drive: Driver, arns: list[str], account: str) -> None:
    """A service with every member; its deployment waits in a lifecycle hook."""
    request = whole_service(account, arns[0])
    made = drive.call("ECS.CreateService", **request)["service"]
    drive.expect(drive.call("ECS.CreateService", **request)["service"]["serviceArn"]
                 == made["serviceArn"], "ECS.CreateService: a client token is not idempotent")
    found = drive.call("ECS.ListServiceDeployments", cluster=CLUSTER, service=WHOLE)
    arn = found["serviceDeployments"][0]["serviceDeploymentArn"]

    def look() -> dict | None:
        service_now(drive, WHOLE)  # on the sandbox's clock, a look moves time
        answer = drive.call("ECS.DescribeServiceDeployments", serviceDeploymentArns=[arn])
        hooks = answer["serviceDeployments"][0].get("lifecycleHookDetails", [])
        return hooks[0] if hooks and hooks[0]["status"] == "AWAITING_ACTION" else None
    hook = drive.wait("the PAUSE hook is reached", look)
    drive.refuse("ECS.ContinueServiceDeployment", "ServiceDeploymentNotFoundException",
                 serviceDeploymentArn=arn[:-4] + "none", hookId=hook["hookId"])
    drive.refuse("ECS.ContinueServiceDeployment", "InvalidParameterException",
                 serviceDeploymentArn=arn, hookId="nosuch")
    resumed = drive.call("ECS.ContinueServiceDeployment", serviceDeploymentArn=arn,
                         hookId=hook["hookId"], action="CONTINUE")
    drive.expect(resumed.get("serviceDeploymentArn") == arn, f"ECS: continued {resumed}")
    service = wait_completed(drive, primary(made)["id"], WHOLE)
    drive.expect(service["tags"] == request["tags"], f"ECS.DescribeServices: {service.get('tags')}")
    ended = drive.call("ECS.DescribeServiceDeployments", serviceDeploymentArns=[arn])
    revision = ended["serviceDeployments"][0]["targetServiceRevision"]["arn"]
    pinned = drive.call("ECS.DescribeServiceRevisions", serviceRevisionArns=[revision])
    drive.demand("ECS.DescribeServiceRevisions", pinned, "serviceRevisions[].loadBalancers",
                 "serviceRevisions[].monitoring", "serviceRevisions[].vpcLatticeConfigurations")
    tasks = drive.call("ECS.ListTasks", cluster=CLUSTER, serviceName=WHOLE)["taskArns"]
    task = drive.call("ECS.DescribeTasks", cluster=CLUSTER, tasks=tasks, include=["TAGS"])["tasks"][0]
    drive.expect(task["capacityProviderName"] == "FARGATE_SPOT", "ECS: another capacity provider")
    drive.expect(request["tags"][0] in task["tags"], f"ECS: tags of the task: {task['tags']}")
    drive.call("ECS.DeleteService", cluster=CLUSTER, service=WHOLE, force=True)
    drive.wait("the whole service is INACTIVE",
               lambda: service_now(drive, WHOLE)["status"] == "INACTIVE")


def drive_tasks(drive: Driver, arns: list[str]) -> None:
    """The tasks of the service, and a one-off task that is stopped."""
    listed = drive.call("ECS.ListTasks", cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    drive.expect(len(listed) == 2, f"ECS.ListTasks: {len(listed)} running tasks, not 2")
    answer = drive.call("ECS.DescribeTasks", cluster=CLUSTER, tasks=[*listed, "0" * 32])
    drive.demand("ECS.DescribeTasks", answer, "tasks[].lastStatus", "tasks[].desiredStatus",
                 "tasks[].containers[].name", "tasks[].containers[].lastStatus",
                 "tasks[].group", "tasks[].startedBy", "tasks[].createdAt", "failures[].reason")
    drive.expect([f["reason"] for f in answer["failures"]] == ["MISSING"],
                 f"ECS.DescribeTasks: failures {answer['failures']}")
    wanted = primary(service_now(drive))["id"]
    for task in answer["tasks"]:
        drive.expect(task["startedBy"] == wanted,
                     f"ECS.DescribeTasks: startedBy {task['startedBy']}, not {wanted}")
        drive.expect(task["group"] == f"service:{SERVICE}", f"ECS: group {task['group']}")
        drive.expect(task["taskDefinitionArn"] == arns[1], "ECS.DescribeTasks: another revision")
    drive_one_task(drive, arns[0])


def drive_one_task(drive: Driver, arn: str) -> None:
    """A task that no service owns, from its start to its end."""
    at = {"cluster": CLUSTER}
    ran = drive.call("ECS.RunTask", **at, taskDefinition=arn, launchType="FARGATE", count=1,
                     startedBy="conformance", networkConfiguration=NETWORK)
    drive.expect(len(ran["tasks"]) == 1 and not ran["failures"], f"ECS.RunTask: {ran['failures']}")
    task = ran["tasks"][0]["taskArn"]
    reason = "the drive is over"
    stopping = drive.call("ECS.StopTask", **at, task=task, reason=reason)["task"]
    drive.expect(stopping["desiredStatus"] == "STOPPED", "ECS.StopTask: desiredStatus stays")

    def look() -> dict | None:
        found = drive.call("ECS.DescribeTasks", **at, tasks=[task])["tasks"]
        return found[0] if found and found[0]["lastStatus"] == "STOPPED" else None
    ended = drive.wait("the task is stopped", look)
    drive.demand("ECS.DescribeTasks", ended, "stoppedAt", "stoppedReason", "stopCode")
    drive.expect(ended["stopCode"] == "UserInitiated" and ended["stoppedReason"] == reason,
                 f"ECS.StopTask: {ended.get('stopCode')}, {ended.get('stoppedReason')!r}")
    stopped = drive.call("ECS.ListTasks", **at, desiredStatus="STOPPED", startedBy="conformance")
    drive.expect(stopped["taskArns"] == [task], f"ECS.ListTasks: stopped {stopped['taskArns']}")
    drive.refuse("ECS.StopTask", "InvalidParameterException", "not found", **at, task="0" * 32)


def drive_cli(drive: Driver, account: str) -> None:
    """The same state through the AWS CLI."""
    at = ["--cluster", CLUSTER]
    identity = drive.aws("sts", "get-caller-identity")
    drive.expect(identity.get("Account") == account, f"aws sts get-caller-identity: {identity}")
    images = drive.aws("ecr", "describe-images", "--repository-name", REPOSITORY)["imageDetails"]
    tags = sorted(tag for image in images for tag in image["imageTags"])
    drive.expect(tags == ["v1", "v2", "v3"], f"aws ecr describe-images: tags {tags}")
    updated = drive.aws("ecs", "update-service", *at, "--service", SERVICE,
                        "--force-new-deployment")["service"]
    wait_completed(drive, primary(updated)["id"])
    drive.aws("ecs", "wait", "services-stable", *at, "--services", SERVICE)
    services = drive.aws("ecs", "describe-services", *at, "--services", SERVICE)["services"]
    drive.expect(len(services[0]["deployments"]) == 1, "aws ecs describe-services: not stable")


def drive_end(drive: Driver, arns: list[str]) -> None:
    """Deletes everything."""
    at = {"cluster": CLUSTER, "service": SERVICE}
    scaled = drive.call("ECS.UpdateService", **at, desiredCount=0)["service"]
    drive.expect(scaled["desiredCount"] == 0, f"ECS.UpdateService: {scaled['desiredCount']} wanted")
    deleted = drive.call("ECS.DeleteService", **at)["service"]
    drive.expect(deleted["status"] in ("DRAINING", "INACTIVE"),
                 f"ECS.DeleteService: status {deleted['status']}")
    drive.wait("the service is INACTIVE", lambda: service_now(drive)["status"] == "INACTIVE")
    listed = drive.call("ECS.ListServices", cluster=CLUSTER)["serviceArns"]
    drive.expect(not listed, f"ECS.ListServices: {listed} after DeleteService")
    gone = drive.call("ECS.DeregisterTaskDefinition", taskDefinition=arns[2])["taskDefinition"]
    drive.expect(gone["status"] == "INACTIVE", f"ECS.DeregisterTaskDefinition: {gone['status']}")
    latest = drive.call("ECS.DescribeTaskDefinition", taskDefinition=FAMILY)["taskDefinition"]
    drive.expect(latest["taskDefinitionArn"] == arns[1],
                 "ECS.DescribeTaskDefinition: a family is its latest ACTIVE revision")
    answer = drive.call("ECS.DeleteTaskDefinitions", taskDefinitions=[arns[2], arns[1]])
    statuses = [found["status"] for found in answer["taskDefinitions"]]
    drive.expect(statuses == ["DELETE_IN_PROGRESS"], f"ECS.DeleteTaskDefinitions: {statuses}")
    drive.expect([failure["arn"] for failure in answer["failures"]] == [arns[1]],
                 f"ECS.DeleteTaskDefinitions: an ACTIVE revision: failures {answer['failures']}")
    unknown = f"{arns[0].rpartition(':')[0]}:99"
    answer = drive.call("ECS.DeleteTaskDefinitions", taskDefinitions=[unknown])
    drive.expect([failure["arn"] for failure in answer["failures"]] == [unknown],
                 f"ECS.DeleteTaskDefinitions: an unknown revision: failures {answer['failures']}")


def run(drive: Driver) -> None:
    """The whole run, from an empty account to an empty account."""
    account = drive_sts(drive)
    drive_schedules.drive_rules(drive, account)
    drive_schedules.drive_scheduler(drive, account)
    image = drive_ecr(drive)
    drive_clusters(drive)
    arns = drive_definitions(drive, image, account)
    drive_service(drive, arns)
    drive_service_deployments(drive, arns)
    drive_autoscaling.drive_autoscaling(drive, f"service/{CLUSTER}/{SERVICE}")
    drive_express.drive_express(drive, CLUSTER, image, account)
    drive_tasks(drive, arns)
    drive_stop_deployment(drive, arns)
    drive_whole_service(drive, arns, account)
    drive_cli(drive, account)
    drive_end(drive, arns)
    every = {f"{service}.{name}" for service, names in OPERATIONS.items() for name in names}
    drive.expect(drive.driven == every, f"not driven: {sorted(every - drive.driven)}")


def main() -> None:
    """Run, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="URL of the sandbox")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--access-key", default="AKIAIOSFODNN7EXAMPLE")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds to wait for a change")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two looks")
    args = parser.parse_args()
    quiet_environment(args.access_key)
    drive = Driver(args)
    try:
        run(drive)
    except Deviation as error:
        drive.deviate(f"{error}; the drive stops here")
    except (LookupError, TypeError, ValueError) as error:
        step = traceback.extract_tb(error.__traceback__)[1]
        drive.deviate(f"{step.name}, `{step.line}`: {error!r}; the drive stops here")
    print(f"{len(drive.driven)} operations, {drive.refusals} refusals, {drive.commands} CLI commands, "
          f"{len(drive.deviations)} deviations")
    sys.exit(1 if drive.deviations else 0)


if __name__ == "__main__":
    main()
