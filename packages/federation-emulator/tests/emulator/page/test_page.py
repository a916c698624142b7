"""The page in a real browser: each chain as a diagram, by keyboard alone, with nothing secret or foreign in it."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from federation_emulator.console.render import render_chain
from tests.emulator.chain import ACCOUNT, MEMBER, PROVIDER_NAME, READER, ROLE
from tests.emulator.google_server import NUMBER, PROJECT
from tests.emulator.page.callers import SIBLING
from tests.emulator.page.conftest import HOSTILE, UNSEEN, Shown


def open_refused(page: Page, link: str) -> None:
    """Open the newest refusal at a link."""
    page.locator("#list a.refused", has_text=link).first.click()
    expect(page.locator(".card.refused")).to_have_count(1)
    expect(page.locator("#chain")).to_be_focused()


def focused(page: Page) -> str:
    """What has the focus: the text of its name."""
    name = "e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim()"
    return str(page.locator(":focus").evaluate(name))


# The list


def test_the_newest_decision_is_first_and_says_verdict_link_who_and_what(opened: Page, shown: Shown) -> None:
    first, last = opened.locator("#list a").first, opened.locator("#list a").last
    expect(first.locator(".verdict")).to_have_text("✗ REFUSED")
    expect(first.locator(".link")).to_have_text("impersonation")
    expect(first.locator(".what")).to_have_text(f"{ROLE}/reader-function → reader@local-keyless")
    expect(first.locator(".why")).to_contain_text("iam.serviceAccounts.getAccessToken is needed")
    expect(last.locator(".verdict")).to_have_text("✓ allowed")
    expect(opened.locator("#summary")).to_have_text(f"{shown.allowed} allowed, {shown.refused} refused")
    expect(opened.locator("#connection")).to_have_text("live")


def test_the_list_is_filtered_by_verdict_by_link_and_by_any_word_of_the_chain(opened: Page, shown: Shown) -> None:
    rows = opened.locator("#list a")
    opened.get_by_label("Verdict").select_option("refused")
    expect(rows).to_have_count(shown.refused)
    opened.get_by_label("Type").select_option("token exchange")
    expect(rows).to_have_count(2)
    opened.get_by_label("Filter decisions by text").fill(f"ASSUMED-ROLE/{ROLE}2")
    expect(rows).to_have_count(1)
    # Names of fields are no words of a decision.
    opened.get_by_label("Filter decisions by text").fill('"fix":')
    expect(rows).to_have_count(0)
    expect(opened.locator("#none")).to_be_visible()


# The chain


def test_a_refused_chain_shows_the_links_and_how_near_the_nearest_binding_came(opened: Page) -> None:
    open_refused(opened, "impersonation")
    assert opened.locator(".overview li").all_inner_texts() == [
        "token exchange\n✓ allowed",
        "impersonation\n✗ REFUSED",
        "job creation\nnot reached",
        "table access\nnot reached",
    ]
    expect(opened.locator(".overview svg.arrow")).to_have_count(3)
    refused = opened.locator(".node.refused")
    expect(refused).to_be_in_viewport()
    expect(refused).to_contain_text("iam.serviceAccounts.getAccessToken is needed")
    expect(refused).to_contain_text(SIBLING.rpartition("/attribute.")[2].replace("/", " = ", 1))
    assert refused.locator("mark").all_inner_texts() == ["-2"]
    assert refused.locator("dt").all_inner_texts() == ["actual", "expected", "fix"]


def test_an_exchange_shows_each_of_its_steps_in_order(opened: Page) -> None:
    open_refused(opened, "impersonation")
    card = opened.get_by_role("region", name="token exchange, allowed")
    assert card.locator(".part").all_inner_texts() == [
        *("request", "request", "caller ARN", "attributes", "condition", "principal", "token")
    ]
    attributes = card.locator(".node", has_text="attribute mapping").locator("code").all_inner_texts()
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}"
    assert attributes == [f"google.subject={arn}/reader-function", f"attribute.aws_role={arn}"]


def test_a_refused_condition_marks_what_it_did_not_expect(opened: Page) -> None:
    opened.locator("#list a.refused", has_text="attribute condition").click()
    expect(opened.locator(".node.refused mark")).to_have_text("2")
    assert opened.locator(".overview .not-reached").count() == 3


def test_a_job_is_shown_with_the_tables_that_it_was_refused(opened: Page) -> None:
    opened.locator("#list a", has_text="job creation").first.click()
    expect(opened.locator(".card")).to_have_count(4)
    expect(opened.locator(".card.refused .resource")).to_contain_text("/tables/secrets")
    opened.reload()
    expect(opened.locator(".card")).to_have_count(4)


def test_what_came_of_an_exchange_is_a_way_to_go_on(opened: Page) -> None:
    opened.locator("#list a.allowed", has_text="token exchange").last.click()
    later = opened.locator(".after a")
    expect(later).to_have_count(3)
    later.last.click()
    expect(opened.locator(".card")).to_have_count(4)


def test_what_is_copied_is_what_explain_prints_a_report_or_an_address_that_opens_it(opened: Page, shown: Shown) -> None:
    open_refused(opened, "impersonation")
    decisions = shown.chain.google.decisions()[-2:]
    copied: dict[str, str] = {}
    for name in ("Copy link", "Copy as text", "Copy as bug report"):
        opened.get_by_role("button", name=name).click()
        expect(opened.locator("#copied")).to_have_text("Copied")
        copied[name] = opened.evaluate("navigator.clipboard.readText()")
    assert copied["Copy as text"] == render_chain(decisions)
    opened.get_by_text("As text", exact=True).click()
    assert opened.locator("pre").first.inner_text() == copied["Copy as text"]
    assert copied["Copy link"] == f"{shown.chain.google.url}/#{decisions[-1].id}"
    report = copied["Copy as bug report"]
    assert report.startswith("**impersonation REFUSED**")
    assert "ROLE-2, principal has arn:aws:sts::ACCOUNT-1:assumed-role/ROLE-1" in report
    assert not [name for name in (ACCOUNT, NUMBER, PROJECT, ROLE, "reader") if name in report]
    opened.goto("about:blank")
    opened.goto(copied["Copy link"])
    expect(opened.locator(".card.refused h3")).to_contain_text("impersonation")


def test_a_browser_that_refuses_the_clipboard_gets_a_selected_text(opened: Page, shown: Shown) -> None:
    open_refused(opened, "impersonation")
    opened.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
    opened.get_by_role("button", name="Copy as text").click()
    expect(opened.get_by_label("Text to copy")).to_be_focused()
    assert opened.evaluate("document.activeElement.value.slice(0, document.activeElement.selectionEnd)") == (
        render_chain(shown.chain.google.decisions()[-2:])
    )


def test_a_decision_that_is_not_kept_is_reported_whatever_the_address_holds(page: Page, shown: Shown) -> None:
    kept = "is not kept: the federation emulator keeps the latest 2000, and starts without any."
    for address, words in (
        ("000000-000001", f"Decision 000000-000001 {kept}"),
        ("%", kept),
        ("<img src=x>", f"Decision %3Cimg%20src=x%3E {kept}"),
        ("a/b", "not found"),
    ):
        page.goto(f"{shown.chain.google.url}/#{address}")
        expect(page.get_by_role("alert")).to_contain_text(words)


# The resources


def test_what_exists_is_shown_with_the_account_that_a_binding_is_on(opened: Page) -> None:
    existing = opened.locator("#existing")
    for words in (
        "Workload identity pools (1)",
        "keyless-pool/aws-provider",
        "assertion.account ==",
        f"on {READER.partition('.')[0]}",
    ):
        expect(existing).to_contain_text(words)
    binding = existing.locator("li", has_text="roles/iam.workloadIdentityUser")
    expect(binding).to_contain_text(MEMBER)
    project = existing.locator("li", has=opened.get_by_text(PROJECT, exact=True))
    for words in (NUMBER, "iamcredentials.googleapis.com"):
        expect(project).to_contain_text(words)
    expect(existing).to_contain_text("Deleted in the last 30 days (0)")


def test_what_a_chain_names_is_found_among_what_exists(opened: Page) -> None:
    open_refused(opened, "table access")
    for name, words in (
        (f"//iam.googleapis.com/{PROVIDER_NAME}", "keyless-pool/aws-provider"),
        (f"roles/iam.workloadIdentityUser for {MEMBER}", MEMBER),
        (f"roles/bigquery.jobUser for serviceAccount:{READER}", READER),
    ):
        opened.get_by_role("button", name=name).first.click()
        expect(opened.locator("#existing .shown:focus")).to_contain_text(words)
        expect(opened.locator("#existing .shown:focus")).to_be_in_viewport()


# The keyboard


def test_the_page_opens_on_the_newest_refusal_and_the_arrows_move_from_there(opened: Page) -> None:
    rows = opened.locator("#list a")
    expect(rows.first).to_have_attribute("aria-current", "true")
    expect(opened.locator(".node.refused")).to_be_in_viewport()
    assert opened.evaluate("document.activeElement === document.body")
    assert opened.evaluate("location.hash") == ""
    opened.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    expect(opened.locator(".overview .allowed")).to_have_count(1)


def test_a_chain_is_found_opened_and_left_by_keyboard_alone(opened: Page, shown: Shown) -> None:
    rows = opened.locator("#list a")
    opened.keyboard.press("/")
    expect(opened.locator("#search")).to_be_focused()
    opened.keyboard.type("impersonation")
    opened.keyboard.press("ArrowDown")
    expect(rows.first).to_be_focused()
    for key, place in (("ArrowDown", 1), ("End", -1), ("ArrowUp", -2), ("Home", 0), ("PageDown", -1), ("PageUp", 0)):
        opened.keyboard.press(key)
        expect(rows.nth(place)).to_be_focused()
        expect(rows.nth(place)).to_have_attribute("aria-current", "true")
        assert opened.locator("#list a[tabindex='0']").count() == 1
    opened.keyboard.press("Enter")
    expect(opened.locator("#chain")).to_be_focused()
    expect(opened.locator(".card")).to_have_count(2)
    opened.keyboard.press("Escape")
    expect(rows.first).to_be_focused()
    opened.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    expect(opened.locator("#newest")).to_be_visible()
    opened.keyboard.press("Escape")
    expect(rows.first).to_have_attribute("aria-current", "true")
    assert opened.evaluate("location.hash") == ""
    expect(opened.locator("#newest")).to_be_hidden()
    opened.go_back()
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    expect(opened.locator("#summary")).to_have_text(f"{shown.allowed} allowed, {shown.refused} refused")


def test_whatever_can_be_used_has_a_name_a_visible_focus_and_is_reached_by_tab(opened: Page) -> None:
    open_refused(opened, "impersonation")
    opened.get_by_label("Type").focus()
    for _ in range(2):
        opened.keyboard.press("Shift+Tab")
    assert focused(opened) == "Skip to the decision"
    reached = set()
    usable = "a[href]:not([tabindex='-1']), button:not([hidden]), input, select, summary, pre[tabindex='0']"
    controls = opened.locator(usable).filter(visible=True)
    for _ in range(controls.count() + 5):
        outline = opened.locator(":focus").evaluate(
            "e => [getComputedStyle(e).outlineStyle, e.getClientRects().length]"
        )
        assert outline == ["solid", 1] or outline[1] > 1, focused(opened)
        reached.add(opened.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement === document.body"):
            break
    for control in controls.all():
        assert control.evaluate("e => (e.ariaLabel || e.textContent).trim()")
        assert control.evaluate("e => [...document.querySelectorAll('*')].indexOf(e)") in reached, control


def test_the_skip_link_goes_to_the_chain_and_keeps_the_address(opened: Page) -> None:
    open_refused(opened, "impersonation")
    address = opened.evaluate("location.hash")
    opened.locator("#skip").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("#chain")).to_be_focused()
    assert opened.evaluate("location.hash") == address


# What it may not show


def test_what_a_caller_puts_in_a_name_stays_text(opened: Page) -> None:
    opened.locator("#list a.refused", has_text="onerror").click()
    expect(opened.locator(".overview .not-reached")).to_have_count(3)
    expect(opened.locator(".card .resource")).to_contain_text(HOSTILE)
    expect(opened.locator("#existing")).to_contain_text(HOSTILE[:32])
    expect(opened.locator(".card .resource")).to_contain_text(r"\u{202e}\u{9b}\u{2028}\u{200b}")
    assert not set(UNSEEN) & set(opened.locator("body").inner_text())
    assert opened.locator("img").count() == 0
    assert opened.title().startswith("Federation emulator")


def test_the_browser_itself_refuses_text_as_markup(browser: Browser, shown: Shown) -> None:
    with browser.new_context() as context:  # of its own, since the browser complains
        page = context.new_page()
        page.goto(shown.chain.google.url)
        refused = "try { document.body.innerHTML = '<p>'; 'taken' } catch (problem) { problem.name }"
        assert page.evaluate(refused) == "TypeError"


def test_no_secret_is_in_the_page(opened: Page, shown: Shown) -> None:
    opened.locator("#list a", has_text="job creation").last.click()
    expect(opened.locator(".card")).to_have_count(4)
    assert "#" in opened.locator(".node", has_text="a federated token is issued").inner_text()
    content = opened.content()
    assert len(shown.secrets) == 4
    assert not [secret for secret in shown.secrets if secret in content]
