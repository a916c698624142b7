"""What a refusal of either cloud is taken for: a row for each documented reason and each public report."""

from __future__ import annotations

import pytest
from google.api.error_reason_pb2 import ErrorReason  # type: ignore[import-untyped]  # it ships no types

from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Hidden, Off, Silent
from keyless_tools.doctor.aws_reasons import CODES, FORBIDDEN, NOT_THERE, meaning
from keyless_tools.doctor.google_api import read
from keyless_tools.doctor.google_reasons import PERMISSION as LACKED
from keyless_tools.doctor.google_reasons import REASONS, ROLES, SWITCHED_OFF

PERMISSION = "iam.workloadIdentityPools.get"
MISSING = Hidden(permission=PERMISSION, role=ROLES[PERMISSION])


def refusal(
    message: str = "why", reason: str = "", *, older: str = "", domain: str = "googleapis.com", **metadata: str
) -> JSON:
    """Google's envelope, with a reason in the new form, the older one, both or neither."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain}
    details = [{**info, "metadata": metadata}] if reason else []
    errors = [{"message": message, "domain": "global", "reason": older}] if older else []
    return {"error": {"message": message, "details": details, "errors": errors}}


def taken_for(status: int, body: object) -> Answer[JSON]:
    return read(status, body, service="iam", permission=PERMISSION, project="my-project")


NOT_USED = "IAM API has not been used in project 1234 before or it is disabled."
NO_QUOTA_PROJECT = (
    "Your application is authenticating by using local Application Default Credentials. The iam.googleapis.com API"
    " requires a quota project, which is not set by default."
)
NO_USE = (
    "Caller does not have required permission to use project other. Grant the caller the"
    " roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission"
)


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, {"name": "x"}, Found(value={"name": "x"})),
        (404, refusal(), Absent()),
        (403, refusal(reason="SERVICE_DISABLED"), Off(service="iam.googleapis.com")),
        (
            403,
            refusal(reason="SERVICE_DISABLED", consumer="projects/12", service="x.googleapis.com"),
            Off(service="x.googleapis.com", project="12"),
        ),
        (403, refusal(NOT_USED, "SERVICE_DISABLED"), Off(service="iam.googleapis.com", project="1234")),
        (403, refusal(NOT_USED, older="accessNotConfigured"), Off(service="iam.googleapis.com", project="1234")),
        (403, refusal(NOT_USED), Off(service="iam.googleapis.com", project="1234")),
        (403, refusal(reason="IAM_PERMISSION_DENIED", domain="iam.googleapis.com"), MISSING),
        (
            403,
            refusal(reason="IAM_PERMISSION_DENIED", permission="kms.keys.get"),
            Hidden(permission="kms.keys.get"),
        ),
        # Texts of IAM, of the Resource Manager, of BigQuery and of Compute Engine, as public reports quote them.
        (403, refusal("The caller does not have permission", older="forbidden"), MISSING),
        (403, refusal(f"Permission '{PERMISSION}' denied on resource '//iam' (or it may not exist)."), MISSING),
        (403, refusal(f"Permission {PERMISSION} denied on x", older="accessDenied"), MISSING),
        (
            403,
            refusal("Access Denied: Dataset p:d: Permission bigquery.datasets.get denied on dataset p:d"),
            Hidden(permission="bigquery.datasets.get", role=ROLES["bigquery.datasets.get"]),
        ),
        (403, refusal("Access Denied: User does not have permission to query table", older="accessDenied"), MISSING),
        (403, refusal("Required 'compute.networks.get' permission for 'n'"), Hidden(permission="compute.networks.get")),
        (
            403,
            refusal("a@p.iam.gserviceaccount.com does not have storage.buckets.get access to the bucket."),
            Hidden(permission="storage.buckets.get"),
        ),
    ],
)  # fmt: skip
def test_absence_a_missing_permission_and_an_api_that_is_off_are_told_apart(
    status: int, body: object, answer: Answer[JSON]
) -> None:
    assert taken_for(status, body) == answer


QUOTA_PROJECT = "`gcloud auth application-default set-quota-project my-project`"


@pytest.mark.parametrize(
    ("status", "body", "parts"),
    [
        # Its own project has the API off, and belongs to Google: enabling it there is refused.
        (
            403,
            refusal(NO_QUOTA_PROJECT, "SERVICE_DISABLED", consumer="projects/764086051850"),
            ("name no quota project", "project 764086051850, which is Google's own", QUOTA_PROJECT),
        ),
        (403, refusal(NOT_USED.replace("1234", "32555940559")), ("name no quota project", QUOTA_PROJECT)),
        (
            403,
            refusal(NO_USE, "USER_PROJECT_DENIED", consumer="projects/other"),
            ("project other as quota project", QUOTA_PROJECT, "USER_PROJECT_OVERRIDE", "GOOGLE_BILLING_PROJECT"),
        ),
        (403, refusal(NO_USE, older="forbidden"), ("project other as quota project", QUOTA_PROJECT)),
        (
            403,
            refusal("Permission denied on resource project x.", "CONSUMER_INVALID", consumer="projects/x"),
            ("project x is not there",),
        ),
        (
            403,
            refusal("VPC Service Controls: Request is prohibited by organization's policy. uid: x", older="forbidden"),
            ("VPC Service Controls", "ingress rule", "uid: x"),
        ),
        (403, refusal("Request is prohibited by organization's policy", "SECURITY_POLICY_VIOLATED"), ("ingress rule",)),
        (
            403,
            refusal("Request had insufficient authentication scopes.", older="insufficientPermissions"),
            ("lacks the scope https://www.googleapis.com/auth/cloud-platform", "application-default login"),
        ),
        (403, refusal("x", older="billingNotEnabled"), ("no active billing account",)),
        (403, refusal("Quota exceeded", older="quotaExceeded"), ("a quota of the project",)),
        (403, refusal("Exceeded rate limits", older="rateLimitExceeded"), ("rate limit", "wait a minute")),
        (429, refusal("Quota exceeded", "RATE_LIMIT_EXCEEDED", consumer="projects/1"), ("rate limit of project 1",)),
        (401, refusal("Request had invalid authentication credentials", older="authError"), ("not accepted", "login`")),
        (401, refusal("x", "ACCESS_TOKEN_EXPIRED"), ("your access token has expired",)),
        (401, refusal("x", "ACCOUNT_STATE_INVALID"), ("disabled or deleted",)),
        (503, refusal("later", older="backendError"), ("run it again", "iam answered 503 backendError: later")),
    ],
)  # fmt: skip
def test_every_other_refusal_has_its_cause_its_fix_and_googles_words(
    status: int, body: object, parts: tuple[str, ...]
) -> None:
    answer = taken_for(status, body)
    assert isinstance(answer, Silent)
    assert [part for part in parts if part not in answer.why] == []
    assert f"iam answered {status}" in answer.why
    assert "you lack" not in answer.why


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (403, refusal("nothing that is known"), "iam answered 403: nothing that is known"),
        (403, refusal("new", "NEW_GUARD"), "iam answered 403 NEW_GUARD: new"),
        (403, refusal("no", older="forbidden"), "iam answered 403 forbidden: no"),
        (400, refusal("{consumer}", older="invalid"), "iam answered 400 invalid: {consumer}"),
        (500, refusal("oh"), "iam answered 500: oh"),
        (403, {"error": {"details": "?", "errors": [None]}}, "iam answered 403: no message"),
    ],
)
def test_what_is_not_known_is_quoted_without_a_guess(status: int, body: object, why: str) -> None:
    assert taken_for(status, body) == Silent(why=why)


def test_each_reason_of_googles_own_list_has_a_meaning() -> None:
    ours = {*REASONS, SWITCHED_OFF, LACKED}
    assert ours == set(ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_is_reported_with_its_fix_whatever_the_text_looks_like(reason: str) -> None:
    answer = taken_for(403, refusal("The caller does not have permission", reason))
    assert isinstance(answer, Silent)
    assert REASONS[reason].what.partition("{")[0] in answer.why
    assert not {"{consumer}", "{project}"} & set(answer.why.split())


# AWS

COMMON = [
    *("AccessDeniedException", "ExpiredTokenException", "IncompleteSignature", "InternalFailure"),
    *("MalformedHttpRequestException", "NotAuthorized", "OptInRequired", "RequestAbortedException"),
    *("RequestEntityTooLargeException", "RequestExpired", "RequestTimeoutException", "ServiceUnavailable"),
    *("ThrottlingException", "UnrecognizedClientException", "UnknownOperationException", "ValidationError"),
    *("InvalidClientTokenId", "InvalidAction", "InvalidParameterCombination", "InvalidParameterValue"),
    *("InvalidQueryParameter", "MalformedQueryString", "MissingAction", "MissingAuthenticationToken"),
    "MissingParameter",
]
"""The common errors of AWS's APIs. Source: "Common error types" of Lambda, IAM, STS and CloudWatch Logs."""

