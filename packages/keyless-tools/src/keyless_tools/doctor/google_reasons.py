"""What a refusal of Google's means, by the reason in it: what it is, and what fixes it. Pure.

Sources: ``google/api/error_reason.proto`` for the reasons of ``google.rpc.ErrorInfo``; BigQuery, "Error messages", and
the "Usage limits" pages of Google's older APIs for ``errors[].reason``; "Troubleshoot your ADC setup" for texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from keyless_bigquery.command_line import command_line
from keyless_tools.doctor.answer import JSON, Answer, Hidden, Off, Silent

ROLES: Mapping[str, str] = {
    "serviceusage.services.get": "roles/serviceusage.serviceUsageViewer",
    "iam.workloadIdentityPools.get": "roles/iam.workloadIdentityPoolViewer",
    "iam.workloadIdentityPoolProviders.get": "roles/iam.workloadIdentityPoolViewer",
    "iam.workloadIdentityPoolProviders.list": "roles/iam.workloadIdentityPoolViewer",
    "iam.serviceAccounts.get": "roles/iam.serviceAccountViewer",
    "iam.serviceAccounts.getIamPolicy": "roles/iam.securityReviewer",
    "iam.serviceAccountKeys.list": "roles/iam.serviceAccountViewer",
    "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query": "roles/policyanalyzer.activityAnalysisViewer",
    "resourcemanager.projects.getIamPolicy": "roles/browser",
    "orgpolicy.policy.get": "roles/orgpolicy.policyViewer",
    "bigquery.datasets.get": "roles/bigquery.metadataViewer",
    "bigquery.tables.get": "roles/bigquery.metadataViewer",
    "bigquery.tables.getIamPolicy": "roles/iam.securityReviewer",
    "bigquery.tables.list": "roles/bigquery.metadataViewer",
    "bigquery.rowAccessPolicies.list": "roles/iam.securityReviewer",
}
"""Each permission that a look needs, and a predefined role for reading that has it."""

PERMISSION = "IAM_PERMISSION_DENIED"
SWITCHED_OFF = "SERVICE_DISABLED"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A reason for a refusal.

    Args:
        what: What it is; ``{consumer}`` stands for the project that the call counts for.
        fix: What to do; ``{project}`` stands for a project that may be that one.
    """

    what: str
    fix: str


_LOGIN = "`gcloud auth application-default login`"
_QUOTA_PROJECT = (
    "`gcloud auth application-default set-quota-project {project}` (or GOOGLE_CLOUD_QUOTA_PROJECT) names another; for"
    " `pulumi up`, GOOGLE_BILLING_PROJECT with USER_PROJECT_OVERRIDE=true"
)
_WAIT = Reason(what="a rate limit of {consumer} is used up", fix="wait a minute, and run it again")
_QUOTA = Reason(what="a quota of {consumer} is used up", fix="wait until it is renewed, or have it raised")
_BILLING = Reason(what="{consumer} has no active billing account", fix="its owner links one: `gcloud billing projects`")
_SUSPENDED = Reason(what="Google suspended {consumer}", fix="its owner appeals in the console")
_NO_PROJECT = Reason(
    what="{consumer} is not there, or not named as a project is",
    fix="compare it with the settings; if it is the quota project of your credentials, " + _QUOTA_PROJECT,
)
_PERIMETER = Reason(
    what="VPC Service Controls keep you out: a perimeter around the project",
    fix="its administrator lets you in by an ingress rule; the audit log has the id of this refusal",
)
_LOCATION = Reason(
    what="a location policy of the organisation forbids it", fix="its administrator: constraints/gcp.resourceLocations"
)
_FOREIGN_KEY = Reason(
    what="Google judged an API key, which is not sent from here",
    fix="a proxy or googleEndpoint adds it: send none",
)
_ADDED = Reason(
    what="Google refuses a header, cookie or second credential, which is not sent from here",
    fix="a proxy or googleEndpoint adds it",
)
_CREDENTIALS = Reason(what="the API does not take credentials of this kind", fix=f"use others: {_LOGIN}")

