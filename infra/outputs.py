"""The stack's outputs by name: what a person, a script or a test needs next. The one place that spells them."""

from __future__ import annotations

FUNCTION_NAME = "function_name"
"""The function to invoke."""

ROLE_ARN = "role_arn"
"""The function's execution role, as IAM knows it."""

LOG_GROUP = "log_group"
"""Where the function's log goes."""

POOL_NAME = "pool_name"
"""Full resource name of the workload identity pool."""

PROVIDER_NAME = "provider_name"
"""Full resource name of the pool's AWS provider."""

AUDIENCE = "audience"
"""The audience of the token exchange."""

PRINCIPAL = "principal"
"""The principal set that may impersonate the service account: the function's role and nobody else."""

SERVICE_ACCOUNT = "service_account"
"""E-mail address of the service account."""

TABLE = "table"
"""The table that the function reads, as ``project.dataset.table``."""

CREDENTIAL_CONFIGURATION = "credential_configuration"
"""What google-auth reads in the function. It holds no secret."""

ALL = (
    FUNCTION_NAME,
    ROLE_ARN,
    LOG_GROUP,
    POOL_NAME,
    PROVIDER_NAME,
    AUDIENCE,
    PRINCIPAL,
    SERVICE_ACCOUNT,
    TABLE,
    CREDENTIAL_CONFIGURATION,
)
"""Every output, in the order in which the program exports them."""
