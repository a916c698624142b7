"""`python -m pulumi_offline.plugins NAME VERSION ENGINE_ADDRESS`: one plugin process, as the engine starts it.

`python -m pulumi_offline.plugins together NAME=VERSION …`: several in one process, for engines that come to it.
"""

from __future__ import annotations

import argparse

from pulumi_offline.plugins.lookup import ServedBy
from pulumi_offline.plugins.provider import StandIn
from pulumi_offline.plugins.serve import serve, serve_together

TOGETHER = "together"


def _served_by(name: str) -> ServedBy:
    """The table of one plugin. Imported late: each process pays for its own libraries only."""
    if name == "gcp":
        from pulumi_offline.plugins.gcp import served_by as served_by_gcp

        return served_by_gcp
    if name == "aws":
        from pulumi_offline.plugins.aws import served_by as served_by_aws

        return served_by_aws()
    from pulumi_offline.plugins.random_id import served_by as served_by_random

    return served_by_random


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="pulumi_offline.plugins", description="A stand-in provider plugin.")
    parser.add_argument("name", choices=["aws", "gcp", "random", TOGETHER])
    parser.add_argument(
        "version", help="version of the official plugin that it stands in for; NAME=VERSION each, together"
    )
    parser.add_argument("more", nargs="*", help="address of the engine; the engine adds it")
    known, _flags_of_the_engine = parser.parse_known_args()
    if known.name == TOGETHER:
        versions = dict(one.split("=", 1) for one in (known.version, *known.more))
        serve_together({name: (StandIn(_served_by(name)), version) for name, version in versions.items()})
    else:
        engine_address = known.more[0] if known.more else ""
        serve(StandIn(_served_by(known.name)), version=known.version, engine_address=engine_address)


if __name__ == "__main__":
    main()
