"""What Service Usage accepts. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from federation_emulator.core.errors import ApiError, error_info, failed_precondition, invalid_argument, unimplemented
from federation_emulator.services.service_usage.model import ALWAYS_ENABLED, NEEDS, TITLES

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


def read_disable(body: dict[str, Any]) -> bool:
    """Read a request to disable a service.

    Returns:
        Whether services that depend on it shall be disabled with it.

    Raises:
        ApiError: 501, a check of usage, which is not counted here.
    """
    if body.get("checkIfServiceHasUsage") == "CHECK":
        raise unimplemented("checkIfServiceHasUsage is not offered by the local cloud: no usage is counted. Use SKIP.")
    return bool(body.get("disableDependentServices"))


def check_can_be_disabled(name: str, enabled: Collection[str], *, with_dependents: bool) -> list[str]:
    """Insist that a service can be disabled. ``with_dependents``: what depends on it may be disabled with it.

    Returns:
        What to disable: the service, and its dependents.

    Raises:
        ApiError: 400 ``FAILED_PRECONDITION``: it isn't enabled, it must always be, or something depends on it.
    """
    if name == ALWAYS_ENABLED:
        raise failed_precondition(f"{name} can't be disabled here: nothing could enable it again.")
    if name not in enabled:
        raise failed_precondition(f"The service {name} is not enabled, so it can't be disabled.")
    dependents = sorted(other for other in enabled if name in NEEDS.get(other, ()))
    if dependents and not with_dependents:
        raise ApiError(
            400,
            "FAILED_PRECONDITION",
            f"The service {name} is depended on by the following active service{'s' * (len(dependents) > 1)}: "
            f"{','.join(dependents)}; Please "
            "specify disable_dependent_services=true if you want to proceed with disabling all services.",
            reason="failedPrecondition",
            details=[error_info("COMMON_SU_SERVICE_HAS_DEPENDENT_SERVICES", "serviceusage.googleapis.com")],
        )
    return [name, *dependents]


def read_filter(text: str) -> str:
    """Read the list's filter: nothing, ``state:ENABLED`` or ``state:DISABLED``; 400 for another."""
    states = {"": "", "state:ENABLED": "ENABLED", "state:DISABLED": "DISABLED"}
    if text not in states:
        raise invalid_argument(f"Invalid filter {text!r:.80}: only state:ENABLED and state:DISABLED are allowed.")
    return states[text]


def read_service_ids(body: dict[str, Any]) -> list[str]:
    """Read the services of a batch.

    Raises:
        ApiError: 400, none or more than 20; 403, an unknown one.
    """
    names: list[str] = body.get("serviceIds") or []
    if not 0 < len(names) <= MOST_IN_A_BATCH:
        raise invalid_argument(f"serviceIds must be a list of 1 to {MOST_IN_A_BATCH} services.")
    for name in names:
        check_known(name)
    return names
