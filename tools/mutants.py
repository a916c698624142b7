"""Breaks one thing at a time in what decides, and reports what no test notices. Run by ``make mutants``.

A mutant turns one comparison, one ``and``, one ``not``, one number, one answer or one statement of a module around, in
a copy of the repository, and runs the tests next to that module. One that survives is a fact that no test holds, or it
changes nothing: then :data:`EXPLAINED` says why.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from tools.copying import ROOT, copy_repository

_SERVICES = "packages/federation-emulator/src/federation_emulator/services"
_SERVICES_TESTS = "packages/federation-emulator/tests/emulator/services"
_GUARDRAILS = "packages/keyless-tools/src/keyless_tools/guardrails"
_GUARDRAILS_TESTS = "packages/keyless-tools/tests/guardrails"
TARGETS = {
    "keyless_bigquery/trust/*.py": ["tests/trust", "tests/components/test_trust.py"],
    "keyless_bigquery/rules.py": ["tests/settings"],
    "keyless_bigquery/settings/schema_changes.py": ["tests/settings/test_schema_changes.py"],
    **{f"{_SERVICES}/{name}/rules.py": [f"{_SERVICES_TESTS}/{name}"] for name in ("iam", "iam_credentials", "sts")},
    f"{_GUARDRAILS}/check.py": [f"{_GUARDRAILS_TESTS}/test_check.py"],
    f"{_GUARDRAILS}/rules/*.py": [
        f"{_GUARDRAILS_TESTS}/test_{name}.py" for name in ("rules", "aws_rules", "columns", "listed_dataset")
    ],
}
"""What is mutated, by the tests that have to notice."""

_FUNCTIONS = "keyless_bigquery/trust/functions.py"
EXPLAINED = {
    f"{_FUNCTIONS}: 1000 -> 1001": "a bound of this project's own: Google documents none, and no text is so long",
}
"""Survivors that break no promise, without their line, with the reason."""

_OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_SECONDS = 120
_SURVIVED = 0
_NOTICED = 1


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of one module.

    Args:
        path: The module, from the root.
        place: Which node of its tree is changed, as :func:`ast.walk` counts them.
        line: The line of that node.
        change: The statement and what became of it.
        tests: The tests that have to notice.
    """

    path: str
    place: int
    line: int
    change: str
    tests: list[str]

    def __str__(self) -> str:
        return f"{self.path}: {self.change}"

    def source(self) -> str:
        """The module with the change."""
        tree = ast.parse((ROOT / self.path).read_text())
        _break(next(node for place, node in enumerate(ast.walk(tree)) if place == self.place))
        return ast.unparse(tree)


def mutants() -> Iterator[Mutant]:
    """Every mutant of every module in :data:`TARGETS`."""
    for pattern, tests in TARGETS.items():
        for path in sorted(ROOT.glob(pattern)):
            for place, node in enumerate(ast.walk(ast.parse(path.read_text()))):
                broken = deepcopy(node)
                if _break(broken):
                    yield Mutant(
                        path=path.relative_to(ROOT).as_posix(),
                        place=place,
                        line=getattr(node, "lineno", 0),
                        change=f"{_text(node)} -> {_text(broken)}",
                        tests=tests,
                    )


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:100]


def _break(node: ast.AST) -> bool:
    """Changes a node in place. Returns whether there was anything to change."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _OPPOSITE:
            node.ops = [_OPPOSITE[type(operator)]()]  # type: ignore[list-item]  # each opposite is an operator, too
        case ast.BoolOp(op=either):
            node.op = _OPPOSITE[type(either)]()  # type: ignore[assignment]  # as above
        case ast.IfExp(body=body, orelse=other):
            node.body, node.orelse = other, body
        case ast.If(test=test):
            node.test = ast.UnaryOp(op=ast.Not(), operand=test)
        case ast.Return(value=ast.Constant(value=bool() as answer)):
            node.value = ast.Constant(value=not answer)
        case ast.Constant(value=int() as number) if not isinstance(number, bool) and number > 1:
            node.value = number + 1
        case ast.Expr(value=ast.Call()):
            node.value = ast.Constant(value=None)
        case _:
            return False
    return True


def survives(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests pass in a copy of the repository that has the mutant. The copy is as before afterwards."""
    target = copy / mutant.path
    before = target.read_bytes()
    sources = [copy, *sorted(copy.glob("packages/*/src"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources)), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests]
    try:
        target.write_text(mutant.source())
        ended = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        # It never ends: that would be noticed.
        return False
    finally:
        target.write_bytes(before)
    if ended.returncode not in (_SURVIVED, _NOTICED, 2):
        raise SystemExit(f"the tests of {mutant.path} could not be run:\n{ended.stdout.decode()[-2000:]}")
    return ended.returncode == _SURVIVED


def main() -> int:
    """Tries a sample of mutants; the exit code is 1 where one survived that isn't explained."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="how many to try")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--only", default="", help="part of the module's path")
    arguments = parser.parse_args()
    every = [mutant for mutant in mutants() if arguments.only in mutant.path]
    tried = random.Random(arguments.seed).sample(every, min(arguments.count, len(every)))  # noqa: S311 - no secret
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_repository(Path(folder))
        for mutant in sorted(tried, key=str):
            if survives(mutant, copy):
                survived.append(str(mutant) not in EXPLAINED)
                why = EXPLAINED.get(str(mutant), "no test notices")
                print(f"survived: {mutant} (line {mutant.line}): {why}", flush=True)
    print(f"{len(tried)} of {len(every)} mutants tried, {len(survived)} survived, {sum(survived)} of them unexplained")
    return 1 if any(survived) else 0


if __name__ == "__main__":
    sys.exit(main())
