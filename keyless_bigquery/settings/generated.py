"""What is written from the declarations: the ``config`` block of ``Pulumi.yaml``, and the table of options."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from keyless_bigquery.settings.declaration import Setting

_WIDTH = 120
_FIRST_SENTENCE = re.compile(r"(?:Must be set\. )?.*?\.(?= |$)")
_BEGIN, _END = "settings: begin", "settings: end"


def config_block(settings: Sequence[Setting]) -> str:
    """The ``config`` block of a ``Pulumi.yaml``: type, default and description of each setting."""
    lines = ["config:"]
    for one in settings:
        lines.append(f"  {one.key}:")
        if one.kind.type is not None:
            lines.append(f"    type: {one.kind.type}")
        if one.kind.items is not None:
            lines += ["    items:", f"      type: {one.kind.items}"]
        lines += [f"    default: {json.dumps(one.default)}", "    description: >-"]
        lines += textwrap.wrap(one.description, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join(lines)


def option_table(settings: Sequence[Setting]) -> str:
    """The settings as a Markdown table, each with the first sentence of its description."""
    rows = ["|setting|default|of|meaning|", "|---|---|---|---|"]
    for one in settings:
        default = one.default if isinstance(one.default, str) else json.dumps(one.default)
        shown = "" if default in ("", "[]", "{}") else f"`{default}`"
        sentence = _FIRST_SENTENCE.match(one.description)
        meaning = (sentence[0] if sentence else one.description).replace("|", r"\|")
        rows.append(f"|`{one.key}`|{shown}|{one.scope.value}|{meaning}|")
    return "\n".join(rows)


_BLOCKS: dict[str, Callable[[Sequence[Setting]], str]] = {
    ".yaml": config_block,
    ".md": lambda settings: f"\n{option_table(settings)}\n",
}


def updated(path: Path, settings: Sequence[Setting]) -> str:
    """A file's text with its block written anew, between the two lines that mark its beginning and end.

    Raises:
        ValueError: The file doesn't have exactly one such pair of lines.
    """
    lines = path.read_text().splitlines()
    marks = [[place for place, line in enumerate(lines) if mark in line] for mark in (_BEGIN, _END)]
    if [len(found) for found in marks] != [1, 1] or marks[0] > marks[1]:
        raise ValueError(f"{path} needs one line with {_BEGIN!r}, and one with {_END!r} below it, as comments")
    (begin,), (end,) = marks
    return "\n".join([*lines[: begin + 1], _BLOCKS[path.suffix](settings), *lines[end:], ""])
