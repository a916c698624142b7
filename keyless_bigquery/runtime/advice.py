"""What to check when a link breaks: from Google's error codes and texts to the next thing that a person should check.

The texts of Google's errors: Google, "Troubleshoot Workload Identity Federation" and BigQuery, "Error messages".
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from keyless_bigquery.runtime.errors import JobCreationError, QueryError, ReaderError, TableAccessError

STS_STATUS = "the token_url in credential-configuration.json, and the status of sts.googleapis.com"
IAM_CREDENTIALS_STATUS = (
    "service_account_impersonation_url in credential-configuration.json, and the status of IAM Credentials"
)
SIGNING = "the role of the function, task or pod, and AWS_REGION"
OWN_CREDENTIALS = (
    "the role of the function, task or pod, and AWS_REGION. Under SnapStart, on ECS and EKS the session is at an"
    " endpoint that bigquery.Client() doesn't ask: there the function needs @with_bigquery, and the reader's client"
)
CREDENTIAL_CONFIGURATION = "credential-configuration.json in the package; `pulumi up` makes it"
NETWORK = (
    "the function's way out: a function in a VPC needs a NAT to reach Google; and the addresses in"
    " credential-configuration.json and BIGQUERY_EMULATOR_HOST"
)
QUERY_TIME = "the function's timeout, and the job in BigQuery's job history"
UNEXPECTED = "this is a defect of the function: the places named are in its package"

SOCKET_SIGNS: Mapping[str, str] = {
    "Connection refused": "connection refused",
    "Name or service not known": "its name can't be resolved",
    "Temporary failure in name resolution": "its name can't be resolved",
    "NameResolutionError": "its name can't be resolved",
    "Network is unreachable": "network unreachable",
    "No route to host": "no route to it",
    "Connection reset": "it closed the connection",
    "RemoteDisconnected": "it closed the connection without an answer",
    "IncompleteRead": "it closed the connection in mid-answer",
    "Read timed out": "no answer in time",
}
"""Pieces of the text of a socket error, and what they mean."""

_WAIT = "if it was deployed minutes ago, wait: Google takes up to 7 minutes to spread a change; else "
_READER = "the service account (with direct access: of the role's principalSet)"
_API_OFF = "has not been used in project"


def for_exchange(code: str, description: str) -> str:
    """What to check when Google STS refused."""
    if _API_OFF in description:
        return "whether the API sts.googleapis.com is on in the project"
    if "attribute condition" in description:
        return "the provider's attribute condition: it must name the caller's account and role exactly"
    if "google.subject" in description:
        return "the provider's attribute mapping, and the length of role name and session name together"
    by_code = {
        "invalid_target": _WAIT + "the pool and the provider: both must exist and be enabled, and the audience in"
        " credential-configuration.json must name them with the project's number",
        "unauthorized_client": "the provider's attribute mapping and condition",
        "invalid_grant": "the function's execution role: AWS did not vouch for it, or it is in another account than the"
        " provider's",
        "invalid_request": "audience and regional_cred_verification_url in credential-configuration.json",
        "quota_exceeded": "how often the function is started: each start exchanges a token",
    }
    return by_code.get(code, "the pool, the provider, and the audience in credential-configuration.json")


def for_impersonation(code: object, message: str) -> str:
    """What to check when IAM Credentials refused."""
    if _API_OFF in message:
        return "whether the API iamcredentials.googleapis.com is on in the project"
    if code == HTTPStatus.FORBIDDEN:
        return (
            _WAIT + "the binding roles/iam.workloadIdentityUser on the service account: its principalSet must name the"
            " caller's role; and whether the account exists"
        )
    if code == HTTPStatus.NOT_FOUND:
        return "whether the service account exists and was not deleted and made anew"
    if code == HTTPStatus.UNAUTHORIZED:
        return "whether the pool is still enabled: the federated token was not accepted"
    if code == HTTPStatus.BAD_REQUEST:
        return "service_account_impersonation_url in credential-configuration.json"
    return IAM_CREDENTIALS_STATUS


def for_bigquery(code: int | None, reason: str, message: str) -> tuple[type[ReaderError], str]:
    """Which link broke when BigQuery refused or failed, and what to check."""
    if code == HTTPStatus.UNAUTHORIZED:
        return JobCreationError, "whether service account and pool are still enabled: the token was not accepted"
    if reason == "accessNotConfigured" or _API_OFF in message:
        return JobCreationError, "whether the API bigquery.googleapis.com is on in the project"
    if "bigquery.jobs.create" in message:
        return JobCreationError, _WAIT + f"roles/bigquery.jobUser of {_READER} on GOOGLE_CLOUD_PROJECT"
    if code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} and _names_data(message):
        return TableAccessError, (
            _WAIT + f"roles/bigquery.dataViewer of {_READER} on the table, BIGQUERY_TABLE, and whether the"
            " table is in BIGQUERY_LOCATION: Google does not say which"
        )
    if reason == "bytesBilledLimitExceeded":
        return QueryError, "BIGQUERY_MAXIMUM_BYTES_BILLED, and the size of the table"
    if reason in {"quotaExceeded", "rateLimitExceeded", "billingNotEnabled"}:
        return JobCreationError, "quotas and billing of GOOGLE_CLOUD_PROJECT"
    if code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return JobCreationError, "GOOGLE_CLOUD_PROJECT, and in it the roles of " + _READER
    if code is not None and code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return QueryError, "the status of BigQuery; then run the function again"
    return QueryError, "the query, its parameters, and the schemas of its tables"


def _names_data(message: str) -> bool:
    return any(f"{kind} " in message for kind in ("Table", "Dataset", "table", "dataset"))
