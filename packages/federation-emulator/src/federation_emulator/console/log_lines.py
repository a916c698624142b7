"""The log of a server: a record is one printable line, whatever it was sent, and what follows it is set in."""

from __future__ import annotations

import logging
import sys

from federation_emulator.library import as_lines, one_line

_INDENT = "    "


class LineFormatter(logging.Formatter):
    """Writes a record as one line, and below it its traceback, each line of which is set in."""

    def format(self, record: logging.LogRecord) -> str:
        """Writes a record."""
        more = [self.formatException(record.exc_info)] if record.exc_info else []
        if record.stack_info:
            more.append(record.stack_info)
        below = "".join(f"\n{_INDENT}{line}" for text in more for line in as_lines(text).split("\n"))
        return one_line(f"{record.levelname}: {record.name}: {record.getMessage()}") + below


def log_in_lines() -> None:
    """Has every logger of this process write so, uvicorn's own too. Call it once uvicorn is configured."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
