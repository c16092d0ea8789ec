"""Everything by the keyboard: where it goes, what opens, what stays inside, and where it comes back to."""

import json
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import PHONE, Enter

pytestmark = pytest.mark.shown

STEPS_MAX = 80  # of the Tab key, from one place to another

# What has the focus after each Tab, if it is in the dialog.
SEEN = """dialog => { window.seen = []; addEventListener("keyup", ({ key }) => {
    const at = document.activeElement; if (key === "Tab") window.seen.push(dialog.contains(at) && at.outerHTML); }); }"""


def walk_to(page: Page, place: Locator, key: str = "Tab") -> None:
    """Press it until the place has the focus."""
    for _ in range(STEPS_MAX):
        if place.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{STEPS_MAX} times {key} do not lead there")


def stays_in(page: Page, dialog: Locator) -> None:
    """Whichever way one goes, one stays in it, and comes round to everything that is there."""
    count = dialog.evaluate("dialog => dialog.querySelectorAll('button:enabled, a[href], summary, input, select, [tabindex=\"0\"]').length")
    assert count > 0
    dialog.evaluate(SEEN)
    for key in ("Tab", "Shift+Tab"):
        steps = 2 * count + 2
        for _ in range(steps):
            page.keyboard.press(key)
        seen = page.evaluate("seen.splice(0)")
        assert len(seen) == steps, "the focus has left the page"
        assert all(seen), "the focus has left the dialog"
        assert len({*seen}) >= min(count, 2)


def test_the_first_key_skips_to_the_figures_and_sections_open_with_enter(enter: Enter):
    page = enter("/routers")
    expect(page.locator("section[aria-label='Usage, in rows'] tbody tr").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    bill = page.get_by_role("link", name="Bill")
    walk_to(page, bill, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bill")).to_be_visible()
    expect(bill).to_be_focused()


def test_a_request_opens_with_enter_keeps_the_focus_and_gives_it_back(enter: Enter):
    page = enter("/history")
    row = page.locator(".requests tbody th a").nth(2)
    expect(row).to_be_visible()
    row.scroll_into_view_if_needed()
    page.locator(".requests thead button").first.focus()
    walk_to(page, row)
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".events li").first).to_be_visible()
    stays_in(page, sheet)
    walk_to(page, sheet.locator("summary").first)
    page.keyboard.press("Enter")
    expect(sheet.locator("details").first).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(row).to_be_focused()


def test_a_deployment_opens_with_enter_keeps_the_focus_and_gives_it_back(enter: Enter):
    page = enter("/deployments")
    row = page.locator("section[aria-label='Deployments'] tbody th a").nth(1)
    expect(row).to_be_visible()
    page.locator("section[aria-label='Deployments'] thead button").first.focus()
    walk_to(page, row)
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".events li").first).to_be_visible()
    stays_in(page, sheet)
    walk_to(page, sheet.get_by_role("button", name="Close"))
    page.keyboard.press("Enter")
    expect(sheet).to_have_count(0)
    expect(row).to_be_focused()


def test_an_export_is_asked_for_and_a_row_unfolds_by_the_keyboard(enter: Enter):
    page = enter("/routers?range=24h")
    rows = page.locator("section[aria-label='Usage, in rows'] tbody tr")
    expect(rows.first).to_be_visible()
    button = page.get_by_role("button", name="Export", exact=True)
    walk_to(page, button)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    stays_in(page, dialog)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    walk_to(page, dialog.get_by_role("button", name="Export"))
    with page.expect_download():
        page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    unfold = rows.first.get_by_role("button", name="Input and output")
    walk_to(page, unfold)
    page.keyboard.press("Enter")
    expect(unfold).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".breakdown").first).to_be_visible()
    expect(unfold).to_be_focused()


def test_a_chart_is_read_and_cut_by_the_keyboard_as_a_table(enter: Enter):
    page = enter("/routers?range=7d")
    show = page.get_by_role("button", name="Show as table")
    expect(show).to_be_visible()
    walk_to(page, show)
    page.keyboard.press("Enter")
    bar = page.get_by_role("group", name="The chart's figures").get_by_title("Only this time").nth(2)
    walk_to(page, bar)
    page.keyboard.press("Enter")
    expect(page.locator(".span")).to_contain_text("(chosen)")


MODELS = ("gpt-4o", "o4-mini", "llama-3.1-8b")


def narrowed(enter: Enter, section: str) -> tuple[Page, Locator]:
    """A page narrowed to models, and the buttons that take them back."""
    page = enter(f"/{section}?{urlencode({'models': json.dumps(MODELS)})}")
    chips = page.get_by_label("Narrowed to").get_by_role("button")
    expect(chips).to_have_count(len(MODELS))
    expect(page.locator(".panel tbody tr").last).to_be_visible()
    return page, chips


@pytest.mark.parametrize("section", ["routers", "deployments", "history"])
def test_whoever_takes_a_filter_back_is_at_the_next_and_after_the_last_where_one_narrows(enter: Enter, section: str):
    page, chips = narrowed(enter, section)
    chips.nth(1).focus()
    for focused in ("llama-3.1-8b", "gpt-4o"):  # the one after it, and then, for the last has been taken back, the one before
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f": {focused}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(chips).to_have_count(0)
    if section == "routers":
        expect(page.get_by_role("group", name="Rows of usage")).to_be_focused()  # whose names narrow
    elif section == "deployments":
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
    else:
        expect(page.locator("summary", has_text="Filters")).to_be_focused()


def test_whoever_takes_back_a_filter_that_found_nothing_is_at_what_is_found_without_it(enter: Enter):
    page = enter("/routers?models=%5B%22none%20of%20these%22%5D")
    expect(page.locator(".empty").first).to_be_visible()  # there is no table
    page.get_by_label("Narrowed to").get_by_role("button").press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    expect(page.get_by_role("group", name="Rows of usage")).to_be_visible()


@pytest.mark.parametrize(("section", "model"), [("routers", MODELS[0]), ("deployments", MODELS[-1]), ("history", MODELS[0])])
def test_whoever_takes_the_last_filter_back_with_a_finger_stays_where_they_are(enter: Enter, section: str, model: str):
    page = enter(f"/{section}?{urlencode({'models': json.dumps([model])})}", viewport=PHONE, has_touch=True)
    expect(page.locator(".panel tbody tr").last).to_be_visible()
    chip = page.get_by_label("Narrowed to").get_by_role("button")
    chip.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    chip.tap()
    expect(chip).to_have_count(0)
    expect(page.get_by_role("main")).to_be_focused()
    assert page.evaluate("scrollY") == before


def test_whoever_shows_everything_again_is_where_one_narrows(enter: Enter):
    page, chips = narrowed(enter, "history")
    page.get_by_role("button", name="Show everything again").press("Enter")
    expect(chips).to_have_count(0)
    expect(page.locator("summary", has_text="Filters")).to_be_focused()
