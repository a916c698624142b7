"""The workflow of a project of its own that calls this one's, as docs/delivery.md shows it."""

from __future__ import annotations

import re

from keyless_tools.delivery.workflow_rules import Workflow
from pulumi_offline.engine.pins import ROOT

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def caller() -> Workflow:
    """That workflow, with a commit in it."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "delivery.md").read_text(), re.DOTALL)
    return Workflow.read("delivery.yml", text.replace("@COMMIT", f"@{COMMIT}"))
