"""What the program hands over as an archive: its bytes, and whether it is another one than before."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.kind import Change
from pulumi_offline.plugins.values import Archive, Properties

CODE = "code"


def content(archive: Archive) -> bytes:
    """The zip file; texts always make the same one.

    Raises:
        PluginError: it can't be read.
    """
    if archive.texts:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as zipped:
            for name, text in sorted(archive.texts.items()):
                zipped.writestr(zipfile.ZipInfo(name), text)
        return packed.getvalue()
    try:
        return Path(archive.path).read_bytes()
    except OSError as error:
        raise PluginError(f"the archive {archive.path} can't be read: {error.strerror}") from error


def change(state: Properties, new: Archive, *, replaces: bool) -> Change | None:
    """The change of `code`, if there is one: the engine's hashes decide, since no archive can be read back."""
    old = state.get(CODE)
    same = isinstance(old, Archive) and old.hash == new.hash
    return None if same else Change(old=old, new=new, replaces=replaces)


def kept(state: Properties) -> Properties:
    """The archive of the state, which no service shows again."""
    return {CODE: state[CODE]} if CODE in state else {}
