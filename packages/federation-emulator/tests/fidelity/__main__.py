"""``make fidelity`` sends every case to a local Google, prints what differs, and writes the page.

``--against`` sends the cases that need neither a token nor a resource to Google itself, and writes nothing. No test
does that: it needs the network.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from federation_emulator.servers import environments
from federation_emulator.servers.bigquery import BigQueryEmulator, EmulatorSettings
from federation_emulator.servers.progress import Progress
from keyless_bigquery.components.program import ROOT
from tests.emulator.google_server import PROJECT
from tests.fidelity.comparing import differences
from tests.fidelity.model import Case, Certainty, cases
from tests.fidelity.page import FILE, page
from tests.fidelity.world import World, world

_LIMIT_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    """Run the command. Returns its exit status: 1 if an answer differs."""
    parser = argparse.ArgumentParser(prog="make fidelity", description=__doc__)
    parser.add_argument("--against", metavar="URL", help="the base URL of one of Google's APIs, with --api")
    parser.add_argument("--api", help="the API that it is the base URL of, as the page names it")
    options = parser.parse_args(arguments)
    # Each case of what is not served would be a line of the log.
    logging.getLogger("local_cloud").setLevel(logging.ERROR)
    chosen = [case for file, case in cases() if not options.api or file.api == options.api]
    if options.against:
        chosen = [case for case in chosen if _is_harmless(case)]
    with _bigquery() as bigquery_url, world(bigquery_url) as made:
        found = {case.id: _differences(case, made, options.against) for case in chosen}
    lines = [f"{name}: {each}" for name, different in found.items() for each in different]
    sys.stdout.write("\n".join([*lines, f"{len(found)} cases, {sum(map(bool, found.values()))} differ\n"]))
    if not options.against:
        (ROOT / FILE).write_text(page())
    return int(any(found.values()))


def _differences(case: Case, made: World, against: str | None) -> list[str]:
    return differences(case, made.send(case.request, case, base=against) if against else made.answer(case), made)


def _is_harmless(case: Case) -> bool:
    """Whether a case neither changes anything nor carries a credential, and is about Google's own answer."""
    bare = case.request.caller == "anonymous" and not case.given and case.aws is None
    sent = f"{case.request.form} {case.request.json_body}"
    secret = any(name in sent for name in ("{token}", "{aws_token}", "{federated}"))
    return bare and not secret and case.certainty is not Certainty.NOT_SERVED


@contextmanager
def _bigquery() -> Iterator[str]:
    environments.ensure(environments.LOCAL_WAREHOUSE, Progress())
    with tempfile.TemporaryDirectory() as folder:
        server = BigQueryEmulator.start(EmulatorSettings(project_id=PROJECT, folder=Path(folder)))
        try:
            server.wait(limit_seconds=_LIMIT_SECONDS)
            yield server.url
        finally:
            server.child.stop()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except requests.RequestException as error:
        sys.exit(f"no answer: {error}")