REASONS: Mapping[str, Reason] = {
    "BILLING_DISABLED": _BILLING,
    **dict.fromkeys(
        (
            *("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"),
            *("API_KEY_IP_ADDRESS_BLOCKED", "API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED"),
        ),
        _FOREIGN_KEY,
    ),
    **dict.fromkeys(
        (
            *("SESSION_COOKIE_INVALID", "SYSTEM_PARAMETER_UNSUPPORTED", "ORG_RESTRICTION_HEADER_INVALID"),
            *("MISSING_ORIGIN", "OVERLOADED_CREDENTIALS", "CREDENTIAL_ANDROID_APP_INVALID"),
        ),
        _ADDED,
    ),
    "RATE_LIMIT_EXCEEDED": _WAIT,
    **dict.fromkeys(("RESOURCE_QUOTA_EXCEEDED", "EMULATOR_QUOTA_EXCEEDED"), _QUOTA),
    **dict.fromkeys(
        ("LOCATION_TAX_POLICY_VIOLATED", "LOCATION_POLICY_VIOLATED", "LOCATION_ORG_POLICY_VIOLATED"), _LOCATION
    ),
    "USER_PROJECT_DENIED": Reason(
        what="you may not use {consumer} as quota project, which your credentials name",
        fix="have roles/serviceusage.serviceUsageConsumer granted to you on it; or " + _QUOTA_PROJECT,
    ),
    **dict.fromkeys(("CONSUMER_SUSPENDED", "GCP_SUSPENDED"), _SUSPENDED),
    **dict.fromkeys(("CONSUMER_INVALID", "RESOURCE_PROJECT_INVALID"), _NO_PROJECT),
    "SECURITY_POLICY_VIOLATED": _PERIMETER,
    "ACCESS_TOKEN_EXPIRED": Reason(
        what="your access token has expired", fix=f"{_LOGIN}, or set GOOGLE_OAUTH_ACCESS_TOKEN again"
    ),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Reason(
        what="your access token lacks the scope https://www.googleapis.com/auth/cloud-platform",
        fix=f"{_LOGIN}, or a token with that scope",
    ),
    "ACCOUNT_STATE_INVALID": Reason(
        what="the account of your credentials is disabled or deleted", fix=f"use another: {_LOGIN}"
    ),
    **dict.fromkeys(
        (
            *("ACCESS_TOKEN_TYPE_UNSUPPORTED", "CREDENTIALS_MISSING", "JWT_TOKEN_INVALID"),
            *("CREDENTIAL_TYPE_UNSUPPORTED", "ACCOUNT_TYPE_UNSUPPORTED"),
        ),
        _CREDENTIALS,
    ),
    "USER_BLOCKED_BY_ADMIN": Reason(
        what="Google Workspace blocks the service for your account", fix="its administrator; or other credentials"
    ),
    "RESOURCE_USAGE_RESTRICTION_VIOLATED": Reason(
        what="the organisation forbids the service", fix="its administrator: constraints/gcp.restrictServiceUsage"
    ),
    "ENDPOINT_USAGE_RESTRICTION_VIOLATED": Reason(
        what="the organisation forbids this address of the API",
        fix="googleEndpoint, or its administrator: constraints/gcp.restrictEndpointUsage",
    ),
    "ORG_RESTRICTION_VIOLATION": Reason(
        what="your network's header X-Goog-Allowed-Resources leaves the organisation out",
        fix="the proxy's administrator adds the organisation, or use another network",
    ),
    "TLS_ORG_POLICY_VIOLATED": Reason(
        what="the organisation forbids the version of TLS", fix="a newer OpenSSL here, or the proxy's"
    ),
    "TLS_CIPHER_RESTRICTION_VIOLATED": Reason(
        what="the organisation forbids the TLS cipher suite", fix="a newer OpenSSL here, or the proxy's"
    ),
    "SERVICE_NOT_VISIBLE": Reason(
        what="the API is not visible to {consumer}", fix="its owner has it made visible; compare googleUniverseDomain"
    ),
    "MCP_SERVER_DISABLED": Reason(what="the API is off in {consumer}", fix="its owner enables it"),
}
"""Every reason of ``google.api.ErrorReason`` but the two that have answers of their own."""

OLDER: Mapping[str, str | Reason] = {
    "accessNotConfigured": SWITCHED_OFF,
    "billingNotEnabled": "BILLING_DISABLED",
    **dict.fromkeys(
        ("rateLimitExceeded", "userRateLimitExceeded", "jobRateLimitExceeded", "concurrentLimitExceeded"),
        "RATE_LIMIT_EXCEEDED",
    ),
    **dict.fromkeys(
        ("quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg", "limitExceeded"), "RESOURCE_QUOTA_EXCEEDED"
    ),
    **dict.fromkeys(("vpcServiceControls", "policyViolation", "securityPolicyViolated"), "SECURITY_POLICY_VIOLATED"),
    **dict.fromkeys(("keyInvalid", "keyExpired", "ipRefererBlocked", "refererBlocked"), "API_KEY_INVALID"),
    **dict.fromkeys(("accountDisabled", "accountDeleted"), "ACCOUNT_STATE_INVALID"),
    "userProjectDenied": "USER_PROJECT_DENIED",
    "blocked": Reason(what="BigQuery blocked the operation for a time", fix="Google's support"),
    "responseTooLarge": Reason(what="the answer is larger than BigQuery sends", fix="report it: no look needs that"),
    "sslRequired": Reason(what="the request came over HTTP", fix="googleEndpoint must begin with https"),
    "proxyAuthenticationRequired": Reason(what="a proxy wants credentials", fix="HTTPS_PROXY must name them"),
    **dict.fromkeys(
        ("backendError", "internalError", "jobBackendError", "jobInternalError", "tableUnavailable", "timeout"),
        Reason(what="Google failed by itself", fix="run it again"),
    ),
}
"""Reasons of the older error form. Not in it are those that say no more than the status: ``accessDenied``,
``forbidden`` and ``insufficientPermissions`` are of IAM, of scopes or of a perimeter, as the message has it."""

