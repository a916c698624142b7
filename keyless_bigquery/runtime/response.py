"""What a function may return: JSON, and no more of it than Lambda hands on."""

from __future__ import annotations

import json

from keyless_bigquery.runtime.errors import ResponseError

LARGEST_RESPONSE_BYTES = 6_291_556
"""Largest response of a function. Source: Lambda's quotas, "Invocation payload"; the exact figure is in its error."""


def checked(returned: object) -> object:
    """What the function returned, if Lambda can hand it on.

    Raises:
        ResponseError: It is not JSON-able, or too large.
    """
    try:
        # As Lambda's runtime writes it, but for NaN, which it writes although no reader of JSON takes it.
        size = len(json.dumps(returned, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ResponseError(
            f"what the function returned is not JSON-able: {error}",
            "the function's return value: Rows.to_json() gives rows as JSON-able values, and str(value) any"
            " other value as text",
        ) from None
    if size > LARGEST_RESPONSE_BYTES:
        raise ResponseError(
            f"what the function returned has {size} bytes as JSON, and Lambda hands on at most"
            f" {LARGEST_RESPONSE_BYTES}",
            "the function's return value: select fewer rows or columns, or write them to S3 and return the"
            " object's name",
        )
    return returned
