"""`python -m keyless_tools.delivery`: what the workflows run. The exit code is 0, or 1 after an error message."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from federation_emulator.expected import ExpectedError
from keyless_bigquery.runtime.printable import one_line
from keyless_tools.delivery import looking
from pulumi_offline.engine.runner import Pulumi


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m keyless_tools.delivery", description="What the workflows run.")
    commands = parser.add_subparsers(dest="command", required=True)
    preview = commands.add_parser("preview", help="what `pulumi up` would change, as Markdown and as JSON")
    drift = commands.add_parser("drift", help="what differs in the clouds from what was last deployed; fails if any")
    for command in (preview, drift):
        command.add_argument("stack", help="the stack's name")
        command.add_argument("--folder", type=Path, required=True, help="where the reports go")
    drift.add_argument(
        "--without-doctor", action="store_true", help="ask the engine alone; any program's stack will do"
    )
    arguments = parser.parse_args()
    try:
        if arguments.command == "preview":
            return int(not looking.preview(Pulumi(stack=arguments.stack), arguments.folder))
        look = looking.no_additions if arguments.without_doctor else looking.additions
        return int(looking.drift(arguments.stack, arguments.folder, look) is not False)
    except ExpectedError as error:
        sys.stderr.write(f"{one_line(f'error: {error}')}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
