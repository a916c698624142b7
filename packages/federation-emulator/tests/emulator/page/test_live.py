"""The page follows what happens: decisions, resources, a server that goes and comes, and many decisions."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from federation_emulator.core.clock import SystemClock
from federation_emulator.core.trace import KEPT_DECISIONS, Link, Trace, to_json
from tests.emulator.chain import ACCOUNT_PATH, BIGQUERY_PATH, PROVIDER_PATH, Chain, Keys
from tests.emulator.google_server import Google
from tests.emulator.page.callers import be_refused_as_another_role, be_refused_at_the_table, walk

DEPLOYED = 2
"""Decisions that a deployment leaves: rows were put in two tables."""


def decided(count: int) -> list[dict[str, Any]]:
    """Decisions as the server sends them."""
    trace = Trace(SystemClock())
    for number in range(count):
        with trace.deciding(Link.JOB, resource=f"projects/number-{number}", principal=f"user:u{number}@a.example"):
            pass
    return to_json(trace.after(None))


def answer_decisions(page: Page, run: str, decisions: list[dict[str, Any]]) -> None:
    """Let the page get these decisions, once, and none later."""

    once = iter([decisions])

    def fulfil(route: Route) -> None:
        route.fulfill(json={"run": run, "decisions": next(once, [])})

    page.unroute_all()
    page.route("**/_local/decisions?*", fulfil)


def hold_the_clock(page: Page) -> None:
    """Let the page's timers go by ``run_for`` alone."""
    page.clock.install(time=0)
    page.clock.pause_at(1)


def test_a_server_that_decided_nothing_yet_says_what_to_do(page: Page, quiet_google: Google) -> None:
    page.goto(quiet_google.url)
    expect(page.locator("#empty")).to_contain_text("make demo")
    expect(page.locator("#summary")).to_have_text("0 allowed, 0 refused")
    expect(page.locator("#empty")).to_contain_text("federation-emulator use ROLE")


def test_decisions_and_resources_appear_without_a_reload(page: Page, chain: Chain, role_keys: Keys) -> None:
    page.goto(chain.google.url)
    rows = page.locator("#list a")
    expect(rows).to_have_count(DEPLOYED)
    walk(chain, role_keys)
    expect(rows).to_have_count(DEPLOYED + 4)
    assert page.locator("#list .link").all_inner_texts()[:4] == [
        *("table access", "job creation", "impersonation", "token exchange")
    ]
    rows.nth(2).focus()
    be_refused_as_another_role(chain)
    expect(rows.first).to_contain_text("✗ REFUSED")
    expect(rows.nth(3)).to_be_focused()
    expect(page.locator("#summary")).to_have_text(f"{DEPLOYED + 4} allowed, 1 refused")
    page.locator("#existing summary").first.focus()
    chain.google.done("DELETE", PROVIDER_PATH)
    chain.google.done("DELETE", ACCOUNT_PATH)
    expect(page.locator("#existing")).to_contain_text("Providers (0)")
    expect(page.locator("#existing")).to_contain_text("Deleted in the last 30 days (2)")
    expect(page.locator("#existing summary").first).to_be_focused()


def test_an_open_chain_grows_with_what_comes_of_it(page: Page, chain: Chain, role_keys: Keys) -> None:
    seen = walk(chain, role_keys)
    page.goto(chain.google.url)
    page.locator("#list a", has_text="impersonation").click()
    expect(page.locator(".after a")).to_have_count(2)
    query = {"query": chain.sql("SELECT user_id FROM {users}"), "useLegacySql": False}
    assert chain.google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=seen[-1]).ok
    # Focus is on the chain as a whole, so nothing is taken from under the reader.
    expect(page.locator(".after a")).to_have_count(4)


def test_a_new_refusal_is_opened_until_the_reader_does_something(page: Page, chain: Chain, role_keys: Keys) -> None:
    be_refused_as_another_role(chain)
    page.goto(chain.google.url)
    refused = page.locator(".card.refused .when a")
    first = chain.google.decisions()[-1].id
    expect(refused).to_have_text(first)
    be_refused_at_the_table(chain, role_keys)
    second = chain.google.decisions()[-1].id
    expect(refused).to_have_text(second)
    # A click anywhere, and the reader is reading.
    page.locator(".node.refused dt").first.click()
    be_refused_as_another_role(chain)
    expect(page.locator("#list a.refused")).to_have_count(3)
    expect(refused).to_have_text(second)
    assert page.evaluate("location.hash") == f"#{second}"
    page.get_by_role("link", name="Newest refusal").click()
    expect(refused).to_have_text(chain.google.decisions()[-1].id)


def test_a_server_that_is_gone_is_asked_less_often_shown_and_found_again(page: Page, quiet_google: Google) -> None:
    hold_the_clock(page)
    page.goto(quiet_google.url)
    connection = page.locator("#connection")
    expect(connection).to_have_text("live")
    page.route("**/_local/**", lambda route: route.abort())
    for seconds in (1, 2, 4, 8, 10, 10):
        with page.expect_console_message(lambda message: "was not reached" in message.text):
            page.clock.run_for(seconds * 1000)
        expect(connection).to_contain_text("can't be reached")
    page.unroute_all()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(9000)
    assert asked == []
    page.clock.run_for(1000)
    expect(connection).to_have_text("live")


def test_decisions_of_a_server_that_was_started_again_replace_the_old_ones(page: Page, quiet_google: Google) -> None:
    hold_the_clock(page)
    answer_decisions(page, "first", decided(3))
    page.goto(quiet_google.url)
    expect(page.locator("#list a")).to_have_count(3)
    answer_decisions(page, "second", [])
    page.clock.run_for(1000)
    expect(page.locator("#list a")).to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()


def test_a_page_that_nobody_looks_at_asks_nothing(page: Page, quiet_google: Google) -> None:
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => Boolean(window.away)})")
    hold_the_clock(page)
    page.goto(quiet_google.url)
    expect(page.locator("#connection")).to_have_text("live")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("window.away = true")
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request(re.compile("/_local/decisions")):
        page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")


def test_as_many_decisions_as_are_kept_stay_quick_to_filter(page: Page, quiet_google: Google) -> None:
    answer_decisions(page, "run", decided(KEPT_DECISIONS))
    page.goto(quiet_google.url)
    rows = page.locator("#list a")
    expect(rows).to_have_count(200)
    expect(page.locator("#older")).to_have_text(f"Show older ({KEPT_DECISIONS - 200} more)")
    page.locator("#older").click()
    expect(rows).to_have_count(400)
    expect(rows.nth(200)).to_be_focused()
    took = page.evaluate(
        """(text) => {
          const started = performance.now(), search = document.getElementById("search");
          for (let end = 1; end <= text.length; end += 1) {
            search.value = text.slice(0, end);
            search.dispatchEvent(new Event("input"));
          }
          return (performance.now() - started) / text.length;
        }""",
        "number-77",
    )
    expect(rows).to_have_count(11)
    assert took < 100, f"{json.dumps(took)} ms for a key"
