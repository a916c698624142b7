"""Callers that are not the one role: refused by account, by condition, and, where there is no condition, by binding."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.case import By, Case, Step, both, having, right_caller
from tests.denials.impersonation import denied
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT, CONDITION, OTHER_ACCOUNT, ROLE, Keys, LocalAccount


def _role(name: str, *, session: str = "reader-function", account: str = ACCOUNT) -> Step:
    """Sign as a session of this role."""

    def step(world: World) -> None:
        world.keys = LocalAccount(world.aws.url, account).assume(name, session=session)

    return step


def _user(*, path: str) -> Step:
    """Sign as an IAM user below a path."""

    def step(world: World) -> None:
        world.keys = world.aws.user(path=path)

    return step


def _root(world: World) -> None:
    world.keys = _keys(world.aws.client("sts").get_session_token(DurationSeconds=900))


def _federated_user(world: World) -> None:
    """A user of another identity system, whom AWS calls `federated-user/NAME`."""
    world.keys = _keys(world.aws.client("sts").get_federation_token(Name=ROLE, DurationSeconds=900))


def _role_below_a_path(world: World) -> None:
    """A role whose path says that it is the right one; assumed, its ARN has no path."""
    iam, name = world.aws.client("iam"), f"Stranger-{secrets.token_hex(4)}"
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName=name, Path=f"/assumed-role/{ROLE}/", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    world.keys = _keys(world.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="session"))


def _keys(answer: dict[str, Any]) -> Keys:
    made = answer["Credentials"]
    return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


_SIGNS = "a session of the right role signs"
_ACCOUNT = By(
    *(Link.TOKEN_EXCHANGE, Part.CALLER, "the caller must belong to the provider's AWS account"), 400, "invalid_grant"
)
_KEY = replace(_ACCOUNT, rule="the access key id must be one that AWS issues", says="InvalidClientTokenId")
_CONDITION = By(
    *(Link.TOKEN_EXCHANGE, Part.CONDITION, "the provider's attribute condition must be true"),
    *(400, "unauthorized_client", "The given credential is rejected by the attribute condition."),
)


def _refused_by_binding(name: str, wrong: Step) -> Case:
    account_only = f"assertion.account == '{ACCOUNT}'"
    return denied(
        f"{name}, where the condition names the account only",
        both(lambda world: world.patch_provider(attributeCondition=account_only), wrong),
        right_caller,
        change=_SIGNS,
    )


_STRANGERS: tuple[tuple[str, Step], ...] = (
    ("another role of the account", _role("Somebody-Else")),
    ("a role whose name starts with the right one", _role(f"{ROLE}-2")),
    ("a role whose name ends with the right one", _role(f"Not-{ROLE}")),
    ("a role whose name contains the right one", _role(f"Not-{ROLE}-2")),
    ("a role whose name differs in case", _role(ROLE.lower())),
    ("an IAM user", _user(path="/")),
    ("the account's root", _root),
    ("a federated user named like the role", _federated_user),
    ("an IAM user whose path imitates the assumed role", _user(path=f"/assumed-role/{ROLE}/")),
    ("a role whose path imitates the assumed role", _role_below_a_path),
    ("a session of another role named like the right one", _role("Somebody-Else", session=ROLE)),
    ("a session of another role named like an assumed role", _role("Somebody-Else", session=f"assumed-role.{ROLE}")),
)

CASES = (
    _ACCOUNT(
        "the same role of another account",
        "the role of the provider's account signs",
        _role(ROLE, account=OTHER_ACCOUNT),
        right_caller,
    ),
    _ACCOUNT(
        "the right role, where the provider is for another account",
        "the provider names the caller's account",
        lambda world: world.patch_provider(aws={"accountId": OTHER_ACCOUNT}),
        lambda world: world.patch_provider(aws={"accountId": ACCOUNT}),
    ),
    *(
        # The local AWS takes such a key id at its word.
        _KEY(f"{whose} for an access key id", _SIGNS, having(keys=Keys(key_id, "test")), right_caller)
        for whose, key_id in (
            ("the account's number", ACCOUNT),
            ("another account's number", OTHER_ACCOUNT),
            ("a word", "test"),
        )
    ),
    *(_CONDITION(name, _SIGNS, wrong, right_caller) for name, wrong in _STRANGERS),
    *(_refused_by_binding(name, wrong) for name, wrong in _STRANGERS),
    _CONDITION(
        "the right role, where the condition names another",
        "the condition names the caller's role",
        lambda world: world.patch_provider(attributeCondition=CONDITION.replace(ROLE, f"{ROLE}-2")),
        lambda world: world.patch_provider(attributeCondition=CONDITION),
    ),
)
