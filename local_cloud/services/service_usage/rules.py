"""What Service Usage accepts. Pure."""

from __future__ import annotations

from typing import Any

from local_cloud.errors import ApiError, invalid_argument
from local_cloud.services.service_usage.model import TITLES

MOST_IN_A_BATCH = 20


def check_known(name: str) -> None:
    """Insist on a service that exists here.

    Raises:
        ApiError: 403, in Google's words for a service that may or may not exist.
    """
    if name not in TITLES:
        raise ApiError(
            403,
            "PERMISSION_DENIED",
            f"Not found or permission denied for service(s): {name:.100}. Known to the local cloud: "
            f"{', '.join(TITLES)}.",
        )


def read_filter(text: str) -> str:
    """Read the list's filter: nothing, ``state:ENABLED`` or ``state:DISABLED``.

    Raises:
        ApiError: 400, another filter.
    """
    states = {"": "", "state:ENABLED": "ENABLED", "state:DISABLED": "DISABLED"}
    if text not in states:
        raise invalid_argument(f"Invalid filter {text!r:.80}: only state:ENABLED and state:DISABLED are allowed.")
    return states[text]


def read_service_ids(body: dict[str, Any]) -> list[str]:
    """Read the services of a batch.

    Raises:
        ApiError: 400, none or more than 20; 403, an unknown one.
    """
    names = body.get("serviceIds")
    if not isinstance(names, list) or not 0 < len(names) <= MOST_IN_A_BATCH:
        raise invalid_argument(f"serviceIds must be a list of 1 to {MOST_IN_A_BATCH} services.")
    for name in names:
        check_known(str(name))
    return [str(name) for name in names]
