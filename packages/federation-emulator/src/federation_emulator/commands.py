"""The local cloud's own commands and their options. Each imports what it needs when it runs."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from federation_emulator.core.credentials import PUBLIC_UNIVERSE, UNIVERSE
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.loopback import NO_ANSWER
from federation_emulator.library import one_line
from federation_emulator.servers import launch
from federation_emulator.servers.process import ProcessError

if TYPE_CHECKING:
    from federation_emulator.client.remote import Remote

CHILDREN = ("aws", "bigquery")
"""The servers next to the local Google, each of which can be left out."""

_DEFAULT_STATE = Path(".local") / "cloud"
_MOST_PORT = 65535
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(?P<count>[0-9]{1,9})(?P<unit>[smhd])")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="federation-emulator", description="The local cloud.")
    add_commands(made.add_subparsers(dest="command", required=True))
    return made


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds each command to a command line, which may be another's."""
    add_serve(commands.add_parser("serve", help="run it in the foreground and print how to use it"))
    prepare = commands.add_parser("prepare", help="make the environments that it runs in; else the first start does")
    _add_without(prepare)
    use = commands.add_parser("use", help='print export lines for a program that comes as a role: eval "$(…)"')
    sign = commands.add_parser("sign", help="print the signed body of a token exchange, for curl")
    task = commands.add_parser("task", help="run a command as a container of a role: -- COMMAND ARGUMENT …")
    for command in (use, sign, task):
        command.add_argument("role", help="a role of the local AWS account")
        command.add_argument("--provider", metavar="POOL/PROVIDER", help="needed where there are several")
        _add_state(command)
    for command in (use, task):
        command.add_argument(
            "--service-account", metavar="ID", help="impersonate it; without, the role comes as itself"
        )
    use.add_argument(
        "--universe",
        default=UNIVERSE,
        choices=(UNIVERSE, PUBLIC_UNIVERSE),
        help=f"{PUBLIC_UNIVERSE}: clients need no option for it; the program then reaches no public host over https",
    )
    task.add_argument("run", nargs="+", metavar="COMMAND", help="what to run, after --")
    _add_token(commands.add_parser("token", help="print an OIDC token as a job of GitHub has it, of the test issuer"))
    add_explain(commands.add_parser("explain", help="print why something was allowed or refused"))
    clock = commands.add_parser("clock", help="print its time, or put its clock ahead")
    clock.add_argument("--advance", metavar="STEP", type=duration, help="how far, such as 90s, 15m, 2h, 31d")
    _add_state(clock)
    faults = commands.add_parser("faults", help="print the faults that are injected, or change them")
    faults.add_argument("fault", nargs="*", help="such as iamDelaySeconds=7 or errorShare=0.2, or `clear`")
    _add_state(faults)


def _add_token(token: argparse.ArgumentParser) -> None:
    token.add_argument("repository", metavar="OWNER/NAME", help="the job's repository")
    token.add_argument("--branch", default="main", help="default: main")
    token.add_argument("--environment", default="", help="the job's deployment environment, which its subject names")
    token.add_argument("--immutable", action="store_true", help="a subject with the numbers of owner and repository")
    token.add_argument("--claim", action="append", default=[], metavar="NAME=VALUE", help="may be given several times")
    token.add_argument("--provider", metavar="POOL/PROVIDER", help="needed where there are several")
    token.add_argument("--export", action="store_true", help="print export lines instead, as `use` does")
    token.add_argument("--service-account", metavar="ID", help="with --export: impersonate it")
    _add_state(token)


def add_explain(explain: argparse.ArgumentParser) -> None:
    """Adds the options of `explain`."""
    explain.add_argument("decision", nargs="?", help="id of a decision; without it, the latest chain")
    _add_state(explain)


def add_serve(serve: argparse.ArgumentParser) -> None:
    """Adds the options of `serve`."""
    _add_state(serve)
    serve.add_argument("--seed", type=seed, metavar="FILE", help="YAML: what there is from the start; or `example`")
    serve.add_argument("--project-id", help="default: the seed's, or local-keyless")
    serve.add_argument("--project-number", help="default: the seed's, or 123456789012")
    serve.add_argument(
        "--also-project",
        action="append",
        default=[],
        type=another_project,
        metavar="ID=NUMBER",
        help="a project that exists next to the main one; may be given several times",
    )
    serve.add_argument("--aws-account-id", help="default: the seed's, or 210987654321")
    serve.add_argument("--aws-region", help="default: the seed's, or us-east-1")
    serve.add_argument("--google-port", type=port, help="0 takes a free one; default: the kept one, or a free one")
    serve.add_argument("--aws-port", type=port, help="0 takes a free one; default: the kept one, or a free one")
    serve.add_argument("--aws-endpoint", metavar="URL", help="use this AWS on this machine instead of starting one")
    _add_without(serve)
    serve.add_argument("--tls", action="store_true", help="serve the local Google over https, with a CA of this run")
    serve.add_argument("--keep", action="store_true", help="keep the state; the next run in this folder begins with it")
    serve.add_argument("--limit-seconds", type=float, default=30.0, help="how long the start may take")
    # Former names, and what `launch` adds.
    serve.add_argument("--aws-url", dest="aws_endpoint", help=argparse.SUPPRESS)
    serve.add_argument("--no-bigquery", dest="without", action="append_const", const="bigquery", help=argparse.SUPPRESS)
    serve.add_argument("--launched-by", help=argparse.SUPPRESS)


