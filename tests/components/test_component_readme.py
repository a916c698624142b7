"""The program on the components' page is one that works."""

from __future__ import annotations

import re
from pathlib import Path

from keyless_bigquery.components.program import ROOT
from tests.components.recording import FOUND, record

PAGE = ROOT / "component" / "README.md"


def test_the_program_of_the_page_makes_what_the_page_says(tmp_path: Path) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL | re.ASCII)
    program = tmp_path / "__main__.py"
    program.write_text(source)
    stack = record(program=program, answers=FOUND)
    kinds = [found.type.rpartition(":")[2] for found in stack.resources]
    assert kinds.count("IamMember") == 2
    assert {"WorkloadIdentityPool", "WorkloadIdentityPoolProvider", "Account", "LayerVersion"} <= set(kinds)
    assert "Role" not in kinds
    assert "Function" not in kinds
