"""What a kept local cloud remembers of itself: its ports and the deployer's token, so that both stay valid."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from federation_emulator.core.endpoints import write_private
from federation_emulator.core.errors import StateError
from federation_emulator.core.store import first_problem

FILE = "kept.json"


class Kept(BaseModel):
    """What was true of the last run with ``--keep``.

    Args:
        aws_port: port of the local AWS; 0 where another one was used.
        deployer_token: bearer token of the one who deploys. Kept as long as the state, for the owner's eyes only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    project_id: str
    project_number: str
    aws_account_id: str
    google_port: int
    aws_port: int
    deployer_token: str = Field(repr=False)

    @property
    def names(self) -> tuple[str, str, str]:
        """What the state is of: project, number, account."""
        return self.project_id, self.project_number, self.aws_account_id

    def write(self, folder: Path) -> None:
        """Write it, readable by the owner only."""
        write_private(folder / FILE, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Kept | None:
        """Read it; ``None`` where nothing was kept yet.

        Raises:
            StateError: The file isn't what this class wrote.
        """
        path = folder / FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as problem:
            what = first_problem(problem)
            raise StateError(f"{path} can't be read ({what}); move it away to start with a new token") from problem
