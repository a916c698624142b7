"""A real browser, Debian's chromium, that may talk to this machine alone."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

LIMIT_MILLISECONDS = 10_000
_QUIET = [
    *("--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

# The server may end before the page does.
_GONE = re.compile("Failed to load resource: net::|the local cloud was not reached")


# Not for the session: while Playwright runs, so does an event loop in this thread, and asyncio.run won't.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium is installed: the page was not looked at (apt-get install chromium)")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*_QUIET, *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh profile. Whatever it throws, complains of or asks elsewhere fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 850})
    context.set_default_timeout(LIMIT_MILLISECONDS)
    page, problems = context.new_page(), list[str]()

    def note_request(request: Request) -> None:
        if urlsplit(request.url).hostname not in {"127.0.0.1", None}:
            problems.append(f"asked {request.url}")

    page.on("request", note_request)
    page.on("console", lambda message: problems.append(message.text) if not _GONE.match(message.text) else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []
