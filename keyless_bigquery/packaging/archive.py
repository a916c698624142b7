"""A zip that is the same, byte for byte, on every machine.

Order, times and modes are fixed here. What compresses is libdeflate, pinned with the program's other requirements: two
builds of zlib may compress the same file to different bytes.

The format: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3.7, 4.3.12 and 4.3.16, without Zip64.
"""

from __future__ import annotations

import collections
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from keyless_bigquery.packaging.errors import PackageError

ZIPPED_LIMIT_BYTES = 50 * 1024 * 1024
"""Largest package that Lambda takes by direct upload. Source: AWS, "Lambda quotas"."""

UNZIPPED_LIMIT_BYTES = 250 * 1024 * 1024
"""Largest unzipped package, layers included. Source: AWS, "Lambda quotas"."""

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")

_VERSION_NEEDED = 20  # 2.0: deflate
_MADE_ON_UNIX = 3 << 8 | _VERSION_NEEDED
_UTF8_NAMES = 1 << 11
_MIDNIGHT = 0
_FIRST_DAY = 1 << 5 | 1  # 1 January 1980, the earliest that the format can say
_REGULAR_FILE = 0o100000
_MOST_ENTRIES = 2**16 - 1
_LEVEL = 6
_ELF_MAGIC = b"\x7fELF"


def assemble(files: Mapping[str, bytes]) -> bytes:
    """The zip that holds ``files``, sorted by path.

    Args:
        files: The content of each, by its path in the zip: relative, with ``/``.

    Raises:
        PackageError: It is more than Lambda takes.
    """
    # Only a build needs it, and not each preview.
    from deflate import deflate_compress

    _refuse_more(sum(map(len, files.values())), UNZIPPED_LIMIT_BYTES, "bytes unzipped", files)
    _refuse_more(len(files), _MOST_ENTRIES, "files", files)
    body, directory = bytearray(), bytearray()
    for path, content in sorted(files.items()):
        name, compressed = path.encode(), bytes(deflate_compress(content, _LEVEL))
        method = zipfile.ZIP_DEFLATED if len(compressed) < len(content) else zipfile.ZIP_STORED
        data = compressed if method == zipfile.ZIP_DEFLATED else content
        # Readable by every user, as Lambda needs it, and executable where it is a program or a library.
        mode = 0o755 if content.startswith(_ELF_MAGIC) else 0o644
        sizes = (zlib.crc32(content), len(data), len(content), len(name))
        fields = (_UTF8_NAMES, method, _MIDNIGHT, _FIRST_DAY, *sizes)
        directory += _CENTRAL_HEADER.pack(
            b"PK\x01\x02", _MADE_ON_UNIX, _VERSION_NEEDED, *fields,
            0, 0, 0, 0, (_REGULAR_FILE | mode) << 16, len(body),
        ) + name  # fmt: skip
        body += _LOCAL_HEADER.pack(b"PK\x03\x04", _VERSION_NEEDED, *fields, 0) + name + data
    end = _END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(directory), len(body), 0)
    _refuse_more(len(body) + len(directory) + len(end), ZIPPED_LIMIT_BYTES, "bytes zipped", files)
    return bytes(body + directory + end)


def read(archive: Path) -> dict[str, bytes]:
    """The files of a zip."""
    with zipfile.ZipFile(archive) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def _refuse_more(size: int, limit: int, what: str, files: Mapping[str, bytes]) -> None:
    if size <= limit:
        return
    sizes = collections.Counter[str]()
    for path, content in files.items():
        sizes[path.partition("/")[0]] += len(content)
    largest = ", ".join(f"{name} ({bytes_ / 1024**2:.0f} MB)" for name, bytes_ in sizes.most_common(3))
    raise PackageError(
        f"the function's package has {size} {what}, and Lambda takes {limit}. Largest are {largest}: remove what the"
        " function can do without from lambda_src/ and its requirements.in."
    )
