"""A real browser, Debian's chromium, that may talk to this machine alone; and a local Google with something to show."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from tests.emulator.chain import AUDIENCE, PROVIDER_PATH, Chain, Keys, LocalAccount, deploy
from tests.emulator.google_server import serving
from tests.emulator.page.callers import (
    be_refused_as_another_role,
    be_refused_at_the_table,
    be_refused_without_the_binding,
    walk,
)

LIMIT_MILLISECONDS = 10_000
HOSTILE = "<img src=x onerror=document.title='broken'>"
UNSEEN = "\u202e\x9b\u2028\u200b"
_QUIET = [
    *("--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # No name leads anywhere, whatever the browser itself would like to ask; but for one, as an attacker's DNS does it.
    "--host-resolver-rules=MAP turned.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

# The server may end before the page does, and a decision may be asked for that isn't there.
_GONE = re.compile("Failed to load resource: |the federation emulator was not reached")


@dataclass(frozen=True)
class Shown:
    """A local Google that decided something at each link; which no test changes.

    Attributes:
        chain: What is deployed.
        secrets: Keys and tokens that came up on the way.
        allowed: How many decisions were for the caller.
        refused: How many were against.
    """

    chain: Chain
    secrets: list[str]
    allowed: int = 10
    refused: int = 4


# Not for the session: while Playwright runs, so does an event loop in this thread, and asyncio.run won't.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, once for all."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium is installed: the page was not looked at (apt-get install chromium)")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*_QUIET, *sandbox])
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A fresh profile, and the list of what its pages throw, complain of and ask elsewhere."""
    context, problems = browser.new_context(), list[str]()
    context.set_default_timeout(LIMIT_MILLISECONDS)

    def note_request(request: Request) -> None:
        if urlsplit(request.url).hostname not in {"127.0.0.1", None}:
            problems.append(f"asked {request.url}")

    context.on("request", note_request)
    context.on("console", lambda message: problems.append(message.text) if not _GONE.match(message.text) else None)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield context, problems
    context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh profile, with no problem at its end."""
    with watched(browser) as (context, problems):
        yield context.new_page()
        assert problems == []


@pytest.fixture(scope="module")
def one_page(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """One page for a whole file: a fresh profile for each test takes longer than the test."""
    with watched(browser) as (context, problems):
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context.new_page(), problems


@pytest.fixture
def opened(one_page: tuple[Page, list[str]], shown: Shown) -> Iterator[Page]:
    """The page with its list, just loaded, with no problem at the end of the test."""
    page, problems = one_page
    page.set_viewport_size({"width": 1400, "height": 850})
    page.emulate_media(color_scheme="light")
    page.goto("about:blank")
    page.goto(shown.chain.google.url)
    expect(page.locator("#list a")).to_have_count(shown.allowed + shown.refused)
    yield page
    assert problems == []


@pytest.fixture(scope="module")
def shown(aws_url: str, bigquery_url: str) -> Iterator[Shown]:
    """A local Google with decisions of each kind, some of whose names are hostile."""
    account = LocalAccount(aws_url)
    with serving(aws_url=aws_url, bigquery_url=bigquery_url) as google:
        chain = deploy(google, account)
        google.done("PATCH", f"{PROVIDER_PATH}?updateMask=displayName", {"displayName": HOSTILE[:32]})
        keys: Keys = account.assume("Keyless-Reader")
        secrets = walk(chain, keys)
        walk(chain, keys, audience=f"{AUDIENCE}{HOSTILE}{UNSEEN}")
        be_refused_as_another_role(chain)
        be_refused_at_the_table(chain, keys)
        be_refused_without_the_binding(chain, keys)
        yield Shown(chain, secrets)
