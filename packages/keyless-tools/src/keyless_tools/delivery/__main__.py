"""`python -m keyless_tools.delivery`: what the workflows run. The exit code is 0, or 1 after a message."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.delivery import looking, report
from keyless_tools.delivery.errors import DeliveryError
from keyless_tools.delivery.github import GitHub
from pulumi_offline.engine.runner import Pulumi


def main() -> int:
    """Do what the command line asks."""
    arguments = _parser().parse_args()
    try:
        return int(not _COMMANDS[arguments.command](arguments))
    except DeliveryError as error:
        sys.stderr.write(f"{one_line(f'error: {error}')}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m keyless_tools.delivery", description="What the workflows run.")
    commands = made.add_subparsers(dest="command", required=True)
    preview = commands.add_parser("preview", help="what `pulumi up` would change, as Markdown and as JSON")
    comment = commands.add_parser("comment", help="put that preview on the pull request, in place of the last one")
    drift = commands.add_parser("drift", help="what differs in the clouds from what was last deployed; fails if any")
    issue = commands.add_parser("issue", help="open, update or close the issue about that drift")
    for command in (preview, comment, drift, issue):
        command.add_argument("stack", help="the stack's name")
        command.add_argument("--folder", type=Path, required=True, help="where the reports are")
    comment.add_argument("--pull-request", type=int, required=True, help="its number")
    return made


def _preview(arguments: argparse.Namespace) -> bool:
    return looking.preview(Pulumi(stack=arguments.stack), arguments.folder)


def _comment(arguments: argparse.Namespace) -> bool:
    stack = arguments.stack
    written = arguments.folder / f"{stack}{looking.SUFFIX_REPORT}"
    text = written.read_text() if written.exists() else f"### The preview of {report.code(stack)} did not start\n"
    with _github() as github:
        where = github.say(arguments.pull_request, f"preview {stack}", text)
    sys.stdout.write(f"{one_line(where)}\n")
    return True


def _drift(arguments: argparse.Namespace) -> bool:
    return looking.drift(arguments.stack, arguments.folder) is False


def _issue(arguments: argparse.Namespace) -> bool:
    stack = arguments.stack
    written = arguments.folder / f"{stack}{looking.SUFFIX_DRIFT}"
    if not written.exists():
        unknown = f"whether {stack} has drifted isn't known; its issue, if there is one, stays as it is"
        sys.stdout.write(f"{one_line(unknown)}\n")
        return True
    about, text = f"drift {stack}", written.read_text()
    with _github() as github:
        if text:
            where = github.open_issue(about, f"Drift in {stack}", text)
        else:
            where = github.close_issue(about, "Nothing differs any more.") or "no drift, and no issue about any"
    sys.stdout.write(f"{one_line(where)}\n")
    return True


def _github() -> AbstractContextManager[GitHub]:
    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise DeliveryError(f"not in the environment: {', '.join(missing)}; a workflow's step sets them")
    api_url, repository, token = (os.environ[name] for name in names)
    return GitHub.connect(api_url=api_url, repository=repository, token=token)


_COMMANDS = {"preview": _preview, "comment": _comment, "drift": _drift, "issue": _issue}

if __name__ == "__main__":
    sys.exit(main())
