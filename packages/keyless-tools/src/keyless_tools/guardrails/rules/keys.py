"""No key: its holder needs no federation, for as long as it exists."""

from __future__ import annotations

from collections.abc import Iterator

from keyless_tools.guardrails.model import Finding, Resource, Rule

_KEYS = {
    "gcp:serviceaccount/key:key": "a service account key",
    "google-native:iam/v1:key": "a service account key",
    "gcp:storage/hmackey:hmackey": "a key that is good for Cloud Storage",
    "google-native:storage/v1:hmackey": "a key that is good for Cloud Storage",
    "gcp:projects/apikey:apikey": "an API key, which can be bound to a service account",
    "google-native:apikeys/v2:key": "an API key, which can be bound to a service account",
    "gcp:iam/oauthclientcredential:oauthclientcredential": "an OAuth client's secret",
    "gcp:iam/workforcepoolproviderscimtoken:workforcepoolproviderscimtoken": "a SCIM token",
    "aws:iam/accesskey:accesskey": "an IAM user's access key",
    "aws:iam/servicespecificcredential:servicespecificcredential": "an IAM user's password for a service",
    "aws:iam/userloginprofile:userloginprofile": "an IAM user's password",
    "aws:iam/sshkey:sshkey": "an IAM user's SSH key",
    "aws:iam/signingcertificate:signingcertificate": "an IAM user's signing certificate",
    "aws:lightsail/bucketaccesskey:bucketaccesskey": "an access key of a bucket",
}
"""Resources that are credentials, by type token in lower case."""


def _keys(resource: Resource) -> Iterator[Finding]:
    if what := _KEYS.get(resource.kind):
        yield Finding(
            where="its type",
            actual=f"{resource.type}, {what}",
            fix="remove it; the function's own role is its identity, through workload identity federation",
        )


NO_KEY = Rule(
    name="no-key",
    why="A key works from anywhere, for any holder of a copy, and lies in the stack's state.",
    judge=_keys,
)
