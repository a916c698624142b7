"""The workflow of a project of its own that calls this one's: the template's."""

from __future__ import annotations

from keyless_tools.delivery.workflow_rules import Workflow
from pulumi_offline.engine.pins import ROOT

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def caller() -> Workflow:
    """That workflow, with a commit in it."""
    text = (ROOT / "template" / ".github" / "workflows" / "delivery.yml").read_text()
    return Workflow.read("delivery.yml", text.replace("@COMMIT", f"@{COMMIT}"))