DENIED = "User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: {} on resource: r"


def test_each_of_awss_common_errors_has_a_meaning() -> None:
    assert set(COMMON) - {*CODES, *FORBIDDEN, *NOT_THERE} == set()


@pytest.mark.parametrize(
    ("code", "message", "answer"),
    [
        ("ResourceNotFoundException", "", Absent()),
        ("NoSuchEntity", "", Absent()),
        ("AccessDeniedException", "", Hidden(permission="iam:GetRole")),
        ("AccessDenied", DENIED.format("iam:GetRole"), Hidden(permission="iam:GetRole")),
        (
            "AccessDenied",
            DENIED.format("iam:GetRole") + " because no identity-based policy allows the iam:GetRole action",
            Hidden(permission="iam:GetRole", why="no identity-based policy allows the iam:GetRole action"),
        ),
        (
            "AccessDeniedException",
            DENIED.format("kms:Decrypt") + " with an explicit deny in a service control policy",
            Hidden(permission="kms:Decrypt", why="with an explicit deny in a service control policy"),
        ),
        ("AccessDenied", "not your key", Hidden(permission="iam:GetRole", why="not your key")),
    ],
)
def test_a_refusal_of_awss_names_the_action_and_the_policy(code: str, message: str, answer: Answer[JSON]) -> None:
    assert meaning(code, message, action="iam:GetRole") == answer


@pytest.mark.parametrize(
    ("code", "message", "part"),
    [
        ("ExpiredToken", "The security token included in the request is expired", "session has expired"),
        ("ExpiredTokenException", "x", "`aws sso login`"),
        ("InvalidClientTokenId", "The security token included in the request is invalid.", "the region is off"),
        ("UnrecognizedClientException", "x", "AWS does not know the access key"),
        ("RequestExpired", "Request has expired.", "clock"),
        ("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than", "clock"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20260101T000000Z is still later", "clock"),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", "secret key"),
        ("OptInRequired", "x", "enable it, or compare awsRegion"),
        ("ThrottlingException", "Rate exceeded", "wait a minute"),
        ("InternalFailure", "x", "run it again"),
    ],
)
def test_other_errors_of_awss_have_their_cause_and_awss_words(code: str, message: str, part: str) -> None:
    answer = meaning(code, message, action="iam:GetRole")
    assert isinstance(answer, Silent)
    assert part in answer.why
    assert answer.why.endswith(f"AWS answered iam:GetRole with {code}: {message}")


def test_an_unknown_error_of_awss_is_quoted_without_a_guess() -> None:
    assert meaning("Odd", "m", action="a:B") == Silent(why="AWS answered a:B with Odd: m")
