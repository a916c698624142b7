"""What `serve` does in the process that serves: options and seed become settings, and these are served."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from federation_emulator.core.endpoints import Endpoints
from federation_emulator.seed.model import Seed, read_seed
from federation_emulator.servers import serve
from federation_emulator.servers.process import ProcessError

_DEFAULT_NAMES = {
    "project-id": "local-keyless",
    "project-number": "123456789012",
    "aws-account-id": "210987654321",
    "aws-region": "us-east-1",
}


def run(arguments: argparse.Namespace, announce: Callable[[Path, Endpoints], str] | None = None) -> int:
    """Serves until Ctrl-C. ``announce`` makes what is printed when all is ready; ``None``: how to come as a role.

    Raises:
        ProcessError: Something does not start, or an option contradicts the seed or another option.
    """
    seed = None
    names = _DEFAULT_NAMES
    if arguments.seed is not None:
        seed = read_seed(arguments.seed)
        values = (seed.project.id, seed.project.number, seed.aws.account, seed.aws.region)
        names = dict(zip(names, values, strict=True))
    seed = _fitting(arguments, seed)

    def name(option: str) -> str:
        """The option, or the seed's value; an option that contradicts the seed is refused."""
        given = getattr(arguments, option.replace("-", "_"))
        if seed is not None and given is not None and given != names[option]:
            raise ProcessError(f"--{option} is {given}, and {arguments.seed} says {names[option]}; leave one out")
        return str(given or names[option])

    settings = serve.ServeSettings(
        folder=arguments.state.absolute(),
        project_id=name("project-id"),
        project_number=name("project-number"),
        other_projects=dict(arguments.also_project),
        aws_account_id=name("aws-account-id"),
        aws_region=name("aws-region"),
        google_port=arguments.google_port,
        aws_port=arguments.aws_port,
        aws_endpoint=arguments.aws_endpoint,
        aws="aws" not in arguments.without,
        bigquery="bigquery" not in arguments.without,
        seed=seed,
        keep=arguments.keep,
        tls=arguments.tls,
        limit_seconds=arguments.limit_seconds,
        announce=announce,
        python=arguments.launched_by or sys.executable,
    )
    try:
        serve.serve(settings)
    except KeyboardInterrupt:
        sys.stdout.write("the local cloud has ended\n")
    return 0


def _fitting(arguments: argparse.Namespace, seed: Seed | None) -> Seed | None:
    """The seed without what has no place where a child is left out; what that is, is reported.

    Raises:
        ProcessError: Options contradict each other.
    """
    without = arguments.without
    if "aws" in without and arguments.aws_endpoint is not None:
        raise ProcessError("--without aws and --aws-endpoint contradict each other; leave one out")
    if seed is None:
        return None
    if "bigquery" in without and seed.datasets:
        grants = [grant for grant in seed.grants if not grant.resource.startswith("datasets/")]
        dropped = len(seed.grants) - len(grants)
        sys.stderr.write(
            f"--without bigquery: {len(seed.datasets)} datasets and {dropped} grants on them are left out of the seed\n"
        )
        seed = seed.model_copy(update={"datasets": {}, "grants": grants})
    if "aws" in without and seed.aws.roles:
        sys.stderr.write(f"--without aws: {len(seed.aws.roles)} roles are left out of the seed\n")
        seed = seed.model_copy(update={"aws": seed.aws.model_copy(update={"roles": []})})
    return seed
