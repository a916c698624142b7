"""What a project's policy must keep. Pure."""

from __future__ import annotations

from local_cloud.errors import failed_precondition
from local_cloud.permissions import Policy


def check_keeps_an_owner(policy: Policy) -> None:
    """Insist that some user stays owner, as Resource Manager v1 ``setIamPolicy`` documents.

    Without one nobody could ever change the project again.

    Raises:
        ApiError: 400, no ``roles/owner`` binding with a user remains.
    """
    owners = [member for binding in policy.bindings if binding.role == "roles/owner" for member in binding.members]
    if not any(member.startswith("user:") for member in owners):
        raise failed_precondition(
            "The policy would leave the project without an owner (roles/owner for a user). Read the policy and send "
            "it back with your change, the other bindings included."
        )
