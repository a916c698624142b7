"""Every command: what it is for, its options, and the function behind it. Each imports what it needs when it runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyless_tools.boundary import DONE, FAILED, UsageError
from keyless_tools.stacks import stacks

OFFLINE, READS, CHANGES, SHELL = "without a cloud", "a deployed stack, unchanged", "a stack's life", "your shell"
"""Groups of commands."""

EXAMPLE_EVENT: Final = Path("lambda_src") / "example_event.json"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command.

    Args:
        name: Its name.
        group: The group that the help lists it in.
        help: What it does, on one line.
        run: Runs it; returns its exit code.
        options: Adds its arguments.
        of_stack: Its first argument is a stack that exists.
        interrupted: What Ctrl-C leaves behind.
    """

    name: str
    group: str
    help: str
    run: Callable[[argparse.Namespace], int]
    options: Callable[[argparse.ArgumentParser], object] = lambda _: None
    of_stack: bool = False
    interrupted: str = "nothing was changed"


def _demo(arguments: argparse.Namespace) -> int:
    from pulumi_offline.demo import main

    _get_plugins(arguments.plugins)
    return main(verbose=arguments.verbose)


def _demo_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-v", "--verbose", action="store_true", help="whole logs, and the chain of each decision")
    _plugins_option(parser)


def _local_cloud(arguments: argparse.Namespace) -> int:
    from federation_emulator import commands
    from pulumi_offline.shell import get_ready

    if arguments.command:
        return commands.run(arguments)
    _get_plugins(arguments.plugins, arguments.state.absolute())
    return commands.serve(arguments, lambda folder, endpoints: get_ready(folder, endpoints, kept=arguments.keep))


def _local_cloud_options(parser: argparse.ArgumentParser) -> None:
    from federation_emulator import commands

    commands.add_serve(parser)
    _plugins_option(parser)
    title = "without this project's stack, and on a cloud that runs"
    commands.add_commands(parser.add_subparsers(dest="command", metavar="COMMAND", title=title))


def _explain(arguments: argparse.Namespace) -> int:
    from federation_emulator import commands

    return commands.run(argparse.Namespace(**{**vars(arguments), "command": "explain"}))


def _explain_options(parser: argparse.ArgumentParser) -> None:
    from federation_emulator import commands

    commands.add_explain(parser)


def _preview(arguments: argparse.Namespace) -> int:
    from keyless_tools.delivery import looking
    from pulumi_offline.previews import preview

    if not arguments.stack:
        raise UsageError(f"no stack is named; {stacks()}")
    _get_plugins(arguments.plugins)
    base = None if arguments.base is None else arguments.base.absolute()
    reports = arguments.folder.absolute()
    done = preview(arguments.stack, lambda pulumi: looking.preview(pulumi, reports), base=base)
    return DONE if done else FAILED


def _preview_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", nargs="*", help="a stack that has its Pulumi.STACK.yaml, such as dev")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/preview"), help="where the reports go (default: %(default)s)"
    )
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="what is changed; default: nothing is deployed yet")
    _plugins_option(parser)


def _guardrails(arguments: argparse.Namespace) -> int:
    from keyless_tools.guardrails.files import judge

    return judge(arguments.previews)


def _guardrails_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "previews", nargs="*", default=["-"], metavar="FILE",
        help="what `pulumi preview --json --show-sames` printed; none, or -, is standard input",
    )  # fmt: skip


def _doctor(arguments: argparse.Namespace) -> int:
    from keyless_tools.doctor.examine import run

    return run(arguments.stack, as_json=arguments.json)


def _verify(arguments: argparse.Namespace) -> int:
    from keyless_tools.doctor.verify.run import run

    return run(arguments.stack, limit_seconds=arguments.limit)


def _verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=float, default=600.0, metavar="SECONDS", help="how long to wait for each reader (default: 600)"
    )


def _invoke(arguments: argparse.Namespace) -> int:
    from keyless_tools.doctor.invoke import run

    return run(arguments.stack, read_event(arguments.event), reader=arguments.reader)


