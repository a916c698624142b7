"""BigQuery's answers, whose rows stay bytes until they are used.

As bytes a row of two columns takes 35. Decoded, it is a dictionary of a list of dictionaries, and takes a kilobyte: a
page of a megabyte would take thirty. Pure.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any, SupportsIndex, overload

import requests

_ROWS = re.compile(rb'"rows": ?\[(?!\])')
_DECODER = json.JSONDecoder()
_PIECE_BYTES = 1 << 16


class UndecodedRows(Sequence[Any]):
    """The elements of a JSON array, each decoded when it is reached.

    All of them are decoded once when this is made, and dropped: what is malformed or cut off is refused here, before
    any row is handed on.

    Attributes:
        size: Bytes of the elements, and of what follows them.
        rest: What follows them, from the bracket that closes the array.

    Raises:
        ValueError: It is no JSON, or has spaces between its elements.
    """

    def __init__(self, body: bytes, start: int) -> None:
        self._body = body
        self._start = start
        self._length = 0
        self._read = False
        self._kept: list[Any] | None = None
        self.size = len(body) - start
        elements = _elements(body, start)
        while True:
            try:
                next(elements)
            except StopIteration as end:
                self.rest: str = end.value
                return
            self._length += 1

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        """The elements, one by one. For a second time, as a data frame takes each column, all are decoded and kept."""
        if self._read and self._kept is None:
            self._kept = list(_elements(self._body, self._start))
        return self._once() if self._kept is None else iter(self._kept)

    def _once(self) -> Iterator[Any]:
        yield from _elements(self._body, self._start)
        self._read = True

    @overload
    def __getitem__(self, index: SupportsIndex) -> Any: ...  # noqa: ANN401 - a row, as JSON has it
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        """The client takes the whole of a first page, which costs nothing; anything else decodes them all."""
        return self if index == slice(None) else list(self)[index]


def _elements(body: bytes, start: int) -> Generator[Any, None, str]:
    """Each element of the array whose first begins at ``start``; at last, what follows them.

    A piece at a time: one sign beyond ASCII can make a text four times as large as its bytes.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    text, size = "", _PIECE_BYTES
    while True:
        piece = body[start : start + size]
        start += len(piece)
        text += decoder.decode(piece, final=not piece)
        place = 0
        while True:
            try:
                element, end = _DECODER.raw_decode(text, place)
                mark = text[end]
            except (ValueError, IndexError):
                if not piece:
                    raise ValueError("the array does not end") from None
                break
            yield element
            if mark == "]":
                return text[end:] + decoder.decode(body[start:], final=True)
            if mark != ",":
                raise ValueError("neither a comma nor the end of the array follows an element")
            place = end + 1
        # An element that is longer than a piece would else be looked through again for each.
        size = 2 * size if place == 0 else _PIECE_BYTES
        text = text[place:]


def decoded(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """What ``json.loads`` makes of a body, but for the elements of the object's array ``rows``.

    Of one in another shape than BigQuery's, with spaces between the rows or several ``rows``, everything is decoded.

    Raises:
        ValueError: It is no JSON.
    """
    found = _ROWS.search(body)
    if found is None:
        return json.loads(body)
    try:
        rows = UndecodedRows(body, found.end())
    except ValueError:
        return json.loads(body)
    around = body[: found.end()].decode() + rows.rest
    answer = json.loads(around)
    if around.count('"rows":') != 1 or not isinstance(answer, dict) or "rows" not in answer:
        return json.loads(body)
    return {**answer, "rows": rows}


class Answer(requests.Response):
    """A response whose rows stay bytes."""

    @classmethod
    def of(cls, response: requests.Response) -> Answer:
        """The same response, as one of these."""
        answer = cls()
        vars(answer).update(vars(response))
        return answer

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        """As the base class, in one piece: joined from small ones it would be there twice."""
        del chunk_size
        return super().iter_content(None, decode_unicode)

    def json(self, **options: Any) -> Any:  # noqa: ANN401 - as the base class
        """As the base class, but for the rows.

        Raises:
            requests.exceptions.JSONDecodeError: As the base class.
        """
        try:
            return decoded(self.content)
        except ValueError:
            try:
                return super().json(**options)
            except requests.exceptions.JSONDecodeError as error:
                # By which a diagnosis knows whose answer it was.
                error.request = self.request
                raise
