"""Makes marshalled code depend on the code alone.

CPython marks each object that might come up again ("reference"), and judges by how often anything in the process that
compiles holds it. So one source gives different bytes, depending on what was imported or compiled before. Here the
marks that nothing refers to are taken away and the others numbered anew; what is loaded is the same, a little faster.

The format: CPython, ``Python/marshal.c``, version 4, of 3.11 to 3.14; code objects have the same fields in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

_MARK = 0x80
_INT_BYTES = 4
_DIGIT_BYTES = 2
_CODE_INTS = 5  # counts of arguments, size of the stack, flags
_CODE_OBJECTS = 8  # instructions, constants, names, variables and their kinds, file, name, qualified name
_CODE_TABLES = 2  # lines, exceptions; the first line's number stands before them

_FIXED_BYTES: Mapping[int, int] = {
    **dict.fromkeys(b"0NFTS.", 0),
    **dict.fromkeys(b"ir", _INT_BYTES),
    ord("g"): 8,
    ord("y"): 16,
}


def canonical(data: bytes) -> bytes:
    """The same marshalled object, marked as little as can be.

    Raises:
        ValueError: It is not in the format, or something follows it.
    """
    marked = _Marked(data)
    try:
        end = marked.skip(0)
    except IndexError:
        end = len(data) + 1
    if end != len(data):
        raise ValueError("marshalled data does not end where its object does")
    return marked.renumbered()


class _Marked:
    """Marshalled data, with the places of its marks and of the references to them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._marks: list[int] = []
        self._references: list[int] = []

    def skip(self, at: int) -> int:
        """Where the object that begins at ``at`` ends.

        Raises:
            IndexError: The data ends first.
            ValueError: It is of a type that the format does not have.
        """
        kind = self._data[at]
        if kind & _MARK:
            self._marks.append(at)
            kind &= ~_MARK
        if kind == ord("r"):
            self._references.append(at + 1)
        size = _FIXED_BYTES.get(kind)
        if size is not None:
            return at + 1 + size
        if kind not in _VARIABLE:
            raise ValueError(f"marshalled data holds an object of the unknown type {chr(kind)!r}")
        return _VARIABLE[kind](self, at + 1)

    def renumbered(self) -> bytes:
        """The data without marks that nothing refers to."""
        used = sorted({self._int(at) for at in self._references})
        numbers = {old: new for new, old in enumerate(used)}
        made = bytearray(self._data)
        for number, at in enumerate(self._marks):
            if number not in numbers:
                made[at] &= ~_MARK
        for at in self._references:
            made[at : at + _INT_BYTES] = numbers[self._int(at)].to_bytes(_INT_BYTES, "little")
        return bytes(made)

    def _int(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + _INT_BYTES], "little", signed=True)

    def _several(self, count: int, at: int) -> int:
        for _ in range(count):
            at = self.skip(at)
        return at

    def _bytes(self, at: int) -> int:
        return at + _INT_BYTES + self._int(at)

    def _short_bytes(self, at: int) -> int:
        return at + 1 + self._data[at]

    def _digits(self, at: int) -> int:
        return at + _INT_BYTES + abs(self._int(at)) * _DIGIT_BYTES

    def _items(self, at: int) -> int:
        return self._several(self._int(at), at + _INT_BYTES)

    def _few_items(self, at: int) -> int:
        return self._several(self._data[at], at + 1)

    def _slice(self, at: int) -> int:
        return self._several(3, at)

    def _code(self, at: int) -> int:
        at = self._several(_CODE_OBJECTS, at + _CODE_INTS * _INT_BYTES)
        return self._several(_CODE_TABLES, at + _INT_BYTES)


_VARIABLE: Mapping[int, Callable[[_Marked, int], int]] = {
    **dict.fromkeys(b"stuaA", _Marked._bytes),
    **dict.fromkeys(b"zZ", _Marked._short_bytes),
    **dict.fromkeys(b"([<>", _Marked._items),
    ord("l"): _Marked._digits,
    ord(")"): _Marked._few_items,
    ord(":"): _Marked._slice,
    ord("c"): _Marked._code,
}
