"""The page in a real browser: live, by keyboard alone, and with nothing secret or foreign in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.local_cloud.chain import AUDIENCE, PROVIDER_PATH, ROLE, Chain, Keys
from tests.local_cloud.google_server import Google
from tests.local_cloud.page.callers import (
    be_refused_as_another_role,
    be_refused_at_the_table,
    be_refused_without_the_binding,
    walk,
)

DEPLOYED = 2
"""Decisions that a deployment leaves: rows were put in two tables."""

_HOSTILE = "<img src=x onerror=document.title='broken'>"


def test_a_server_that_decided_nothing_yet_says_what_to_do(page: Page, quiet_google: Google) -> None:
    page.goto(quiet_google.url)
    expect(page.locator("#empty")).to_contain_text("make demo")
    expect(page.locator("#summary")).to_have_text("0 allowed, 0 refused")


def test_decisions_appear_without_a_reload_the_newest_first(page: Page, chain: Chain, role_keys: Keys) -> None:
    page.goto(chain.google.url)
    expect(page.locator("#list a")).to_have_count(DEPLOYED)
    walk(chain, role_keys)
    expect(page.locator("#list a")).to_have_count(DEPLOYED + 4)
    links = page.locator("#list a .link").all_inner_texts()
    assert links[:4] == ["table access", "job creation", "impersonation", "token exchange"]
    be_refused_as_another_role(chain)
    expect(page.locator("#list a").first).to_contain_text("✗ refused")
    expect(page.locator("#summary")).to_have_text(f"{DEPLOYED + 4} allowed, 1 refused")
    expect(page.locator("#connection")).to_have_text("live")


def test_a_chain_is_found_and_opened_by_keyboard_alone(page: Page, chain: Chain, role_keys: Keys) -> None:
    walk(chain, role_keys)
    be_refused_without_the_binding(chain, role_keys)
    page.goto(chain.google.url)
    expect(page.locator("#list a")).to_have_count(DEPLOYED + 6)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("no such text anywhere")
    expect(page.locator("#none")).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.type("impersonation")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#list a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#list a").nth(1)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("#chain")).to_be_focused()
    expect(page.locator(".card")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#list a").first).to_be_focused()


def test_what_can_be_used_has_a_name_and_is_reached_by_tab(page: Page, chain: Chain, role_keys: Keys) -> None:
    be_refused_without_the_binding(chain, role_keys)
    page.goto(chain.google.url)
    page.locator("#list a").first.click()
    expect(page.locator(".card")).to_have_count(2)
    reached = set()
    page.locator("h1").click()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName + '#' + document.activeElement.id"))
    assert {"INPUT#search", "BUTTON#copy", "SUMMARY#"} <= reached
    assert any(one.startswith("A#") for one in reached)
    for control in page.locator("a, button, input, summary, [role=img]").all():
        assert control.evaluate("e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim()"), control


def test_a_refused_chain_shows_the_links_and_the_nearest_miss(page: Page, chain: Chain, role_keys: Keys) -> None:
    be_refused_without_the_binding(chain, role_keys)
    page.goto(chain.google.url)
    page.locator("#list a.refused").first.click()
    drawn = page.locator("svg.overview")
    expect(drawn).to_have_attribute(
        "aria-label",
        "token exchange: allowed, impersonation: refused, job creation: not reached, table access: not reached",
    )
    refused = page.locator(".node.refused")
    expect(refused).to_contain_text("iam.serviceAccounts.getAccessToken is needed")
    expect(refused).to_contain_text(f"assumed-role/{ROLE}-2")
    assert refused.locator("mark").all_inner_texts() == ["-2"]
    parts = page.locator(".node .part").all_inner_texts()
    assert [part for part in parts if part in {"caller ARN", "attributes", "condition", "token", "permission"}] == [
        *("caller ARN", "attributes", "condition", "token", "token", "permission")
    ]


def test_a_job_is_shown_with_the_tables_that_it_was_refused(page: Page, chain: Chain, role_keys: Keys) -> None:
    be_refused_at_the_table(chain, role_keys)
    page.goto(chain.google.url)
    page.locator("#list a", has_text="job creation").click()
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator(".card.refused .resource")).to_contain_text("secrets")
    page.reload()
    expect(page.locator(".card")).to_have_count(4)


def test_what_exists_is_shown_and_follows_what_changes(page: Page, chain: Chain) -> None:
    page.goto(chain.google.url)
    existing = page.locator("#existing")
    expect(existing).to_contain_text("aws-provider")
    expect(existing).to_contain_text("roles/iam.workloadIdentityUser")
    chain.google.done("DELETE", PROVIDER_PATH)
    expect(existing).to_contain_text("Providers (0)")
    expect(existing).to_contain_text("Deleted, kept for 30 days (1)")


def test_what_a_caller_puts_in_a_name_stays_text(page: Page, chain: Chain, role_keys: Keys) -> None:
    chain.google.done(
        "PATCH", f"{PROVIDER_PATH}?updateMask=attributeCondition", {"attributeCondition": f'"{_HOSTILE}" == ""'}
    )
    walk(chain, role_keys, audience=f"{AUDIENCE}{_HOSTILE}")
    walk(chain, role_keys)
    page.goto(chain.google.url)
    for number in range(2):
        page.locator("#list a.refused").nth(number).click()
        expect(page.locator(".card")).to_contain_text(_HOSTILE)
    assert page.locator("img").count() == 0
    assert page.title().startswith("Local cloud")


def test_no_secret_is_in_the_page(page: Page, chain: Chain, role_keys: Keys) -> None:
    seen = walk(chain, role_keys)
    page.goto(chain.google.url)
    page.locator("#list a", has_text="job creation").click()
    expect(page.locator(".card")).to_have_count(4)
    content = page.content()
    assert "#" in page.locator(".node", has_text="a federated token is issued").inner_text()
    assert len(seen) == 4
    assert not [secret for secret in seen if secret in content]


def test_a_server_that_is_gone_is_told_and_found_again(page: Page, chain: Chain) -> None:
    page.goto(chain.google.url)
    expect(page.locator("#connection")).to_have_text("live")
    page.route("**/_local/**", lambda route: route.abort())
    expect(page.locator("#connection")).to_contain_text("can't be reached")
    page.unroute("**/_local/**")
    expect(page.locator("#connection")).to_have_text("live")


@pytest.mark.parametrize("width", [400, 700])
def test_a_narrow_window_needs_no_sideways_scrolling(page: Page, chain: Chain, role_keys: Keys, width: int) -> None:
    be_refused_without_the_binding(chain, role_keys)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(chain.google.url)
    page.locator("#list a.refused").first.click()
    expect(page.locator(".card")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
