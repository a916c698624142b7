"""What the local Google is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEPLOYER = "user:deployer@local.invalid"
"""The member behind the deployer token; holds ``roles/owner`` on the project."""


@dataclass(frozen=True, kw_only=True)
class CloudConfig:
    """Settings of one local Google.

    Attributes:
        project_id: The one project that exists, for example ``local-keyless``.
        project_number: Its number, digits only. Audiences and principals use the number, never the id.
        aws_url: Base URL of the local AWS, to which signed GetCallerIdentity requests are forwarded.
        warehouse_url: Base URL of the BigQuery emulator behind the gateway; empty for none.
        deployer_token: Bearer token of :data:`DEPLOYER`. The local Google itself keeps its hash only.
        state_directory: Folder that keeps the state over a restart, all but tokens and jobs; ``None`` keeps it in
            memory only.
        aws_timeout_seconds: Limit for one forwarded GetCallerIdentity.
        warehouse_timeout_seconds: Limit for one forwarded BigQuery call.
    """

    project_id: str
    project_number: str
    aws_url: str
    warehouse_url: str
    deployer_token: str = field(repr=False)
    state_directory: Path | None
    aws_timeout_seconds: float = 5.0
    warehouse_timeout_seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse settings under which no token could ever be right.

        Raises:
            ValueError: The project number isn't digits, or the deployer token is too short to be a secret.
        """
        if not (self.project_number.isascii() and self.project_number.isdigit()):
            raise ValueError(
                f"project_number is {self.project_number!r}; it must be digits: the project's number, not its id"
            )
        if len(self.deployer_token) < 16:
            raise ValueError("deployer_token must have at least 16 characters, or it could be guessed")
