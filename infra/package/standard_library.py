"""Which modules the standard library of each runtime has."""

from __future__ import annotations

import sys
from collections.abc import Mapping

_ADDED: Mapping[int, frozenset[str]] = {14: frozenset({"annotationlib", "compression"})}
_REMOVED: Mapping[int, frozenset[str]] = {
    12: frozenset({"asynchat", "asyncore", "distutils", "imp", "smtpd"}),
    13: frozenset(
        {
            *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"),
            *("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
        }
    ),
}
# Public modules that came and went between the runtimes. Source: Python, "What's New" of 3.12, 3.13 and 3.14.


def modules(minor: int) -> frozenset[str]:
    """The top-level names of the standard library of Python 3.``minor``.

    What this interpreter has, with what was there before or is there since. A private module is taken to be in all.
    """
    everything = set(sys.stdlib_module_names).union(*_ADDED.values(), *_REMOVED.values())
    for since, names in _ADDED.items():
        if minor < since:
            everything -= names
    for since, names in _REMOVED.items():
        if minor >= since:
            everything -= names
    return frozenset(everything)
