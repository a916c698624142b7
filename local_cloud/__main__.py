"""`python -m local_cloud serve | explain [ID] | demo`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import httpx

from engine.errors import EngineError
from local_cloud.process import ProcessError

_DEFAULT_STATE = Path(".local") / "cloud"


def main() -> int:
    """Do what the command line asks.

    Returns:
        The exit code: 0, 1 after one line that says what failed, 130 after Ctrl-C.
    """
    arguments = _parser().parse_args()
    try:
        return _COMMANDS[arguments.command](arguments)
    except (ProcessError, EngineError) as error:
        message = str(error)
    except FileNotFoundError as error:
        message = f"{error.filename} is not there; is the local cloud running (`make local-cloud`)?"
    except httpx.HTTPError as error:
        message = f"the local cloud does not answer ({type(error).__name__}: {error}); is `make local-cloud` running?"
    except KeyboardInterrupt:
        return 130
    sys.stderr.write(f"error: {message}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_cloud", description="The local cloud.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run it in the foreground and print how to use it")
    serve.add_argument("--state", type=Path, default=_DEFAULT_STATE, help="folder for state and logs")
    serve.add_argument("--project-id", default="local-keyless")
    serve.add_argument("--project-number", default="123456789012")
    serve.add_argument("--aws-account-id", default="210987654321")
    serve.add_argument("--aws-region", default="us-east-1")
    serve.add_argument("--google-port", type=int, default=0, help="0 takes a free one")
    serve.add_argument("--aws-port", type=int, default=0, help="0 takes a free one")
    serve.add_argument("--limit-seconds", type=float, default=30.0, help="how long the start may take")
    explain = commands.add_parser("explain", help="tell why something was allowed or refused")
    explain.add_argument("decision", nargs="?", help="id of a decision; without it, the latest chain")
    explain.add_argument("--state", type=Path, default=_DEFAULT_STATE, help="folder of the running local cloud")
    commands.add_parser("demo", help="deploy, read, be refused, tear down")
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    from local_cloud.serve import ServeSettings, serve

    settings = ServeSettings(
        folder=arguments.state.absolute(),
        project_id=arguments.project_id,
        project_number=arguments.project_number,
        aws_account_id=arguments.aws_account_id,
        aws_region=arguments.aws_region,
        google_port=arguments.google_port,
        aws_port=arguments.aws_port,
        limit_seconds=arguments.limit_seconds,
    )
    try:
        serve(settings)
    except KeyboardInterrupt:
        sys.stdout.write("the local cloud has ended\n")
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from local_cloud.explain import explanation

    sys.stdout.write(explanation(arguments.state.absolute(), arguments.decision) + "\n")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from local_cloud.demo import main as demo

    del arguments
    return demo()


_COMMANDS = {"serve": _serve, "explain": _explain, "demo": _demo}


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
