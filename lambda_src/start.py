"""The start of the process, before anything else is imported. Standard library only."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collecting() -> Iterator[None]:
    """Keeps the garbage collector from looking through what is being imported, which it does some dozen times.

    Of modules, functions and classes nothing is garbage; looking for it takes a fifteenth of the start. Afterwards it
    never looks at them again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
