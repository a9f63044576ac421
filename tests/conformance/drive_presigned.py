"""Presigned GetCallerIdentity requests of botocore, as EKS makes them, against the sandbox.

The sandbox must take what botocore signs, and refuse what was changed.
"""

import argparse
import urllib.error
import urllib.parse
import urllib.request

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
HOST = f"sts.{REGION}.amazonaws.com"
HEADER = "x-ecsail-plan"
USERS = [
    (Credentials("AKIASANDBOXALICE0000", "alice-secret"), "user/alice"),
    (Credentials("ASIASANDBOXSSOBOB000", "session-secret", "session-token/of+the=sandbox"), "bob@example.com"),
]


def presigned(credentials, plan):
    url = f"https://{HOST}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers={"host": HOST, HEADER: plan})
    SigV4QueryAuth(credentials, "sts", REGION, expires=900).add_auth(request)
    return urllib.parse.urlsplit(request.url).query


def answer(endpoint, query, plan):
    request = urllib.request.Request(f"{endpoint}/?{query}", headers={"Host": HOST, HEADER: plan})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--token", help="a token of ecsail, which is compared with what botocore signs")
    parser.add_argument("--plan", default="sha256:ab")
    endpoint = (arguments := parser.parse_args()).endpoint
    for credentials, name in USERS:
        query = presigned(credentials, "sha256:ab")
        status, body = answer(endpoint, query, "sha256:ab")
        assert status == 200 and name in body, (status, body)
        status, body = answer(endpoint, query, "sha256:cd")
        assert status == 403 and "SignatureDoesNotMatch" in body, (status, body)
        status, body = answer(endpoint, query.replace("Version=2011-06-15", "Version=2011-06-14"), "sha256:ab")
        assert status == 403 and "SignatureDoesNotMatch" in body, (status, body)
    wrong = Credentials("AKIASANDBOXALICE0000", "guessed")
    status, body = answer(endpoint, presigned(wrong, "sha256:ab"), "sha256:ab")
    assert status == 403 and "SignatureDoesNotMatch" in body, (status, body)
    if arguments.token:
        compare(arguments.token, arguments.plan)
    print("presigned requests: as botocore signs them")


def compare(token, plan):
    """Signs what ecsail has signed at the same time, and compares the signatures."""
    import datetime
    from unittest import mock

    _, rest = token.split(".", 1)
    region, key, date, signature, session = rest.split(".", 4)
    credentials, _ = next(user for user in USERS if user[0].access_key == key)
    assert (credentials.token or "") == session, session
    signed_at = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")
    with mock.patch("botocore.auth.get_current_datetime", return_value=signed_at):
        query = urllib.parse.parse_qs(presigned(credentials, plan))
    assert query["X-Amz-Date"] == [date], (query, date)
    assert query["X-Amz-Signature"] == [signature], (query, signature)


main()
