"""Every command: what it is for, its options, and the function behind it. Each imports what it needs when it runs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.boundary import DONE, FAILED, UsageError
from keyless_tools.options import KEYS, PLUGINS, Option, option
from keyless_tools.stacks import stacks

OFFLINE, READS, CHANGES, SHELL = "without a cloud", "a deployed stack, unchanged", "a stack's life", "your shell"
"""Groups of commands."""

_STACKS: Final = r"ls Pulumi.*.yaml 2>/dev/null | sed -n 's/^Pulumi\.\(.*\)\.yaml$/\1/p'"
"""How a shell lists the stacks that have settings in the current folder."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command.

    Args:
        name: Its name.
        group: The group that the help lists it in.
        help: What it does, on one line.
        run: Runs it; returns its exit code.
        options: Its arguments.
        interrupted: What Ctrl-C leaves behind.
        alone: Whether what was typed needs no stack.
    """

    name: str
    group: str
    help: str
    run: Callable[[argparse.Namespace], int]
    options: tuple[Option, ...] = ()
    interrupted: str = "nothing was changed"
    alone: Callable[[argparse.Namespace], bool] = lambda _: False

    @property
    def of_stack(self) -> bool:
        """Whether its first argument is a stack that exists."""
        return self.group in (READS, CHANGES)


def _demo(arguments: argparse.Namespace) -> int:
    from pulumi_offline.demo import main
    from pulumi_offline.engine.official import get_plugins

    get_plugins(arguments.plugins)
    return main(verbose=arguments.verbose)


def _local_cloud(arguments: argparse.Namespace) -> int:
    from federation_emulator import commands
    from federation_emulator.servers import launch
    from pulumi_offline.engine.official import get_plugins
    from pulumi_offline.shell import get_ready

    if arguments.command:
        return commands.run(arguments)
    get_plugins(arguments.plugins, arguments.state.absolute())
    return launch.serve(arguments, lambda folder, endpoints: get_ready(folder, endpoints, kept=arguments.keep))


def _local_cloud_options(parser: argparse.ArgumentParser) -> None:
    from federation_emulator import commands

    commands.add_serve(parser)
    PLUGINS(parser)
    title = "without this project's stack, and on a cloud that runs"
    commands.add_commands(parser.add_subparsers(dest="command", metavar="COMMAND", title=title))


def _explain(arguments: argparse.Namespace) -> int:
    from federation_emulator import commands

    return commands.run(arguments)


def _explain_options(parser: argparse.ArgumentParser) -> None:
    from federation_emulator import commands

    commands.add_explain(parser)
    parser.set_defaults(command="explain")


def _preview(arguments: argparse.Namespace) -> int:
    from keyless_tools.delivery import looking
    from pulumi_offline.engine.official import get_plugins
    from pulumi_offline.previews import preview

    if not arguments.stack:
        raise UsageError(f"no stack is named; {stacks()}")
    get_plugins(arguments.plugins)
    base = None if arguments.base is None else arguments.base.absolute()
    reports = arguments.folder.absolute()
    done = preview(arguments.stack, lambda pulumi: looking.preview(pulumi, reports), base=base)
    return DONE if done else FAILED


def _lock(arguments: argparse.Namespace) -> int:
    from keyless_tools.lock import lock

    for folder in arguments.folders:
        sys.stderr.write(f"{one_line(f'{lock(folder)} is up to date')}\n")
    return DONE


def _guardrails(arguments: argparse.Namespace) -> int:
    from keyless_tools.guardrails.files import judge

    return judge(arguments.previews)


def _doctor(arguments: argparse.Namespace) -> int:
    if arguments.keys is not None:
        from keyless_tools.doctor.keys import run as keys

        return keys.run(arguments.stack, arguments.keys, days=arguments.days, in_json=arguments.json)
    if arguments.days is not None:
        raise UsageError("--days is for --keys, which is not given")
    from keyless_tools.doctor.examine import run

    return run(arguments.stack, as_json=arguments.json)


def _verify(arguments: argparse.Namespace) -> int:
    from keyless_tools.doctor.verify.run import run

    return run(arguments.stack, limit_seconds=arguments.limit)


def _invoke(arguments: argparse.Namespace) -> int:
    from keyless_tools.doctor.invoke import run

    return run(arguments.stack, read_event(arguments.event), reader=arguments.reader)


def read_event(file: Path) -> object:
    """Reads the event in a file.

    Args:
        file: Its path.

    Raises:
        UsageError: It can't be read, or is not JSON.
    """
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise UsageError(f"the event {str(file)!r} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the event {str(file)!r} is not JSON: {error}") from error


def _adopt(arguments: argparse.Namespace) -> int:
    from keyless_tools.lifecycle import adopt
    from pulumi_offline.engine.runner import Pulumi

    stack = Pulumi(stack=arguments.stack)
    if not arguments.run:
        adopt.show(stack)
        return DONE
    return DONE if adopt.adopt(stack) else FAILED


def _recover(arguments: argparse.Namespace) -> int:
    from keyless_tools.lifecycle.recover import recover
    from pulumi_offline.engine.runner import Pulumi

    recover(Pulumi(stack=arguments.stack), planned=arguments.planned)
    return DONE


def _destroy(arguments: argparse.Namespace) -> int:
    from keyless_tools.lifecycle.destroy import destroy
    from pulumi_offline.engine.runner import Pulumi

    destroy(Pulumi(stack=arguments.stack), confirmed=arguments.confirmed)
    return DONE


def _completion(arguments: argparse.Namespace) -> int:
    import shtab

    from keyless_tools.cli import parser

    sys.stdout.write(shtab.complete(parser(complete_stacks=shtab.cmd(_STACKS)), shell=arguments.shell))
    return DONE


COMMANDS: Final = (
    Command(
        name="demo", group=OFFLINE, help="deploy, call the function, be refused, tear down", run=_demo,
        options=(
            option("-v", "--verbose", action="store_true", help="whole logs, and the chain of each decision"),
            PLUGINS,
        ),
        interrupted="the local cloud has ended",
    ),
    Command(
        name="local-cloud", group=OFFLINE, help="run a local AWS, Google and BigQuery; use it as a role",
        run=_local_cloud, options=(_local_cloud_options,), interrupted="the local cloud has ended",
    ),
    Command(
        name="explain", group=OFFLINE, help="why the local cloud allowed or refused a call",
        run=_explain, options=(_explain_options,),
    ),
    Command(
        name="preview", group=OFFLINE, help="what a change would do to stacks, on a local cloud", run=_preview,
        options=(
            option("stack", nargs="*", help="a stack that has its Pulumi.STACK.yaml, such as dev"),
            option(
                "--folder", type=Path, default=Path("build/preview"), help="where the reports go (default: %(default)s)"
            ),
            option("--base", type=Path, metavar="FOLDER", help="what is changed; default: nothing is deployed yet"),
            PLUGINS,
        ),
    ),
    Command(
        name="guardrails", group=OFFLINE, help="judge previews by what no stack may do", run=_guardrails,
        options=(
            option(
                "previews", nargs="*", default=["-"], metavar="FILE",
                help="what `pulumi preview --json --show-sames` printed; none, or -, is standard input",
            ),
        ),
    ),
    Command(
        name="lock", group=OFFLINE, help="pin the packages that a function ships, with hashes", run=_lock,
        options=(
            option(
                "folders", nargs="*", type=Path, default=[Path("lambda_src")], metavar="FOLDER",
                help="the function's folder (default: lambda_src)",
            ),
        ),
    ),
    Command(
        name="doctor", group=READS, help="check each link of the chain; name what failed and its fix", run=_doctor,
        options=(
            option("--json", action="store_true", help="print JSON"),
            *KEYS,
        ),
        alone=lambda arguments: bool(arguments.keys),
    ),
    Command(
        name="verify", group=READS, help="probe each function until the chain works", run=_verify,
        options=(
            option(
                "--limit", type=float, default=600.0, metavar="SECONDS",
                help="how long to wait for each reader (default: 600)",
            ),
        ),
        interrupted="nothing needs to be undone",
    ),
    Command(
        name="invoke", group=READS, help="invoke a function once; print its log and its result", run=_invoke,
        options=(
            option(
                "event", nargs="?", type=Path, default=Path("lambda_src/example_event.json"), metavar="EVENT",
                help="file with the event, as JSON (default: %(default)s)",
            ),
            option("--reader", help="whose function, where there are several"),
        ),
        interrupted="the function may still run",
    ),
    Command(
        name="adopt", group=CHANGES, help="take what was made by hand into a stack", run=_adopt,
        options=(option("--run", action="store_true", help="import; without, only print what would be imported"),),
        interrupted="run it again to go on",
    ),
    Command(
        name="recover", group=CHANGES, help="take over what an interrupted `pulumi up` had made", run=_recover,
        options=(
            option(
                "--planned", action="store_true", help="also what the next up would create and exists already"
            ),
        ),
        interrupted="run it again to go on",
    ),
    Command(
        name="destroy", group=CHANGES, help="print what is lost, ask for the stack's name, destroy it", run=_destroy,
        options=(option("--confirmed", metavar="STACK", help="the stack's name again, instead of a question"),),
        interrupted="run it again to destroy what is left",
    ),
    Command(
        name="completion", group=SHELL, help='print completions: eval "$(keyless completion bash)"',
        run=_completion, options=(option("shell", choices=["bash", "zsh"]),),
    ),
)  # fmt: skip
"""Every command, in the help's order."""
