"""Google's names and limits that the settings, the program and the local Google share, each once."""

from __future__ import annotations

PROJECT_ID = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
"""Id of a project. Source: Resource Manager API, ``Project.projectId``."""

ACCOUNT_ID = PROJECT_ID
"""The part of a service account's e-mail before the @. Source: IAM API, ``serviceAccounts.create``."""

ACCOUNT_EMAIL = r"[a-z0-9][a-z0-9-]{0,62}@(?:[a-z0-9-]+\.)+gserviceaccount\.com"
"""E-mail of a service account: of users, of App Engine, of Compute Engine, of a universe. Source: IAM, "Types
of service accounts"."""

PROJECT_NUMBER = r"[0-9]{1,19}"
"""Number of a project: an int64."""

POOL_OR_PROVIDER_ID = r"[a-z0-9-]{4,32}"
"""Id of a workload identity pool or provider. Source: IAM API, ``workloadIdentityPools.create``."""

POOL_NAME = (
    rf"projects/(?P<project_number>{PROJECT_NUMBER})/locations/global/workloadIdentityPools/"
    rf"(?P<pool_id>{POOL_OR_PROVIDER_ID})"
)
"""Full resource name of a pool. Source: IAM API, ``workloadIdentityPools``."""

PROVIDER_NAME = rf"{POOL_NAME}/providers/(?P<provider_id>{POOL_OR_PROVIDER_ID})"
"""Full resource name of a provider. Source: IAM API, ``workloadIdentityPools.providers``."""

SERVICE_PLACEHOLDER = "{service}"
"""What stands for a Google API's short name, such as ``sts``, in the address of an endpoint. Ours."""

ROLE_ATTRIBUTE = "aws_role"
"""The one custom attribute of the mapping, and the one that the binding names."""

DEFAULT_AWS_MAPPING = {
    "google.subject": "assertion.arn",
    f"attribute.{ROLE_ATTRIBUTE}": (
        "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + "
        "'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn"
    ),
}
"""Google's mapping for an AWS provider that was given none: the role's ARN without its session name, and any other
caller's ARN unchanged, which keeps an IAM user whose path imitates a role apart from the role. Source: IAM API,
``WorkloadIdentityPoolProvider.attributeMapping``."""

TOKEN_ISSUER = r"https://[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tokens\.sts\.global\.api\.aws"  # noqa: S105 - the form of an address
"""Issuer of the tokens that AWS signs for an account's roles. Source: AWS IAM, "Understanding token claims", ``iss``.
"""

MOST_SUBJECT_BYTES = 127
"""Longest ``google.subject`` that Google STS accepts. Source: Google, "IAM quotas and limits"."""

MOST_CONDITION_CHARACTERS = 4096
"""Longest attribute condition. Source: IAM API, ``WorkloadIdentityPoolProvider.attributeCondition``."""

MINIMUM_BYTES_BILLED = 10 * 1024 * 1024
"""BigQuery bills at least so much for each table that a query references. Source: Google, BigQuery pricing."""
