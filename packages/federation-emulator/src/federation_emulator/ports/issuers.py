"""The public keys of issuers on the internet, such as GitHub: a file of the local cloud's folder, and of no cloud else.

Google and AWS fetch them from the issuer. Nothing local leaves the machine, so a test writes its own issuer's here.
"""

from __future__ import annotations

import json
from pathlib import Path

FILE = "issuers.json"
"""Its name. It is a JSON object: issuer URI → key set (RFC 7517), and is read at each exchange."""

_MOST_BYTES = 256 * 1024


class IssuersProblem(Exception):  # noqa: N818 (a finding about a file of the user's)
    """The file is not what it must be."""


def published_keys(file: Path, issuer: str) -> str | None:
    """Return an issuer's key set as JSON; ``None`` if there is no file, or the issuer is not in it.

    Raises:
        IssuersProblem: The file can't be read, is too large, or is no JSON object.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        found = json.loads(content) if len(content) <= _MOST_BYTES else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise IssuersProblem(f"{file} can't be read ({type(problem).__name__})") from problem
    if not isinstance(found, dict):
        raise IssuersProblem(f"{file} must be a JSON object of at most {_MOST_BYTES} bytes: issuer URI → key set")
    return json.dumps(found[issuer]) if issuer in found else None
