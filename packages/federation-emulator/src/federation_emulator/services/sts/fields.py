"""From the bytes of a request to its parameters: a form, as RFC 6749 has it, or protobuf JSON. Pure.

Source: Google, "Security Token Service API, v1.token" and its OAuth sibling; protobuf, "ProtoJSON Format": names in
lowerCamelCase or as in the proto file, ``null`` for a field that isn't there, and no name that the message lacks. Form
parameters that aren't known are ignored, as RFC 6749, section 3.2, wants it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NoReturn
from urllib.parse import parse_qsl

from federation_emulator.console.messages import camel
from federation_emulator.core.errors import OAuthError
from federation_emulator.core.strict_json import JsonProblem, parse_strictly
from federation_emulator.core.trace import Part, refuse

_MOST_FIELDS = 20
_NAME = re.compile(r"[A-Za-z_$.]{1,40}")
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_SYSTEM_PARAMETERS = frozenset({"alt", "$alt", "prettyPrint", "$prettyPrint", "key", "quotaUser", "$.xgafv"})
"""What Google's APIs take with any request without a change in its meaning ("System parameters")."""


def read_fields(
    body: bytes, *, content_types: Sequence[str], query: Iterable[str], names: Iterable[str]
) -> dict[str, str]:
    """Read a request's parameters, under the names that a form gives them.

    ``query`` has the names of the parameters in the URL, and ``names`` those that there are.

    Raises:
        Refused: It isn't one form or one JSON object, a parameter comes twice or isn't text, or something is in
            the URL. Google's texts for these are not publicly known.
    """
    if strange := sorted(set(query) - _SYSTEM_PARAMETERS):
        _refuse("parameters belong into the body, not into the URL", _shown(strange[0]), "nothing in the URL")
    kind, _, options = content_types[0].lower().partition(";") if len(content_types) == 1 else ("", "", "")
    charset = options.strip().removeprefix("charset=").strip('"')
    if kind.strip() not in {_FORM, _JSON} or charset not in {"", "utf-8"}:
        _refuse("the body must be a form or JSON, in UTF-8", f"{list(content_types)}", f"{_FORM} or {_JSON}")
    return _from_json(body, list(names)) if kind.strip() == _JSON else _from_form(body)


def _from_json(body: bytes, names: list[str]) -> dict[str, str]:
    try:
        given = parse_strictly(body)
    except JsonProblem:
        # Without the problem's words: they may quote a name, and that may be a credential.
        _refuse("the body must be a JSON object, each name in it once", "something else", "JSON in UTF-8")
    if not isinstance(given, dict):
        _refuse("the body must be a JSON object", type(given).__name__, "an object")
    known = {camel(name): name for name in names} | {name: name for name in names}
    fields: dict[str, str] = {}
    for key, value in given.items():
        name = known.get(key)
        if name is None:
            _refuse(
                "a JSON body may hold only the parameters that there are",
                _shown(key),
                ", ".join(names),
                f'Invalid JSON payload received. Unknown name "{_shown(key)}": Cannot find field.',
            )
        if name in fields:
            _refuse("no parameter may be given twice, in either spelling", name, "each once")
        if value is not None and not isinstance(value, str):
            _refuse("every parameter must be text", f"{name} is {type(value).__name__}", "a string")
        fields[name] = value or ""
    return fields


def _shown(name: str) -> str:
    """A name for the trace, unless a credential was sent as one."""
    return name if _NAME.fullmatch(name) else "something that is no name"


def _from_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as problem:
        # Only the kind: a decoding error quotes what it can't decode, and that may be a credential.
        _refuse("the body must be a URL-encoded form", type(problem).__name__, f"at most {_MOST_FIELDS} fields")
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        _refuse("no parameter may be given twice", _shown(repeated[0]), "each once")
    return dict(pairs)


def _refuse(rule: str, actual: str, expected: str, description: str = "") -> NoReturn:
    refuse(
        Part.REQUEST,
        rule=rule,
        actual=actual[:100],
        expected=expected,
        fix="send what google-auth sends: one URL-encoded form, or JSON with the names of the reference",
        answer=OAuthError("invalid_request", description or f"Invalid request: {rule}."),
    )