def _invoke_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "event", nargs="?", type=Path, default=EXAMPLE_EVENT, metavar="EVENT",
        help="file with the event, as JSON (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--reader", help="whose function, where there are several")


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
    from keyless_tools.completion import script

    sys.stdout.write(script(arguments.shell))
    return DONE


def _get_plugins(chosen: str | None, folder: Path = Path(os.devnull)) -> None:
    """Fixes which plugins this process and what it starts use, and downloads what is missing.

    Args:
        chosen: What ``--plugins`` names.
        folder: Where a workspace's own plugins are, besides those of the user.
    """
    from pulumi_offline.engine import official, plugins

    if chosen:
        os.environ[plugins.VARIABLE] = chosen
    if plugins.Mode.of() is not plugins.Mode.STAND_IN and official.may_download():
        from federation_emulator.servers.progress import Progress
        from pulumi_offline.engine.workspace import Workspace

        found = Workspace(folder, mode=plugins.Mode.AUTO).plugins()
        official.download([plugin for plugin in found if not plugin.official], Progress())


def _plugins_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plugins",
        choices=["auto", "official", "stand-in"],
        help="Pulumi's provider plugins: official ones that are installed or can be downloaded, else stand-ins (auto); "
        "only official ones; only stand-ins. Default: KEYLESS_PLUGINS, or auto",
    )


COMMANDS: Final = (
    Command(
        name="demo", group=OFFLINE, help="deploy, call the function, be refused, tear down",
        run=_demo, options=_demo_options, interrupted="the local cloud has ended",
    ),
    Command(
        name="local-cloud", group=OFFLINE, help="run a local AWS, Google and BigQuery; use it as a role",
        run=_local_cloud, options=_local_cloud_options, interrupted="the local cloud has ended",
    ),
    Command(
        name="explain", group=OFFLINE, help="why the local cloud allowed or refused a call",
        run=_explain, options=_explain_options,
    ),
    Command(
        name="preview", group=OFFLINE, help="what a change would do to stacks, on a local cloud",
        run=_preview, options=_preview_options,
    ),
    Command(
        name="guardrails", group=OFFLINE, help="judge previews by what no stack may do",
        run=_guardrails, options=_guardrails_options,
    ),
    Command(
        name="doctor", group=READS, help="check each link of the chain; name what failed and its fix",
        run=_doctor, options=lambda parser: parser.add_argument("--json", action="store_true", help="print JSON"),
        of_stack=True,
    ),
    Command(
        name="verify", group=READS, help="probe each function until the chain works",
        run=_verify, options=_verify_options, of_stack=True, interrupted="nothing needs to be undone",
    ),
    Command(
        name="invoke", group=READS, help="invoke a function once; print its log and its result",
        run=_invoke, options=_invoke_options, of_stack=True, interrupted="the function may still run",
    ),
    Command(
        name="adopt", group=CHANGES, help="take what was made by hand into a stack",
        run=_adopt,
        options=lambda parser: parser.add_argument(
            "--run", action="store_true", help="import; without, only print what would be imported"
        ),
        of_stack=True, interrupted="run it again to go on",
    ),
    Command(
        name="recover", group=CHANGES, help="take over what an interrupted `pulumi up` had made",
        run=_recover,
        options=lambda parser: parser.add_argument(
            "--planned", action="store_true", help="also what the next up would create and exists already"
        ),
        of_stack=True, interrupted="run it again to go on",
    ),
    Command(
        name="destroy", group=CHANGES, help="print what is lost, ask for the stack's name, destroy it",
        run=_destroy,
        options=lambda parser: parser.add_argument(
            "--confirmed", metavar="STACK", help="the stack's name again, instead of a question"
        ),
        of_stack=True, interrupted="run it again to destroy what is left",
    ),
    Command(
        name="completion", group=SHELL, help='print completions: eval "$(keyless completion bash)"',
        run=_completion, options=lambda parser: parser.add_argument("shell", choices=["bash", "zsh"]),
    ),
)  # fmt: skip
"""Every command, in the help's order."""
