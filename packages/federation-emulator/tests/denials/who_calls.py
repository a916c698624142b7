"""Callers that are not the one role: refused by account, by condition, and, where there is no condition, by binding."""

from __future__ import annotations

import json
import secrets
from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT, CONDITION, OTHER_ACCOUNT, ROLE, Keys, LocalAccount

_CONDITION_SAYS = "The given credential is rejected by the attribute condition."
_BINDING_SAYS = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."


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


def _key_id(text: str) -> Step:
    """Sign with a key id that the local AWS takes at its word."""

    def step(world: World) -> None:
        world.keys = Keys(text, "test")

    return step


def _not_issued(name: str, key_id: str) -> Case:
    return Case(
        name=name,
        change="a session of the right role signs",
        wrong=_key_id(key_id),
        right=_right_caller,
        link=Link.TOKEN_EXCHANGE,
        part=Part.CALLER,
        rule="the access key id must be one that AWS issues",
        status=400,
        error="invalid_grant",
        says="InvalidClientTokenId",
    )


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


def _right_caller(world: World) -> None:
    world.keys = world.right_keys


def _refused_by_condition(name: str, wrong: Step) -> Case:
    return Case(
        name=name,
        change="a session of the right role signs",
        wrong=wrong,
        right=_right_caller,
        link=Link.TOKEN_EXCHANGE,
        part=Part.CONDITION,
        rule="the provider's attribute condition must be true",
        status=400,
        error="unauthorized_client",
        says=_CONDITION_SAYS,
    )


def _refused_by_binding(name: str, wrong: Step) -> Case:
    def without_condition(world: World) -> None:
        world.patch_provider(attributeCondition=f"assertion.account == '{ACCOUNT}'")
        wrong(world)

    return Case(
        name=f"{name}, where the condition names the account only",
        change="a session of the right role signs",
        wrong=without_condition,
        right=_right_caller,
        link=Link.IMPERSONATION,
        part=Part.PERMISSION,
        rule="iam.serviceAccounts.getAccessToken is needed",
        status=403,
        error="PERMISSION_DENIED",
        says=_BINDING_SAYS,
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
    Case(
        name="the same role of another account",
        change="the role of the provider's account signs",
        wrong=_role(ROLE, account=OTHER_ACCOUNT),
        right=_right_caller,
        link=Link.TOKEN_EXCHANGE,
        part=Part.CALLER,
        rule="the caller must belong to the provider's AWS account",
        status=400,
        error="invalid_grant",
    ),
    Case(
        name="the right role, where the provider is for another account",
        change="the provider names the caller's account",
        wrong=lambda world: world.patch_provider(aws={"accountId": OTHER_ACCOUNT}),
        right=lambda world: world.patch_provider(aws={"accountId": ACCOUNT}),
        link=Link.TOKEN_EXCHANGE,
        part=Part.CALLER,
        rule="the caller must belong to the provider's AWS account",
        status=400,
        error="invalid_grant",
    ),
    _not_issued("the account's number for an access key id", ACCOUNT),
    _not_issued("another account's number for an access key id", OTHER_ACCOUNT),
    _not_issued("a word for an access key id", "test"),
    *(_refused_by_condition(name, wrong) for name, wrong in _STRANGERS),
    *(_refused_by_binding(name, wrong) for name, wrong in _STRANGERS),
    Case(
        name="the right role, where the condition names another",
        change="the condition names the caller's role",
        wrong=lambda world: world.patch_provider(attributeCondition=CONDITION.replace(ROLE, f"{ROLE}-2")),
        right=lambda world: world.patch_provider(attributeCondition=CONDITION),
        link=Link.TOKEN_EXCHANGE,
        part=Part.CONDITION,
        rule="the provider's attribute condition must be true",
        status=400,
        error="unauthorized_client",
        says=_CONDITION_SAYS,
    ),
)
