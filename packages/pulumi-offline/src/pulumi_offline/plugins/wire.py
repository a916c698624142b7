"""Plain Python values for the engine's property values, and back.

Secrets are not kept here: the plugins do not accept secrets, so the engine unwraps what it
sends and marks the answer itself. Only a plugin's own process may import this: the SDK's provider modules clash with
Google's client libraries over a protobuf name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from google.protobuf.struct_pb2 import Struct, Value  # type: ignore[import-untyped]  # protobuf ships no types
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_THE_WIRE
from pulumi.runtime.rpc import (  # the wire's marks have no public names
    _special_archive_sig,
    _special_asset_sig,
    _special_sig_key,
)

from pulumi_offline.plugins.errors import UnsupportedError
from pulumi_offline.plugins.values import UNKNOWN, Archive, Properties

_SIGNATURE = _special_sig_key
_ARCHIVE = "keyless-archive"
_HASH = "keyless-archive-hash"
_TEXTS = "keyless-archive-texts"


def readable_archives(properties: Struct) -> None:
    """Rewrite, in place, every archive into a map that the SDK hands on as it is.

    The engine sends an archive by its hash alone when it asks for a comparison or sends the state. SDK 3.272 takes
    such a one for an error, and drops the hash of every other.
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
    if _SIGNATURE not in fields or fields[_SIGNATURE].string_value != _special_archive_sig:
        readable_archives(value.struct_value)
        return
    assets = {name: asset.struct_value.fields for name, asset in fields["assets"].struct_value.fields.items()}
    if "uri" not in fields and all(_is_text(asset) for asset in assets.values()):
        path, archive_hash = fields["path"].string_value, fields["hash"].string_value
        texts = {name: asset["text"].string_value for name, asset in assets.items()}
        value.struct_value.Clear()
        value.struct_value.fields[_ARCHIVE].string_value = path
        value.struct_value.fields[_HASH].string_value = archive_hash
        value.struct_value.get_or_create_struct(_TEXTS).update(texts)


def _is_text(asset: Mapping[str, Value]) -> bool:
    return _SIGNATURE in asset and asset[_SIGNATURE].string_value == _special_asset_sig and "text" in asset


def plain(value: PropertyValue) -> Any:  # noqa: ANN401 (any JSON-like value)
    """One property value as a plain one.

    Raises:
        UnsupportedError: for assets other than `FileArchive` and an `AssetArchive` of texts, and for resource
            references.
    """
    inner = value.value
    if isinstance(inner, str):
        # SDK 3.272 reads the engine's mark for "unknown" as an ordinary string.
        return UNKNOWN if inner == UNKNOWN_ON_THE_WIRE else inner
    if inner is None or isinstance(inner, bool):
        return inner
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, Mapping) and _ARCHIVE in inner:
        texts = plain(inner[_TEXTS])
        return Archive(path=str(inner[_ARCHIVE].value), hash=str(inner[_HASH].value), texts=texts)
    if isinstance(inner, Mapping):
        return {key: plain(item) for key, item in inner.items()}
    if isinstance(inner, Sequence):
        return [plain(cast("PropertyValue", item)) for item in inner]
    raise UnsupportedError(
        f"a {type(inner).__name__} cannot be read by the stand-in plugin; pass a FileArchive, texts or plain values"
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
    """The archive as the engine writes it: the SDK's own would lose the hash."""
    marks = {_SIGNATURE: _special_archive_sig, "path": value.path, "hash": value.hash}
    made = {key: PropertyValue(text) for key, text in marks.items() if text}
    if value.texts:
        made["assets"] = PropertyValue({name: _asset(text) for name, text in value.texts.items()})
    return PropertyValue(made)


def _asset(text: str) -> PropertyValue:
    return PropertyValue({_SIGNATURE: PropertyValue(_special_asset_sig), "text": PropertyValue(text)})


def property_map(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Plain properties as property values; nulls are left out."""
    return {key: property_value(value) for key, value in values.items() if value is not None}
