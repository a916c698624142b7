"""A role's session may do what its policies say: judged on what is carried out, however the request is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import httpx
import pytest

from federation_emulator.ports.enforcement import AUTHORIZATIONS
from tests.emulator.chain import ACCOUNT, REGION, LocalAccount

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limits"
OWN, OTHER = "limited-own", "unlimited"
ALLOWED = [
    {
        "Effect": "Allow",
        "Action": ["iam:PutRolePermissionsBoundary", "iam:TagRole"],
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/{OWN}",
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}},
    },
    {"Effect": "Allow", "Action": ["logs:DescribeLogGroups", "lambda:CreateFunction"], "Resource": "*"},
]
FORM, JSON = "application/x-www-form-urlencoded", "application/x-amz-json-1.1"
PUT = {"Action": "PutRolePermissionsBoundary", "Version": "2010-05-08"}


class Session:
    """Sends signed requests as a role."""

    def __init__(self, url: str, keys: Any) -> None:
        self._url = url
        self._keys = botocore.credentials.Credentials(keys.key, keys.secret, keys.token)

    def sent(self, service: str, body: str, *, method: str = "POST", path: str = "/", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = botocore.awsrequest.AWSRequest(method, self._url + path, data=body, headers=named)
        botocore.auth.SigV4Auth(self._keys, service, REGION).add_auth(request)
        return httpx.request(
            method, self._url + path, content=body, headers=dict(request.headers), timeout=20, trust_env=False
        )


@pytest.fixture(scope="module")
def session(aws_url: str) -> Iterator[Session]:
    """A session of a role with the policy above; two roles, with and without a boundary, exist."""
    account = LocalAccount(aws_url)
    iam = account.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": ALLOWED})
    iam.create_policy(PolicyName="limits", PolicyDocument=document)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=OWN, AssumeRolePolicyDocument=trust, PermissionsBoundary=BOUNDARY)
    iam.create_role(RoleName=OTHER, AssumeRolePolicyDocument=trust)
    keys = account.assume("limited", session="judged")
    iam.put_role_policy(RoleName="limited", PolicyName="p", PolicyDocument=document)
    yield Session(aws_url, keys)
    iam.delete_role_policy(RoleName="limited", PolicyName="p")
    for role in ("limited", OWN, OTHER):
        iam.delete_role(RoleName=role)
    iam.delete_policy(PolicyArn=BOUNDARY)


def form(*pairs: tuple[str, str]) -> str:
    return str(httpx.QueryParams([*PUT.items(), *pairs]))


def test_an_allowed_call_is_carried_out_and_recorded_and_so_is_a_refused_one(session: Session, aws_url: str) -> None:
    allowed = session.sent("iam", form(("RoleName", OWN), ("PermissionsBoundary", BOUNDARY)), Content_Type=FORM)
    assert allowed.status_code == 200, allowed.text
    refused = session.sent("iam", form(("RoleName", OTHER), ("PermissionsBoundary", BOUNDARY)), Content_Type=FORM)
    assert refused.status_code == 403
    assert f"iam:PutRolePermissionsBoundary on resource: arn:aws:iam::{ACCOUNT}:role/{OTHER}" in refused.text
    recorded = httpx.get(aws_url + AUTHORIZATIONS, timeout=20).json()["authorizations"]
    assert {
        (one["resource"].rpartition("/")[2], one["allowed"]) for one in recorded if "/judged" in one["principal"]
    } == {
        (OWN, True),
        (OTHER, False),
    }


@pytest.mark.parametrize(
    ("body", "path", "headers"),
    [
        (form(("RoleName", OWN), ("PermissionsBoundary", f"{BOUNDARY}2")), "/", {"Content_Type": FORM}),
        (form(("RoleName", OWN), ("PermissionsBoundary", "")), "/", {"Content_Type": FORM}),
        # Without its blank a repeated field has one value, which is not the first.
        (
            form(("RoleName", OWN), ("PermissionsBoundary", ""), ("PermissionsBoundary", OTHER)),
            "/",
            {"Content_Type": FORM},
        ),
        (form(("RoleName", ""), ("RoleName", OTHER), ("PermissionsBoundary", BOUNDARY)), "/", {"Content_Type": FORM}),
        ("Action=&" + form(("RoleName", OTHER), ("PermissionsBoundary", BOUNDARY)), "/", {"Content_Type": FORM}),
        # Of a form that does not say so no action was asked for, and a query was judged in its place.
        (form(("RoleName", OTHER), ("PermissionsBoundary", BOUNDARY)), "/", {"Content_Type": "text/plain"}),
        (form(("RoleName", OTHER), ("PermissionsBoundary", BOUNDARY)), "/", {"Content_Type": FORM.upper()}),
        (form(("RoleName", OTHER), ("PermissionsBoundary", BOUNDARY)), f"/?RoleName={OWN}", {"Content_Type": FORM}),
    ],
)
def test_iam_is_judged_by_the_form_that_is_carried_out(
    session: Session, body: str, path: str, headers: Mapping[str, str]
) -> None:
    assert session.sent("iam", body, path=path, **headers).status_code in {400, 403}


def test_logs_are_judged_by_the_target_and_not_by_an_action_in_the_body(session: Session) -> None:
    target = {"X_Amz_Target": "Logs_20140328.DeleteLogGroup", "Content_Type": FORM}
    hidden = json.dumps({"a": "&Action=DescribeLogGroups&", "logGroupName": "g"})
    assert "logs:DeleteLogGroup" in session.sent("logs", hidden, **target).text
    listed = {"X_Amz_Target": "Logs_20140328.DescribeLogGroups", "Content_Type": JSON}
    assert session.sent("logs", "{}", **listed).status_code == 200


def test_a_role_is_passed_by_who_may_pass_it_and_a_call_of_lambda_without_a_name_is_refused(session: Session) -> None:
    body = json.dumps({"FunctionName": "f", "Role": f"arn:aws:iam::{ACCOUNT}:role/{OTHER}", "Code": {}})
    passed = session.sent("lambda", body, path="/2015-03-31/functions", Content_Type="application/json")
    assert passed.status_code == 403
    assert f"iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/{OTHER}" in passed.text
    unknown = session.sent("lambda", "", method="GET", path="/2015-03-31/event-source-mappings")
    assert unknown.status_code == 403
