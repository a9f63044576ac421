#!/usr/bin/env python3
"""Encrypt and decrypt values, and read secrets, in the sandbox, MiniStack or moto, as another client of ecsail.

`prepare` makes a key with an alias and prints the ciphertext of a value; `decrypt TEXT` prints what a ciphertext stands for;
`read` prints the values that were written.
"""

from __future__ import annotations

import argparse
import base64
import json

import boto3

VALUE = b"blue-sky-77"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("action", choices=["prepare", "decrypt", "read"])
    parser.add_argument("text", nargs="?")
    options = parser.parse_args()

    def client(service: str):
        return boto3.client(service, endpoint_url=options.endpoint, region_name="us-east-1")

    kms = client("kms")
    if options.action == "prepare":
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
        blob = kms.encrypt(KeyId="alias/shop", Plaintext=VALUE)["CiphertextBlob"]
        print(json.dumps(base64.b64encode(blob).decode()))
    elif options.action == "decrypt":
        blob = base64.b64decode(options.text, validate=True)
        print(json.dumps(kms.decrypt(CiphertextBlob=blob)["Plaintext"].decode()))
    else:
        ssm, secrets = client("ssm"), client("secretsmanager")
        parameter = ssm.get_parameter(Name="/shop/db", WithDecryption=True)["Parameter"]
        described = secrets.describe_secret(SecretId="shop/db")
        print(json.dumps({
            "parameter": [parameter["Value"], parameter["Type"], parameter["Version"]],
            "secret": secrets.get_secret_value(SecretId="shop/db")["SecretString"],
            "stages": sorted(stage for stages in described["VersionIdsToStages"].values() for stage in stages),
        }))


main()
