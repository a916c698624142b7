"""What a seed's parts may be called and hold, by the rules of the APIs, and where an issuer's key set is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import AfterValidator, ValidationInfo

from federation_emulator.core.errors import ApiError
from federation_emulator.services.iam.key_set import MOST_CHARACTERS
from federation_emulator.services.iam.model import Oidc
from federation_emulator.services.iam.oidc_rules import read_oidc

TEST_ISSUER = "test-issuer"
"""In place of a key set: that of the local cloud's own test issuer."""

_NO_OIDC = Oidc(issuer_uri="")


def key_set_text(value: object, info: ValidationInfo) -> object:
    """The JSON of a key set that is written in the seed, as a mapping or a text, or in a file that the seed names.

    Raises:
        ValueError: The file can't be read.
    """
    if isinstance(value, Mapping):
        return json.dumps(value)
    if not isinstance(value, str) or value in {"", TEST_ISSUER} or value.lstrip().startswith("{"):
        return value
    path = (info.context or Path()) / value
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MOST_CHARACTERS + 1)
    except (OSError, ValueError) as problem:
        raise ValueError(f"{str(path)!r:.200} can't be read as a file with a JSON key set: {problem}") from problem


def by_rule(rule: Callable[[Any], str | None]) -> AfterValidator:
    """Has the API's own rule check a value: one that says what is wrong with it, or raises that."""

    def check(value: Any) -> Any:  # noqa: ANN401  (whatever the field has)
        try:
            problem = rule(value)
        except ApiError as error:
            raise ValueError(error.message) from error
        if problem is not None:
            raise ValueError(problem)
        return value

    return AfterValidator(check)


def oidc_rule(field: str) -> AfterValidator:
    """The rule of a field of an OIDC configuration, by the name that the API has for it."""

    def rule(value: object) -> None:
        if (field, value) != ("jwksJson", TEST_ISSUER):
            read_oidc({field: value}, {f"oidc.{field}"}, _NO_OIDC)

    return by_rule(rule)