def _add_without(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--without",
        action="append",
        default=[],
        choices=CHILDREN,
        help="bigquery: BigQuery answers 501; aws: only OIDC providers serve. May be given twice",
    )


def _add_state(command: argparse.ArgumentParser) -> None:
    default = Path(os.environ.get("LOCAL_CLOUD_STATE") or _DEFAULT_STATE)
    command.add_argument("--state", type=Path, default=default, help=f"folder for state and logs (default: {default})")


def duration(text: str) -> timedelta:
    """Read a step of time: a whole number and its unit, ``s``, ``m``, ``h`` or ``d``."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no step of time; write a number and s, m, h or d, such as 31d")
    return timedelta(**{_UNITS[found["unit"]]: int(found["count"])})


def seed(text: str) -> Path:
    """Read a seed's file; ``example`` is the one of this package."""
    return Path(__file__).with_name("example.yaml") if text == "example" else Path(text)


def port(text: str) -> int:
    """Read a port."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > _MOST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; write a number from 0 to {_MOST_PORT}")
    return int(text)


def another_project(text: str) -> tuple[str, str]:
    """Read a project's id and number."""
    project_id, equals, number = text.partition("=")
    if not (project_id and equals and number.isascii() and number.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no project; write its id and number, such as data-project=42")
    return project_id, number


def _come(arguments: argparse.Namespace) -> int:
    """Does `use`, `sign` or `task`."""
    from federation_emulator.client import use
    from federation_emulator.servers import task

    folder = arguments.state.absolute()
    account = getattr(arguments, "service_account", None)
    choice = use.Choice(role=arguments.role, provider=arguments.provider, service_account=account)
    endpoints = use.opened(folder, limit_seconds=launch.start_seconds())
    if arguments.command == "task":
        return task.run(arguments.run, folder=folder, endpoints=endpoints, choice=choice)
    if arguments.command == "use":
        sys.stdout.write(use.exports(use.environment(folder, endpoints, choice, universe_domain=arguments.universe)))
    else:
        sys.stdout.write(use.signed_form(endpoints, choice) + "\n")
    return 0


def _token(arguments: argparse.Namespace) -> int:
    from federation_emulator.client import oidc, use

    folder = arguments.state.absolute()
    made = {name: getattr(arguments, name) for name in ("branch", "environment", "immutable")}
    job = oidc.Job(
        repository=arguments.repository,
        provider=arguments.provider,
        service_account=arguments.service_account,
        claims=made | oidc.claims(arguments.claim),
    )
    endpoints = use.opened(folder, limit_seconds=launch.start_seconds())
    if arguments.export:
        sys.stdout.write(use.exports(oidc.job_environment(folder, endpoints, job)))
    else:
        sys.stdout.write(oidc.job_token(endpoints, job) + "\n")
    return 0


def _remote(arguments: argparse.Namespace) -> Remote:
    from federation_emulator.client.remote import Remote

    return Remote(Endpoints.read(arguments.state.absolute()))


def _explain(arguments: argparse.Namespace) -> int:
    from federation_emulator.console.explain import explanation

    decisions = _remote(arguments).decisions()
    sys.stdout.write(explanation(decisions, arguments.decision) + "\n")
    return 0


def _clock(arguments: argparse.Namespace) -> int:
    remote = _remote(arguments)
    clock = remote.advance(arguments.advance) if arguments.advance else remote.get("/_local/clock")
    sys.stdout.write(f"{one_line(clock['now'])}, {timedelta(seconds=clock['aheadSeconds'])} ahead of this machine\n")
    return 0


def _faults(arguments: argparse.Namespace) -> int:
    remote = _remote(arguments)
    named = [part for part in arguments.fault if part != "clear"]
    if unclear := [part for part in named if "=" not in part]:
        raise ProcessError(f"{unclear[0]!r} is no fault; write NAME=NUMBER, such as iamDelaySeconds=7, or clear")
    if arguments.fault:
        given = {name: _number(value) for name, _, value in (part.partition("=") for part in named)}
        faults = remote.post("/_local/faults", given)
    else:
        faults = remote.get("/_local/faults")
    sys.stdout.write("".join(f"{one_line(name)}={value:g}\n" for name, value in faults.items()))
    return 0


def _number(text: str) -> object:
    """A number as JSON has it; the server refuses what is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _prepare(arguments: argparse.Namespace) -> int:
    launch.prepare(launch.environments(arguments.without))
    return 0


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "serve": launch.serve,
    "prepare": _prepare,
    **dict.fromkeys(("use", "task", "sign"), _come),
    "token": _token,
    "explain": _explain,
    "clock": _clock,
    "faults": _faults,
}
"""What each command does; it returns the exit code."""


def run(arguments: argparse.Namespace) -> int:
    """Does what the command line asks.

    Raises:
        ProcessError: Something does not start, or no local cloud answers.
        EngineError: An environment can't be made.
        RoleError: The local AWS does not make one of the seed's roles.
        SeedError: The local Google refuses a part of the seed.
        StateError: The kept state can't be used.
    """
    try:
        return COMMANDS[arguments.command](arguments)
    except FileNotFoundError as error:
        raise ProcessError(
            f"{error.filename} is not there; start it (`federation-emulator serve`) or name its --state"
        ) from error
    except NO_ANSWER as error:
        raise ProcessError(
            f"no local cloud answers ({type(error).__name__}: {error}); is `federation-emulator serve` running?"
        ) from error
