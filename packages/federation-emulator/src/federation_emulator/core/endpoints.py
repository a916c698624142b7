"""What a running local cloud writes about itself: one file of addresses and one with the deployer's token."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "endpoints.json"
TOKEN_FILE = "deployer-token"  # noqa: S105 (the name of a file)


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Addresses and names of one running local cloud.

    Args:
        ca_file: certificate of the authority that vouches for an https google_url; empty over http.
        bigquery_url: base URL of the emulator behind the gateway, which checks no caller; empty for none.
        deployer_token: bearer token of the one who deploys.
    """

    google_url: str
    aws_url: str
    bigquery_url: str
    project_id: str
    project_number: str
    aws_account_id: str
    aws_region: str
    deployer_token: str = field(repr=False)
    ca_file: str = ""

    def write(self, folder: Path) -> None:
        """Write both files, for the owner's eyes only; the addresses last, since others wait for them."""
        values = asdict(self)
        write_private(folder / TOKEN_FILE, values.pop("deployer_token"))
        write_private(folder / FILE, json.dumps(values, indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Endpoints:
        """Read both files.

        Raises:
            FileNotFoundError: when no local cloud is ready in this folder.
        """
        values = json.loads((folder / FILE).read_text())
        return cls(**values, deployer_token=(folder / TOKEN_FILE).read_text())


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, complete from its first moment."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(temporary).rename(path)


def forget(folder: Path) -> None:
    """Remove what would make a stopped local cloud look ready."""
    for name in (FILE, TOKEN_FILE):
        (folder / name).unlink(missing_ok=True)
