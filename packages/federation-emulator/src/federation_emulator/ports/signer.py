"""The process that holds the keys of the local AWS's token issuer, and what is asked of it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from federation_emulator.ports.layer import App, JsonDocument
from federation_emulator.ports.web_identity import KEY_SET


class Signer:
    """Starts the process with the first question, and ends with it: without its standard input it goes.

    Args:
        command: What starts it; see :mod:`federation_emulator.client.issuer`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._key_set = ""
        self._lock = threading.Lock()

    def key_set(self) -> str:
        """The issuer's public keys, as JSON."""
        with self._lock:
            self._start()
            return self._key_set

    def sign(self, claims: Mapping[str, Any], algorithm: str) -> str:
        """Sign a token. Keys outlive it, until this process ends."""
        with self._lock:
            process = self._start()
            if process.stdin is None:
                raise OSError("the issuer has no standard input")
            process.stdin.write(json.dumps({"claims": claims, "algorithm": algorithm}) + "\n")
            process.stdin.flush()
            return self._line(process)

    def _start(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                list(self._command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._key_set = self._line(self._process)
        return self._process

    def _line(self, process: subprocess.Popen[str]) -> str:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise OSError(f"the issuer ended with status {process.wait(5)}")
        return line.rstrip("\n")


def publishing(app: App, signer: Signer) -> App:
    """The app with the issuer's key set, which anyone may have."""
    return JsonDocument(app, KEY_SET, signer.key_set)
