"""Whatever a cloud, a log, a row, a plan or a request holds: where it is shown it forges no line, and hides nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from pulumi_offline.engine.pins import ROOT
from tests import hostile
from tests.printers import ONE_LINE, SEVERAL_LINES

PLAIN = "x"
EXCEPTED = {
    "benchmarks/bootstrap.py": "wraps standard output to count what the function prints, for a measurement",
    "benchmarks/candidates": "what is measured, as other people would write it",
    "keyless_bigquery/runtime/printable.py": "has standard output escape what it can't encode, and writes nothing",
    "examples/container/main.py": "prints what the function returned, as JSON",
    "lambda_src": "the user's: what it prints is its own",
    "template/lambda_src": "likewise",
    "packages/keyless-tools/src/keyless_tools/doctor/examine.py": "prints by way of report.py",
    "packages/keyless-tools/src/keyless_tools/doctor/verify/run.py": "prints by way of report.py",
    "keyless_bigquery/cache.py": "prints a folder of this machine",
    "packages/keyless-tools/src/keyless_tools/commands.py": "prints what a shell evaluates: the commands' own texts",
    "packages/federation-emulator/src/federation_emulator/servers/bigquery_emulator/main.py": "an event, as JSON",
    "packages/federation-emulator/src/federation_emulator/servers/bigquery_emulator/reader.py": "answers, as JSON",
    "packages/pulumi-offline/src/pulumi_offline/demo/scenario.py": "prints by way of report.py",
    "packages/federation-emulator/src/federation_emulator/client/issuer.py": "keys and tokens, as its parent asks",
    "packages/federation-emulator/src/federation_emulator/servers/serving.py": "prints that it has ended",
    "packages/federation-emulator/src/federation_emulator/servers/ministack_main.py": "prints a port, as JSON",
    "packages/pulumi-offline/src/pulumi_offline/plugins/serve.py": "prints a port, as the engine wants it",
    "tools/environments.py": "prints a set-up error through as_lines",
    "tools/mutants.py": "prints expressions of this repository as Python writes them, on one line",
    "tools/lines.py": "prints names of this repository's files, and numbers",
    "tools/set_up.py": "runs before anything can be imported; it shows a line of pip's as Python writes it",
}
"""Modules that print and are in neither table, with the reason."""


@pytest.mark.parametrize("printer", ONE_LINE)
@settings(max_examples=40, deadline=None)
@given(text=hostile.texts)
@example(text="".join(hostile.PIECES))
@example(text="".join(hostile.CHARACTERS))
def test_a_text_from_outside_stays_within_its_line(printer: str, text: str) -> None:
    show, _ = ONE_LINE[printer]
    shown = show(f"a{text}b")
    assert not hostile.forbidden(shown.replace("\n", ""))
    assert shown.count("\n") == show(PLAIN).count("\n")


@pytest.mark.parametrize("printer", SEVERAL_LINES)
@settings(max_examples=40, deadline=None)
@given(text=hostile.texts)
@example(text="".join(hostile.PIECES))
@example(text="".join(hostile.CHARACTERS))
def test_a_text_of_several_lines_has_these_and_no_others(printer: str, text: str) -> None:
    show, _ = SEVERAL_LINES[printer]
    shown = show(text)
    assert not hostile.forbidden(shown.replace("\n", ""))
    times = show(PLAIN).count(PLAIN)
    assert shown.count("\n") <= show(PLAIN).count("\n") + text.count("\n") * max(times, 1)


@pytest.mark.parametrize("printer", ["doctor", "verify", "demo", "the function's log in the demo", "guardrails"])
def test_markup_of_who_prints_is_shown_and_not_followed(printer: str) -> None:
    show, _ = {**ONE_LINE, **SEVERAL_LINES}[printer]
    assert "[red]red[/red] [link=http://evil.example]here[/link]" in show(
        "[red]red[/red] [link=http://evil.example]here[/link]"
    )


def test_nothing_of_the_engines_output_is_a_command_to_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    first, *between, last = SEVERAL_LINES["the engine's output"][0]("\n::error::forged\n").splitlines()
    assert first.startswith("::stop-commands::")
    assert last == f"::{first.removeprefix('::stop-commands::')}"
    assert between.count("::error::forged") == 2


def prints(path: Path) -> bool:
    """Whether a module names standard output or error, or a way to them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr", "StreamHandler"}:
            if isinstance(node.value, ast.Name) and node.value.id in {"sys", "logging"}:
                return True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "Console"}:
            return True
    return False


def test_every_module_that_prints_is_tried_or_excepted() -> None:
    modules = [
        path for path in ROOT.rglob("*.py") if not {".venv", "tests", "build"} & set(path.relative_to(ROOT).parts)
    ]
    printing = {path.relative_to(ROOT).as_posix() for path in modules if prints(path)}
    tried = {place for _, place in (ONE_LINE | SEVERAL_LINES).values()}
    assert not {place for place in printing - tried if not place.startswith(tuple(EXCEPTED))}
    assert not {place for place in EXCEPTED if not any(one.startswith(place) for one in printing)}
