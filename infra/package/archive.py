"""A zip that is the same, byte for byte, on every machine.

Order, times and modes are fixed here, and nothing is compressed here: two builds of zlib may compress the same file
to different bytes. A wheel is a zip already, and the lock's hashes pin its bytes, so its compressed files are copied
as they are; a file of our own is stored uncompressed.

The format: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3.7, 4.3.12 and 4.3.16, without Zip64.
"""

from __future__ import annotations

import dataclasses
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.package.errors import PackageError

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")

_VERSION_NEEDED = 20  # 2.0: deflate
_MADE_ON_UNIX = 3 << 8 | _VERSION_NEEDED
_UTF8_NAMES = 1 << 11
_ENCRYPTED = 1 << 0
_MIDNIGHT = 0
_FIRST_DAY = 1 << 5 | 1  # 1 January 1980, the earliest that the format can say
_REGULAR_FILE = 0o100000
_LARGEST = 2**31
_MOST_ENTRIES = 2**16 - 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One file, as it lies in a zip.

    Args:
        path: Its path in the zip, relative, with ``/``.
        method: ``zipfile.ZIP_STORED`` or ``zipfile.ZIP_DEFLATED``.
        crc: CRC-32 of the content.
        size: Bytes of the content.
        data: The content, compressed by ``method``.
    """

    path: str
    method: int
    crc: int
    size: int
    data: bytes = dataclasses.field(repr=False)

    @classmethod
    def stored(cls, path: str, content: bytes) -> Entry:
        """A file of our own."""
        return cls(path=path, method=zipfile.ZIP_STORED, crc=zlib.crc32(content), size=len(content), data=content)

    @property
    def content(self) -> bytes:
        """The content itself.

        Raises:
            zlib.error: The data is not what the method says.
        """
        return zlib.decompress(self.data, -zlib.MAX_WBITS) if self.method == zipfile.ZIP_DEFLATED else self.data

    @property
    def mode(self) -> int:
        """Readable by everyone, as Lambda wants it, and executable only for what the loader maps."""
        return 0o755 if self.path.endswith(".so") else 0o644


def read(path: Path) -> Iterator[Entry]:
    """The files of the zip at ``path``, their data as it lies there.

    Raises:
        PackageError: The zip has an entry that can't be copied as it is, or that would lie outside the package.
        zipfile.BadZipFile: It is no zip.
    """
    with path.open("rb") as stream, zipfile.ZipFile(stream) as directory:
        for listed in directory.infolist():
            if listed.is_dir():
                continue
            _refuse_unfit(path, listed)
            stream.seek(listed.header_offset)
            header = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
            name_length, extra_length = header[-2:]
            stream.seek(name_length + extra_length, 1)
            yield Entry(
                path=listed.filename,
                method=listed.compress_type,
                crc=listed.CRC,
                size=listed.file_size,
                data=stream.read(listed.compress_size),
            )


def assemble(entries: Iterable[Entry]) -> bytes:
    """The zip that holds ``entries``, sorted by path.

    Raises:
        PackageError: Two different files have the same path, or there is more than the format holds without Zip64.
    """
    files, directory = bytearray(), bytearray()
    ordered = _without_twins(entries)
    for entry in ordered:
        name = entry.path.encode()
        fields = (_UTF8_NAMES, entry.method, _MIDNIGHT, _FIRST_DAY, entry.crc, len(entry.data), entry.size, len(name))
        directory += _CENTRAL_HEADER.pack(
            b"PK\x01\x02", _MADE_ON_UNIX, _VERSION_NEEDED, *fields,
            0, 0, 0, 0, (_REGULAR_FILE | entry.mode) << 16, len(files),
        ) + name  # fmt: skip
        files += _LOCAL_HEADER.pack(b"PK\x03\x04", _VERSION_NEEDED, *fields, 0) + name + entry.data
    if len(files) + len(directory) > _LARGEST or len(ordered) > _MOST_ENTRIES:
        raise PackageError(
            f"the package has {len(ordered)} files, {len(files)} bytes in all: too much for a plain zip."
        )
    end = _END.pack(b"PK\x05\x06", 0, 0, len(ordered), len(ordered), len(directory), len(files), 0)
    return bytes(files + directory + end)


def _refuse_unfit(archive: Path, listed: zipfile.ZipInfo) -> None:
    parts = listed.filename.split("/")
    if listed.flag_bits & _ENCRYPTED or listed.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise PackageError(
            f"{archive.name}: {listed.filename!r} is encrypted or compressed by method {listed.compress_type}; Lambda"
            " reads stored and deflated files. Lock another version of this package."
        )
    if "" in parts or ".." in parts or "." in parts or "\\" in listed.filename:
        raise PackageError(f"{archive.name}: {listed.filename!r} would lie outside the package. Don't use this wheel.")


def _without_twins(entries: Iterable[Entry]) -> list[Entry]:
    """Sorted by path. Packages of one namespace may bring the same file, as long as it really is the same."""
    by_path: dict[str, Entry] = {}
    for entry in entries:
        twin = by_path.setdefault(entry.path, entry)
        if (twin.crc, twin.size) != (entry.crc, entry.size):
            raise PackageError(
                f"{entry.path!r} is in the package twice, with different content. Only one can ship: omit the other"
                " in infra/package/contents.py."
            )
    return [by_path[path] for path in sorted(by_path)]
