#!/usr/bin/env python3
"""Create in MiniStack or moto what templates look up: parameters, a secret, a stack and an object."""

from __future__ import annotations

import argparse
import json

import boto3

TEMPLATE = {
    "Resources": {"Kept": {"Type": "AWS::SSM::Parameter",
                           "Properties": {"Name": "/stack/kept", "Type": "String", "Value": "x"}}},
    "Outputs": {"VpcId": {"Value": "vpc-<1> & more", "Export": {"Name": "shared-vpc"}}},
}
STATE = {"version": 4, "outputs": {"net": {"value": ["subnet-1", "subnet-2"]}}, "resources": []}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    options = parser.parse_args()

    def client(service: str):
        return boto3.client(service, endpoint_url=options.endpoint, region_name="us-east-1")

    ssm = client("ssm")
    ssm.put_parameter(Name="/shop/level", Type="String", Value="info")
    ssm.put_parameter(Name="/shop/hosts", Type="StringList", Value="a,b")
    ssm.put_parameter(Name="/shop/token", Type="SecureString", Value="blue-sky-77")
    secret = client("secretsmanager").create_secret(Name="shop/db", SecretString="hunter22")
    client("cloudformation").create_stack(StackName="network", TemplateBody=json.dumps(TEMPLATE))
    s3 = client("s3")
    s3.create_bucket(Bucket="states")
    s3.put_object(Bucket="states", Key="a b/net.tfstate", Body=json.dumps(STATE))
    print(json.dumps({"secret": secret["ARN"]}))


main()
