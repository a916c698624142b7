"""One file out of the function's package, as AWS has it: bounded in time and in size."""

from __future__ import annotations

import io
import time
import zipfile

import requests

from keyless_tools.doctor.answer import Absent, Answer, Found, Silent

MOST_PACKAGE_BYTES = 64 * 1024 * 1024
"""Lambda takes 50 MB directly. Source: AWS, "Lambda quotas"."""

MOST_FILE_BYTES = 64 * 1024
"""What the function itself reads of the file."""

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 10.0
_LIMIT_SECONDS = 60.0
_CHUNK_BYTES = 1024 * 1024


def read_from_package(url: str, name: str) -> Answer[str]:
    """The text of one file in a package; :class:`Absent` if it has no such file.

    The URL, where AWS serves the package for some minutes, carries a signature and is not shown.
    """
    try:
        package = _download(url)
    except requests.RequestException as error:
        return Silent(why=f"the package can't be downloaded ({type(error).__name__})")
    if package is None:
        return Silent(why=f"the package is larger than {MOST_PACKAGE_BYTES} bytes, or took {_LIMIT_SECONDS:.0f} s")
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive, archive.open(name) as file:
            return Found(value=file.read(MOST_FILE_BYTES).decode())
    except KeyError:
        return Absent()
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        return Silent(why=f"the package, or {name} in it, can't be read ({type(error).__name__})")


def _download(url: str) -> bytes | None:
    """The package; ``None`` beyond the bounds."""
    end = time.monotonic() + _LIMIT_SECONDS
    package = bytearray()
    timeout = (_CONNECT_SECONDS, _READ_SECONDS)
    with requests.get(url, stream=True, timeout=timeout, allow_redirects=False) as response:
        response.raise_for_status()
        for chunk in response.iter_content(_CHUNK_BYTES):
            package += chunk
            if len(package) > MOST_PACKAGE_BYTES or time.monotonic() > end:
                return None
    return bytes(package)
