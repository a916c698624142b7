"""Callers who must stay out: each imitates a role of ours in a way that some mapping or condition falls for. Pure.

That all of them are kept out proves nothing about the next one; ``keyless_bigquery.trust.named_roles`` proves. They are
here to name somebody who gets in, and to catch a proof that is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from keyless_bigquery.trust.caller import Caller


def role_arn(account_id: str, role_name: str) -> str:
    """An assumed role's ARN without its session: the value of the role attribute, and of the binding."""
    return f"arn:aws:sts::{account_id}:assumed-role/{role_name}"


def caller_of(account_id: str, role_name: str, session_name: str) -> Caller:
    """Whoever wears a role. The unique id is made up: only AWS knows the real one."""
    arn = f"{role_arn(account_id, role_name)}/{session_name}"
    return Caller(account=account_id, arn=arn, user_id=f"AROAEXAMPLEEXAMPLEAA:{session_name}")


def unnamed(text: str) -> str:
    """A role name that nobody can have named in ``text``, the same each time."""
    return f"nobody-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def strangers(account_id: str, role_name: str, session_name: str, *, stranger: str) -> Iterator[Caller]:
    """Callers who aren't the role, most telling first.

    Args:
        account_id: The role's account.
        role_name: The role that they imitate.
        session_name: The function's name, which they imitate too.
        stranger: A role name that nobody named, from :func:`unnamed`.
    """
    for name in _role_names(role_name, stranger):
        if name != role_name:
            yield caller_of(account_id, name, session_name)
    yield caller_of(account_id, stranger, role_name)
    for arn in _other_arns(account_id, role_name, session_name):
        yield Caller(account=account_id, arn=arn, user_id="AIDAEXAMPLEEXAMPLEAA")
    yield caller_of(f"{(int(account_id) + 1) % 10**12:012d}", role_name, session_name)


def _role_names(role_name: str, stranger: str) -> Iterator[str]:
    yield stranger
    yield from (f"{role_name}2", f"{role_name}x", f"{role_name}-{stranger}", f"x{role_name}", f"{stranger}-{role_name}")
    yield f"{role_name}{stranger}{role_name}"
    yield from (role_name[:-1] or "x", role_name[:-1] + ("z" if role_name.endswith("y") else "y"))
    yield from (role_name.lower(), role_name.upper(), role_name.swapcase())
    yield from (f"assumed-role{role_name}", f"{role_name}assumed-role")
    for sign in ".-_@=,+":
        yield role_name.replace(sign, "x")


def _other_arns(account_id: str, role_name: str, session_name: str) -> Iterator[str]:
    iam, sts = f"arn:aws:iam::{account_id}", f"arn:aws:sts::{account_id}"
    yield f"{iam}:user/assumed-role/{role_name}/{session_name}"
    yield f"{iam}:user/{sts}:assumed-role/{role_name}/{session_name}"
    yield f"{iam}:user/{role_name}"
    yield f"{iam}:user/{role_name}/{session_name}"
    yield f"{iam}:role/{role_name}"
    yield f"{iam}:role/assumed-role/{role_name}/{session_name}"
    yield f"{iam}:root"
    yield f"{sts}:federated-user/{role_name}"
    yield f"{sts}:federated-user/assumed-role/{role_name}/{session_name}"
    yield f"arn:aws-cn:sts::{account_id}:assumed-role/{role_name}/{session_name}"
    yield ""
