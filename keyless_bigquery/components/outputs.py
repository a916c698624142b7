"""The stack's outputs by name: what a person, a script or a test needs next. The one place that spells them."""

from __future__ import annotations

POOL_NAME = "pool_name"
"""Full resource name of the workload identity pool."""

PROVIDER_NAME = "provider_name"
"""Full resource name of the pool's provider."""

AUDIENCE = "audience"
"""The audience of the token exchange."""

READERS = "readers"
"""Every reader by its label, each with the outputs of :data:`OF_READER`."""

FUNCTION_NAME = "function_name"
"""What to invoke: the function's name, with its alias under SnapStart."""

ROLE_ARN = "role_arn"
"""The function's execution role, as IAM knows it."""

LOG_GROUP = "log_group"
"""Where the function's log goes."""

PRINCIPAL = "principal"
"""The principal set that the bindings name: every session of the function's role, and of no other."""

SERVICE_ACCOUNT = "service_account"
"""E-mail address of the service account. Absent with direct access."""

TABLE = "table"
"""The table that the function reads, as ``project.dataset.table``."""

TABLES = "tables"
"""All that the function may read: that table, then those of the setting ``tables``."""

CREDENTIAL_CONFIGURATION = "credential_configuration"
"""What google-auth reads in the function. It holds no secret."""

OF_STACK = (POOL_NAME, PROVIDER_NAME, AUDIENCE, READERS)
"""The outputs of every stack, in the order in which the program exports them."""

OF_READER = (FUNCTION_NAME, ROLE_ARN, LOG_GROUP, PRINCIPAL, SERVICE_ACCOUNT, TABLE, TABLES, CREDENTIAL_CONFIGURATION)
"""The outputs of a reader. A stack without a list of readers exports those of its only one by themselves, too."""
