"""`python -m guardrails [PREVIEW.json …]`: judge what `pulumi preview --json` printed, from files or standard input.

One line for each refusal. Exit code 0: none; 1: some; 2: a preview can't be read, or failed itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from guardrails.check import report
from guardrails.plan import PreviewError
from guardrails.preview import read
from keyless_bigquery.runtime.printable import one_line

_STANDARD_INPUT = "-"


def main(arguments: list[str] | None = None) -> int:
    """Judge each preview.

    Args:
        arguments: The command line; ``None`` takes the process's own.

    Returns:
        The exit code, the worst of all previews.
    """
    parser = argparse.ArgumentParser(
        prog="python -m guardrails", description="Judge what `pulumi preview --json --show-sames` printed."
    )
    parser.add_argument("previews", nargs="*", default=[_STANDARD_INPUT], help="files; none, or -, is standard input")
    codes = [_judge(name) for name in parser.parse_args(arguments).previews]
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


if __name__ == "__main__":
    sys.exit(main())
