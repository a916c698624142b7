"""Who comes: what AWS answers to GetCallerIdentity, and so all that a mapping can read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who AWS says signed the request.

    Args:
        account: The 12 digits of the caller's account.
        arn: The caller's ARN; an assumed role's ends in ``/SESSION``.
        user_id: The unique id; an assumed role's ends in ``:SESSION``.
    """

    account: str
    arn: str
    user_id: str
