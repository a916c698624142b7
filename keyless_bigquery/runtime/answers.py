"""BigQuery's answers, whose rows stay text until they are used.

As text a row of two columns takes 35 bytes. Decoded, it is a dictionary of a list of dictionaries, and takes a
kilobyte: a page of a megabyte would take thirty. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, SupportsIndex, overload

import requests

_ROWS = re.compile(r'"rows": ?\[(?!\])')
_DECODER = json.JSONDecoder()


class UndecodedRows(Sequence[Any]):
    """The elements of a JSON array, each decoded when it is reached.

    All of them are decoded once when this is made, and dropped: what is malformed or cut off is refused here, before
    any row is handed on.

    Args:
        text: What holds the array.
        start: Where its first element begins.

    Attributes:
        end: Where the bracket stands that closes the array.

    Raises:
        ValueError: It is no JSON, or has spaces between its elements.
    """

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        self._length = 0
        comma = ","
        while comma == ",":
            _, self.end = _DECODER.raw_decode(text, start)
            self._length += 1
            comma, start = text[self.end : self.end + 1], self.end + 1
        if comma != "]":
            raise ValueError(f"neither a comma nor the array's end at {self.end}")

    @property
    def characters(self) -> int:
        """How long they are."""
        return self.end - self._start

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        start = self._start
        for _ in range(self._length):
            row, end = _DECODER.raw_decode(self._text, start)
            yield row
            start = end + 1

    @overload
    def __getitem__(self, index: SupportsIndex) -> Any: ...  # noqa: ANN401 - a row, as JSON has it
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        """The client takes the whole of a first page, which costs nothing; anything else decodes them all."""
        return self if index == slice(None) else list(self)[index]


def decoded(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """What ``json.loads`` makes of a text, but for the elements of the object's array ``rows``.

    Of a text in another shape than BigQuery's, with spaces between the rows or several ``rows``, everything is decoded.

    Raises:
        ValueError: It is no JSON.
    """
    found = _ROWS.search(text)
    if found is None:
        return json.loads(text)
    try:
        rows = UndecodedRows(text, found.end())
    except ValueError:
        return json.loads(text)
    around = text[: found.end()] + text[rows.end :]
    answer = json.loads(around)
    if around.count('"rows":') != 1 or not isinstance(answer, dict) or "rows" not in answer:
        return json.loads(text)
    return {**answer, "rows": rows}


class Answer(requests.Response):
    """A response whose rows stay text."""

    @classmethod
    def of(cls, response: requests.Response) -> Answer:
        """The same response, as one of these."""
        answer = cls()
        vars(answer).update(vars(response))
        return answer

    def json(self, **options: Any) -> Any:  # noqa: ANN401 - as the base class
        """As the base class, but for the rows.

        Raises:
            requests.exceptions.JSONDecodeError: As the base class.
        """
        try:
            return decoded(self.content.decode())
        except ValueError:
            return super().json(**options)
