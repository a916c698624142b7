"""What a kept local cloud remembers of itself: its ports and the deployer's token, so that both stay valid."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local_cloud.endpoints import write_private
from local_cloud.store import StateError

FILE = "kept.json"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was true of the last run with ``--keep``.

    Args:
        project_id: the Google project.
        project_number: its number.
        aws_account_id: the AWS account.
        google_port: port of the Google identity.
        aws_port: port of the local AWS; 0 where another one was used.
        deployer_token: bearer token of the one who deploys. Kept as long as the state, for the owner's eyes only.
    """

    project_id: str
    project_number: str
    aws_account_id: str
    google_port: int
    aws_port: int
    deployer_token: str = field(repr=False)

    @property
    def names(self) -> tuple[str, str, str]:
        """What the state is of: project, number, account."""
        return self.project_id, self.project_number, self.aws_account_id

    def write(self, folder: Path) -> None:
        """Write it, readable by the owner only."""
        write_private(folder / FILE, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Kept | None:
        """Read it; ``None`` where nothing was kept yet.

        Raises:
            StateError: The file isn't what this class wrote.
        """
        path = folder / FILE
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as problem:
            raise StateError(f"{path} can't be read ({problem!r}); move it away to start with a new token") from problem
