"""What the program says is found on the page by which people look it up, and what that page quotes is really said."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from keyless_bigquery.components.program import ROOT
from keyless_bigquery.runtime import advice
from keyless_bigquery.runtime.errors import Link as FunctionsLink
from keyless_bigquery.runtime.errors import ReaderError
from keyless_tools.doctor.finding import Link
from keyless_tools.guardrails.rules import CHANGE_RULES, RULES, STACK_RULES
from tests.docs.pages import Page, page_of, read
from tests.docs.spoken import is_in, is_quoted, shown, texts_in, texts_of

PAGE = ROOT / "docs" / "troubleshooting.md"
RUNTIME = ROOT / "keyless_bigquery" / "runtime"
OF_THE_FUNCTION = [
    *("configuration failed", "subject token failed", "token exchange failed, impersonation failed"),
    *("job creation failed, table access failed, query failed", "function failed, response failed", "network failed"),
]
OURS = {
    "Settings": [
        "keyless_bigquery/components/*.py",
        "keyless_bigquery/rules.py",
        "keyless_bigquery/settings/*.py",
        "keyless_bigquery/trust/trust.py",
    ],
    "The package": ["keyless_bigquery/packaging/*.py"],
    "Local cloud and set-up": [
        "packages/federation-emulator/src/federation_emulator/*.py",
        "packages/federation-emulator/src/federation_emulator/[c-s]*/*.py",
        "packages/pulumi-offline/src/pulumi_offline/*.py",
        "packages/pulumi-offline/src/pulumi_offline/engine/*.py",
        "packages/pulumi-offline/src/pulumi_offline/plugins/*.py",
        "tools/*.py",
    ],
    **{heading: ["keyless_bigquery/runtime/*.py"] for heading in OF_THE_FUNCTION},
}
"""The parts of the page that quote this project alone, and the modules that say it."""

FEWEST_WORDS = 4
"""Shorter code in a first cell is a name, or Google's code."""


def on_one_line(text: str) -> str:
    """A text as it is compared: without line breaks and marks for code."""
    return " ".join(text.replace("`", "").split())


TEXT = on_one_line(PAGE.read_text())


@pytest.mark.parametrize("module", sorted(RUNTIME.glob("*.py")), ids=lambda module: module.name)
def test_whatever_the_function_may_fail_with_is_on_the_page(module: Path) -> None:
    assert [shown(text) for text in failures_of(module) if not is_in(on_one_line(text), TEXT)] == []


def test_the_failures_of_the_function_are_found() -> None:
    found = [text for module in RUNTIME.glob("*.py") for text in failures_of(module)]
    assert "it had not ended when its time was up" in found
    assert len(found) > 20


def failures_of(module: Path) -> list[str]:
    """What a module's errors say happened, without where to look: that follows in the log line itself."""
    kinds = {"kind", *(kind.__name__ for kind in ReaderError.__subclasses__())}
    calls = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    return [
        text
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in kinds and call.args
        for text in texts_in(call.args[0])
    ]


def test_each_short_meaning_of_a_socket_error_is_on_the_page() -> None:
    assert [meaning for meaning in advice.SOCKET_SIGNS.values() if meaning not in TEXT] == []


def test_every_link_has_its_place_on_the_page() -> None:
    page = read(PAGE)
    first_cells = " ".join(row[0] for table in page.tables for row in table.rows)
    assert [link.value for link in Link if f"`{link.value}`" not in first_cells] == []
    headings = " ".join(page.headings)
    assert [link.value for link in FunctionsLink if f"{link.value} failed" not in headings] == []


def test_every_guardrail_is_named_on_the_page() -> None:
    named = set(read(PAGE).spans)
    rules = [
        *(rule.name for rule in RULES),
        *(rule.name for rule in STACK_RULES),
        *(rule.name for rule in CHANGE_RULES),
    ]
    assert set(rules) - named == set()


@pytest.mark.parametrize("heading", OURS)
def test_what_the_page_quotes_of_this_project_is_said_by_it(heading: str) -> None:
    modules = [path for pattern in OURS[heading] for path in ROOT.glob(pattern)]
    said = [
        on_one_line(text) for module in modules for text in texts_of(module) if len(shown(text, gap=" ").split()) > 2
    ]
    quoted = quotes(read(PAGE), heading)
    assert quoted
    assert [quote for quote in quoted if not any(is_quoted(quote, text) for text in said)] == []


def quotes(page: Page, heading: str) -> list[str]:
    """What the first cells of the tables under a heading quote."""
    rows = [row for table in page.tables if table.heading == heading for row in table.rows[1:]]
    spans = [span for row in rows for span in page_of(row[0], path=page.path).spans]
    return [span for span in spans if len(span.split()) >= FEWEST_WORDS]


def test_a_text_of_a_module_is_found_whatever_stands_in_its_gaps(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '"""Not this one."""\nX = f"it is {a} bytes" + " long"\nY = "and two"\nZ = WAIT + "for the pool"\n'
    )
    assert [shown(text) for text in texts_of(module)] == ["it is … bytes long", "…for the pool"]
    assert is_in(texts_of(module)[0], "so it is 140 bytes long.")
    assert not is_in(texts_of(module)[0], "it is 140 bits long")
    assert is_quoted("is NUMBER bytes", texts_of(module)[0])
    assert not is_quoted("is NUMBER bits", texts_of(module)[0])
