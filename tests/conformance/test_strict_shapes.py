"""Tests of the strict comparison itself: run with `python -m unittest`."""

import json
import unittest

import botocore.session

from strict_shapes import differences

SESSION = botocore.session.get_session()
IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Account>1</Account>{}</GetCallerIdentityResult>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


def found(service: str, operation: str, body: str) -> list[str]:
    """The differences of one answer."""
    model = SESSION.get_service_model(service).operation_model(operation)
    return list(differences(model, body.encode()))


def of_service(**members: object) -> list[str]:
    """The differences of a DescribeServices answer with one service."""
    return found("ecs", "DescribeServices", json.dumps({"services": [members]}))


class StrictShapes(unittest.TestCase):
    """One test a kind of difference."""

    def test_a_good_answer_has_none(self) -> None:
        deployment = {"id": "ecs-svc/1", "rolloutState": "COMPLETED", "createdAt": 1767225600.5}
        self.assertEqual(of_service(desiredCount=2, deployments=[deployment]), [])

    def test_unknown_members_and_wrong_types_are_told_with_their_path(self) -> None:
        self.assertIn("services[0].mood: unknown member of Service", of_service(mood="good"))
        for wrong in ({"desiredCount": "2"}, {"desiredCount": True}, {"serviceName": None},
                      {"events": {}}, {"enableExecuteCommand": 1}, {"createdAt": 1767225600000},
                      {"createdAt": "2026-01-01T00:00:00Z"}, {"schedulingStrategy": "SOME"}):
            with self.subTest(wrong=wrong):
                self.assertEqual(len(of_service(**wrong)), 1)
                self.assertTrue(of_service(**wrong)[0].startswith(f"services[0].{[*wrong][0]}: "))

    def test_required_members_must_be_there(self) -> None:
        network = {"awsvpcConfiguration": {"assignPublicIp": "DISABLED"}}
        self.assertEqual(len(of_service(networkConfiguration=network)), 1)
        self.assertIn("subnets: required", of_service(networkConfiguration=network)[0])

    def test_xml_answers(self) -> None:
        self.assertEqual(found("sts", "GetCallerIdentity", IDENTITY.format("<Arn>a</Arn>")), [])
        for wrong in ("<Mood>good</Mood>", "<Account>2</Account>", "<Arn></Arn>", "<Arn>"):
            with self.subTest(wrong=wrong):
                self.assertTrue(found("sts", "GetCallerIdentity", IDENTITY.format(wrong)))


if __name__ == "__main__":
    unittest.main()
