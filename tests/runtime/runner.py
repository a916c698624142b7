"""Invokes the packaged handler as Lambda does; started in the task root by an interpreter without site-packages.

Standard library only: nothing but the package and the standard library can be imported here. Every address that the
process connects to is reported.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Protocol

REACHED: list[tuple[str, int]] = []


class Handler(Protocol):
    def __call__(self, event: object, context: Context, /) -> object: ...


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        host, port = arguments[1][:2]
        REACHED.append((host, port))


def _hold_up_the_bigquery_client(event: str, arguments: tuple[Any, ...]) -> None:
    """Lets its import go on only when somebody has connected to somewhere, or after five seconds."""
    deadline = time.monotonic() + 5
    while event == "import" and arguments[0] == "google.cloud.bigquery" and not REACHED:
        if time.monotonic() > deadline:
            return
        time.sleep(0.005)


class Context:
    """Lambda's context object."""

    def __init__(self, milliseconds: int) -> None:
        self._end = time.monotonic() + milliseconds / 1000

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.monotonic()) * 1000))


def _invoke(handler: Handler, event: object, milliseconds: int) -> dict[str, Any]:
    begun = time.monotonic()
    result: dict[str, Any]
    try:
        result = {"returned": handler(event, Context(milliseconds))}
    except Exception as error:  # noqa: BLE001 - as Lambda does
        result = {
            "raised": type(error).__name__,
            "message": str(error),
            "trace": traceback.format_exc(),
            "chained": error.__cause__ is not None or error.__context__ is not None,
        }
    return {**result, "seconds": time.monotonic() - begun}


def _read_with_google_auths_own_credentials() -> None:
    """One request to BigQuery by somebody who knows google-auth and nothing else."""
    import os

    import google.auth.aws
    from google.auth.transport.requests import AuthorizedSession

    credentials = google.auth.aws.Credentials.from_file(os.environ["GOOGLE_APPLICATION_CREDENTIALS"], scopes=["x"])  # type: ignore[no-untyped-call]  # google-auth has no types
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # google-auth has no types
    session.get(f"{os.environ['BIGQUERY_EMULATOR_HOST']}/bigquery/v2/projects")


def _peak_kilobytes() -> int:
    # Not resource.getrusage: what the process was before this program began counts there as well.
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def main() -> None:
    request = json.loads(sys.argv[1])
    # Only the task root and the standard library.
    sys.path[0] = str(Path.cwd())
    sys.addaudithook(_watch)
    if request.get("hold_up_the_bigquery_client"):
        sys.addaudithook(_hold_up_the_bigquery_client)
    begun = time.monotonic()
    from keyless_bigquery.runtime.entry import lambda_handler

    imported_seconds = time.monotonic() - begun
    if request.get("as_google_auth_does"):
        _read_with_google_auths_own_credentials()
    results = [_invoke(lambda_handler, event, request["milliseconds"]) for event in request["events"]]
    if request.get("join_threads"):
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(timeout=20)
    report = {"results": results, "reached": REACHED, "import_seconds": imported_seconds}

    report["peak_kilobytes"] = _peak_kilobytes()
    report["modules"] = sorted(
        file for module in list(sys.modules.values()) if isinstance(file := getattr(module, "__file__", None), str)
    )
    Path(request["report"]).write_text(json.dumps(report))


main()
