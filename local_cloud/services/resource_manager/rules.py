"""What a project's policy must keep. Pure."""

from __future__ import annotations

from typing import Any

from local_cloud.errors import failed_precondition


def check_keeps_an_owner(policy: dict[str, Any]) -> None:
    """Insist that some user stays owner, as Resource Manager v1 ``setIamPolicy`` documents.

    Without one nobody could ever change the project again.

    Raises:
        ApiError: 400, no ``roles/owner`` binding with a user remains.
    """
    bindings = policy.get("bindings")
    for binding in bindings if isinstance(bindings, list) else []:
        if isinstance(binding, dict) and binding.get("role") == "roles/owner":
            members = binding.get("members")
            if isinstance(members, list) and any(str(member).startswith("user:") for member in members):
                return
    raise failed_precondition(
        "The policy would leave the project without an owner (roles/owner for a user). Read the policy and send it "
        "back with your change, the other bindings included."
    )
