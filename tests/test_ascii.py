"""Digits, letters and spaces in a pattern are ASCII's: Python's own are Unicode's, with an Arabic digit in ``\\d``.

A rule that Google or AWS writes in ASCII is held in ASCII, so that ``int("٣")`` is never reached.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyless_bigquery.components.program import ROOT

_CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\[dDwWsSbB]", re.ASCII)
_OF_UNICODE = {"isdigit", "isdecimal", "isnumeric", "isalnum", "isalpha", "isidentifier"}
_FOLDED = {"IGNORECASE", "I"}

EXCEPTIONS = {
    "keyless_bigquery/runtime/redaction.py": "a wider match takes out more of what may be a secret",
    **dict.fromkeys(
        [
            f"keyless_bigquery/runtime/{name}signals.py"
            for name in ("", "bigquery_", "query_", "token_", "web_identity_")
        ],
        "Signal.fits searches each pattern with re.ASCII",
    ),
    "packages/keyless-tools/src/keyless_tools/doctor/links/table_kinds.py": "pieces of patterns that are ASCII's",
    "packages/keyless-tools/src/keyless_tools/delivery/report.py": "folds every space and line break there is",
    "packages/federation-emulator/src/federation_emulator/services/bigquery/sql/": "SQL's names are Unicode's",
    "packages/federation-emulator/src/federation_emulator/servers/bigquery_emulator/application.py": "likewise",
}
"""File or folder → why its patterns are Unicode's."""


def findings(source: str) -> Iterator[str]:
    """Each pattern, and each question of a text, that takes more than ASCII."""
    tree = ast.parse(source)
    within = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant | ast.Attribute):
            continue
        above = list(_above(node, within))
        ascii_too = any("ASCII" in _names(each) for each in above if isinstance(each, ast.Call))
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if _CLASS.search(text) and not ascii_too and not isinstance(within.get(node), ast.Expr) and "(?a" not in text:
            yield f"line {node.lineno}: {text!r:.80} without re.ASCII"
        if isinstance(node, ast.Attribute) and node.attr in _FOLDED and not ascii_too and _names(node.value) == {"re"}:
            yield f"line {node.lineno}: re.{node.attr} without re.ASCII"
        if isinstance(node, ast.Attribute) and node.attr in _OF_UNICODE:
            whole = next((each for each in above if isinstance(each, ast.BoolOp)), node)
            if "isascii" not in _names(whole):
                yield f"line {node.lineno}: .{node.attr}() without .isascii()"


def _above(node: ast.AST, within: dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while (above := within.get(node)) is not None and not isinstance(above, ast.stmt):
        yield above
        node = above


def _names(node: ast.AST) -> set[str]:
    found = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return found | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _files() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        ours = "tests" not in parts and not any(part.startswith(".") for part in parts)
        if ours and not "/".join(parts).startswith(tuple(EXCEPTIONS)):
            yield path


@pytest.mark.parametrize("path", list(_files()), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_pattern_takes_ascii_only(path: Path) -> None:
    assert not list(findings(path.read_text()))


@pytest.mark.parametrize(
    "source",
    [
        r're.compile(r"\d{12}")',
        r're.fullmatch(rf"{x}\w", text)',
        r'ROLE = r"[\w+=]{1,64}"',
        r'Field(pattern=r"^\s$")',
        're.search("kelvin", text, re.IGNORECASE)',
        "text.isdigit()",
        "if text.isalnum() and text: pass",
    ],
)
def test_one_that_takes_more_is_found(source: str) -> None:
    assert list(findings(source))


@pytest.mark.parametrize(
    "source",
    [
        r're.compile(r"\d{12}", re.ASCII)',
        r're.compile(r"a\w", re.ASCII | re.IGNORECASE)',
        're.compile("[0-9]{12}")',
        r're.compile(r"a\\d")',
        "text.isascii() and text.isdigit()",
        r'"""A docstring with \\d."""',
    ],
)
def test_one_that_does_not_is_let_be(source: str) -> None:
    assert not list(findings(source))
