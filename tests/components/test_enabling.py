"""Every Google resource waits for the APIs that its run enables, in the stack and in the workflows' identities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.mocks import MockMonitor

from keyless_bigquery.components.program import ROOT
from tests.bootstrap.given import GIVEN, PROGRAM
from tests.components.recording import DEFAULTS, REQUIRED, record
from tests.components.test_program_options import SERVICE


@pytest.mark.parametrize(
    ("program", "settings"), [(ROOT / "__main__.py", DEFAULTS | REQUIRED), (PROGRAM, GIVEN)], ids=["stack", "bootstrap"]
)
def test_google_resources_wait_and_no_other_does(
    program: Path, settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Any] = []
    register: Callable[[MockMonitor, Any], Any] = MockMonitor.RegisterResource

    def recorded(monitor: MockMonitor, request: Any) -> Any:
        requests.append(request)
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", recorded)
    record(stack="prod", program=program, defaults=settings)
    assert {request.type.partition(":")[0] for request in requests} >= {"gcp", "aws"}
    for request in requests:
        google = request.type.startswith("gcp:")
        assert list(request.hooks.on_error) == (["wait-for-enabled-api"] if google else []), request.type
        assert list(request.hooks.after_create) == (["ask-enabled-api"] if request.type == SERVICE else [])
