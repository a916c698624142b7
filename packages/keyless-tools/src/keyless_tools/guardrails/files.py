"""Judges what `pulumi preview --json` printed, from files or standard input: one line for each refusal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.guardrails.check import report
from keyless_tools.guardrails.plan import PreviewError
from keyless_tools.guardrails.preview import read

_STANDARD_INPUT = "-"


def judge(previews: Sequence[str]) -> int:
    """Judges each preview, and prints what is refused.

    Args:
        previews: Files; ``-`` is standard input.

    Returns:
        0 nothing is refused, 1 something is, 2 a preview can't be read or failed itself; the worst of all previews.
    """
    codes = [_judge(name) for name in previews]
    return 1 if 1 in codes else max(codes)


def _judge(name: str) -> int:
    try:
        text = sys.stdin.read() if name == _STANDARD_INPUT else Path(name).read_text(encoding="utf-8")
        found = report(read(text))
    except RecursionError:
        return _unreadable(name, "a value in it is nested too deep to be judged")
    except OSError as problem:
        return _unreadable(name, f"{problem.strerror}; write it with `pulumi preview --json --show-sames > FILE`")
    except (PreviewError, UnicodeDecodeError) as problem:
        return _unreadable(name, problem)
    title = "" if name == _STANDARD_INPUT else f"{name}: "
    sys.stdout.write("".join(f"{one_line(title + line)}\n" for line in found.lines()))
    return found.exit_code


def _unreadable(name: str, problem: object) -> int:
    sys.stderr.write(f"{one_line(f'error: {name}: {problem}')}\n")
    return 2
