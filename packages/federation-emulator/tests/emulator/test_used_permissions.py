"""What the local Google lists of the permissions that were used: allowed ones, each with the binding that gave it."""

from __future__ import annotations

from federation_emulator.core.config import DEPLOYER
from tests.emulator.google_server import PROJECT
from tests.emulator.in_process import InProcess


def test_a_permission_that_was_used_is_listed_once_and_a_refused_call_is_not() -> None:
    google = InProcess.open()
    assert google.done("GET", "/_local/permissions") == {"permissions": []}
    for _ in range(2):
        google.done("GET", f"/v1/projects/{PROJECT}")
    assert google.call("GET", "/v1/projects/another-project").status_code == 403
    (used,) = google.done("GET", "/_local/permissions")["permissions"]
    assert (used["principal"], used["permission"]) == (DEPLOYER, "resourcemanager.projects.get")
    assert used["grant"] == f"roles/owner for {DEPLOYER} on projects/{PROJECT}"
