"""``GET /`` and the page's own files, and what the page asks for besides decisions and resources.

Who may read it, and what it may load, is in ``guard.py``.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.console.difference import difference
from federation_emulator.console.render import descent, lineage, not_kept, render_chain
from federation_emulator.console.report import bug_report
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import not_found
from federation_emulator.core.http import answer
from federation_emulator.core.trace import to_json

_FILES = Path(__file__).with_name("files")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


async def index(_cloud: Cloud, _request: Request) -> Response:
    """``GET /``: the page."""
    return _whole("index.html", "text/html")


async def file(_cloud: Cloud, request: Request) -> Response:
    """``GET /page/NAME``: one of the page's own files."""
    name = request.path_params["file"]
    kind = _TYPES.get(Path(name).suffix)
    if kind is None or name not in {path.name for path in _FILES.iterdir()}:
        raise not_found(f"The page has no file {name:.60}.")
    return _whole(name, kind)


def _whole(name: str, media_type: str) -> Response:
    # Read at once: a file that is streamed stays open when the browser goes away in the middle of it.
    return Response((_FILES / name).read_bytes(), media_type=media_type)


async def decision(cloud: Cloud, request: Request) -> Response:
    """``GET /_local/decisions/ID``: the chain that led to a decision, and what came of it.

    ``differences`` has, by the id of each refused one, ``actual`` and ``expected`` in pieces that differ or don't.
    """
    known = cloud.trace.after(None)
    found = {one.id: one for one in known}.get(request.path_params["decision"])
    if found is None:
        raise not_found(not_kept(request.path_params["decision"]))
    chain, after = lineage(known, found), descent(known, found)
    differences = {one.id: asdict(difference(one.refusal)) for one in [*chain, *after] if one.refusal}
    return answer(
        {
            "chain": to_json(chain),
            "after": to_json(after),
            "differences": differences,
            "text": render_chain(chain),
            "report": bug_report(cloud, chain),
        }
    )
