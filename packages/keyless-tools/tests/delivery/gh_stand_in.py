"""As much of `gh` as the workflows call, on a file: run as that program by tests. It refuses whatever else it is asked.

Source: the manual of gh, and its source for `--field body=@-`, `--paginate` and `env` in `--jq`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
REPOSITORY = "acme/reports"
TOKEN = "the-jobs-own-token"


def main(state: dict[str, Any]) -> None:
    """Does what the command line asks, to the state: `comments` by pull request, `issues`, `labels`."""
    if os.environ.get("GH_TOKEN") != TOKEN:
        sys.exit("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable")
    parser = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    words = 1 if sys.argv[1] == "api" else 2
    arguments = {"api": API, "issue list": LIST, "issue edit": EDIT, "issue close": CLOSE, "issue create": CREATE}
    command = " ".join(sys.argv[1 : 1 + words])
    for name, options in (arguments | {"label create": LABEL})[command].items():
        parser.add_argument(name, **options)
    parsed = parser.parse_args(sys.argv[1 + words :])
    if words == 2 and os.environ.get("GH_REPO") != REPOSITORY:
        sys.exit("fatal: not a git repository")
    globals()["do_" + command.replace(" ", "_")](state, parsed)


POSITIONAL: dict[str, Any] = {}
FLAG: dict[str, Any] = {"action": "store_true"}
VALUE: dict[str, Any] = {"required": True}
API = {"endpoint": POSITIONAL, "--paginate": FLAG, "--method": {}, "--field": {"choices": ["body=@-"]}, "--jq": VALUE}
LIST = {"--state": {"choices": ["open"]}, "--label": VALUE, "--limit": VALUE, "--json": VALUE, "--jq": VALUE}
EDIT = {"number": POSITIONAL, "--body-file": VALUE}
CLOSE = {"number": POSITIONAL, "--comment": VALUE}
CREATE = {"--title": VALUE, "--label": VALUE, "--body-file": VALUE}
LABEL = {"name": POSITIONAL, "--force": FLAG, "--description": VALUE}


def do_api(state: dict[str, Any], asked: argparse.Namespace) -> None:
    url = urlsplit(asked.endpoint)
    place = url.path.removeprefix(f"repos/{REPOSITORY}/issues/")
    if found := re.fullmatch(r"(\d+)/comments", place):
        listed = state["comments"].setdefault(found[1], [])
        if asked.field is None:
            size = int(parse_qs(url.query)["per_page"][0])
            for start in range(0, len(listed), size) if asked.paginate else [0]:
                _print(listed[start : start + size], asked.jq)
            return
        made = {"id": 1000 * int(found[1]) + len(listed), "user": {"login": BOT}, "html_url": f"c/{len(listed)}"}
        listed.append(made)
    elif (found := re.fullmatch(r"comments/(\d+)", place)) and asked.method == "PATCH":
        (made,) = [one for listed in state["comments"].values() for one in listed if one["id"] == int(found[1])]
    else:
        sys.exit("gh: Not Found (HTTP 404)")
    body = sys.stdin.read()
    if len(body) > 65_536:
        sys.exit("gh: Validation Failed (HTTP 422): body is too long (maximum is 65536 characters)")
    made["body"] = body
    _print(made, asked.jq)


def do_issue_list(state: dict[str, Any], asked: argparse.Namespace) -> None:
    listed = [one for one in state["issues"] if one["state"] == asked.state and one["label"] == asked.label]
    _print([{asked.json: one[asked.json]} for one in listed[: int(asked.limit)]], asked.jq)


def do_issue_create(state: dict[str, Any], asked: argparse.Namespace) -> None:
    if asked.label not in state["labels"]:
        sys.exit(f"could not add label: '{asked.label}' not found")
    body = Path(asked.body_file).read_text()
    number = str(len(state["issues"]) + 1)
    state["issues"].append(
        {"number": number, "state": "open", "label": asked.label, "title": asked.title, "body": body}
    )


def do_issue_edit(state: dict[str, Any], asked: argparse.Namespace) -> None:
    state["issues"][int(asked.number) - 1]["body"] = Path(asked.body_file).read_text()


def do_issue_close(state: dict[str, Any], asked: argparse.Namespace) -> None:
    state["issues"][int(asked.number) - 1].update(state="closed", comment=asked.comment)


def do_label_create(state: dict[str, Any], asked: argparse.Namespace) -> None:
    state["labels"] = sorted({*state["labels"], asked.name})


def _print(value: object, jq: str) -> None:
    subprocess.run(["jq", "--raw-output", jq], input=json.dumps(value), text=True, check=True, timeout=10)


if __name__ == "__main__":
    file = Path(os.environ["GH_STATE"])
    held = json.loads(file.read_text())
    main(held)
    file.write_text(json.dumps(held))
