"""What a stand-in does when it is used: it refuses, and names what is missing.

A stand-in has the name of a package that stays out of the function's package. Libraries that import that package when
they are imported themselves, and need none of it to read rows over REST, so find a package of that name; its
use is refused. This file ships as it stands, so it imports nothing else of this project.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn


class NotShippedError(ImportError):
    """Something was used that did not ship. No library takes it for an answer such as "this signature is wrong"."""


class NotShipped(type):
    """Metaclass of a class that can be named, as in an annotation, a base or ``isinstance``, and no more.

    Nothing is an instance of such a class, or of one derived from it.
    """

    def __call__(cls, *_: object, **__: object) -> NoReturn:
        """Refuses to make an instance.

        Raises:
            NotShippedError: Always.
        """
        refuse(f"{cls.__module__}.{cls.__qualname__}")

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse(f"{cls.__module__}.{cls.__qualname__}.{name}")


def refuse(what: str) -> NoReturn:
    """Refuses the use of ``what``, a dotted name.

    Raises:
        NotShippedError: Always.
    """
    raise NotShippedError(_text(what))


def others(module: str) -> Callable[[str], NoReturn]:
    """The ``__getattr__`` of a stand-in module, for every name that it does not have.

    It raises ``AttributeError``, as the import system needs to go on and look for a submodule of that name.
    """

    def __getattr__(name: str) -> NoReturn:  # noqa: N807  # PEP 562 gives a module's function this name
        raise AttributeError(_text(f"{module}.{name}"))

    return __getattr__


_DISTRIBUTIONS = {
    "charset_normalizer": "charset-normalizer",
    "google.protobuf": "protobuf",
    "google.resumable_media": "google-resumable-media",
    "google.rpc": "googleapis-common-protos",
}
"""Packages whose modules have another name than they have."""


def _text(what: str) -> str:
    top, second = (*what.split("."), "")[:2]
    package = _DISTRIBUTIONS.get(f"{top}.{second}") or _DISTRIBUTIONS.get(top) or top
    return (
        f"{what} was used, and a stand-in ships in its place, since a query needs none of it. Set"
        f" functionPackage: full, or name {package} in lambda_src/requirements.in and run `keyless lock`."
    )