_SIGNS: tuple[tuple[str, str], ...] = (
    ("has not been used in project", SWITCHED_OFF),
    ("requires a quota project, which is not set", SWITCHED_OFF),
    ("required permission to use project", "USER_PROJECT_DENIED"),
    ("is prohibited by organization's policy", "SECURITY_POLICY_VIOLATED"),
    ("violates VPC Service Controls", "SECURITY_POLICY_VIOLATED"),
    ("insufficient authentication scopes", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    ("requires billing to be enabled", "BILLING_DISABLED"),
)
"""Pieces of texts that come without a reason of their own."""

_OF_IAM = re.compile(
    r"[Pp]ermission '?(?P<a>[\w.]+)'? denied|does not have (?P<b>[a-zA-Z]+(?:\.[a-zA-Z]+)+) (?:permission|access)"
    r"|Required '(?P<c>[\w.]+)' permission|does not have permission",
    re.ASCII,
)
"""IAM's own texts, with the permission in those that name it."""

_OF_GOOGLES_TOOLS = frozenset({"764086051850", "32555940559"})
"""Projects of the OAuth clients with which ``gcloud auth application-default login`` and ``gcloud auth login`` sign in:
no call that counts for them can be allowed. Source: google-auth, ``_cloud_sdk.py``; Google Cloud SDK, ``config.py``."""

LONGEST_TEXT = 200


def refusal(status: int, error: JSON, *, service: str, permission: str, project: str) -> Answer[JSON]:
    """What a refusal means that has Google's envelope.

    Args:
        status: HTTP status.
        error: What the envelope holds.
        service: First part of the API's host name.
        permission: What the request needed.
        project: One that the call may count for.
    """
    message = str(error.get("message", "no message"))
    reason, metadata = _reason(error, message)
    named = metadata.get("consumer", "").removeprefix("projects/") or _project_in(message)
    if reason == SWITCHED_OFF and named not in _OF_GOOGLES_TOOLS:
        return Off(service=metadata.get("service") or f"{service}.googleapis.com", project=named)
    if reason == PERMISSION:
        lacks = metadata.get("permission") or permission
        return Hidden(permission=lacks, role=ROLES.get(lacks, ""))
    answered = f"{service} answered {status}{f' {reason}' if reason else ''}: {message:.{LONGEST_TEXT}}"
    known = _meaning(status, reason)
    if known is None:
        return Silent(why=answered)
    consumer = f"project {named}" if named else "the project that the call counts for"
    # Not by str.format: what Google says is no template.
    fix = known.fix.replace("{project}", command_line(project) if project else "PROJECT")
    return Silent(why=f"{known.what.replace('{consumer}', consumer)}: {fix}. {answered}")


_WITHOUT_QUOTA_PROJECT = Reason(
    what="your credentials name no quota project, so that the call counts for {consumer}, which is Google's own",
    fix=_QUOTA_PROJECT,
)
_NOT_ACCEPTED = Reason(what="your Google credentials are not accepted", fix=_LOGIN)


def _meaning(status: int, reason: str) -> Reason | None:
    if reason == SWITCHED_OFF:
        return _WITHOUT_QUOTA_PROJECT
    older = OLDER.get(reason)
    found = REASONS.get(reason) or (older if isinstance(older, Reason) else None)
    return _NOT_ACCEPTED if found is None and status == HTTPStatus.UNAUTHORIZED else found


def _reason(error: Mapping[str, Any], message: str) -> tuple[str, dict[str, str]]:
    """The reason, by its name in ``google.api.ErrorReason`` where it has one there, with what comes with it.

    The first that says more than the status: that of ``ErrorInfo``, of the text, of the older form, IAM's texts.
    """
    details, older = ([one for one in error.get(key) or [] if isinstance(one, dict)] for key in ("details", "errors"))
    informed = next((entry for entry in details if entry.get("reason")), None)
    if informed is not None:
        found = informed.get("metadata")
        metadata = {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}
        return _name(str(informed["reason"])), metadata
    if by_text := next((reason for sign, reason in _SIGNS if sign in message), ""):
        return by_text, {}
    names = [str(entry.get("reason") or "") for entry in older]
    if known := next((name for name in names if name in OLDER), ""):
        return _name(known), {}
    if of_iam := _OF_IAM.search(message):
        return PERMISSION, {"permission": next(filter(None, of_iam.groups()), "")}
    return next(iter(names), ""), {}


def _name(reason: str) -> str:
    found = OLDER.get(reason)
    return found if isinstance(found, str) else reason


def _project_in(message: str) -> str:
    """The project that a text names: of an API that is off, or of a quota project."""
    found = re.search(r"\bproject (\S+?)(?: before\b|\. |\.?$)", message, re.ASCII)
    return found[1] if found else ""
