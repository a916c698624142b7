"""What to check where no answer of Google's says it: :mod:`keyless_bigquery.runtime.signals` is for those."""

from __future__ import annotations

from collections.abc import Mapping

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
AWS_NETWORK = (
    "the function's way out: a function in a VPC needs a NAT or an endpoint of AWS STS; and AWS_ENDPOINT_URL_STS where"
    " it is set"
)
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
