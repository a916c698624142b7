"""IAM policy documents: JSON text in the program, compared as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote


def fault(document: object) -> str | None:
    """Why this can't be a policy document; None when it can, or is not known yet."""
    if not isinstance(document, str):
        return None
    try:
        parsed = json.loads(document)
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error}"
    return None if isinstance(parsed, dict) else "expected a JSON object"


def same(old: object, new: object) -> bool:
    """Whether two documents say the same, whatever their spacing and order of keys."""
    if not isinstance(old, str) or not isinstance(new, str):
        return bool(old == new)
    return bool(_normal(json.loads(old)) == _normal(json.loads(new)))


def _normal(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """A list of one and its only item mean the same in a policy."""
    if isinstance(value, Mapping):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return _normal(value[0]) if len(value) == 1 else [_normal(item) for item in value]
    return value


def live_text(live: object, *, before: str | None) -> str:
    """The live document as text: the text from before, if it still says the same.

    Args:
        live: what botocore returned: an object, or text that may be percent-encoded.
        before: the text in the state.
    """
    text = json.dumps(live) if isinstance(live, Mapping) else str(live)
    if text.startswith("%"):
        text = unquote(text)
    return before if before is not None and same(before, text) else text
