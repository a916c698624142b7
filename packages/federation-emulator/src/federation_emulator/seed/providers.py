"""What an OIDC provider of a seed holds, by the rules of the API, and where its issuer's key set is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
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


def checked(field: str) -> AfterValidator:
    """Has the API's own rule check a field of an OIDC configuration, by the name that the API has for it."""

    def check(value: Any) -> Any:  # noqa: ANN401  (a text or a list of texts, as the field has it)
        if (field, value) == ("jwksJson", TEST_ISSUER):
            return value
        try:
            read_oidc({field: value}, {f"oidc.{field}"}, _NO_OIDC)
        except ApiError as problem:
            raise ValueError(problem.message) from problem
        return value

    return AfterValidator(check)
