"""Plain Python values for the engine's property values, and back.

Secrets are not kept here: the plugins tell the engine that they do not accept secrets, so the engine unwraps what it
sends and marks the answer itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, cast

from google.protobuf.struct_pb2 import Struct, Value  # type: ignore[import-untyped]  # protobuf ships no types
from pulumi import FileArchive
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_THE_WIRE
from pulumi.runtime.rpc import _special_archive_sig, _special_sig_key  # the wire's marks have no public names

from local_cloud.plugins.errors import UnsupportedError

Properties = dict[str, Any]
"""Property name in camelCase to None, bool, int, float, str, list, dict, Archive or UNKNOWN."""


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that is only known after the resources before it exist (previews only)."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A zip file: a path on this machine when it comes from the program, a hash alone when it comes from the state."""

    path: str = ""
    hash: str = ""


_SIGNATURE = _special_sig_key
_HASH_ALONE = "keyless-archive-hash"


def readable_archives(properties: Struct) -> None:
    """Rewrite, in place, every archive that has no path into a map that the SDK can read.

    The engine keeps archives in its state by their hash alone, and SDK 3.272 takes such a one for an error.
    """
    for value in properties.fields.values():
        _make_readable(value)


def _make_readable(value: Value) -> None:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        for item in value.list_value.values:
            _make_readable(item)
    if kind != "struct_value":
        return
    fields = value.struct_value.fields
    is_archive = _SIGNATURE in fields and fields[_SIGNATURE].string_value == _special_archive_sig
    if is_archive and not {"path", "uri", "assets"} & set(fields):
        archive_hash = fields["hash"].string_value
        value.struct_value.Clear()
        value.struct_value.fields[_HASH_ALONE].string_value = archive_hash
    else:
        readable_archives(value.struct_value)


def plain(value: PropertyValue) -> Any:  # noqa: ANN401 (any JSON-like value)
    """One property value as a plain one.

    Raises:
        UnsupportedError: for assets other than `FileArchive`, and for resource references.
    """
    inner = value.value
    if isinstance(inner, str):
        # SDK 3.272 reads the engine's mark for "unknown" as an ordinary string.
        return UNKNOWN if inner == UNKNOWN_ON_THE_WIRE else inner
    if inner is None or isinstance(inner, bool):
        return inner
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, FileArchive):
        return Archive(path=inner.path)
    if isinstance(inner, Mapping) and set(inner) == {_HASH_ALONE}:
        return Archive(hash=str(inner[_HASH_ALONE].value))
    if isinstance(inner, Mapping):
        return {key: plain(item) for key, item in inner.items()}
    if isinstance(inner, Sequence):
        return [plain(cast("PropertyValue", item)) for item in inner]
    raise UnsupportedError(
        f"a {type(inner).__name__} cannot be read by the stand-in plugin; pass a FileArchive or plain values"
    )


def plain_map(values: Mapping[str, PropertyValue]) -> Properties:
    """Property values as plain ones, without the engine's own keys and without nulls."""
    result = {key: plain(value) for key, value in values.items() if not key.startswith("__")}
    return {key: value for key, value in result.items() if value is not None}


def property_value(value: Any) -> PropertyValue:  # noqa: ANN401 (any JSON-like value)
    """One plain value as a property value.

    Raises:
        TypeError: for a value that no property can hold.
    """
    if value is UNKNOWN:
        return PropertyValue(UNKNOWN_ON_THE_WIRE)
    if value is None or isinstance(value, bool | str):
        return PropertyValue(value)
    if isinstance(value, int | float):
        return PropertyValue(float(value))
    if isinstance(value, Archive):
        return _archive(value)
    if isinstance(value, Mapping):
        return PropertyValue({key: property_value(item) for key, item in value.items()})
    if isinstance(value, Sequence):
        return PropertyValue([property_value(item) for item in value])
    raise TypeError(f"no property can hold a {type(value).__name__}")


def _archive(value: Archive) -> PropertyValue:
    if value.path:
        return PropertyValue(FileArchive(value.path))
    # What the engine sent, as it sent it: the SDK has no archive without a path.
    marks = {_SIGNATURE: _special_archive_sig, "hash": value.hash}
    return PropertyValue({key: PropertyValue(text) for key, text in marks.items()})


def property_map(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Plain properties as property values; nulls are left out."""
    return {key: property_value(value) for key, value in values.items() if value is not None}


def contains_unknown(value: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
    """Whether a preview still waits for some part of this value."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN
