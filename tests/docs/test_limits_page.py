"""The numbers on the page of limits are those that the code holds."""

from __future__ import annotations

import importlib
import re

import pytest

from keyless_bigquery.components.program import ROOT
from keyless_bigquery.packaging.archive import ZIPPED_LIMIT_BYTES
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping
from tests.docs.pages import read

ROWS = [row for table in read(ROOT / "docs" / "limits.md").tables for row in table.rows if len(row) == 4]
CONSTANTS = {
    constant: row[1]
    for row in ROWS
    for constant in re.findall(r"`((?:infra|keyless_bigquery|doctor)\.[\w.]+)`", row[3])
}


def forms(value: float) -> set[str]:
    """The ways in which a page may write a number: plain, with commas, or as binary multiples of bytes."""
    if value != int(value):
        return {str(value)}
    return {f"{value:.0f}", f"{value:,.0f}", f"{value / 1024:g} KB", f"{value / 1024**2:g} MB"}


@pytest.mark.parametrize("constant", CONSTANTS)
def test_a_limit_is_in_as_its_constant_has_it(constant: str) -> None:
    module, _, name = constant.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    page = CONSTANTS[constant] + " ".join(row[3] for row in ROWS if constant in row[3])
    assert any(re.search(rf"(?<![\d,.]){re.escape(form)}(?!\d|[.,]\d)", page) for form in forms(value)), value


def test_a_number_is_found_in_each_of_its_forms_and_no_other() -> None:
    assert {"52428800", "50 MB"} <= forms(ZIPPED_LIMIT_BYTES)
    assert "1.5" in forms(1.5)
    assert "12" not in forms(127)


def test_the_page_counts_readers_and_stack_names_as_the_rules_do() -> None:
    page = (ROOT / "docs" / "limits.md").read_text()
    for length, most in ((64, 29), (28, 40)):
        chains = [
            TrustChain(aws_account_id="2" * 12, role_name=f"{place:03}".ljust(length, "r"), function_name="f")
            for place in range(most + 1)
        ]
        assert len(attribute_condition(chains[:most])) <= 4096 < len(attribute_condition(chains))
        assert str(most) in page
    assert max(map(len, attribute_mapping().values())) <= 2048
