"""What the SDK leaves behind: of each run with mocks its event loop, of each failed run of an inline program more."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import warnings


def forget_failed_runs() -> None:
    """Close and collect what SDK 3.272 leaves, where it is known; elsewhere it would fail another test."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Mocks make a loop this thread's own; the next asyncio.run would drop it, open as it is.
            with contextlib.suppress(RuntimeError):  # there is none
                asyncio.get_event_loop_policy().get_event_loop().close()
            asyncio.set_event_loop(None)
            gc.collect()
    finally:
        sys.unraisablehook = hook
