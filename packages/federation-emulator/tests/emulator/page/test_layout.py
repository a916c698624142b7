"""The page at each width: nothing is cut off, whatever the length of a name, for every eye and every pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from federation_emulator.console.difference import difference
from federation_emulator.console.render import render_chain
from federation_emulator.core.clock import SystemClock
from federation_emulator.core.errors import permission_denied
from federation_emulator.core.trace import Decision, Link, Part, Refused, Trace, refuse, to_json
from tests.emulator.google_server import Google
from tests.emulator.page.conftest import watched

SIZES = WIDE, TABLET, PHONE, NARROW_PHONE = (1280, 800), (800, 1000), (375, 812), (320, 640)
ARN = f"arn:aws:sts::210987654321:assumed-role/{'R' * 64}/{'s' * 64}"
POOL = f"projects/123456789012/locations/global/workloadIdentityPools/{'p' * 32}"
CONDITION = " || ".join(f"assertion.arn.startsWith('{ARN[:-number]}')" for number in range(1, 8))


def _decided() -> list[Decision]:
    """An allowed exchange and a refused impersonation, with names as long as they may be."""
    trace = Trace(SystemClock())
    with trace.deciding(Link.TOKEN_EXCHANGE, resource=f"//iam.googleapis.com/{POOL}/providers/{'q' * 32}") as trail:
        trail.passed(Part.CALLER, "AWS verified the signature", ARN)
        trail.passed(Part.ATTRIBUTES, "the attribute mapping", f"google.subject={ARN}, attribute.role={'r' * 500}")
        trail.passed(Part.CONDITION, "the attribute condition is true", CONDITION)
    exchanged = trace.after(None)[0]
    account = f"{'a' * 30}@{'j' * 30}.iam.gserviceaccount.com"
    with (
        suppress(Refused),
        trace.deciding(Link.IMPERSONATION, resource=f"serviceAccount:{account}", parent=exchanged.id) as trail,
    ):
        trail.principal = f"principal://iam.googleapis.com/{POOL}/subject/{ARN}"
        refuse(
            Part.PERMISSION,
            rule=f"iam.serviceAccounts.getAccessToken is needed on projects/{'j' * 30}/serviceAccounts/{account}",
            actual=f"binding names attribute.role = {ARN}-2, principal has {ARN}",
            expected=CONDITION,
            fix="grant the expected role to exactly this principal",
            answer=permission_denied("no"),
        )
    return trace.after(None)


@pytest.fixture(scope="module")
def show(browser: Browser, shared: Google) -> Iterator[Callable[..., Page]]:
    """Opens the page at a size, with long decisions or with none."""
    chain = _decided()
    refused = chain[-1]
    assert refused.refusal is not None
    text = render_chain(chain)
    found = {
        "chain": to_json(chain),
        "after": to_json(chain[-1:]),
        "differences": {refused.id: asdict(difference(refused.refusal))},
        "text": text,
        "report": text,
    }
    with watched(browser) as (context, problems):
        touch = browser.new_context(has_touch=True, is_mobile=True)
        pages = {False: context.new_page(), True: touch.new_page()}

        def opened(size: tuple[int, int], *, decisions: bool = True, touched: bool = False) -> Page:
            def fulfil(route: Route) -> None:
                asked = route.request.url
                first: dict[str, Any] = {"run": "run", "decisions": found["chain"] if decisions else []}
                if "/decisions/" in asked:
                    route.fulfill(json=found)
                else:
                    route.fulfill(json=first if asked.endswith("after=") else {**first, "decisions": []})

            page = pages[touched]
            page.unroute_all()
            page.route("**/_local/decisions**", fulfil)
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto("about:blank")
            page.goto(shared.url)
            expect(page.locator("#connection")).to_have_text("live")
            expect(page.locator(".card")).to_have_count(2 if decisions else 0)
            return page

        yield opened
        touch.close()
        assert problems == []


_CUT = """() => [...document.querySelectorAll("body, body *")].filter((e) => {
  const style = getComputedStyle(e);
  return e.checkVisibility() && e.clientWidth && !["auto", "scroll"].includes(style.overflowX)
    && style.clipPath === "none" && (e.scrollWidth > e.clientWidth || style.textOverflow === "ellipsis"
      || (style.overflowY === "hidden" && e.scrollHeight > e.clientHeight));
}).map((e) => `${e.tagName}.${e.className}#${e.id}: ${e.scrollWidth} in ${e.clientWidth}`)"""


@pytest.mark.parametrize("decisions", [True, False])
def test_no_name_is_cut_off_and_nothing_scrolls_sideways(show: Callable[..., Page], decisions: bool) -> None:
    page = show(WIDE, decisions=decisions)
    expect(page.locator(".keys")).to_be_visible()
    if decisions:
        expect(page.locator(".node.refused .rule")).to_be_in_viewport()
    for view in ("decision", "list") if decisions else ("list",):
        page.evaluate("(view) => { if (view === 'list') location.hash = view }", view)
        expect(page.locator("main")).to_have_attribute("data-view", view)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(_CUT) == [], (view, width)


def test_keys_are_explained_and_a_way_back_is_offered_where_they_are_of_use(show: Callable[..., Page]) -> None:
    page = show(PHONE, touched=True)
    for (width, height), is_single in zip(SIZES, (False, False, True, True), strict=True):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator("#back")).to_be_visible(visible=is_single)
        expect(page.locator("#list")).to_be_visible(visible=not is_single)
        expect(page.locator(".keys")).to_be_hidden()


def test_a_phone_goes_from_the_list_to_a_decision_and_back(show: Callable[..., Page]) -> None:
    page = show(PHONE, touched=True)
    rows = page.locator("#list a")
    back = page.get_by_role("link", name="All decisions")
    expect(page.locator(".card.refused")).to_be_visible()
    expect(rows.first).to_be_hidden()
    back.tap()
    expect(back).to_be_hidden()
    expect(rows).to_have_count(2)
    rows.first.tap()
    expect(page.locator(".card.refused")).to_be_visible()
    # Seen wherever the reader has scrolled to.
    expect(back).to_be_in_viewport()
    length = page.evaluate("history.length")
    back.tap()
    expect(rows.first).to_be_focused()
    assert page.evaluate("[location.hash, history.length]") == ["#list", length]
    rows.first.tap()
    expect(back).to_be_visible()
    page.go_back()
    expect(rows.first).to_be_visible()


_CONTRASTS = """() => {
  const channel = (v) => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walker.nextNode());) {
    const holder = text.parentElement;
    if (!text.data.trim() || !holder.checkVisibility()) continue;
    const pair = [light(parse(getComputedStyle(holder).color)), light(behind(holder))].sort((a, b) => b - a);
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), text.data.trim().slice(0, 40)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_background(show: Callable[..., Page], scheme: str) -> None:
    page = show(WIDE)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.locator("#list a").last.focus()
    page.locator("summary").last.click()
    contrasts = page.evaluate(_CONTRASTS)
    assert len(contrasts) > 60
    assert contrasts[0][0] >= 4.5, contrasts[0]
